#include "persistence/ruvector/event_reader.hpp"

#include <algorithm>

#include "messages/hash.hpp"
#include "messages/json/codec.hpp"

namespace im::ruvector {

namespace {

using json::kind;
using json::node;
using json::path;
using json::read_state;

/// What each agent on the platform sends; the fields of `decision_event` without ours.
struct platform_event {
  event_id id;
  std::string agent_id;
  std::string agent_version;
  im::agent_classification agent_classification = im::agent_classification::incident_orchestration;
  im::decision_type decision_type = im::decision_type::no_action_required;
  std::string inputs_hash;
  json::object_text outputs;
  double confidence = 0;
  im::constraints_applied constraints_applied;
  uuid execution_ref;
  time_point timestamp;
  im::environment environment = im::environment::development;
  bool requires_review = false;
  std::optional<time_point> review_deadline;
  std::optional<im::audit_metadata> audit_metadata;
  std::optional<im::incident_id> incident_id;
};

template <class V>
void describe(V& v, like<platform_event> auto& x) {
  v.required("id", x.id);
  v.required("agent_id", x.agent_id);
  v.required("agent_version", x.agent_version);
  v.required("agent_classification", x.agent_classification);
  v.required("decision_type", x.decision_type);
  v.required("inputs_hash", x.inputs_hash);
  v.required("outputs", x.outputs);
  v.required("confidence", x.confidence);
  v.required("constraints_applied", x.constraints_applied);
  v.required("execution_ref", x.execution_ref);
  v.required("timestamp", x.timestamp);
  v.required("environment", x.environment);
  v.required("requires_review", x.requires_review);
  v.optional("review_deadline", x.review_deadline);
  v.optional("audit_metadata", x.audit_metadata);
  v.optional("incident_id", x.incident_id);
}

constexpr auto invalid_value = field_error::kind::invalid_value;
constexpr const char* too_large = "is larger than one event may be";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// `1.2.3`, with what semver allows behind it.
bool is_semver(std::string_view text) {
  const auto suffix = text.find_first_of("-+");
  if (suffix != std::string_view::npos && suffix + 1 == text.size()) return false;
  auto core = text.substr(0, suffix);
  for (int part = 0; part < 3; ++part) {
    const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(core, is_digit) - core.begin());
    if (digits == 0) return false;
    core.remove_prefix(digits);
    if (part == 2) return core.empty();
    if (core.empty() || core.front() != '.') return false;
    core.remove_prefix(1);
  }
  return false;
}

/// `{agent_type}:{version}:{instance}`.
bool is_agent_id(std::string_view text) {
  const auto first = text.find(':');
  if (first == 0 || first == std::string_view::npos) return false;
  const auto second = text.find(':', first + 1);
  if (second == std::string_view::npos || second + 1 == text.size()) return false;
  return is_semver(text.substr(first + 1, second - first - 1));
}

/// What types cannot say. Only fields that were read are looked at again: an empty text was reported, or is wrong here.
class value_checks {
public:
  value_checks(read_state& state, const node& from, const path& where) : state_{state}, from_{from}, where_{where} {}

  template <class E>
  void common(const E& event) {
    expect(event.agent_id.empty() || is_agent_id(event.agent_id), "agent_id", "must be agent_type:version:instance");
    expect(event.agent_id.size() <= limits::name_chars, "agent_id", "is too long");
    expect(event.agent_version.empty() || is_semver(event.agent_version), "agent_version",
           "must be a semantic version");
    expect(
        event.inputs_hash.empty() || (event.inputs_hash.size() == 64 && std::ranges::all_of(event.inputs_hash, is_hex)),
        "inputs_hash", "must be a SHA-256 in 64 hex digits");
    expect(event.confidence >= 0 && event.confidence <= 1, "confidence", "must be between 0 and 1");
    for (const auto name : {"agent_id", "agent_version", "inputs_hash"})
      if (const auto text = from_.find_string(name)) expect(!text->empty(), name, "must not be empty");
  }

  void log_entry(const decision_event& event) {
    if (const auto given = from_.find("sequence"); given && given->as_int())
      expect(*given->as_int() >= 1, "sequence", "must be 1 or more");
    const path list{&where_, "request_ids"};
    for (std::size_t i = 0; i < event.request_ids.size(); ++i) {
      const auto size = event.request_ids[i].size();
      if (size == 0 || size > limits::request_id_chars)
        state_.report(invalid_value, {&list, {}, i},
                      "must have 1 to " + std::to_string(limits::request_id_chars) + " bytes");
    }
    if (const auto* opened = std::get_if<fact::incident_opened>(&event.fact.value))
      expect(opened->record.id == event.incident_id, "fact", "opens another incident than incident_id says");
  }

private:
  void expect(bool holds, std::string_view name, const char* message) {
    if (holds) return;
    const auto value = from_.find(name);
    state_.report(invalid_value, {&where_, name}, message, value ? &*value : nullptr);
  }

