#include "actors/escalation_actor.hpp"

namespace im {

escalation_actor_type::behavior_type escalation_actor_state::make_behavior() {
  return {[this](schedule_atom, const schedule& s) {
            next_ = s.next;
            arm();
          },
          [this](tick_atom, std::uint64_t generation) { on_tick(generation); }};
}

void escalation_actor_state::arm() {
  const auto generation = timer_.next();
  if (next_) self_->delayed_send(self_, timer_for(next_->due_at, clock_.now()), tick_atom_v, generation);
}

void escalation_actor_state::on_tick(std::uint64_t generation) {
  if (!timer_.is_current(generation) || !next_) return;
  if (next_->due_at > clock_.now()) return arm();  // a long wait in parts, or a clock that was set back
  tell(supervisor_, due_atom_v, *std::exchange(next_, std::nullopt));
}

}  // namespace im
