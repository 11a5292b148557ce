#pragma once
/// The files of the embedded store: how a database comes to be, which remains of one it must not be opened over, and who has
/// it open. Internal to the SQLite store.

#include <filesystem>
#include <optional>
#include <string>

#include "messages/error.hpp"

namespace im::ruvector::sqlite {

/// A descriptor, closed at the end.
class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_{fd} {}
  descriptor(descriptor&& other) noexcept : fd_{other.fd_} { other.fd_ = -1; }
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor();

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_;
};

/// `ruvector.db-wal` and so on: what SQLite keeps beside a database, and takes for a part of it.
[[nodiscard]] std::filesystem::path beside(const std::filesystem::path& database, const char* suffix);

/// Where a restore writes before it takes a database's place. One that is there without a database was cut off.
[[nodiscard]] std::filesystem::path restoring(const std::filesystem::path& database);

/// A run that ended without a failure of the disk leaves this file beside its database.
[[nodiscard]] std::filesystem::path clean_end(const std::filesystem::path& database);

/// Makes the database if there is none: whole, under another name, then renamed. So an empty or half-made file is never ours,
/// and is refused: taken for a new store it would hide the loss of an old one. Throws sqlite_failure that says what to do.
void make_or_examine(const std::filesystem::path& database);

/// Says in plain words what is no database at all: a folder, an empty file, a file of another kind. `not_found`.
[[nodiscard]] result<void> expect_sqlite_file(const std::filesystem::path& file);

/// A file that nobody else can open as a database while this lives. Nothing: another process has it open, or `failed`.
[[nodiscard]] std::optional<descriptor> lock_out_others(const std::filesystem::path& database);

/// What to answer where it gave nothing.
[[nodiscard]] error in_use(const std::filesystem::path& database);

/// An empty file that its owner alone may read, in place of what was there.
void create_private(const std::filesystem::path& file);

/// Writes what the system still holds of a file or folder to the disk.
void sync_to_disk(const std::filesystem::path& path);

/// Renames on one disk, and makes it durable. Without `replace` it fails where `to` exists.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to, bool replace);

/// What a failed system call leaves, as the failure of this store's that `doing` says.
[[noreturn]] void fail_by_errno(const std::string& doing);

}  // namespace im::ruvector::sqlite
