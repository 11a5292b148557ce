#pragma once
/// What a database throws inside a store. The store's edge catches it and answers with the error that it carries.

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>

#include "messages/error.hpp"
#include "messages/ids.hpp"

namespace im::ruvector {

class store_failure : public std::runtime_error {
public:
  explicit store_failure(error why) : std::runtime_error{why.message}, why_{std::move(why)} {}
  [[nodiscard]] const error& why() const noexcept { return why_; }

  /// The transaction lost against another and was rolled back: the same once more may succeed.
  [[nodiscard]] bool lost_a_race() const noexcept { return lost_a_race_; }

  /// What is stored there is not what was stored. It says nothing of the rest, nor of the next write.
  [[nodiscard]] bool is_damage() const noexcept { return damage_; }

  /// The disk may have lost what it took. A writer that meets this writes and acknowledges nothing more.
  [[nodiscard]] bool stops_the_store() const noexcept { return stop_; }

protected:
  void note_damage() noexcept { damage_ = true; }
  void note_stop() noexcept { stop_ = true; }
  store_failure(error why, bool lost_a_race) : store_failure{std::move(why)} { lost_a_race_ = lost_a_race; }

private:
  error why_;
  bool lost_a_race_ = false;
  bool damage_ = false;
  bool stop_ = false;
};

/// The edge: what a database throws inside becomes an error.
template <class Do>
auto guarded(Do&& what) -> result<decltype(what())> {
  try {
    return what();
  } catch (const store_failure& f) {
    return std::unexpected{f.why()};
  } catch (const std::exception& e) {
    return fail(errc::internal, e.what());
  }
}

/// The database does not do what it is for; later it may.
[[nodiscard]] error unavailable(std::string message);

/// The readers' pool takes no more; nothing was read.
[[nodiscard]] error too_many_reads();

/// The same of lists and queries.
[[nodiscard]] error too_many_lists();

/// The first damage that anybody met. Any thread.
class damage_note {
public:
  /// Keeps a failure that is damage, and calls `tell` with the first.
  void take(const store_failure& met);
  /// Set before the first failure.
  void on_first(std::function<void(const std::string&)> tell) { tell_ = std::move(tell); }
  /// Empty: none was met.
  [[nodiscard]] std::string first() const;

private:
  mutable std::mutex mutex_;
  std::function<void(const std::string&)> tell_;
  std::string first_;
};

/// What is stored cannot be what was stored.
[[noreturn]] void damaged(const std::string& what);

/// The same of a log: what comes after this sequence cannot be found, though it goes on by its list or its snapshot.
[[noreturn]] void damaged_after(const incident_id& incident, std::uint64_t sequence);

/// And where the log goes on behind what is kept beside it, or nothing is.
[[noreturn]] void damaged_projection(const incident_id& incident);

/// The database failed while it committed: nobody knows whether it has.
[[noreturn]] void unconfirmed(const std::string& what);

/// The same where the disk failed: nothing more may be written.
[[noreturn]] void unconfirmed_and_stopped(const std::string& what);

}  // namespace im::ruvector
