#pragma once
/// Copies the write-ahead log into the database file beside the writer, so that no commit waits for it; only a log that
/// grows beyond its bound lets the writer finish the copy, so that the log can start over. Internal to the SQLite store.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

class checkpointer {
public:
  explicit checkpointer(const std::string& file);
  checkpointer(const checkpointer&) = delete;
  checkpointer& operator=(const checkpointer&) = delete;
  ~checkpointer();

  /// Hears of the writer's commits. The writer's own automatic checkpoints end with this.
  void watch(connection& writer);
  /// On the writer's thread, between two transactions.
  void finish_if_asked(connection& writer) noexcept;
  void close();
  /// Why the last copy failed; empty if it did not. Any thread.
  [[nodiscard]] std::string failure() const;

private:
  int copy_pages(connection& by) noexcept;
  void give_up() noexcept;
  void keep_log() noexcept;
  [[nodiscard]] bool is_due() const;
  static int committed(void* self, sqlite3* db, const char* schema, int pages);
  void loop();

  connection db_;
  sqlite3* writer_ = nullptr;
  std::atomic<bool> finish_{false};
  std::atomic<bool> lost_{false};  // the disk lost what was copied, perhaps: nothing is copied any more
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  int pages_ = 0;      // in the log
  int copied_at_ = 0;  // pages in the log when the last copy began
  int commits_ = 0;    // since then
  std::string failure_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace im::ruvector::sqlite
