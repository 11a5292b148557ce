#include "actors/logic/postmortem.hpp"

#include <algorithm>
#include <array>

#include "actors/logic/postmortem_notes.hpp"
#include "actors/logic/root_cause.hpp"
#include "actors/logic/words.hpp"

namespace im::logic {

namespace {

constexpr std::string_view not_recorded = "unknown";

bool is_urgent(severity s) { return s <= severity::p1; }

/// What the record says of a deadline and how it was kept.
enum class kept : std::uint8_t { unknown, in_time, missed };

kept acknowledgment_of(const postmortem_input& input) {
  if (input.sla && input.sla->acknowledgment_breached) return kept::missed;
  if (!input.sla || !input.sla->acknowledgment_deadline || !input.time_to_acknowledge_seconds) return kept::unknown;
  const double allowed = seconds_between(input.incident_created_at, *input.sla->acknowledgment_deadline);
  return *input.time_to_acknowledge_seconds <= allowed ? kept::in_time : kept::missed;
}

kept resolution_of(const postmortem_input& input) {
  if (input.sla && input.sla->resolution_breached) return kept::missed;
  if (!input.sla || !input.sla->resolution_deadline) return kept::unknown;
  return input.incident_resolved_at <= *input.sla->resolution_deadline ? kept::in_time : kept::missed;
}

std::string resolver_words(const postmortem_input& input) {
  std::string words = input.resolution_summary.value_or("");
  for (const auto& action : input.resolution_actions) words.append(words.empty() ? "" : "; ").append(action);
  return words;
}

std::size_t count_noted(const postmortem_input& input, std::string_view note) {
  return static_cast<std::size_t>(std::ranges::count_if(
      input.timeline_events, [&](const timeline_entry& e) { return e.annotation && e.annotation->starts_with(note); }));
}

// ---- Sections

std::string summary_of(const postmortem_input& input) {
  std::string text = say(input.title, ". ");
  if (input.category)
    text += say("An incident of category ", *input.category);
  else
    text += "An incident";
  if (input.resource)
    text += say(" on ", input.resource->type, " ",
                input.resource->name.empty() ? input.resource->id : input.resource->name);
  if (input.environment) text += say(" in ", *input.environment);
  text += say(", opened at ", input.incident_created_at, ", with a peak severity of ", input.peak_severity, ". ");
  if (input.time_to_acknowledge_seconds)
    text += say("It was acknowledged after ", shown_duration(*input.time_to_acknowledge_seconds), " and ");
  else
    text += "It was ";
  text += say("resolved after ", shown_duration(input.time_to_resolve_seconds));
  text += input.resolved_by ? say(" by ", *input.resolved_by, ".") : std::string{"."};
  text += say(" Root cause: ", input.root_cause.value_or(std::string{not_recorded}), ".");
  if (input.impact) text += say(" Impact: ", *input.impact, ".");
  return text;
}

std::vector<timeline_entry> timeline_of(const postmortem_input& input) {
  auto timeline = input.timeline_events;
  std::ranges::stable_sort(timeline, {}, &timeline_entry::timestamp);
  std::size_t longest = 0;
  double longest_s = 0;
  for (std::size_t i = 0; i + 1 < timeline.size(); ++i) {
    const double gap = seconds_between(timeline[i].timestamp, timeline[i + 1].timestamp);
    timeline[i].gap_to_next_seconds = gap;
    if (gap > longest_s) {
      longest = i;
      longest_s = gap;
    }
  }
  if (timeline.size() > 2 && longest_s > 0 && !timeline[longest].annotation)
    timeline[longest].annotation = "longest gap of the timeline";
  return timeline;
}

std::vector<key_moment> key_moments_of(const postmortem_input& input, const std::vector<timeline_entry>& timeline) {
  std::vector<key_moment> moments{
      {input.incident_created_at, "Opened",
       input.time_to_detect_seconds
           ? say("detected ", shown_duration(*input.time_to_detect_seconds), " after the signal's own time")
           : "the incident's record begins"}};
  if (const auto after_s = input.time_to_acknowledge_seconds)
    moments.push_back(
        {later(input.incident_created_at, *after_s), "Acknowledged", say(shown_duration(*after_s), " after opening")});
  const auto peak = std::ranges::find_if(input.escalation_history, [&](const escalation_history_entry& e) {
    return e.to_severity == input.peak_severity && more_severe(e.to_severity, e.from_severity);
  });
  if (peak != input.escalation_history.end())
    moments.push_back(
        {peak->timestamp, "Peak severity", say("rose from ", peak->from_severity, " to ", peak->to_severity)});
  const auto remedy = std::ranges::find(timeline, timeline_type::remediation, &timeline_entry::type);
  if (remedy != timeline.end()) moments.push_back({remedy->timestamp, "Remediation", remedy->description});
  moments.push_back(
      {input.incident_resolved_at, "Resolved", say(shown_duration(input.time_to_resolve_seconds), " after opening")});
  if (input.incident_closed_at)
    moments.push_back(
        {*input.incident_closed_at, "Closed",
         say(shown_duration(seconds_between(input.incident_created_at, *input.incident_closed_at)), " after opening")});
  std::ranges::stable_sort(moments, {}, &key_moment::timestamp);
  return moments;
}

root_cause root_cause_of(const postmortem_input& input) {
  root_cause cause;
  cause.description = input.root_cause.value_or(std::string{not_recorded});
  cause.category = root_cause_category_of(input.root_cause.value_or(""));
  if (input.time_to_detect_seconds && *input.time_to_detect_seconds > 0)
    cause.detection_gap =
        say("the incident was opened ", shown_duration(*input.time_to_detect_seconds), " after the signal's own time");
  return cause;
}

/// The scope is said only where the affected resource itself says it.
std::string scope_of(const postmortem_input& input) {
  if (!input.resource) return std::string{not_recorded};
  switch (input.resource->type) {
    case resource_type::service:
    case resource_type::endpoint: return std::string{to_string(impact_scope::single_service)};
    case resource_type::tenant: return std::string{to_string(impact_scope::tenant)};
    case resource_type::model:
    case resource_type::deployment:
    case resource_type::infrastructure: return std::string{not_recorded};
  }
  return std::string{not_recorded};
}

std::optional<std::string> sla_impact_of(const postmortem_input& input) {
  std::string text;
  const auto add = [&](std::string_view what, kept how) {
    if (how != kept::unknown)
      text += say(text.empty() ? "" : "; ", what, " deadline ", how == kept::missed ? "missed" : "met");
  };
  add("acknowledgment", acknowledgment_of(input));
  add("resolution", resolution_of(input));
  return text.empty() ? std::nullopt : std::optional{text};
}

postmortem_impact impact_of(const postmortem_input& input) {
  postmortem_impact impact;
  impact.scope = scope_of(input);
  if (input.resource)
    impact.services_affected.push_back(input.resource->name.empty() ? input.resource->id : input.resource->name);
  impact.sla_impact = sla_impact_of(input);
  return impact;
}

bool is_stopgap(resolution_type type) {
  return type == resolution_type::temporary || type == resolution_type::workaround;
}

postmortem_resolution resolution_section(const postmortem_input& input) {
  const auto words = resolver_words(input);
  postmortem_resolution section;
  section.approach = words.empty() ? std::string{not_recorded} : words;
  section.resolution_type = resolution_type_of(words);
  section.effectiveness = effectiveness_of(words);
  if (is_stopgap(section.resolution_type))
    section.remaining_risks.push_back(say("the resolution is recorded as ", section.resolution_type));
  if (section.effectiveness == effectiveness::partially_resolved)
    section.remaining_risks.emplace_back("the incident is recorded as partially resolved");
  if (!input.root_cause) section.remaining_risks.emplace_back("the root cause is not recorded");
  section.follow_up_required = !section.remaining_risks.empty();
  return section;
}

// ---- What follows

action_item_priority priority_of(severity peak) {
  switch (peak) {
    case severity::p0: return action_item_priority::critical;
    case severity::p1: return action_item_priority::high;
    case severity::p2: return action_item_priority::medium;
    case severity::p3:
    case severity::p4: return action_item_priority::low;
  }
  return action_item_priority::low;
}

std::vector<action_item> action_items_of(const postmortem_input& input, const postmortem_output& document) {
  std::vector<action_item> items;
  const auto add = [&](std::string title, std::string description, action_item_category category) {
    const auto id = uuid::v5(document.postmortem_id.value(), say("action_item/", items.size()));
    items.push_back({id.str(),
                     std::move(title),
                     std::move(description),
                     priority_of(input.peak_severity),
                     action_item_status::open,
                     {},
                     {},
                     category});
  };
  if (!input.root_cause)
    add("Determine the root cause", "Whoever resolved the incident recorded no root cause.",
        action_item_category::prevention);
  if (acknowledgment_of(input) == kept::missed)
    add("Review detection and first response", "The acknowledgment deadline was missed.",
        action_item_category::response);
  if (resolution_of(input) == kept::missed)
    add("Review the way to resolution", "The resolution deadline was missed.", action_item_category::response);
  if (is_stopgap(document.resolution.resolution_type))
    add("Replace the stopgap by a permanent fix",
        say("The resolution is recorded as ", document.resolution.resolution_type, "."),
        action_item_category::prevention);
  if (document.resolution.approach == not_recorded)
    add("Record how it was resolved", "The record holds no words about the resolution.", action_item_category::process);
  if (const auto expired = count_noted(input, notes::approval_expired); expired > 0)
    add("Review who answers approval requests", say(counted(expired, "approval"), " expired without a decision."),
        action_item_category::process);
  return items;
}

std::vector<std::string> went_well(const postmortem_input& input) {
  std::vector<std::string> facts;
  if (acknowledgment_of(input) == kept::in_time)
    facts.push_back(
        say("Acknowledged after ", shown_duration(*input.time_to_acknowledge_seconds), ", within its deadline."));
  if (resolution_of(input) == kept::in_time)
    facts.push_back(say("Resolved after ", shown_duration(input.time_to_resolve_seconds), ", within its deadline."));
  for (const auto& entry : input.timeline_events)
    if (entry.annotation && entry.annotation->starts_with(notes::quorum_reached))
      facts.push_back(say("Approval: ", *entry.annotation, "."));
  if (input.max_escalation_level == 0 && input.escalation_history.empty())
    facts.emplace_back("Resolved without an escalation.");
  return facts;
}

std::vector<std::string> could_be_improved(const postmortem_input& input) {
  std::vector<std::string> facts;
  if (acknowledgment_of(input) == kept::missed) facts.emplace_back("The acknowledgment deadline was missed.");
  if (resolution_of(input) == kept::missed) facts.emplace_back("The resolution deadline was missed.");
  if (!input.escalation_history.empty() &&
      more_severe(input.peak_severity, input.escalation_history.front().from_severity))
    facts.push_back(say("Severity rose from ", input.escalation_history.front().from_severity, " to ",
                        input.peak_severity, " after the incident had been opened."));
  if (const auto expired = count_noted(input, notes::approval_expired); expired > 0)
    facts.push_back(say(counted(expired, "approval"), " expired without a decision."));
  if (const auto reopened = count_noted(input, notes::reopened); reopened > 0)
    facts.push_back(say("The incident was reopened ", counted(reopened, "time"), "."));
  if (!input.root_cause) facts.emplace_back("No root cause was recorded.");
  return facts;
}

std::vector<std::string> lessons_of(const postmortem_input& input) {
  std::vector<std::string> facts;
  if (input.root_cause) facts.push_back(say("Root cause: ", *input.root_cause));
  for (const auto& action : input.resolution_actions) facts.push_back(say("What was done: ", action));
  return facts;
}

std::vector<orchestrator_action> actions_of(const postmortem_input& input, const postmortem_output& document,
                                            time_point now) {
  const auto about = [&] {
    parameters list;
    list.add("postmortem_id", document.postmortem_id).add("incident_id", document.incident_id);
    list.add("peak_severity", input.peak_severity);
    return list;
  };
  const auto urgency = is_urgent(input.peak_severity) ? priority::high : priority::normal;
  std::vector<orchestrator_action> actions{
      {action_type::notify_stakeholders, urgency, about().add("summary", document.summary).done(), true}};
  if (is_urgent(input.peak_severity))
    actions.push_back({action_type::schedule_review_meeting, urgency, about().add("title", input.title).done(), true});
  if (!document.action_items.empty()) {
    std::vector<std::string> titles;
    for (const auto& item : document.action_items) titles.push_back(item.title);
    actions.push_back(
        {action_type::create_action_items, priority::normal, about().add_list("action_items", titles).done(), true});
  }
  actions.push_back({action_type::update_knowledge_base, priority::low,
                     about().add("root_cause_category", document.root_cause.category).done(), true});
  actions.push_back({action_type::log_postmortem_event, priority::normal,
                     about().add("status", document.status).add("generated_at", now).done(), true});
  return actions;
}

/// The share of what a post-mortem asks for that the record answers.
double confidence_of(const postmortem_input& input) {
  const std::array answered{input.category.has_value(),
                            input.resource.has_value(),
                            input.time_to_acknowledge_seconds.has_value(),
                            !input.timeline_events.empty(),
                            input.resolution_summary.has_value(),
                            !input.resolution_actions.empty(),
                            input.resolved_by.has_value(),
                            input.root_cause.has_value(),
                            input.impact.has_value(),
                            input.sla.has_value()};
  return static_cast<double>(std::ranges::count(answered, true)) / static_cast<double>(answered.size());
}

}  // namespace

result<postmortem_verdict> write_postmortem(const postmortem_input& input, postmortem_id id, time_point now) {
  if (is_open(input.status))
    return fail(errc::conflict,
                say("the incident is ", input.status, "; a post-mortem is written once it is RESOLVED or CLOSED"));
  postmortem_verdict verdict;
  auto& document = verdict.output;
  document.postmortem_id = id;
  document.incident_id = input.incident_id;
  document.status = postmortem_status::draft;
  document.summary = summary_of(input);
  document.timeline = timeline_of(input);
  document.key_moments = key_moments_of(input, document.timeline);
  document.root_cause = root_cause_of(input);
  document.impact = impact_of(input);
  document.resolution = resolution_section(input);
  document.action_items = action_items_of(input, document);
  document.what_went_well = went_well(input);
  document.what_could_be_improved = could_be_improved(input);
  document.lessons_learned = lessons_of(input);
  document.orchestrator_actions = actions_of(input, document, now);
  verdict.confidence = confidence_of(input);
  return verdict;
}

}  // namespace im::logic
