#include "persistence/ruvector/sqlite_state.hpp"

#include "messages/chain.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/event_reader.hpp"

namespace im::ruvector::sqlite {

state_loader::state_loader(connection& db)
    : snapshot_{db, "SELECT sequence, state FROM snapshots WHERE incident_id = ?1"},
      events_{db,
              "SELECT sequence, doc FROM decision_events WHERE incident_id = ?1 AND sequence > ?2 ORDER BY sequence"} {}

loaded_state state_loader::load(incident_id id) {
  loaded_state out;
  snapshot_.each(
      [&](row r) {
        auto state = json::decode<incident_state>(r.text(1), json::read_bounds::stored());
        if (!state) damaged("the snapshot of incident " + id.str() + " cannot be read: " + state.error().message);
        out.state = std::move(*state);
        out.snapshot_sequence = static_cast<std::uint64_t>(r.integer(0));
      },
      id);
  events_.each(
      [&](row r) {
        const auto event = read_stored(r.text(1));
        if (!event) damaged(event.error().message);
        if (event->sequence != out.state.head() + 1)
          damaged("the log of incident " + id.str() + " has a gap after sequence " + std::to_string(out.state.head()));
        if (!links_to(out.state, *event))
          damaged("the log of incident " + id.str() + " is not what was written: sequence " +
                  std::to_string(event->sequence) + " does not link to the event before it");
        apply(out.state, *event);
      },
      id, out.state.head());
  return out;
}

void damaged(const std::string& what) { throw sqlite_failure{SQLITE_CORRUPT, what}; }

}  // namespace im::ruvector::sqlite
