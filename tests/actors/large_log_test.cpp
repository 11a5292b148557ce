/// A post-mortem of a log that is far longer than what should be in memory.

#include <catch2/catch_test_macros.hpp>

#include <caf/event_based_actor.hpp>

#include "actors/post_mortem_actor.hpp"
#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

namespace {

constexpr std::uint64_t log_length = 100'000;

/// Makes the pages of a log as they are asked for, and counts how many of its events are in memory.
class endless_log_state {
public:
  endless_log_state(persistence_actor::pointer, std::shared_ptr<std::size_t> most) : most_{std::move(most)} {}

  persistence_actor::behavior_type make_behavior() {
    return {
        [](write_atom, const event_batch&) { return write_outcome{}; },
        [this](read_log_atom, const incident_id& id, std::uint64_t after) { return page_of(id, after); },
        [](find_logs_atom, const incident_list& among) { return among; },
        [](read_event_atom, const event_id&) { return event_ptr{}; },
        [](find_fingerprints_atom, const fingerprint_list&) { return fingerprint_lookups{}; },
        [](read_policy_atom, const policy_query&) { return policy_answer{}; },
        [](read_due_atom, const time_point&, const std::string&) { return due_page{}; },
        [](drain_atom) {},
        [](tick_atom) {},
    };
  }

  static inline const char* name = "endless_log";

private:
  log_page page_of(const incident_id& id, std::uint64_t after) {
    log_page page;
    const auto last = std::min<std::uint64_t>(after + limits::log_page_events, log_length);
    for (auto sequence = after + 1; sequence <= last; ++sequence) page.events.push_back(event(id, sequence));
    page.more = last < log_length;
    return page;
  }

  event_ptr event(const incident_id& id, std::uint64_t sequence) {
    fact::incident_changed note;
    note.change = change_kind::comment;
    note.actor = "olga";
    note.comment = "note " + std::to_string(sequence);
    auto made = event_of(std::move(note), sequence, after(static_cast<double>(sequence)));
    made.incident_id = id;
    *most_ = std::max(*most_, ++*held_);
    return {new decision_event(std::move(made)), [held = held_](const decision_event* gone) {
              --*held;
              delete gone;
            }};
  }

  std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);
  std::shared_ptr<std::size_t> most_;
};

}  // namespace

TEST_CASE("a post-mortem of 100,000 events holds a page of them at a time") {
  world w;
  const auto most = std::make_shared<std::size_t>(0);
  auto log = w.system().spawn<caf::stateful_actor<endless_log_state, persistence_actor::base>>(most);
  auto state = std::make_shared<incident_state>();
  state->record = sample_incident(severity::p2);
  state->record.status = incident_status::resolved;
  state->record.resolved_at = after(60);
  state->record.sequence = log_length;
  state->opened = true;
  auto writer = w.system().spawn<post_mortem_actor>(*w.clock, log);
  std::optional<result<written_postmortem>> got;
  w.system().spawn([&](caf::event_based_actor* self) {
    send_request(self, writer, caf::infinite, generate_atom_v, postmortem_job{state, id_of<postmortem_id>("pm"), {}})
        .then([&](written_postmortem& written) { got = std::move(written); },
              [&](const caf::error& why) { got = std::unexpected{from_caf(why)}; });
  });
  w.run();
  REQUIRE(got.has_value());
  REQUIRE(got->has_value());
  CHECK((*got)->document.timeline.size() == limits::timeline_entries);
  CHECK((*got)->document.timeline.back().description == "note " + std::to_string(log_length));
  CHECK(*most <= 3 * limits::log_page_events);
  caf::anon_send_exit(log, caf::exit_reason::user_shutdown);
}
