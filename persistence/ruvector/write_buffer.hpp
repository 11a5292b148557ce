#pragma once
/// What goes into a database's files, in few large writes. Internal to the SQLite store.
///
/// SQLite writes each page of a commit to its log as two (its head of 24 bytes, then the page), and each page of a checkpoint to the
/// database as one, before it syncs the file once. Most of the system calls were these. This layer between SQLite and its files keeps
/// what goes on where the last write ended, and hands it down as one before anything else is asked of the file. So it needs
/// `synchronous=FULL`: other connections look for pages once the shared index tells of them, which SQLite writes after the sync.

#include <sqlite3.h>

#include <string>

namespace im::ruvector::sqlite {

/// A VFS over the one that is the default when it is made; outlives the connections opened with it.
class write_buffer {
public:
  /// Throws sqlite_failure.
  write_buffer();
  write_buffer(const write_buffer&) = delete;
  write_buffer& operator=(const write_buffer&) = delete;
  ~write_buffer() { sqlite3_vfs_unregister(&vfs_); }

  /// After a rollback: pages of a large transaction that were on their way to the log, where another process may write next, are
  /// forgotten.
  static void forget(sqlite3* db) noexcept;

  /// What sqlite3_open_v2() is told.
  [[nodiscard]] const char* name() const noexcept { return name_.c_str(); }

private:
  struct layer : sqlite3_vfs {
    sqlite3_vfs* below;
  };
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* to, int flags, int* out_flags);

  layer vfs_;
  std::string name_;
};

}  // namespace im::ruvector::sqlite
