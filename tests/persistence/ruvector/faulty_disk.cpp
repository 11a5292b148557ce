#include "tests/persistence/ruvector/faulty_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace im::ruvector::test {

namespace {

constexpr std::size_t sector = 512;

/// A write that is not synced yet, or a cut of the file at `offset`.
struct pending_change {
  std::size_t offset = 0;
  std::string bytes;
  bool cuts = false;
};

/// One file as the plates hold it, and what the system still holds back.
struct plates {
  std::string durable;
  std::vector<pending_change> pending;
};

void carry_out(std::string& to, const pending_change& change) {
  if (change.cuts) {
    to.resize(std::min(to.size(), change.offset));
    return;
  }
  if (to.size() < change.offset + change.bytes.size()) to.resize(change.offset + change.bytes.size());
  to.replace(change.offset, change.bytes.size(), change.bytes);
}

}  // namespace

class faulty_disk::state {
public:
  explicit state(std::uint64_t seed) : random_{seed}, real_{sqlite3_vfs_find(nullptr)}, vfs_{*real_} {
    vfs_.pNext = nullptr;
    vfs_.zName = "faulty-disk";
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(file)) + real_->szOsFile;
    vfs_.xOpen = &state::open;
    vfs_.xDelete = &state::remove;
    vfs_.xAccess = &state::access;
    if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) throw std::runtime_error{"SQLite took no VFS"};
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() { sqlite3_vfs_unregister(&vfs_); }

  /// Nothing: go on. Else what SQLite shall hear.
  std::optional<int> operate() {
    if (!power_) return SQLITE_IOERR;
    ++operations_;
    if (until_loss_ && --*until_loss_ <= 0) power_ = false;
    return std::nullopt;
  }

  /// Whether this call of the file system fails.
  bool fails(std::string_view call) {
    const std::lock_guard lock{mutex_};
    ++calls_;
    if (failing_call_ == 0 || calls_ < failing_call_ || (calls_ > failing_call_ && !fails_on_)) return false;
    if (failed_first_.empty()) failed_first_ = call;
    return true;
  }

  std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::uint64_t failing_call_ = 0;
  bool fails_on_ = false;
  std::string failed_first_;
  std::optional<std::string> fixed_size_of_;
  std::atomic<bool> index_is_full_ = false;
  std::mt19937_64 random_;
  std::map<std::string, plates> files_;
  std::optional<std::int64_t> room_;
  std::optional<std::string> full_for_;
  std::optional<int> until_loss_;
  std::optional<std::string> failing_sync_of_;
  int failing_syncs_ = 0;
  int passing_syncs_ = 0;
  int operations_ = 0;
  bool power_ = true;

