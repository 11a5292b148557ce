#include "actors/logic/postmortem.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "actors/logic/approval_gate.hpp"
#include "actors/logic/root_cause.hpp"
#include "messages/json/codec.hpp"
#include "messages/limits.hpp"
#include "messages/postmortem_markdown.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;

class recorded {
public:
  recorded() {
    auto record = sample_incident(severity::p2);
    record.metrics.mttd = 12;
    record.sla = sla_state{after(300), after(7200), false, false};
    add(fact::incident_opened{record, {}, after(300), {}}, 0);
  }

  void add(any_fact f, double at_s) {
    log.push_back(event_of(std::move(f), state.head() + 1, after(at_s)));
    apply(state, log.back());
  }

  void change(change_kind kind, double at_s, std::string comment = {}, std::optional<incident_status> status = {}) {
    fact::incident_changed f;
    f.change = kind;
    f.actor = "olga";
    f.comment = std::move(comment);
    f.status = status;
    if (kind == change_kind::resolve) f.resolution = resolution;
    add(f, at_s);
  }

  void evaluate(double at_s, bool applied) {
    fact::escalation_evaluated f;
    f.decision = applied ? escalation_decision::escalate : escalation_decision::maintain;
    f.applied = applied;
    f.from_severity = severity::p2;
    f.to_severity = applied ? severity::p1 : severity::p2;
    f.to_level = applied ? 1 : 0;
    f.actor = "incident-escalation";
    if (applied) f.status = incident_status::escalated;
    add(f, at_s);
  }

  void approve(double at_s) {
    auto gate = logic::open_gate(sample_request(), state, test_approval(), id_of<approval_id>("gate"),
                                 gate_purpose::action, after(at_s));
    REQUIRE(gate);
    add(fact::gate_opened{*gate}, at_s);
    for (const auto& vote :
         {vote_of("cora", approver_type::incident_commander), vote_of("sam", approver_type::sre_lead)}) {
      at_s += 30;
      auto step = logic::cast_vote(state.gates.back(), vote, test_approval(), after(at_s));
      REQUIRE(step);
      add(step->change, at_s);
    }
  }

  /// Everything that usually happens.
  void whole_story() {
    add(fact::signals_attached{3, after(20), {}}, 20);
    add(fact::signals_attached{4, after(30), {}}, 30);
    evaluate(60, false);
    evaluate(120, false);
    evaluate(200, true);
    change(change_kind::acknowledge, 240, "on it", incident_status::acknowledged);
    change(change_kind::start, 250, {}, incident_status::in_progress);
    change(change_kind::comment, 260, "deployment 42 looks guilty");
    approve(300);
    change(change_kind::resolve, 600, {}, incident_status::resolved);
    change(change_kind::close, 900, "done", incident_status::closed);
  }

  [[nodiscard]] postmortem_input input() const {
    logic::postmortem_story story;
    for (const auto& event : log) story.tell(event);
    return story.finish(state);
  }

  [[nodiscard]] logic::postmortem_verdict written() const {
    auto verdict = logic::write_postmortem(input(), id_of<postmortem_id>("pm"), after(1000));
    REQUIRE(verdict);
    return *verdict;
  }

  incident_state state;
  std::vector<decision_event> log;
  resolution_record resolution{"a regression in deployment 42",
                               "rolled back, permanent fix follows the usual way",
                               "olga",
                               {},
                               {"rolled checkout back to 41"}};
};

std::size_t count_of(const std::vector<timeline_entry>& timeline, timeline_type type) {
  return static_cast<std::size_t>(std::ranges::count(timeline, type, &timeline_entry::type));
}

bool holds(const std::vector<std::string>& sentences, std::string_view part) {
  return std::ranges::any_of(sentences, [&](const auto& s) { return s.find(part) != std::string::npos; });
}

std::vector<action_type> actions(const postmortem_output& output) {
  std::vector<action_type> types;
  for (const auto& action : output.orchestrator_actions) types.push_back(action.action_type);
  return types;
}

TEST_CASE("an open incident has no post-mortem") {
  for (const auto status : {incident_status::fresh, incident_status::acknowledged, incident_status::in_progress,
                            incident_status::escalated}) {
    postmortem_input input;
    input.status = status;
    CHECK(logic::write_postmortem(input, {}, t0).error().code == errc::conflict);
  }
}

