#include "persistence/ruvector/failure.hpp"

#include "persistence/ruvector/limits.hpp"

namespace im::ruvector {

error unavailable(std::string message) {
  return {errc::store_unavailable, std::move(message), {}, static_cast<int>(limits::retry_after.count())};
}

error too_many_reads() {
  return {errc::overloaded, "too many reads wait for the disk", {}, static_cast<int>(limits::retry_after.count())};
}

error too_many_lists() {
  return {errc::overloaded,
          "too many lists are asked for at once; try again",
          {},
          static_cast<int>(limits::retry_after.count())};
}

void damage_note::take(const store_failure& met) {
  if (!met.is_damage()) return;
  const std::lock_guard lock{mutex_};
  if (!first_.empty()) return;
  first_ = met.what();
  if (tell_) tell_(first_);
}

std::string damage_note::first() const {
  const std::lock_guard lock{mutex_};
  return first_;
}

namespace {

class damage final : public store_failure {
public:
  explicit damage(const std::string& what)
      : store_failure{error{errc::damaged,
                            what + "; `ruvector-service check` tells what else is damaged, a backup brings it back"}} {
    note_damage();
  }
};

}  // namespace

void damaged(const std::string& what) { throw damage{what}; }

void damaged_after(const incident_id& incident, std::uint64_t sequence) {
  damaged("the log of incident " + incident.str() + " has a gap after sequence " + std::to_string(sequence));
}

void damaged_projection(const incident_id& incident) {
  damaged("incident " + incident.str() + " has a log that its projection does not know to the end; rebuild them");
}

namespace {

error unknown_outcome(const std::string& what) {
  return {errc::timeout,
          what + "; the write may have taken effect, repeat it as it was",
          {},
          static_cast<int>(limits::retry_after.count())};
}

class stopped final : public store_failure {
public:
  explicit stopped(const std::string& what) : store_failure{unknown_outcome(what)} { note_stop(); }
};

}  // namespace

void unconfirmed(const std::string& what) { throw store_failure{unknown_outcome(what)}; }

void unconfirmed_and_stopped(const std::string& what) { throw stopped{what}; }

}  // namespace im::ruvector
