#pragma once
/// Copies the write-ahead log into the database beside the writer, so that no commit waits for it. Only when the log grows beyond its
/// bound the writer finishes the copy, so that the log starts over. Internal to the SQLite store.
///
/// SQLite before 3.51.3 may skip pages where a checkpoint begins on a log that is copied already while a commit starts that log over.
/// So the thread begins one only while there are pages that nobody has copied, and never while the writer is to copy some.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/sqlite_store.hpp"
#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector::sqlite {

class checkpointer {
public:
  /// `writer` outlives this; its own automatic checkpoints end. Neither connection copies the log when it closes: SQLite would tell
  /// nobody whether that failed.
  /// `unrecovered`: what `recover_log` said of this file.
  checkpointer(const std::string& file, connection& writer, checkpoint_steps steps, std::string unrecovered);
  checkpointer(const checkpointer&) = delete;
  checkpointer& operator=(const checkpointer&) = delete;
  ~checkpointer();

  /// Starts the thread. Once, before the first transaction.
  void start(session_observer observer);
  /// Before a commit: throws until the log that an earlier process left is in the database.
  void expect_recovered() const;
  /// On the writer's thread, between two transactions.
  void finish_if_asked() noexcept;
  /// Copies the rest and notes a clean end, unless the store was stopped. On the writer's thread, or after its end.
  void close() noexcept;

  /// The store was stopped: nothing more may be acknowledged. Any thread.
  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }
  void stop(const std::string& why) noexcept;

  [[nodiscard]] std::uint64_t log_bytes() const;
  /// The thread waits, and for nothing that was written.
  [[nodiscard]] bool is_quiet() const;

private:
  enum class outcome : std::uint8_t { copied, held_up, failed };
  outcome copy(connection& by, int mode) noexcept;
  void recover();
  [[nodiscard]] sqlite_failure refusal() const;
  void note(std::string failure) noexcept;
  void copy_some(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool is_due() const;
  static int committed(void* self, sqlite3* db, const char* schema, int pages);
  void loop() noexcept;

  std::string file_;
  connection& writer_;
  connection db_;
  checkpoint_steps steps_;
  int page_bytes_ = 0;
  session_observer observer_;
  std::atomic<bool> finish_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<bool> recovered_{false};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t pages_ = 0;     // in the log
  std::size_t copied_ = 0;    // of these, as the last copy left it
  std::size_t tried_at_ = 0;  // pages in the log when the last copy began
  std::size_t commits_ = 0;   // since then
  std::string failure_;
  int failure_code_ = SQLITE_FULL;  // of a log that is not recovered
  bool closing_ = false;
  bool waits_ = false;
  std::thread thread_;
};

}  // namespace im::ruvector::sqlite
