#include "actors/approval_gate.hpp"

namespace im {

namespace {

void answer(verdict_wait& wait) {
  reply r;
  r.state = wait.state;
  wait.caller->answer(std::move(r));
}

}  // namespace

approval_gate_state::~approval_gate_state() { answer_all(); }  // whoever waits is told where it stands

approval_gate_type::behavior_type approval_gate_state::make_behavior() {
  log_what_it_throws(*self_);
  return {[this](gate_atom, gate_told told) { on_update(std::move(told)); },
          [this](await_verdict_atom, verdict_wait wait) { on_wait(std::move(wait)); },
          [this](tick_atom, std::uint64_t generation) { on_tick(generation); }};
}

void approval_gate_state::on_update(gate_told told) {
  for (auto& w : waiters_) w.wait.state = told.state;
  const auto* gate = told.state->find_gate(told.request);
  request_ = told.request;
  due_at_ = gate ? gate->next_due_at : std::nullopt;
  if (gate && !is_terminal(gate->status)) return arm();
  answer_all();
  self_->quit();
}

void approval_gate_state::on_wait(verdict_wait wait) {
  if (waiters_.size() >= limits::gate_waiters || wait.wait <= milliseconds{0}) return answer(wait);
  waiters_.push_back({wait, clock_.now() + wait.wait});
  arm();
}

/// One alarm for whatever comes first: the deadline, or the end of a caller's patience.
void approval_gate_state::arm() {
  std::optional<time_point> next;
  const auto consider = [&](time_point at) { next = next ? std::min(*next, at) : at; };
  if (due_at_) consider(*due_at_);
  for (const auto& w : waiters_) consider(w.until);
  if (next)
    alarm_.set(timer_for(*next, clock_.now()));
  else
    alarm_.clear();
}

void approval_gate_state::on_tick(std::uint64_t generation) {
  if (!alarm_.take(generation)) return;
  const auto now = clock_.now();
  std::erase_if(waiters_, [&](waiter& w) {
    if (w.until > now) return false;
    answer(w.wait);
    return true;
  });
  if (due_at_ && *due_at_ <= now)
    tell(supervisor_, due_atom_v, deadline{deadline_kind::approval, *std::exchange(due_at_, std::nullopt), request_});
  arm();
}

void approval_gate_state::answer_all() {
  for (auto& w : std::exchange(waiters_, {})) answer(w.wait);
}

}  // namespace im