  read_state& state_;
  const node& from_;
  const path& where_;
};

bool given(const node& from, std::string_view name) {
  const auto found = from.find(name);
  return found && !found->is(kind::null);
}

constexpr std::string_view actions_name = "orchestrator_actions";

std::uint32_t count_actions(const node& outputs) {
  const auto actions = outputs.find(actions_name);
  return actions && actions->is(kind::array) ? static_cast<std::uint32_t>(actions->size()) : 0;
}

/// Most of our events have none, and an output of ours that does not say the word (we escape no letter) need not be parsed.
std::uint32_t count_actions(std::string_view outputs) {
  if (outputs.find(actions_name) == std::string_view::npos) return 0;
  const auto doc = json::document::parse(outputs, im::limits::stored_json_depth);
  return doc ? count_actions(doc->root()) : 0;
}

template <class E>
void take_index(new_event& to, const E& event) {
  to.id = event.id;
  to.incident = event.incident_id;
  to.agent_id = event.agent_id;
  to.decision_type = event.decision_type;
  to.timestamp = event.timestamp;
}

/// An entry of a log: `event` has its text and its hash.
new_event log_entry(std::shared_ptr<const decision_event> event, std::uint32_t action_count) {
  new_event out;
  take_index(out, *event);
  out.action_count = action_count;
  out.request_keys.reserve(event->request_ids.size());
  for (const auto& request : event->request_ids) out.request_keys.push_back(request_key(request));
  out.packed = pack(event->text);
  out.log = std::move(event);
  return out;
}

new_event read_one(read_state& state, const node& from, const path& where) {
  new_event out;
  const auto errors_before = state.errors.size();
  if (!from.is(kind::object)) {
    state.report(field_error::kind::invalid_type, where, "must be a DecisionEvent", &from);
    return out;
  }
  auto document = from.text();
  if (document.size() > limits::event_bytes) state.report(invalid_value, where, too_large);
  const auto outputs = from.find("outputs");
  const auto actions = outputs ? count_actions(*outputs) : 0;
  value_checks checks{state, from, where};
  if (given(from, "sequence") || given(from, "fact")) {
    decision_event event;
    json::read(state, from, where, event);
    checks.common(event);
    checks.log_entry(event);
    if (state.errors.size() != errors_before) return out;
    event.outputs.text.clear();  // stands in the document; no projection looks at it
    event.hash = sha256_hex(document);
    event.text = std::move(document);
    return log_entry(std::make_shared<const decision_event>(std::move(event)), actions);
  }
  platform_event event;
  json::read(state, from, where, event);
  checks.common(event);
  if (state.errors.size() != errors_before) return out;
  take_index(out, event);
  out.packed = pack(document);
  out.foreign_text = std::move(document);
  out.action_count = actions;
  return out;
}

}  // namespace

result<new_event> read_event(std::string_view body) {
  const auto doc = json::document::parse(body, im::limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  // A body is bounded; how it divides its bytes is the sender's matter.
  read_state state{json::read_bounds::stored()};
  auto event = read_one(state, doc->root(), path{});
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  return event;
}

result<std::vector<new_event>> read_events(std::string_view body) {
  const auto doc = json::document::parse(body, im::limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  read_state state{json::read_bounds::stored()};
  std::vector<new_event> events;
  const path root{};
  const path list_path{&root, "events"};
  const auto list = doc->root().find("events");
  if (!list) {
    state.report(field_error::kind::required, list_path, "is required");
  } else if (!list->is(kind::array)) {
    state.report(field_error::kind::invalid_type, list_path, "must be an array", &*list);
  } else if (list->size() > limits::batch_items) {
    state.report(invalid_value, list_path, "has more than " + std::to_string(limits::batch_items) + " entries");
  } else {
    events.reserve(list->size());
    list->each_item([&](std::size_t index, node item) {
      events.push_back(read_one(state, item, {&list_path, {}, index}));
    });
  }
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  return events;
}

result<new_event> new_event_of(std::shared_ptr<const decision_event> event) {
  if (event->text.size() > limits::event_bytes)
    return std::unexpected{json::validation_error({{event->id.str(), invalid_value, too_large, {}}})};
  const auto actions =
      event->action_count ? static_cast<std::uint32_t>(*event->action_count) : count_actions(event->outputs.text);
  return log_entry(std::move(event), actions);
}

result<decision_event> read_stored(std::string_view document) {
  auto event = json::decode<decision_event>(document, json::read_bounds::stored());
  if (!event) return fail(errc::damaged, "a stored DecisionEvent cannot be read: " + event.error().message);
  event->hash = sha256_hex(document);
  return event;
}

}  // namespace im::ruvector
