#include "persistence/ruvector/checkpointer.hpp"

#include <string>

#include "persistence/ruvector/limits.hpp"
#include "telemetry/thread_name.hpp"

namespace im::ruvector::sqlite {

namespace {

constexpr int step_pages = static_cast<int>(limits::checkpoint_pages);
constexpr int step_commits = static_cast<int>(limits::checkpoint_commits);
constexpr int most_pages = static_cast<int>(limits::wal_pages_max);
constexpr int few_pages = 256;  // the writer copies these in a few milliseconds
constexpr int rounds = 8;

}  // namespace

checkpointer::checkpointer(const std::string& file) : db_{file, open_mode::read_write, 2048} {
  db_.execute("PRAGMA synchronous=FULL");
  db_.execute("PRAGMA wal_autocheckpoint=0");
  thread_ = std::thread{[this] { loop(); }};
}

checkpointer::~checkpointer() { close(); }

void checkpointer::watch(connection& writer) {
  writer_ = writer.handle();
  writer.execute(("PRAGMA journal_size_limit=" + std::to_string(limits::wal_kept_bytes)).c_str());
  sqlite3_wal_hook(writer.handle(), &checkpointer::committed, this);  // replaces the automatic checkpoint
}

int checkpointer::committed(void* self, sqlite3*, const char*, int pages) {
  auto& me = *static_cast<checkpointer*>(self);
  {
    const std::lock_guard lock{me.mutex_};
    me.pages_ = pages;
    ++me.commits_;
    if (pages < me.copied_at_) me.copied_at_ = 0;  // the log has started over
    if (!me.is_due()) return SQLITE_OK;
  }
  me.wake_.notify_one();
  return SQLITE_OK;
}

/// Few pages at a time keep the disk free for the next commit. Of commits that are large each alone, several change the same
/// pages, which are copied once.
bool checkpointer::is_due() const {
  return pages_ - copied_at_ >= step_pages && (commits_ >= step_commits || pages_ >= most_pages);
}

std::string checkpointer::failure() const {
  const std::lock_guard lock{mutex_};
  return failure_;
}

/// Pages in the log that are not copied yet. Where the copy failed the log keeps them, and the next one tries again.
int checkpointer::copy_pages(connection& by) noexcept {
  if (lost_) return 0;
  int in_log = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(by.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
  if (code == SQLITE_IOERR_FSYNC) {
    give_up();
    return 0;
  }
  const bool other_at_it = (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
  const std::lock_guard lock{mutex_};
  if (!lost_)
    failure_ =
        code == SQLITE_OK || other_at_it
            ? std::string{}
            : std::string{"the write-ahead log cannot be copied into the database and grows: "} + sqlite3_errstr(code);
  return code == SQLITE_OK ? in_log - copied : 0;
}

/// The system forgets what it could not write, and the next sync would succeed without it. SQLite takes those pages for copied, so the log
/// must not start over: it keeps them until the next start, which copies all of it again.
void checkpointer::give_up() noexcept {
  const std::lock_guard lock{mutex_};
  lost_ = true;
  failure_ =
      "the disk did not keep what was copied into the database; the write-ahead log has it still, and grows: look at "
      "the disk, then restart the service, which copies it again";
}

void checkpointer::finish_if_asked(connection& writer) noexcept {
  if (finish_.exchange(false)) (void)copy_pages(writer);
}

/// SQLite copies what is left and removes the log when the last connection ends. Not these.
void checkpointer::keep_log() noexcept {
  for (auto* db : {db_.handle(), writer_})
    if (db != nullptr) sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void checkpointer::close() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (lost_) keep_log();
}

void checkpointer::loop() {
  name_this_thread("store.ckpt");
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [&] { return closing_ || is_due(); });
    if (closing_ || lost_) return;
    copied_at_ = pages_;
    commits_ = 0;
    const bool large = pages_ >= most_pages;
    lock.unlock();
    int left = copy_pages(db_);
    for (int round = 1; large && left > few_pages && round < rounds; ++round) left = copy_pages(db_);
    if (large) finish_ = true;
    lock.lock();
  }
}

}  // namespace im::ruvector::sqlite
