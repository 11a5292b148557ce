#pragma once
/// A PostgreSQL of a test's own: one cluster in a temporary folder, on a socket there and nowhere else. For programs without
/// Catch2 too. Errors are std::runtime_error with what the server said.

#include <filesystem>
#include <memory>
#include <string>

#include "apps/child_process/child_process.hpp"

namespace im::test {

class temporary_postgres {
public:
  /// Makes the cluster and starts it. The newest server that Debian has put here is taken; it runs as an unprivileged user
  /// when we are root, as it must.
  temporary_postgres();
  temporary_postgres(const temporary_postgres&) = delete;
  temporary_postgres& operator=(const temporary_postgres&) = delete;
  /// Stops it and removes all of it.
  ~temporary_postgres();

  /// A new, empty database; its URL.
  [[nodiscard]] std::string create_database();
  /// A new, empty schema in a database that all schemas share; its URL. Much cheaper.
  [[nodiscard]] std::string create_schema();

  /// `postgresql://…` of a database.
  [[nodiscard]] std::string url_of(const std::string& database) const;

  /// Starts it again after stop() or kill(); returns when it answers.
  void start();
  /// Ends every session and stops, with all of the log on disk.
  void stop();
  /// Like a crash: what was not on disk is lost, and the next start recovers.
  void kill();

private:
  [[nodiscard]] std::string log_tail() const;
  void end(int signal);

  temporary_folder folder_;
  std::filesystem::path binaries_;
  std::unique_ptr<child_process> server_;
  int made_ = 0;
};

/// Runs SQL in the database behind the store's back. What the server said; empty if nothing went wrong.
[[nodiscard]] std::string run_sql(const std::string& url, const std::string& text);
/// The first value of a query; empty for none. Throws std::runtime_error.
[[nodiscard]] std::string query_value(const std::string& url, const std::string& text);

}  // namespace im::test
