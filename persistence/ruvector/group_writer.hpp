#pragma once
/// The one thread that writes, for every store. What waits when it becomes free is committed together: one fsync for all
/// of it.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/log_writer.hpp"
#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector {

/// What a job writes with, while a transaction is open.
struct write_tools {
  log_writer& log;
  write_session& session;
};

/// Runs in a transaction, perhaps with others; then hears how that ended, once.
class write_job {
public:
  virtual ~write_job() = default;
  /// May run again, in a transaction of its own, when the one it was in failed. Throws store_failure.
  virtual void run(write_tools& tools) = 0;
  virtual void succeed() noexcept = 0;
  virtual void refuse(const error& why) noexcept = 0;
  /// What it is going to append.
  [[nodiscard]] virtual std::span<const new_event> events() const { return {}; }
};

class group_writer {
public:
  explicit group_writer(std::unique_ptr<write_session> session);
  group_writer(const group_writer&) = delete;
  group_writer& operator=(const group_writer&) = delete;
  ~group_writer();

  /// Refuses at once when too much waits, or after close().
  void submit(std::unique_ptr<write_job> job);
  /// Writes what waits, then ends the thread. Idempotent.
  void close();

  void on_commit(std::function<void()> notify) { notify_ = std::move(notify); }
  /// See `store::on_stopped`.
  void on_stopped(std::function<void(const std::string& why)> tell);
  [[nodiscard]] trouble_board& troubles() noexcept { return troubles_; }
  [[nodiscard]] std::int64_t committed_row() const noexcept { return committed_row_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::uint64_t log_bytes() const { return session_->log_bytes(); }
  /// Nothing waits to be written, and nothing is under way.
  [[nodiscard]] bool is_quiet() const;
  /// Transactions committed, for tests of grouping.
  [[nodiscard]] std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_relaxed); }

private:
  using jobs = std::vector<std::unique_ptr<write_job>>;

  void loop();
  [[nodiscard]] bool take(jobs& to);
  void write(jobs& group);
  struct failed_attempt {
    error why;
    bool is_of_the_database = false;  // and not perhaps of one job
  };
  [[nodiscard]] std::optional<failed_attempt> attempt(const jobs& group);
  void learn_newest_row();
  void commit(const jobs& group);
  void stop(const std::string& why);
  void report(trouble where, std::string why);
  [[nodiscard]] std::string why_stopped() const;

  std::unique_ptr<write_session> session_;
  log_writer log_;
  std::function<void()> notify_;
  trouble_board troubles_;
  std::atomic<std::int64_t> committed_row_{0};
  std::atomic<std::uint64_t> commits_{0};
  bool in_job_ = false;  // of the writer's thread

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<write_job>> waiting_;
  std::size_t waiting_bytes_ = 0;  ///< of their events' documents
  std::function<void(const std::string& why)> tell_stopped_;
  std::string stopped_;  // why; empty: it is not
  bool closing_ = false;
  bool idle_ = false;
  std::thread thread_;  // last: all it uses is there before it and after it
};

}  // namespace im::ruvector
