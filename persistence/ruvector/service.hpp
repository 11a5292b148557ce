#pragma once
/// ruvector-service, whole: a store and the API in front of it. The program serves it; the incident manager may embed it, which
/// needs no socket and no key.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/auth.hpp"
#include "http/responder.hpp"
#include "messages/error.hpp"
#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/trouble.hpp"

namespace im::ruvector {

enum class log_level : std::uint8_t { info, warn, error };

struct service_config {
  std::filesystem::path data_file;  ///< the SQLite file; its folder is made if it is missing
  http::secret database_url;        ///< `postgresql://…`: then there is no file. It may hold a password
  http::secret api_key;             ///< what callers show as a Bearer token; must not be empty, unless it is not served
  std::string address{"127.0.0.1"};
  std::uint16_t port{0};               ///< 0: one that is free
  std::filesystem::path policies_dir;  ///< `*.json` go into a store without policies; empty: none do
  std::size_t max_connections{limits::connections};
  std::size_t io_threads{limits::io_threads};
  std::size_t readers{limits::readers};
  std::size_t list_readers{limits::list_readers};
  std::chrono::milliseconds list_time{limits::list_time};  ///< a list or a query that takes longer is stopped
  std::chrono::milliseconds request_timeout{limits::request_timeout};
  std::function<void(log_level, std::string_view)> log;  ///< any thread; may be empty
  trouble_handler on_trouble;                            ///< what `log` is told too, for gauges; may be empty
  /// The disk has failed, `log` was told: see `store::on_stopped`. Let the process end with a failure. Any thread; may be empty.
  std::function<void()> on_stopped;
};

class store;
class work_pool;

/// The store that `config` names, made and migrated as needed.
[[nodiscard]] result<std::unique_ptr<store>> open_store(const service_config& config);

class service {
public:
  explicit service(service_config config);
  service(const service&) = delete;
  service& operator=(const service&) = delete;
  /// Stops.
  ~service();

  /// Opens or makes the store, migrates it and loads policies into an empty one. Once.
  [[nodiscard]] result<void> open();
  /// Opens, and serves over HTTP.
  [[nodiscard]] result<void> start();

  /// For who embeds it, while it is open. A request that came from this process, as if it had come over HTTP:
  void handle(http::request&& req, http::responder&& answer);
  /// What the handlers work with.
  [[nodiscard]] store& data();
  [[nodiscard]] work_pool& readers();

  /// The port that is listened on; 0 where it is not served.
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// Takes no new connection, answers what is in flight (long polls at once, with what there is), writes what waits and
  /// closes the store. Blocks for `patience` at most while requests finish. True if nothing had to be cut off.
  bool drain(std::chrono::milliseconds patience = limits::drain);

  /// Closes connections at once, then the store. What was acknowledged is durable. Idempotent.
  void stop();

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::ruvector
