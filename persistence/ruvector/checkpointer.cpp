#include "persistence/ruvector/checkpointer.hpp"

#include <string>

#include "messages/assert.hpp"
#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/sqlite_recovery.hpp"
#include "telemetry/thread_name.hpp"

namespace im::ruvector::sqlite {

namespace {

constexpr int cache_kb = 2048;
constexpr int passes = 8;  // of one copy, while commits add pages

std::string in_megabytes(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MB"; }

}  // namespace

checkpointer::checkpointer(const std::string& file, connection& writer, checkpoint_steps steps, std::string unrecovered)
    : file_{file},
      writer_{writer},
      db_{file, open_mode::read_write, cache_kb, steps.lock_wait},
      steps_{steps},
      recovered_{unrecovered.empty()},
      failure_{std::move(unrecovered)} {
  db_.execute("PRAGMA synchronous=FULL");
  page_bytes_ =
      statement{db_, "PRAGMA page_size"}.first([](row r) { return static_cast<int>(r.integer(0)); }).value_or(0);
  writer_.execute(("PRAGMA journal_size_limit=" + std::to_string(limits::wal_kept_bytes)).c_str());
  sqlite3_wal_hook(writer_.handle(), &checkpointer::committed, this);  // replaces the automatic checkpoint
}

checkpointer::~checkpointer() {
  close();
  sqlite3_wal_hook(writer_.handle(), nullptr, nullptr);
}

void checkpointer::start(session_observer observer) {
  IM_ASSERT(!thread_.joinable());
  observer_ = std::move(observer);
  if (!recovered_) {
    note(failure_);
    observer_.report(trouble::writes, refusal().what());
  }
  thread_ = std::thread{[this] { loop(); }};
}

/// The log that `recover_log` could not copy. Since then this process has had the database open, so each of its checkpoints begins where
/// its last one ended; a sync that fails stops the store.
void checkpointer::recover() {
  const int code = sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  const auto kind = fault_of(code, sqlite3_system_errno(db_.handle()));
  switch (kind) {
    case fault::none: recovered_ = true; return note({});
    case fault::busy:
    case fault::full: {
      {
        const std::lock_guard lock{mutex_};
        failure_code_ = code;
      }
      return note(std::string{"checkpoint failed: "} +
                  (kind == fault::busy ? "something reads an old state of the database" : sqlite3_errstr(code)));
    }
    case fault::unreadable:
    case fault::io:
    case fault::damage:
    case fault::other: db_.fail(code, "copy the write-ahead log into the database");
  }
}

sqlite_failure checkpointer::refusal() const {
  const std::lock_guard lock{mutex_};
  return {failure_code_, "the write-ahead log of the last run is not in the database yet: " + failure_};
}

void checkpointer::expect_recovered() const {
  if (!recovered_) throw refusal();
}

int checkpointer::committed(void* self, sqlite3*, const char*, int pages) {
  auto& me = *static_cast<checkpointer*>(self);
  IM_ASSERT(pages > 0);
  {
    const std::lock_guard lock{me.mutex_};
    me.pages_ = static_cast<std::size_t>(pages);
    ++me.commits_;
    // The log has started over.
    if (me.pages_ < me.tried_at_) me.tried_at_ = 0;
    if (me.pages_ < me.copied_) me.copied_ = 0;
    if (!me.is_due()) return SQLITE_OK;
  }
  me.wake_.notify_one();
  return SQLITE_OK;
}

/// Few pages at a time keep the disk free for the next commit. Of commits that are large each alone, several change the same
/// pages, which are copied once.
bool checkpointer::is_due() const {
  if (finish_ || stopped_ || !recovered_ || pages_ <= copied_) return false;
  return pages_ - tried_at_ >= steps_.pages && (commits_ >= steps_.commits || pages_ >= steps_.most_pages);
}

std::uint64_t checkpointer::log_bytes() const {
  const std::lock_guard lock{mutex_};
  return pages_ * static_cast<std::uint64_t>(page_bytes_);
}

bool checkpointer::is_quiet() const {
  const std::lock_guard lock{mutex_};
  return stopped_ || (waits_ && !is_due());
}

void checkpointer::note(std::string failure) noexcept {
  {
    const std::lock_guard lock{mutex_};
    failure_ = failure;
  }
  if (observer_.report) observer_.report(trouble::checkpoint, std::move(failure));
}

/// Where the copy failed the log keeps the pages, and the next one tries again; but after an I/O error nothing does.
checkpointer::outcome checkpointer::copy(connection& by, int mode) noexcept {
  if (stopped_) return outcome::failed;
  int in_log = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(by.handle(), nullptr, mode, &in_log, &copied);
  switch (fault_of(code, sqlite3_system_errno(by.handle()))) {
    case fault::none: break;
    case fault::busy: return outcome::held_up;
    case fault::unreadable:
    case fault::io:
      stop(std::string{"checkpoint failed: "} + sqlite3_errstr(code) + "; the disk of the database failed");
      return outcome::failed;
    case fault::damage:
      if (observer_.report)
        observer_.report(trouble::damage, std::string{"checkpoint failed: "} + sqlite3_errstr(code));
      [[fallthrough]];
    case fault::full:
    case fault::other:
      note(std::string{"checkpoint failed: "} + sqlite3_errstr(code) + "; the write-ahead log grows");
      return outcome::failed;
  }
  {
    const std::lock_guard lock{mutex_};
    copied_ = static_cast<std::size_t>(copied);
  }
  note({});
  return copied == in_log ? outcome::copied : outcome::held_up;
}

void checkpointer::stop(const std::string& why) noexcept {
  if (stopped_.exchange(true)) return;
  if (observer_.stop) observer_.stop(why);
}

void checkpointer::finish_if_asked() noexcept {
  if (!finish_) return;
  (void)copy(writer_, SQLITE_CHECKPOINT_PASSIVE);
  finish_ = false;
}

void checkpointer::close() noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (closing_) return;
    closing_ = true;
  }
  wake_.notify_one();
  if (!thread_.joinable()) return;  // it was never started
  thread_.join();
  if (!recovered_) return;
  const auto last = copy(writer_, SQLITE_CHECKPOINT_PASSIVE);
  if (last == outcome::copied) writer_.remove_log_on_close();  // it is in the database, and on the disk
  if (last != outcome::failed) note_clean_end(file_);
}

