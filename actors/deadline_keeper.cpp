#include "actors/deadline_keeper.hpp"

#include <algorithm>

#include "messages/assert.hpp"

namespace im {

deadline_keeper_state::deadline_keeper_state(deadline_keeper_type::pointer self, const actor_environment& env,
                                             persistence_actor persistence, std::vector<registry_actor> shards)
    : self_{self},
      env_{env},
      persistence_{std::move(persistence)},
      shards_{std::move(shards)},
      start_of_page_{std::hash<std::string>{}(env.who.instance)} {}

deadline_keeper_type::behavior_type deadline_keeper_state::make_behavior() {
  log_what_it_throws(*self_);
  send_to_self(self_, tick_atom_v);
  return {[this](tick_atom) { look({}); }};
}

void deadline_keeper_state::look(std::string cursor) {
  send_request(self_, persistence_, until_answered, read_due_atom_v, env_.clock.now(), std::move(cursor))
      .then([this](const due_page& page) { on_page(page); }, [this](const caf::error&) { look_again(); });
}

void deadline_keeper_state::on_page(const due_page& page) {
  cursor_ = page.next_cursor;
  for (const auto& due : page.entries) due_.push_back(due.incident_id);
  if (!due_.empty())
    std::rotate(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(start_of_page_ % due_.size()), due_.end());
  wake_next();
}

void deadline_keeper_state::wake_next() {
  while (!due_.empty() && waking_ < limits::deadline_wakes) {
    const auto id = due_.front();
    due_.pop_front();
    ++waking_;
    // Whatever the answer is, or that there is none: a deadline that stays due is found again.
    send_request(self_, shards_[shard_of(id, shards_.size())], limits::write_timeout, wake_atom_v, id)
        .then([this] { woken(); }, [this](const caf::error&) { woken(); });
  }
  if (!due_.empty() || waking_ > 0) return;
  if (cursor_.empty())
    look_again();
  else
    look(std::exchange(cursor_, {}));
}

void deadline_keeper_state::woken() {
  IM_ASSERT(waking_ > 0);
  --waking_;
  wake_next();
}

void deadline_keeper_state::look_again() { send_to_self_after(self_, limits::deadline_poll, tick_atom_v); }

}  // namespace im
