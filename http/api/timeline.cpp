#include "http/api/timeline.hpp"

#include <utility>

namespace im::api {

namespace {

std::string words_of(change_kind change) {
  switch (change) {
    case change_kind::acknowledge: return "Acknowledged";
    case change_kind::assign: return "Assigned";
    case change_kind::start: return "Work started";
    case change_kind::escalate: return "Escalated by hand";
    case change_kind::resolve: return "Resolved";
    case change_kind::close: return "Closed";
    case change_kind::reopen: return "Reopened";
    case change_kind::comment: return "Comment";
    case change_kind::update: return "Updated";
  }
  return {};
}

timeline_type type_of(change_kind change) {
  switch (change) {
    case change_kind::acknowledge: return timeline_type::acknowledgment;
    case change_kind::assign: return timeline_type::notification;
    case change_kind::start: return timeline_type::investigation;
    case change_kind::escalate: return timeline_type::escalation;
    case change_kind::resolve:
    case change_kind::close: return timeline_type::resolution;
    case change_kind::comment: return timeline_type::communication;
    case change_kind::reopen:
    case change_kind::update: return timeline_type::decision;
  }
  return timeline_type::decision;
}

std::string text_of(std::string_view word) { return std::string{word}; }

/// Says what a fact means; the item's time, place and default actor are set already.
class teller {
public:
  explicit teller(timeline_item& item) : item_{item} {}

  void operator()(const fact::noted&) { tell(timeline_type::decision, "Evaluated an input; nothing changed"); }

  void operator()(const fact::incident_opened& f) {
    tell(timeline_type::detection, "Opened as " + text_of(to_string(f.record.severity)) + ": " + f.record.title,
         f.record.source);
  }

  void operator()(const fact::signals_attached& f) {
    tell(timeline_type::detection,
         std::to_string(f.count) + (f.count == 1 ? " more signal attached" : " more signals attached"));
  }

  void operator()(const fact::incident_changed& f) {
    auto text = words_of(f.change);
    if (f.assigned_to) text += " to " + *f.assigned_to;
    if (f.assigned_team) text += (f.assigned_to ? " of " : " to ") + *f.assigned_team;
    if (f.severity) text += ", severity " + text_of(to_string(*f.severity));
    if (f.resumed_by) text += ", after approval " + f.resumed_by->str();
    if (!f.comment.empty()) text += ": " + f.comment;
    tell(type_of(f.change), std::move(text), f.actor);
  }

  void operator()(const fact::escalation_evaluated& f) {
    const auto step = text_of(to_string(f.from_severity)) + " to " + text_of(to_string(f.to_severity));
    auto text = "Escalation evaluated: " + text_of(to_string(f.decision));
    if (f.applied) text += ", " + step + ", level " + std::to_string(f.to_level);
    if (f.suspended_on) text += ", " + step + " waits for approval " + f.suspended_on->str();
    if (f.acknowledgment_breached) text += "; acknowledgment SLA breached";
    if (f.resolution_breached) text += "; resolution SLA breached";
    tell(f.applied ? timeline_type::escalation : timeline_type::decision, std::move(text), f.actor);
  }

  void operator()(const fact::gate_opened& f) {
    const auto& asked = f.gate->request;
    auto text = "Approval requested for " + text_of(to_string(asked.action_type));
    if (!asked.action_description.empty()) text += ": " + asked.action_description;
    tell(timeline_type::decision, std::move(text), asked.requester_id);
  }

  void operator()(const fact::gate_changed& f) {
    if (f.vote) {
      auto text = text_of(to_string(f.vote->decision)) + " by " + text_of(to_string(f.vote->approver_type));
      if (is_terminal(f.status)) text += "; the request is " + text_of(to_string(f.status));
      return tell(timeline_type::decision, "Vote: " + text, f.vote->approver_id);
    }
    auto text = "Approval request is " + text_of(to_string(f.status));
    if (!f.reason.empty()) text += ": " + f.reason;
    tell(timeline_type::decision, std::move(text), f.audit.empty() ? std::string{} : f.audit.back().actor_id);
  }

  void operator()(const fact::vote_refused& f) {
    tell(timeline_type::decision, "Vote refused: " + f.reason, f.approver_id);
  }

  void operator()(const fact::vote_kept& f) {
    tell(timeline_type::decision, "Vote kept for a request that is not open yet", f.vote.approver_id);
  }

  void operator()(const fact::postmortem_written&) { tell(timeline_type::communication, "Post-mortem written"); }

  void operator()(const fact::postmortem_published& f) {
    tell(timeline_type::communication, "Post-mortem published", f.actor);
  }

private:
  void tell(timeline_type type, std::string text, const std::string& actor = {}) {
    item_.type = type;
    item_.description = std::move(text);
    if (!actor.empty()) item_.actor = actor;
  }

  timeline_item& item_;
};

/// What is the same in every version of a DecisionEvent.
struct event_head {
  im::event_id id;
  std::string agent_id;
  std::string decision_type;
  time_point timestamp;
  std::uint64_t sequence = 0;
};

template <class V>
void describe(V& v, like<event_head> auto& x) {
  v.required("id", x.id);
  v.optional("agent_id", x.agent_id);
  v.optional("decision_type", x.decision_type);
  v.required("timestamp", x.timestamp);
  v.required("sequence", x.sequence);
}

}  // namespace

timeline_item timeline_item_of(const decision_event& event) {
  timeline_item item{event.timestamp, timeline_type::decision, {}, event.agent_id, event.sequence, event.id};
  std::visit(teller{item}, event.fact.value);
  return item;
}

std::vector<timeline_item> read_timeline(const json::node& events) {
  std::vector<timeline_item> items;
  items.reserve(events.size());
  events.each_item([&](std::size_t, json::node node) {
    if (const auto event = json::decode<decision_event>(node, json::read_bounds::stored())) {
      items.push_back(timeline_item_of(*event));
    } else if (const auto head = json::decode<event_head>(node, json::read_bounds::stored())) {
      items.push_back(
          {head->timestamp, timeline_type::decision, head->decision_type, head->agent_id, head->sequence, head->id});
    }
  });
  return items;
}

}  // namespace im::api
