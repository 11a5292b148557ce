#include "actors/post_mortem_actor.hpp"

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
    read_on();
  return promise_;
}

void post_mortem_state::read_on() {
  send_request(self_, persistence_, until_answered, read_log_atom_v, job_.state->record.id, told_)
      .then([this](const log_page& page) { on_page(page); }, [this](const caf::error& e) { fail_with(e); });
}

/// The log as it was when the document was asked for: what came later is not told.
void post_mortem_state::on_page(const log_page& page) {
  const auto before = told_;
  for (const auto& event : page.events) {
    if (event->sequence != told_ + 1 || told_ == job_.state->head()) continue;
    story_.tell(*event);
    ++told_;
  }
  if (!page.more || told_ == job_.state->head()) return write(story_.finish(*job_.state));
  if (told_ == before)
    return fail_with(caf::make_error(errc::store_unavailable, "the store does not go on with the incident's log"));
  read_on();
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