TEST_CASE("the timeline tells the whole log, runs of the same in one entry") {
  recorded story;
  story.whole_story();
  const auto input = story.input();
  CHECK(input.peak_severity == severity::p1);
  CHECK(input.max_escalation_level == 1);
  CHECK(input.time_to_resolve_seconds == 600);
  CHECK(input.time_to_acknowledge_seconds == 240);
  CHECK(input.time_to_detect_seconds == 12);
  REQUIRE(input.escalation_history.size() == 1);
  CHECK(input.escalation_history[0].from_severity == severity::p2);
  CHECK(input.escalation_history[0].to_severity == severity::p1);
  CHECK(input.resolved_by == "olga");
  CHECK(input.root_cause == "a regression in deployment 42");
  const auto& timeline = input.timeline_events;
  CHECK(count_of(timeline, timeline_type::detection) == 2);
  CHECK(count_of(timeline, timeline_type::escalation) == 1);
  CHECK(count_of(timeline, timeline_type::acknowledgment) == 1);
  CHECK(count_of(timeline, timeline_type::investigation) == 1);
  CHECK(count_of(timeline, timeline_type::communication) == 1);
  CHECK(count_of(timeline, timeline_type::remediation) == 1);
  CHECK(count_of(timeline, timeline_type::resolution) == 1);
  CHECK(timeline[1].description == "7 further signals of the same kind");
  CHECK(timeline[2].description == "evaluated 2 times: no change at P2");
  CHECK(std::ranges::is_sorted(timeline, {}, &timeline_entry::timestamp));
}

TEST_CASE("a document is backed by the record") {
  recorded story;
  story.whole_story();
  const auto verdict = story.written();
  const auto& document = verdict.output;
  CHECK(document.status == postmortem_status::draft);
  CHECK(document.incident_id == story.state.record.id);
  CHECK(document.root_cause.category == root_cause_category::code_defect);
  CHECK(document.root_cause.description == "a regression in deployment 42");
  CHECK(document.root_cause.detection_gap);
  CHECK(document.resolution.resolution_type == resolution_type::permanent);
  CHECK(document.resolution.effectiveness == effectiveness::unknown);
  CHECK(document.impact.scope == "single_service");
  CHECK(document.impact.services_affected == std::vector<std::string>{"Checkout"});
  CHECK_FALSE(document.impact.users_affected_estimate);
  CHECK(document.impact.sla_impact == "acknowledgment deadline met; resolution deadline met");
  CHECK(holds(document.what_went_well, "Acknowledged after 4 min, within its deadline."));
  CHECK(holds(document.what_went_well, "quorum reached in 60 s"));
  CHECK(holds(document.what_could_be_improved, "Severity rose from P2 to P1"));
  CHECK(document.action_items.empty());
  CHECK(actions(document) == std::vector{action_type::notify_stakeholders, action_type::schedule_review_meeting,
                                         action_type::update_knowledge_base, action_type::log_postmortem_event});
  CHECK(document.timeline.front().gap_to_next_seconds == 20);
  CHECK_FALSE(document.timeline.back().gap_to_next_seconds);
  CHECK(std::ranges::is_sorted(document.key_moments, {}, &key_moment::timestamp));
  CHECK(document.key_moments.size() == 6);
  CHECK(verdict.confidence == 0.9);  // only the impact is not recorded
  CHECK(story.written().output == document);
}

TEST_CASE("what the record does not say is unknown, and is asked for") {
  recorded story;
  story.resolution = {{}, {}, "olga", {}, {}};
  story.change(change_kind::resolve, 9000, {}, incident_status::resolved);
  const auto document = story.written().output;
  CHECK(document.root_cause.category == root_cause_category::unknown);
  CHECK(document.root_cause.description == "unknown");
  CHECK_FALSE(document.root_cause.preventable);
  CHECK(document.resolution.approach == "unknown");
  CHECK(document.resolution.resolution_type == resolution_type::unknown);
  CHECK(document.resolution.follow_up_required);
  CHECK(document.lessons_learned.empty());
  CHECK(holds(document.what_could_be_improved, "resolution deadline was missed"));
  REQUIRE(document.action_items.size() == 3);
  CHECK(document.action_items[0].title == "Determine the root cause");
  CHECK(document.action_items[0].id == story.written().output.action_items[0].id);
  CHECK(document.action_items[0].id != document.action_items[1].id);
  CHECK(std::ranges::count(actions(document), action_type::create_action_items) == 1);
  CHECK(std::ranges::count(actions(document), action_type::schedule_review_meeting) == 0);
}

TEST_CASE("an approval that expired and a reopening are told") {
  recorded story;
  auto request = sample_request();
  request.expiry_action = expiry_action::auto_reject;
  auto gate = logic::open_gate(request, story.state, test_approval(), id_of<approval_id>("gate"), gate_purpose::action,
                               after(10));
  REQUIRE(gate);
  story.add(fact::gate_opened{*gate}, 10);
  story.add(logic::gate_due(*gate, test_approval(), after(3610)).change, 3610);
  story.change(change_kind::resolve, 4000, {}, incident_status::resolved);
  story.change(change_kind::reopen, 4100, {}, incident_status::in_progress);
  story.change(change_kind::resolve, 4200, {}, incident_status::resolved);
  const auto document = story.written().output;
  CHECK(holds(document.what_could_be_improved, "1 approval expired"));
  CHECK(holds(document.what_could_be_improved, "reopened 1 time."));
}

