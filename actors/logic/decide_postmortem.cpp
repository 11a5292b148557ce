#include <algorithm>

#include "actors/logic/decide_parts.hpp"

namespace im::logic {

namespace {

constexpr auto documentation = agent_classification::documentation;

outcome must_have_ended(incident_status status) {
  if (!is_open(status)) return {};
  return fail(errc::conflict,
              std::string{"a post-mortem needs a RESOLVED or CLOSED incident; this one is "}.append(to_string(status)));
}

}  // namespace

outcome decide_generate(drafting& d, const cmd::generate_postmortem& generate) {
  if (!d.state.opened && !generate.input) return unknown_incident(d.cmd.incident_id);
  if (auto ended = must_have_ended(d.state.opened ? d.state.record.status : generate.input->status); !ended)
    return ended;
  // The document's id comes from the request, so that a repetition writes the same document.
  d.result.write_postmortem = postmortem_id{derive_event_id(d.cmd.context.request + "/postmortem").value()};
  return {};
}

outcome decide_record(drafting& d, const cmd::record_postmortem& record) {
  if (d.state.opened)
    if (auto ended = must_have_ended(d.state.record.status); !ended)
      return ended;  // reopened while it was being written
  auto& event = d.add(agent::postmortem, documentation, decision_type::incident_postmortem_generated,
                      {json::encode(record.document)}, fact::postmortem_written{record.document});
  event.confidence = record.confidence;
  return {};
}

outcome decide_publish(drafting& d, const cmd::publish_postmortem& publish) {
  const auto found = std::ranges::find(d.state.postmortems, publish.id, &postmortem_summary::id);
  if (found == d.state.postmortems.end()) return fail(errc::not_found, "there is no post-mortem " + publish.id.str());
  if (found->status == postmortem_status::published)
    return fail(errc::conflict, "the post-mortem is published; it does not change any more");
  json::writer out;
  out.begin_object();
  out.key("postmortem_id");
  out.string(publish.id.str());
  out.key("incident_id");
  out.string(d.cmd.incident_id.str());
  out.key("status");
  out.string(to_string(postmortem_status::published));
  out.end_object();
  d.add(agent::postmortem, documentation, decision_type::incident_inspection, {out.take()},
        fact::postmortem_published{publish.id, publish.actor});
  return {};
}

}  // namespace im::logic
