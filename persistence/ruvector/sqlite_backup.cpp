#include "persistence/ruvector/sqlite_backup.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <system_error>

#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/sqlite_file.hpp"
#include "persistence/ruvector/sqlite_schema.hpp"
#include "persistence/ruvector/sqlite_store.hpp"

namespace im::ruvector {

namespace fs = std::filesystem;

namespace {

using sqlite::beside;
using sqlite::connection;
using sqlite::open_mode;
using sqlite::sqlite_failure;

constexpr int copy_cache_kb = limits::page_cache_kb / 2;
constexpr std::array companions{"-wal", "-shm", "-journal", ".closed"};

/// As `guarded` of the stores, for work that has refusals of its own.
template <class Work>
auto flat(Work&& work) -> decltype(work()) {
  auto done = guarded(std::forward<Work>(work));
  if (!done) return std::unexpected{std::move(done.error())};
  return std::move(*done);
}

/// A file that is gone again unless it was renamed meanwhile.
class passing_file {
public:
  explicit passing_file(fs::path path) : path_{std::move(path)} { sqlite::create_private(path_); }
  passing_file(const passing_file&) = delete;
  passing_file& operator=(const passing_file&) = delete;
  ~passing_file() {
    std::error_code ignored;
    fs::remove(path_, ignored);
    for (const auto* suffix : companions) fs::remove(beside(path_, suffix), ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

private:
  fs::path path_;
};

class page_copy {
public:
  page_copy(connection& from, connection& to)
      : to_{to}, copy_{sqlite3_backup_init(to.handle(), "main", from.handle(), "main")} {
    if (copy_ == nullptr) to.fail(sqlite3_errcode(to.handle()), "begin the copy");
  }
  page_copy(const page_copy&) = delete;
  page_copy& operator=(const page_copy&) = delete;
  ~page_copy() { sqlite3_backup_finish(copy_); }

  void run() {
    const auto until = std::chrono::steady_clock::now() + limits::backup_longest;
    int code = SQLITE_OK;
    while (code == SQLITE_OK) {
      code = sqlite3_backup_step(copy_, limits::backup_step_pages);
      if (code == SQLITE_OK && std::chrono::steady_clock::now() > until)
        throw sqlite_failure{SQLITE_INTERRUPT, "the copy took too long and was given up"};
    }
    if (code != SQLITE_DONE) to_.fail(code, "copy the database");
  }

private:
  connection& to_;
  sqlite3_backup* copy_;
};

/// `to` is an empty file; afterwards it is a database on its own, on the disk.
void copy_database(const fs::path& from, const fs::path& to) {
  {
    connection source{from.string(), open_mode::read_only, copy_cache_kb};
    // One snapshot for the whole copy: a writer neither waits for it nor makes it begin again.
    const sqlite::transaction moment{source, "BEGIN"};
    sqlite::expect_ours(source);
    connection copy{to.string(), open_mode::read_write, copy_cache_kb};
    copy.execute("PRAGMA synchronous=OFF");
    copy.execute("PRAGMA journal_mode=MEMORY");
    page_copy{source, copy}.run();
  }
  {
    connection copy{to.string(), open_mode::read_write, copy_cache_kb};
    copy.execute("PRAGMA journal_mode=DELETE");  // no write-ahead log beside it, and none made by who reads it
  }
  sqlite::sync_to_disk(to);
}

/// A copy of an older schema version; its source stays as it is.
void bring_up_to_date(const fs::path& copy) {
  {
    connection db{copy.string(), open_mode::read_write, copy_cache_kb};
    sqlite::migrate(db);
  }
  sqlite::sync_to_disk(copy);
}

bool is_there(const fs::path& file) {
  std::error_code failed;
  return fs::exists(fs::symlink_status(file, failed));
}

/// The database, or anything beside it that holds a part of it. A reader may leave empty files behind.
bool anything_there(const fs::path& database) {
  const auto holds_some = [&](const char* suffix) {
    std::error_code failed;
    const auto size = fs::file_size(beside(database, suffix), failed);
    return !failed && size != 0;
  };
  return is_there(database) || holds_some("-wal") || holds_some("-journal");
}

/// What is there will not do for another database.
void remove_companions(const fs::path& database) {
  for (const auto* suffix : companions) fs::remove(beside(database, suffix));
}

result<void> expect_nobody_has_it(const fs::path& database, std::optional<sqlite::descriptor>& lock) {
  if (!is_there(database)) return {};
  auto locked = sqlite::lock_out_others(database);
  if (!locked) return std::unexpected{sqlite::in_use(database)};
  lock.emplace(std::move(*locked));
  return {};
}

result<verify_report> expect_verified(const fs::path& backup) {
  auto verified = verify_file(backup);
  if (verified && verified->broken)
    return fail(errc::conflict,
                backup.string() + " is not what was written, nothing was changed: " + verified->broken->str());
  return verified;
}

/// `copy`: of `backup`, which is what the words are about.
result<check_report> expect_checked(const fs::path& copy, const fs::path& backup) {
  auto checked = check_file(copy);
  if (checked && !checked->problems.empty())
    return fail(errc::conflict, backup.string() + " does not hold together, nothing was changed: " +
                                    std::to_string(checked->problems.size()) +
                                    " problems, the first: " + checked->problems.front());
  return checked;
}

/// Moves what is there out of the way. The database goes first: SQLite must never find it without its write-ahead log.
fs::path keep_old(const fs::path& database, time_point now) {
  auto time = to_string(now);
  std::ranges::replace(time, ':', '-');
  const auto kept = beside(database, (".kept-" + time).c_str());
  if (is_there(database)) sqlite::rename_durably(database, kept, false);
  for (const auto* suffix : companions)
    if (is_there(beside(database, suffix)))
      sqlite::rename_durably(beside(database, suffix), beside(kept, suffix), false);
  return kept;
}

}  // namespace

result<backup_made> back_up(const fs::path& database, const fs::path& target, bool replace, bool try_out_first) {
  return flat([&]() -> result<backup_made> {
    if (!is_there(database)) return fail(errc::not_found, "there is no database " + database.string());
    if (!replace && anything_there(target))
      return fail(errc::conflict, target.string() + " is there already; --force replaces it");
    if (std::error_code failed; fs::equivalent(database, target, failed))
      return fail(errc::conflict, target.string() + " is the database itself");
    std::optional<sqlite::descriptor> lock;
    if (auto alone = expect_nobody_has_it(target, lock); !alone) return std::unexpected{alone.error()};
    const passing_file part{beside(target, (".part-" + std::to_string(::getpid())).c_str())};
    copy_database(database, part.path());
    backup_made made{fs::file_size(part.path()), {}};
    if (try_out_first) {
      auto tried = try_out(part.path());
      if (!tried) return fail(tried.error().code, "no backup was made, it would not restore: " + tried.error().message);
      made.tried = std::move(*tried);
    }
    // What SQLite left beside an older copy would be taken for a part of the new one.
    remove_companions(target);
    sqlite::rename_durably(part.path(), target, replace);
    return made;
  });
}

result<restored> restore(const fs::path& backup, const fs::path& database, bool replace, time_point now) {
  return flat([&]() -> result<restored> {
    if (!replace && anything_there(database))
      return fail(errc::conflict, "there is a store at " + database.string() + "; --force keeps it under another name");
    if (std::error_code failed; fs::equivalent(backup, database, failed))
      return fail(errc::conflict, backup.string() + " is the database itself");
    std::optional<sqlite::descriptor> lock;
    if (auto alone = expect_nobody_has_it(database, lock); !alone) return std::unexpected{alone.error()};
    auto verified = expect_verified(backup);
    if (!verified) return std::unexpected{std::move(verified.error())};
    if (database.has_parent_path()) fs::create_directories(database.parent_path());
    const passing_file part{beside(database, (".part-" + std::to_string(::getpid())).c_str())};
    copy_database(backup, part.path());
    bring_up_to_date(part.path());
    auto checked = expect_checked(part.path(), backup);
    if (!checked) return std::unexpected{std::move(checked.error())};
    restored out{std::move(*checked), std::move(*verified), std::nullopt};
    const auto whole = sqlite::restoring(database);
    sqlite::rename_durably(part.path(), whole, true);
    // From here to the last rename there is no database, and no service starts: it finds the restore that was cut off.
    if (anything_there(database)) out.kept = keep_old(database, now);
    remove_companions(database);
    sqlite::rename_durably(whole, database, false);
    return out;
  });
}

result<restored> try_out(const fs::path& backup) {
  return flat([&]() -> result<restored> {
    struct folder {
      explicit folder(std::string name) : path{std::move(name)} {
        if (::mkdtemp(path.data()) == nullptr) sqlite::fail_by_errno("make the folder " + path);
      }
      folder(const folder&) = delete;
      folder& operator=(const folder&) = delete;
      ~folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
      }
      std::string path;
    };
    const folder apart{backup.string() + ".try-XXXXXX"};
    const auto database = fs::path{apart.path} / "ruvector.db";
    auto out = restore(backup, database, false, {});
    if (!out) return out;
    auto opened = open_sqlite_store(database, {.readers = 1, .list_readers = 1});
    if (!opened) return std::unexpected{opened.error()};
    (*opened)->close();
    opened->reset();
    auto verified = expect_verified(database);
    if (!verified) return std::unexpected{std::move(verified.error())};
    auto checked = expect_checked(database, backup);
    if (!checked) return std::unexpected{std::move(checked.error())};
    return restored{std::move(*checked), std::move(*verified), std::nullopt};
  });
}

}  // namespace im::ruvector