TEST_CASE("a long log keeps its first and last entries") {
  recorded story;
  for (int i = 0; i < 1500; ++i) story.change(change_kind::comment, 10 + i, "note " + std::to_string(i));
  story.change(change_kind::resolve, 2000, {}, incident_status::resolved);
  const auto timeline = story.written().output.timeline;
  CHECK(timeline.size() == limits::timeline_entries);
  CHECK(timeline.front().type == timeline_type::detection);
  CHECK(timeline.back().type == timeline_type::resolution);
}

TEST_CASE("a log of 100,000 events takes no more memory than the document that it becomes") {
  recorded story;
  logic::postmortem_story told;
  std::size_t most = 0;
  std::uint64_t sequence = 0;
  const auto tell = [&](any_fact f) {
    told.tell(event_of(std::move(f), ++sequence, after(10)));
    most = std::max(most, told.held());
  };
  told.tell(story.log.front());
  fact::incident_changed note;
  note.change = change_kind::comment;
  note.actor = "olga";
  fact::incident_changed raised;
  raised.change = change_kind::escalate;
  raised.actor = "olga";
  const std::array levels{severity::p2, severity::p3};
  while (sequence < 100'000) {
    note.comment = "note " + std::to_string(sequence);
    tell(note);
    raised.severity = sequence == 50'001 ? severity::p1 : levels[sequence / 4 % 2];
    tell(raised);
    gate_state gate;
    gate.request.id = id_of<approval_id>("gate " + std::to_string(sequence));
    fact::gate_changed ended;
    ended.request_id = gate.request.id;
    ended.status = approval_status::expired;
    tell(fact::gate_opened{gate});
    tell(ended);
  }
  CHECK(most <= 2 * limits::timeline_entries + 5);
  story.state.peak_severity = severity::p1;
  const auto input = told.finish(story.state);
  CHECK(input.timeline_events.size() == limits::timeline_entries);
  CHECK(input.escalation_history.size() == limits::timeline_entries + 1);  // the rise to the peak stood in the middle
  CHECK(std::ranges::count(input.escalation_history, severity::p1, &escalation_history_entry::to_severity) == 1);
}

TEST_CASE("whatever an input says of its durations, the document can be read again") {
  recorded r;
  r.whole_story();
  auto input = r.input();
  for (const double seconds : {-1e300, -1e11, 1e12, 1e300}) {
    CAPTURE(seconds);
    input.time_to_acknowledge_seconds = seconds;
    const auto verdict = logic::write_postmortem(input, id_of<postmortem_id>("pm"), after(1000));
    REQUIRE(verdict);
    CHECK(std::ranges::all_of(verdict->output.key_moments, readable, &key_moment::timestamp));
    CHECK(json::decode<postmortem_output>(json::encode(verdict->output), json::read_bounds::stored()));
  }
}

TEST_CASE("words name a root cause only when they say it outright") {
  using enum root_cause_category;
  const std::vector<std::pair<std::string_view, root_cause_category>> rows{
      {"", unknown},
      {"code_defect", code_defect},
      {"Configuration error in the gateway", configuration_error},
      {"a bug", code_defect},
      {"debugging went on", unknown},
      {"not a bug", unknown},
      {"a typo in the config change", unknown},
      {"human error: a typo in the config change", human_error},
      {"Disk full.", capacity_exhaustion},
      {"provider outage", dependency_failure},
      {"maybe a memory leak", unknown},
      {"security-breach", security_breach},
      {"the moon", unknown}};
  for (const auto& [words, category] : rows) {
    CAPTURE(words);
    CHECK(to_string(logic::root_cause_category_of(words)) == to_string(category));
  }
  CHECK(logic::resolution_type_of("a workaround") == resolution_type::workaround);
  CHECK(logic::resolution_type_of("no permanent fix") == resolution_type::unknown);
  CHECK(logic::resolution_type_of("temporary, not the permanent one") == resolution_type::unknown);
  CHECK(logic::effectiveness_of("Fully resolved") == effectiveness::fully_resolved);
  CHECK(logic::effectiveness_of("restarted") == effectiveness::unknown);
}

TEST_CASE("the page shows a document and marks nothing up that the record wrote") {
  recorded story;
  story.resolution.root_cause = "<script>alert(1)</script>\n# heading [x](http://e)";
  story.whole_story();
  const auto page = to_markdown(story.written().output, "Latency *of* checkout");
  CHECK(page.starts_with("# Post-mortem: Latency \\*of\\* checkout\n"));
  CHECK(page.find("## Timeline") != std::string::npos);
  CHECK(page.find("<script>") == std::string::npos);
  CHECK(page.find("\n# heading") == std::string::npos);
  CHECK(page.find("x](http") == std::string::npos);
  CHECK(page.find("deployment 42 looks guilty") != std::string::npos);
}

}  // namespace
