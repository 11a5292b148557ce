#include "persistence/ruvector/sqlite_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/sqlite_schema.hpp"

namespace im::ruvector::sqlite {

namespace fs = std::filesystem;

namespace {

std::uintmax_t size_of(const fs::path& file) {
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

bool is_there(const fs::path& file) {
  std::error_code failed;
  return fs::exists(fs::symlink_status(file, failed));
}

[[noreturn]] void refuse(const std::string& what) { throw sqlite_failure{SQLITE_CANTOPEN, what}; }

void make(const fs::path& database) {
  const auto part = beside(database, (".new-" + std::to_string(::getpid())).c_str());
  create_private(part);
  {
    connection db{part.string(), open_mode::read_write, limits::page_cache_kb / 2};
    // No write-ahead log yet: whether closing the file could copy it, nobody would tell.
    db.execute("PRAGMA synchronous=FULL");
    db.execute(("PRAGMA page_size=" + std::to_string(limits::page_size_bytes)).c_str());
    migrate(db, schema_origin::made_here);
  }
  sync_to_disk(part);
  try {
    rename_durably(part, database, false);
  } catch (const sqlite_failure&) {
    fs::remove(part);
    if (!is_there(database)) throw;  // else somebody else made it meanwhile
  }
}

constexpr std::string_view magic{"SQLite format 3\0", 16};

/// The first bytes of a file: as many as a database has to begin with.
std::string beginning_of(const fs::path& database) {
  std::string head(magic.size(), '\0');
  const descriptor file{::open(database.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) fail_by_errno("open " + database.string());
  const auto got = ::pread(file.get(), head.data(), head.size(), 0);
  if (got < 0) fail_by_errno("read " + database.string());
  head.resize(static_cast<std::size_t>(got));
  return head;
}

void examine(const fs::path& database) {
  if (size_of(database) == 0)
    refuse(database.string() +
           " is empty, which no store ever is: it was truncated or put there by somebody else. Nothing was changed. "
           "Restore a backup (`ruvector-service restore --force FILE`), or remove the file to begin a new store");
  if (beginning_of(database) != magic)
    throw sqlite_failure{SQLITE_NOTADB, database.string() + " does not begin as a SQLite database does"};
}

}  // namespace

descriptor::~descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void fail_by_errno(const std::string& doing) {
  const auto number = errno;
  const auto code = number == ENOSPC || number == EDQUOT ? SQLITE_FULL : number == EIO ? SQLITE_IOERR : SQLITE_CANTOPEN;
  throw sqlite_failure{code, "cannot " + doing + ": " + std::system_category().message(number)};
}

fs::path beside(const fs::path& database, const char* suffix) { return database.string() + suffix; }

fs::path restoring(const fs::path& database) { return beside(database, ".restoring"); }

fs::path clean_end(const fs::path& database) { return beside(database, ".closed"); }

void make_or_examine(const fs::path& database) {
  if (is_there(database)) return examine(database);
  if (is_there(restoring(database)))
    refuse("a restore of " + database.string() + " was cut off; run `ruvector-service restore FILE` again");
  // SQLite would delete it unread.
  if (size_of(beside(database, "-wal")) != 0)
    refuse(database.string() + " is missing, but its write-ahead log " + beside(database, "-wal").string() +
           " is there and may hold decisions. Put the database file back, or restore a backup (`ruvector-service "
           "restore --force FILE` keeps the log under another name)");
  make(database);
}

result<void> expect_sqlite_file(const fs::path& file) {
  const auto is_no_database = [&](std::string_view what) {
    return fail(errc::not_found, file.string() + " is no database of a store: it is " + std::string{what});
  };
  std::error_code failed;
  if (fs::is_directory(file, failed)) return is_no_database("a folder");
  if (size_of(file) == 0) return is_no_database("empty");
  const auto begins = guarded([&] { return beginning_of(file); });
  if (!begins) return std::unexpected{begins.error()};
  if (*begins != magic) return is_no_database("a file of another kind");
  return {};
}

std::optional<descriptor> lock_out_others(const fs::path& database) {
  descriptor file{::open(database.c_str(), O_RDWR | O_CLOEXEC)};
  if (!file) fail_by_errno("open " + database.string());
  // Whoever has a database open in WAL mode holds a shared lock on some of its bytes.
  struct ::flock all {};
  all.l_type = F_WRLCK;
  all.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_OFD_SETLK, &all) == 0) return file;
  if (errno != EAGAIN && errno != EACCES) fail_by_errno("lock " + database.string());
  return std::nullopt;
}

error in_use(const fs::path& database) {
  return {errc::conflict,
          "a process has " + database.string() +
              " open; stop ruvector-service, or the manager that embeds it, first. Nothing was changed"};
}

void create_private(const fs::path& file) {
  constexpr ::mode_t owner_only = 0600;
  const descriptor made{::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, owner_only)};
  if (!made) fail_by_errno("make " + file.string());
}

void sync_to_disk(const fs::path& path) {
  const descriptor opened{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!opened) fail_by_errno("open " + path.string());
  if (::fsync(opened.get()) != 0) fail_by_errno("write " + path.string() + " to the disk");
}

void rename_durably(const fs::path& from, const fs::path& to, bool replace) {
  int done = replace ? ::rename(from.c_str(), to.c_str())
                     : ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  // Some network file systems know no rename of the careful kind.
  if (done != 0 && !replace && (errno == EINVAL || errno == ENOSYS) && !is_there(to))
    done = ::rename(from.c_str(), to.c_str());
  if (done != 0) fail_by_errno("rename " + from.string() + " to " + to.string());
  sync_to_disk(to.has_parent_path() ? to.parent_path() : fs::path{"."});
}

}  // namespace im::ruvector::sqlite