private:
  struct file {
    sqlite3_file base;
    state* disk;
    const char* path;  // SQLite's own copy, which outlives the file
    [[nodiscard]] sqlite3_int64 size() {
      sqlite3_int64 bytes = 0;
      return real()->pMethods->xFileSize(real(), &bytes) == SQLITE_OK ? bytes : 0;
    }
    [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static file& of(sqlite3_file* f) { return *reinterpret_cast<file*>(f); }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* to, int flags, int* out_flags) {
    auto& me = *static_cast<state*>(vfs->pAppData);
    auto& opened = *new (to) file{{nullptr}, &me, path};
    if (me.fails("open")) return SQLITE_IOERR;
    {
      const std::lock_guard lock{me.mutex_};
      if (!me.power_) return SQLITE_CANTOPEN;
    }
    const int code = me.real_->xOpen(me.real_, path, opened.real(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    opened.base.pMethods = methods();
    if (path == nullptr) return code;
    const std::lock_guard lock{me.mutex_};
    if (me.files_.contains(path)) return code;
    // One that was there before this disk is whole on its plates.
    std::ifstream there{path, std::ios::binary};
    me.files_[path].durable.assign(std::istreambuf_iterator<char>{there}, {});
    return code;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    auto& me = *static_cast<state*>(vfs->pAppData);
    if (me.fails("remove")) return SQLITE_IOERR_DELETE;
    const std::lock_guard lock{me.mutex_};
    if (const auto failed = me.operate()) return *failed;
    if (!me.power_) return SQLITE_IOERR_DELETE;
    me.files_.erase(path);
    return me.real_->xDelete(me.real_, path, sync_folder);
  }

  static int access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
    auto& me = *static_cast<state*>(vfs->pAppData);
    if (me.fails("access")) return SQLITE_IOERR_ACCESS;
    return me.real_->xAccess(me.real_, path, flags, out);
  }

  static int close(sqlite3_file* f) {
    auto& mine = of(f);
    return mine.real()->pMethods->xClose(mine.real());
  }

  static int read(sqlite3_file* f, void* to, int size, sqlite3_int64 offset) {
    auto& mine = of(f);
    if (mine.disk->fails("read")) return SQLITE_IOERR_READ;
    return mine.real()->pMethods->xRead(mine.real(), to, size, offset);
  }

  static int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 offset) {
    auto& mine = of(f);
    auto& me = *mine.disk;
    if (me.fails("write")) return SQLITE_IOERR_WRITE;
    const std::lock_guard lock{me.mutex_};
    if (const auto failed = me.operate()) return *failed;
    if (me.fixed_size_of_ && mine.path != nullptr && std::string_view{mine.path}.ends_with(*me.fixed_size_of_) &&
        offset + size > mine.size())
      return SQLITE_FULL;
    if (mine.path != nullptr && me.full_for_ && std::string_view{mine.path}.ends_with(*me.full_for_))
      return SQLITE_FULL;
    auto fits = size;
    if (me.room_) {
      fits = static_cast<int>(std::min<std::int64_t>(size, *me.room_));
      *me.room_ -= fits;
    }
    if (mine.path != nullptr)
      me.files_[mine.path].pending.push_back(
          {static_cast<std::size_t>(offset), {static_cast<const char*>(from), static_cast<std::size_t>(fits)}, false});
    const int code = fits == 0 ? SQLITE_OK : mine.real()->pMethods->xWrite(mine.real(), from, fits, offset);
    if (!me.power_) return SQLITE_IOERR_WRITE;
    return code == SQLITE_OK && fits < size ? SQLITE_FULL : code;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    auto& mine = of(f);
    auto& me = *mine.disk;
    if (me.fails("cut")) return SQLITE_IOERR_TRUNCATE;
    const std::lock_guard lock{me.mutex_};
    if (const auto failed = me.operate()) return *failed;
    if (mine.path != nullptr) me.files_[mine.path].pending.push_back({static_cast<std::size_t>(size), {}, true});
    return me.power_ ? mine.real()->pMethods->xTruncate(mine.real(), size) : SQLITE_IOERR_TRUNCATE;
  }

  /// The real file needs no sync: only we look at its plates.
  static int sync(sqlite3_file* f, int /*flags*/) {
    auto& mine = of(f);
    auto& me = *mine.disk;
    const bool is_chosen = me.fails("sync");
    const std::lock_guard lock{me.mutex_};
    if (const auto failed = me.operate()) return *failed;
    if (!me.power_) return SQLITE_IOERR_FSYNC;
    if (mine.path == nullptr) return is_chosen ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    auto& on = me.files_[mine.path];
    const bool is_named =
        me.failing_sync_of_ && std::string_view{mine.path}.ends_with(*me.failing_sync_of_) && me.passing_syncs_-- == 0;
    if (is_named) me.failing_sync_of_.reset();
    const bool is_next = me.failing_syncs_ > 0;
    if (is_next) --me.failing_syncs_;
    const bool fails = is_named || is_next || is_chosen;
    // As with Linux, a sync that failed forgets what it did not write.
    for (const auto& change : on.pending)
      if (!fails || me.random_() % 2 == 0) carry_out(on.durable, change);
    on.pending.clear();
    return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods all{
        3, &state::close, &state::read, &state::write, &state::truncate, &state::sync,
        [](sqlite3_file* f, sqlite3_int64* size) {
          if (of(f).disk->fails("size")) return SQLITE_IOERR_FSTAT;
          return of(f).real()->pMethods->xFileSize(of(f).real(), size);
        },
        [](sqlite3_file* f, int level) {
          if (of(f).disk->fails("lock")) return SQLITE_IOERR_LOCK;
          return of(f).real()->pMethods->xLock(of(f).real(), level);
        },
        [](sqlite3_file* f, int level) { return of(f).real()->pMethods->xUnlock(of(f).real(), level); },
        [](sqlite3_file* f, int* out) { return of(f).real()->pMethods->xCheckReservedLock(of(f).real(), out); },
        [](sqlite3_file* f, int what, void* arg) {
          // SQLite must not reach round us: no growing of the file ahead of writes.
          if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
          return of(f).real()->pMethods->xFileControl(of(f).real(), what, arg);
        },
        [](sqlite3_file* /*f*/) { return static_cast<int>(sector); },
        // What SQLite takes every disk for, unless it is told otherwise; the store stands on it too. (Without it a commit is
        // filled up to a sector with a frame whose end is not synced, and a later sync that fails would lose that end.)
        [](sqlite3_file* /*f*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
        [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
          if (of(f).disk->fails("map") || (of(f).disk->index_is_full_ && extend != 0 && page > 0)) {
            *to = nullptr;
            return extend != 0 ? SQLITE_IOERR_SHMSIZE : SQLITE_IOERR_SHMMAP;
          }
          return of(f).real()->pMethods->xShmMap(of(f).real(), page, size, extend, to);
        },
        [](sqlite3_file* f, int offset, int n, int flags) {
          return of(f).real()->pMethods->xShmLock(of(f).real(), offset, n, flags);
        },
        [](sqlite3_file* f) { of(f).real()->pMethods->xShmBarrier(of(f).real()); },
        [](sqlite3_file* f, int remove_it) { return of(f).real()->pMethods->xShmUnmap(of(f).real(), remove_it); },
        [](sqlite3_file* f, sqlite3_int64 /*offset*/, int /*size*/, void** to) {
          (void)f;
          *to = nullptr;
          return SQLITE_OK;
        },
        [](sqlite3_file* /*f*/, sqlite3_int64 /*offset*/, void* /*page*/) { return SQLITE_OK; }};
    return &all;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
};

faulty_disk::faulty_disk(std::uint64_t seed) : state_{std::make_unique<state>(seed)} {}
faulty_disk::~faulty_disk() = default;

void faulty_disk::leave_room(std::int64_t bytes) {
  const std::lock_guard lock{state_->mutex_};
  state_->room_ = bytes;
}

void faulty_disk::make_room() {
  const std::lock_guard lock{state_->mutex_};
  state_->room_.reset();
  state_->full_for_.reset();
  state_->fixed_size_of_.reset();
  state_->index_is_full_ = false;
}

void faulty_disk::refuse_index_growth() { state_->index_is_full_ = true; }

void faulty_disk::refuse_growth_of(std::string name_end) {
  const std::lock_guard lock{state_->mutex_};
  state_->fixed_size_of_ = std::move(name_end);
}

void faulty_disk::fail_call(std::uint64_t number, bool and_all_after) {
  const std::lock_guard lock{state_->mutex_};
  state_->failing_call_ = number == 0 ? 0 : state_->calls_ + number;
  state_->fails_on_ = and_all_after;
  state_->failed_first_.clear();
}

std::string faulty_disk::failed_first() const {
  const std::lock_guard lock{state_->mutex_};
  return state_->failed_first_;
}

void faulty_disk::refuse_writes_to(std::string name_end) {
  const std::lock_guard lock{state_->mutex_};
  state_->full_for_ = std::move(name_end);
}

void faulty_disk::fail_syncs(int count) {
  const std::lock_guard lock{state_->mutex_};
  state_->failing_syncs_ = count;
}

void faulty_disk::fail_sync_of(std::string name_end, int passing) {
  const std::lock_guard lock{state_->mutex_};
  state_->passing_syncs_ = passing;
  state_->failing_sync_of_ = std::move(name_end);
}

void faulty_disk::lose_power_after(int count) {
  const std::lock_guard lock{state_->mutex_};
  state_->until_loss_ = count;
}

bool faulty_disk::has_power() const {
  const std::lock_guard lock{state_->mutex_};
  return state_->power_;
}

int faulty_disk::operations() const {
  const std::lock_guard lock{state_->mutex_};
  return state_->operations_;
}

void faulty_disk::bring_back(const std::filesystem::path& folder) {
  const std::lock_guard lock{state_->mutex_};
  auto& me = *state_;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) std::filesystem::remove(entry.path());
  for (auto& [path, on] : me.files_) {
    if (std::filesystem::path{path}.parent_path() != folder) continue;
    for (auto& change : on.pending) {
      const auto fate = me.random_() % 3;
      if (fate == 0) continue;  // never written
      if (fate == 1 && !change.cuts) {
        // Torn: some sectors of it, from the front or anywhere.
        pending_change part;
        for (std::size_t at = 0; at < change.bytes.size(); at += sector)
          if (me.random_() % 2 == 0) {
            part.offset = change.offset + at;
            part.bytes = change.bytes.substr(at, sector);
            carry_out(on.durable, part);
          }
        continue;
      }
      carry_out(on.durable, change);
    }
    on.pending.clear();
    std::ofstream{path, std::ios::binary}.write(on.durable.data(), static_cast<std::streamsize>(on.durable.size()));
  }
  me.files_.clear();
  me.power_ = true;
  me.until_loss_.reset();
}

}  // namespace im::ruvector::test
