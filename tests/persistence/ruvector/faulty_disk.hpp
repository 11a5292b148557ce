#pragma once
/// A disk that fills up, fails and loses power, under a real SQLite: a VFS that stands before the system's and is the default
/// one while it lives. What was written and not yet synced is lost, kept or torn by a seed when the power goes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace im::ruvector::test {

/// One at a time. Files of every folder are on it; they must be closed when it ends.
class faulty_disk {
public:
  explicit faulty_disk(std::uint64_t seed = 1);
  faulty_disk(const faulty_disk&) = delete;
  faulty_disk& operator=(const faulty_disk&) = delete;
  ~faulty_disk();

  /// So many bytes can be written yet; the write that goes beyond is cut there, and it and all that follow say SQLITE_FULL.
  void leave_room(std::int64_t bytes);
  /// Only files whose names end so are full.
  void refuse_writes_to(std::string name_end);
  /// Files whose names end so keep their size: what lies within is written.
  void refuse_growth_of(std::string name_end);
  /// The index of the write-ahead log does not grow beyond its first block.
  void refuse_index_growth();
  void make_room();

  /// The next `count` syncs fail, and what they were to make durable may or may not be.
  void fail_syncs(int count);
  /// The next sync of a file whose name ends so fails likewise, after `passing` that do not.
  void fail_sync_of(std::string name_end, int passing = 0);

  /// The `number`-th call of the file system from now fails with an I/O error: a read, a write, a sync, a cut, an opening, a removal, a
  /// question for a file or its size, a lock or a map of shared memory. `and_all_after`: so do all that follow. 0: none does any more.
  void fail_call(std::uint64_t number, bool and_all_after = false);
  /// The kind of the first that did: "write", "sync" and so on. Empty: none did.
  [[nodiscard]] std::string failed_first() const;

  /// The power goes at the `count`-th write, sync, cut or removal from now: that one is torn, and everything after it fails.
  void lose_power_after(int count);
  [[nodiscard]] bool has_power() const;

  /// Writes, syncs, cuts and removals so far.
  [[nodiscard]] int operations() const;

  /// What is on the disk's plates, as files of `folder`, which was on it and whose files are closed. The power is back.
  void bring_back(const std::filesystem::path& folder);

  class state;

private:
  std::unique_ptr<state> state_;
};

}  // namespace im::ruvector::test
