#include "actors/post_mortem_actor.hpp"

#include "actors/logic/postmortem.hpp"

namespace im {

post_mortem_type::behavior_type post_mortem_state::make_behavior() {
  log_what_it_throws(*self_);
  return {[this](generate_atom, postmortem_job job) { return start(std::move(job)); }};
}

caf::result<written_postmortem> post_mortem_state::start(postmortem_job job) {
  job_ = std::move(job);
  promise_ = self_->make_response_promise<written_postmortem>();
  if (job_.input)
    write(*job_.input);
  else
    read_on(0);
  return promise_;
}

void post_mortem_state::read_on(std::uint64_t after) {
  self_->request(persistence_, until_answered, read_log_atom_v, job_.state->record.id, after)
      .then([this](const log_page& page) { on_page(page); }, [this](const caf::error& e) { fail_with(e); });
}

void post_mortem_state::on_page(log_page page) {
  for (const auto& event : page.events)
    if (event->sequence <= job_.state->head())  // the log as it was when it was asked for
      log_.push_back(*event);
  if (page.more && !page.events.empty()) return read_on(page.events.back()->sequence);
  write(logic::postmortem_input_from(*job_.state, log_));
}

void post_mortem_state::write(const postmortem_input& input) {
  auto written = logic::write_postmortem(input, job_.id, clock_.now());
  if (written)
    promise_.deliver(written_postmortem{std::move(written->output), written->confidence});
  else
    promise_.deliver(to_caf(written.error()));
  self_->quit();
}

void post_mortem_state::fail_with(const caf::error& why) {
  promise_.deliver(why);
  self_->quit();
}

}  // namespace im
