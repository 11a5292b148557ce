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
  if (next_)
    alarm_.set(timer_for(next_->due_at, clock_.now()));
  else
    alarm_.clear();
}

void escalation_actor_state::on_tick(std::uint64_t generation) {
  if (!alarm_.take(generation) || !next_) return;
  if (next_->due_at > clock_.now()) return arm();  // a long wait in parts, or a clock that was set back
  tell(supervisor_, due_atom_v, *std::exchange(next_, std::nullopt));
}

}  // namespace im
