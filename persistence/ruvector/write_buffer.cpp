#include "persistence/ruvector/write_buffer.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

namespace {

/// A log or a database that is open. SQLite makes the room for it and for the file below, which lies behind it.
class buffered_file {
public:
  buffered_file() { base_.pMethods = methods(); }

  static buffered_file& of(sqlite3_file* f) { return *reinterpret_cast<buffered_file*>(f); }
  [[nodiscard]] sqlite3_file* below() noexcept { return reinterpret_cast<sqlite3_file*>(this + 1); }
  static void forget(sqlite3_file* f) noexcept {
    if (f->pMethods != methods()) return;
    of(f).size_ = 0;
    of(f).untold_ = SQLITE_OK;
  }

private:
  using bytes = std::array<std::byte, limits::write_buffer_bytes>;

  [[nodiscard]] const sqlite3_io_methods& do_below() noexcept { return *below()->pMethods; }

  /// After a failure the bytes are gone, as they are after one of the file's own: SQLite rolls the transaction back, and copies
  /// the pages of a checkpoint again.
  int hand_down() noexcept {
    if (size_ == 0) return std::exchange(untold_, SQLITE_OK);
    const auto size = static_cast<int>(std::exchange(size_, 0));
    const int code = do_below().xWrite(below(), held_->data(), size, begins_);
    return code != SQLITE_OK ? code : std::exchange(untold_, SQLITE_OK);
  }

  int write(const void* from, std::size_t size, sqlite3_int64 offset) {
    if (size > held_->size()) {
      if (const int code = hand_down(); code != SQLITE_OK) return code;
      return do_below().xWrite(below(), from, static_cast<int>(size), offset);
    }
    if (offset != begins_ + static_cast<sqlite3_int64>(size_) || size_ + size > held_->size()) {
      if (const int code = hand_down(); code != SQLITE_OK) return code;
      begins_ = offset;
    }
    std::memcpy(held_->data() + size_, from, size);
    size_ += size;
    return SQLITE_OK;
  }

  /// `Call` of the file below, once it has all that was written.
  template <auto Call, class... Args>
  static int after_writes(sqlite3_file* f, Args... args) {
    auto& me = of(f);
    if (const int code = me.hand_down(); code != SQLITE_OK) return code;
    return (me.do_below().*Call)(me.below(), args...);
  }

  /// The same where SQLite takes no failure of a write for an answer, or asks for nothing more: the next call that may tells of it.
  template <auto Call, class... Args>
  static int told_later(sqlite3_file* f, Args... args) {
    auto& me = of(f);
    if (const int code = me.hand_down(); code != SQLITE_OK) me.untold_ = code;
    return (me.do_below().*Call)(me.below(), args...);
  }

  template <auto Call, class... Args>
  static int at_once(sqlite3_file* f, Args... args) {
    auto& me = of(f);
    return (me.do_below().*Call)(me.below(), args...);
  }

  static int close(sqlite3_file* f) {
    auto& me = of(f);
    const int lost = me.hand_down();
    const int code = me.do_below().xClose(me.below());
    me.~buffered_file();
    return lost == SQLITE_OK ? code : lost;
  }

  /// Version 2: with the shared memory of a database, without a map of it. Before a lock is let go all is handed down.
  static const sqlite3_io_methods* methods() {
    using io = sqlite3_io_methods;
    static const io all = [] {
      io m{};
      m.iVersion = 2;
      m.xClose = &buffered_file::close;
      m.xRead = &after_writes<&io::xRead, void*, int, sqlite3_int64>;
      m.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 offset) {
        return of(f).write(from, static_cast<std::size_t>(size), offset);
      };
      m.xTruncate = &after_writes<&io::xTruncate, sqlite3_int64>;
      m.xSync = &after_writes<&io::xSync, int>;
      m.xFileSize = &after_writes<&io::xFileSize, sqlite3_int64*>;
      m.xLock = &at_once<&io::xLock, int>;
      m.xUnlock = &told_later<&io::xUnlock, int>;
      m.xCheckReservedLock = &at_once<&io::xCheckReservedLock, int*>;
      m.xFileControl = &told_later<&io::xFileControl, int, void*>;
      m.xShmMap = &at_once<&io::xShmMap, int, int, int, void volatile**>;
      m.xShmLock = &told_later<&io::xShmLock, int, int, int>;
      m.xShmBarrier = [](sqlite3_file* f) { of(f).do_below().xShmBarrier(of(f).below()); };
      m.xShmUnmap = &at_once<&io::xShmUnmap, int>;
      m.xSectorSize = &at_once<&io::xSectorSize>;
      m.xDeviceCharacteristics = &at_once<&io::xDeviceCharacteristics>;
      return m;
    }();
    return &all;
  }

  sqlite3_file base_{};  // first: SQLite sees it alone
  std::unique_ptr<bytes> held_ = std::make_unique<bytes>();
  std::size_t size_ = 0;
  sqlite3_int64 begins_ = 0;
  int untold_ = SQLITE_OK;
};

}  // namespace

write_buffer::write_buffer() : vfs_{*sqlite3_vfs_find(nullptr), sqlite3_vfs_find(nullptr)} {
  static std::atomic<unsigned> made{0};
  name_ = "im-write-buffer-" + std::to_string(made++);
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.szOsFile += static_cast<int>(sizeof(buffered_file));
  vfs_.xOpen = &write_buffer::open;
  if (const int code = sqlite3_vfs_register(&vfs_, 0); code != SQLITE_OK)
    throw sqlite_failure{code, "SQLite takes no layer over its files"};
}

void write_buffer::forget(sqlite3* db) noexcept {
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log)) == SQLITE_OK &&
      log != nullptr)
    buffered_file::forget(log);
}

/// Other files than these are those of the VFS below, without a trace of this one.
int write_buffer::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* to, int flags, int* out_flags) {
  auto* below = static_cast<layer*>(vfs)->below;
  if ((flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) == 0) return below->xOpen(below, path, to, flags, out_flags);
  to->pMethods = nullptr;
  try {
    auto& file = *new (to) buffered_file;
    const int code = below->xOpen(below, path, file.below(), flags, out_flags);
    if (code == SQLITE_OK) return code;
    file.~buffered_file();
    to->pMethods = nullptr;
    return code;
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
}

}  // namespace im::ruvector::sqlite
