#include "persistence/ruvector/projection.hpp"

#include "messages/json/codec.hpp"
#include "persistence/ruvector/event_reader.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/search_words.hpp"

namespace im::ruvector {

namespace {

struct approval_item {
  const im::incident_id& incident;
  const gate_state& gate;
};

template <class V>
void describe(V& v, like<approval_item> auto& x) {
  v.required("incident_id", x.incident);
  describe(v, x.gate);
}

/// `GET /api/v1/incidents/{id}/state`, exactly.
struct state_view {
  const incident& record;
};

template <class V>
void describe(V& v, like<state_view> auto& x) {
  v.required("incident_id", x.record.id);
  v.required("status", x.record.status);
  v.required("severity", x.record.severity);
  v.required("escalation_level", x.record.escalation_level);
  v.optional("assigned_to", x.record.assigned_to);
  v.optional("assigned_team", x.record.assigned_team);
  v.optional("acknowledged_at", x.record.acknowledged_at);
  v.optional("resolved_at", x.record.resolved_at);
  v.required("updated_at", x.record.updated_at);
  v.required("metadata", x.record.metadata);
}

struct escalation_view {
  const incident_state& state;
  std::optional<approval_id> pending_approval;
};

template <class V>
void describe(V& v, like<escalation_view> auto& x) {
  v.required("incident_id", x.state.record.id);
  v.required("status", x.state.record.status);
  v.required("severity", x.state.record.severity);
  v.required("escalation_level", x.state.record.escalation_level);
  v.required("history", x.state.history);
  v.optional("pending_approval", x.pending_approval);
  v.required("updated_at", x.state.record.updated_at);
}

std::optional<approval_id> touched_gate(const any_fact& what) {
  if (const auto* opened = std::get_if<fact::gate_opened>(&what)) return opened->gate->request.id;
  if (const auto* changed = std::get_if<fact::gate_changed>(&what)) return changed->request_id;
  if (const auto* refused = std::get_if<fact::vote_refused>(&what)) return refused->request_id;
  return std::nullopt;
}

/// Of several changes in one transaction the first tells what stands in the index.
void note_words(side_changes& changes, const std::string& before, std::string now,
                std::optional<std::int64_t> first_row) {
  if (!changes.words) changes.words = words_change{before, {}, first_row};
  changes.words->now = std::move(now);
}

/// A JSON text may say \u0000; a column of text in PostgreSQL cannot.
std::string without_nul(std::string text) {
  std::erase(text, '\0');
  return text;
}

}  // namespace

incident_row row_of(const incident_state& state, std::optional<text_key> fingerprint) {
  const auto& record = state.record;
  incident_row row;
  row.id = record.id;
  row.sequence = record.sequence;
  row.fingerprint = fingerprint ? *fingerprint : key_of(record.fingerprint);
  if (state.opened) row.open = is_open(record.status);
  row.status = record.status;
  row.severity = record.severity;
  row.category = record.category;
  row.escalated = state.opened && (record.escalation_level > 0 || record.status == incident_status::escalated ||
                                   state.pending_gate(gate_purpose::apply_escalation) != nullptr);
  row.source = without_nul(record.source);
  row.created_at = record.created_at;
  if (const auto due = next_deadline(state)) {
    row.due_kind = due->kind;
    row.due_at = due->due_at;
  }
  return row;
}

void fold(incident_state& state, const decision_event& event, std::int64_t event_row, side_changes& changes) {
  const auto& what = event.fact.value;
  const auto* changed = std::get_if<fact::incident_changed>(&what);
  const bool renamed = state.opened && changed != nullptr && changed->title;
  const auto words_before = renamed ? words_of(state.record) : std::string{};
  apply(state, event);
  if (renamed || std::holds_alternative<fact::incident_opened>(what))
    note_words(changes, words_before, words_of(state.record),
               event.sequence == 1 ? std::optional{event_row} : std::nullopt);
  if (const auto id = touched_gate(what)) {
    if (const auto* gate = state.find_gate(*id))
      changes.gates[*id] = {gate->status, gate->request.action_type, gate->request.requested_at,
                            json::encode(approval_item{event.incident_id, *gate})};
  } else if (const auto* written = std::get_if<fact::postmortem_written>(&what)) {
    changes.postmortems[written->document.postmortem_id] = {written->document.status, event_row, event.timestamp};
  } else if (const auto* published = std::get_if<fact::postmortem_published>(&what)) {
    changes.postmortems[published->postmortem_id].status = postmortem_status::published;
  }
}

disposition disposition_of(const decision_event& event) {
  return std::holds_alternative<fact::signals_attached>(event.fact.value) ? disposition::attached : disposition::opened;
}

std::string incident_json(const incident_state& state) { return json::encode(state.record); }

std::string incident_state_json(const incident_state& state) { return json::encode(state_view{state.record}); }

std::string escalation_json(const incident_state& state) {
  escalation_view view{state, std::nullopt};
  if (const auto* gate = state.pending_gate(gate_purpose::apply_escalation)) view.pending_approval = gate->request.id;
  return json::encode(view);
}

std::optional<std::string> postmortem_json(const decision_event& event, postmortem_status status) {
  const auto* written = std::get_if<fact::postmortem_written>(&event.fact.value);
  if (written == nullptr) return std::nullopt;
  auto document = written->document;
  document.status = status;
  return json::encode(document);
}

std::string stored_postmortem_json(std::string_view document, postmortem_status status) {
  const auto event = read_stored(document);
  if (!event) damaged(event.error().message);
  auto item = postmortem_json(*event, status);
  if (!item) damaged("a post-mortem points at an event that wrote none; rebuild the projections");
  return *item;
}

bool append_actions(std::vector<std::string>& to, std::string_view document, std::int64_t row, std::uint32_t skip,
                    std::size_t limit) {
  const auto doc = json::document::parse(document, im::limits::stored_json_depth);
  const auto outputs = doc ? doc->root().find("outputs") : std::nullopt;
  const auto actions = outputs ? outputs->find("orchestrator_actions") : std::nullopt;
  if (!actions) return true;
  const auto end = skip + limit;
  actions->each_item([&](std::size_t index, json::node action) {
    if (index < skip || index >= end) return;
    const bool last = index + 1 == actions->size();
    json::writer out;
    const auto copy = [&](const json::node& from, std::string_view name, std::string_view as) {
      if (const auto value = from.find(name)) {
        out.key(as);
        out.raw(value->text());
      }
    };
    out.begin_object();
    out.key("cursor");
    out.string(feed_cursor{row, last ? feed_cursor::whole_event : static_cast<std::uint32_t>(index + 1)}.str());
    copy(doc->root(), "incident_id", "incident_id");
    copy(doc->root(), "id", "event_id");
    copy(doc->root(), "sequence", "sequence");
    for (const auto name : {"action_type", "priority", "parameters", "async"}) copy(action, name, name);
    copy(doc->root(), "timestamp", "timestamp");
    out.end_object();
    to.push_back(out.take());
  });
  return end >= actions->size();
}

}  // namespace im::ruvector