void checkpointer::loop() noexcept {
  name_this_thread("store.ckpt");
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto has_work = [&] { return closing_ || stopped_ || is_due(); };
    waits_ = true;
    if (failure_.empty())
      wake_.wait(lock, has_work);
    else
      (void)wake_.wait_for(lock, steps_.retry, has_work);
    waits_ = false;
    if (closing_ || stopped_) return;
    copy_some(lock);
  }
}

/// What is due, or what failed.
void checkpointer::copy_some(std::unique_lock<std::mutex>& lock) {
  if (!recovered_) {
    lock.unlock();
    try {
      recover();
    } catch (const sqlite_failure& f) {
      stop(f.what());
    }
    return lock.lock();
  }
  const bool is_large = pages_ >= steps_.most_pages;
  tried_at_ = pages_;
  commits_ = 0;
  auto last = outcome::copied;
  // A pass to the very end of the log syncs the database, which the writer then need not do.
  for (int pass = 0; pass < (is_large ? passes : 1) && last == outcome::copied && pages_ > copied_ && !finish_;
       ++pass) {
    lock.unlock();
    last = copy(db_, SQLITE_CHECKPOINT_PASSIVE);
    lock.lock();
  }
  if (is_large && last == outcome::copied) finish_ = true;
  const auto bytes = pages_ * static_cast<std::uint64_t>(page_bytes_);
  const bool grows = pages_ >= steps_.most_pages * limits::wal_growth_told;
  lock.unlock();
  if (observer_.report)
    observer_.report(trouble::log_size,
                     grows ? "the write-ahead log holds " + in_megabytes(bytes) +
                                 " and does not start over: something reads an old state, such as a backup"
                           : std::string{});
  lock.lock();
}

}  // namespace im::ruvector::sqlite
