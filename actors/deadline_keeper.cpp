#include "actors/deadline_keeper.hpp"

namespace im {

deadline_keeper_type::behavior_type deadline_keeper_state::make_behavior() {
  self_->send(self_, tick_atom_v);
  return {[this](tick_atom) { look({}); }};
}

void deadline_keeper_state::look(std::string cursor) {
  self_->request(persistence_, limits::load_timeout, read_due_atom_v, env_.clock.now(), std::move(cursor))
      .then([this](const due_page& page) { on_page(page); }, [this](const caf::error&) { look_again(); });
}

void deadline_keeper_state::on_page(const due_page& page) {
  for (const auto& due : page.entries)
    tell(shards_[shard_of(due.incident_id, shards_.size())], wake_atom_v, due.incident_id);
  if (page.next_cursor.empty())
    look_again();
  else
    look(page.next_cursor);
}

void deadline_keeper_state::look_again() { self_->delayed_send(self_, limits::deadline_poll, tick_atom_v); }

}  // namespace im
