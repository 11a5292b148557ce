#include "tests/chaos/plan.hpp"

#include <array>
#include <random>
#include <string_view>

#include "messages/ids.hpp"

namespace im::chaos {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t acts_per_run = 280;
constexpr std::size_t quiet_acts = 30;       // at the start, so that there is something to lose
constexpr std::size_t acts_to_trouble = 14;  // on average, from one trouble to the next
constexpr int pause_ms_max = 50;

struct person {
  std::string_view id;
  std::string_view role;
};
/// Two who decide alone or together on most gates, two for the others, one in a second role, and one whom few gates list.
constexpr std::array people{person{"ada", "incident_commander"}, person{"grace", "sre_lead"},
                            person{"oli", "on_call_lead"},       person{"ada", "incident_commander"},
                            person{"grace", "sre_lead"},         person{"sam", "security_team"},
                            person{"eve", "executive"},          person{"ada", "sre_lead"},
                            person{"mallory", "executive"},      person{"mallory", "engineering_manager"}};
constexpr std::array<std::string_view, topics> severities{"high", "medium", "high", "medium", "low", "critical"};
constexpr std::array<std::string_view, 5> actions{"rollback", "remediation", "rollback", "data_access",
                                                  "policy_exception"};
constexpr std::array<std::string_view, 3> expiries{"auto_reject", "escalate", "notify_and_wait"};
constexpr std::array<std::string_view, 9> changes{"acknowledge", "start", "resolve",  "reopen",  "close",
                                                  "comments",    "start", "escalate", "comments"};

class planner {
public:
  explicit planner(std::uint64_t seed) : seed_{seed}, chance_{seed} {}

  plan make() {
    while (plan_.acts.size() < acts_per_run) {
      const auto now = plan_.acts.size();
      end_troubles(now);
      if (now > quiet_acts && below(acts_to_trouble) == 0)
        begin_trouble(now);
      else
        add_request();
    }
    end_troubles(SIZE_MAX);
    plan_.seed = seed_;
    return std::move(plan_);
  }

private:
  struct planned_gate {
    std::string id;
    std::size_t topic = 0;
  };
  struct running {
    std::size_t until;
    trouble end;
  };

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(chance_); }
  bool often(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  template <class List>
  std::string_view pick(const List& list) {
    return list[below(list.size())];
  }
  std::string next_id() {
    return uuid::v5(uuid{}, "chaos " + std::to_string(seed_) + ' ' + std::to_string(++ids_)).str();
  }

  // ---- Requests

  void add_request() {
    request_plan made;
    made.id = next_id();
    made.topic = below(topics);
    made.manager = below(managers);
    made.body["execution_id"] = made.id;
    fill(made, below(100));
    const bool asks = made.deadline.has_value();
    const auto gate = asks ? gates_.back() : planned_gate{{}, 0};
    const bool twice = often(12);  // told to both managers at once, as a network that repeats does
    push(made, !twice);
    if (twice) {
      made.manager = 1 - made.manager;
      push(std::move(made), true);
    }
    if (asks && often(40)) race_to_verdict(gate);
  }

  void push(request_plan made, bool rests) {
    plan_.acts.push_back({.send = std::move(made), .pause = milliseconds{rests ? below(pause_ms_max) : 0}});
  }

  /// The two who decide most gates vote at once, each with a manager of its own, and now and then somebody is against it.
  void race_to_verdict(const planned_gate& gate) {
    for (std::size_t i = 0; i < 3; ++i) {
      request_plan made;
      made.id = next_id();
      made.topic = gate.topic;
      made.manager = i % managers;
      made.body["execution_id"] = made.id;
      made.body["approval_request_id"] = gate.id;
      made.names_incident = true;
      cast(made, people[i], i == 2 && often(40) ? "rejected" : "approved");
      push(std::move(made), false);
    }
  }

  void fill(request_plan& made, std::size_t percent) {
    if (percent < 34) return signal(made);
    if (percent < 50) return change(made);
    if (percent < 53) return evaluate(made);
    if (percent < 55) return document(made);
    if (percent < 69) return ask(made);
    if (percent < 94) return vote(made);
    if (percent < 97) return cancel(made);
    return hand_up(made);
  }

  void signal(request_plan& made) {
    const auto worse = often(10);
    made.what = "event";
    made.target = "/api/v1/events";
    made.opens_topic = true;
    made.body["source"] = "chaos";
    made.body["event_type"] = "threshold_breach";
    made.body["severity"] = worse ? std::string_view{"critical"} : severities[made.topic];
    made.body["payload"] = {{"title", "topic " + std::to_string(made.topic)}, {"service", "checkout"}};
  }

  void change(request_plan& made) {
    const auto verb = pick(changes);
    made.what = verb;
    made.target = std::string{"/api/v1/incidents/{incident}/"}.append(verb);
    made.body["actor"] = "oli";
    made.body["comment"] = "as planned";
    if (verb == "resolve") made.body["root_cause"] = "the plan";
  }

  void evaluate(request_plan& made) {
    made.what = "evaluate";
    made.target = "/api/v1/agents/escalation/evaluate";
    made.names_incident = true;
    made.body["signal_payload"] = {
        {"type", "threshold_breach"}, {"suggested_severity", "P0"}, {"signal_confidence", 0.9}};
  }

  void document(request_plan& made) {
    made.what = "post-mortem";
    made.target = "/api/v1/agents/postmortem/generate";
    made.names_incident = true;
  }

  void ask(request_plan& made) {
    const auto gate = next_id();
    gates_.push_back({gate, made.topic});
    made.what = "request";
    made.target = "/api/v1/agents/hitl/request";
    made.names_incident = true;
    made.deadline = milliseconds{300 + below(2700)};
    made.body["approval_request_id"] = gate;
    made.body["action_type"] = pick(actions);
    made.body["expiry_action"] = pick(expiries);
    made.body["requester_id"] = "bob";
  }

  /// One of the newest planned gates, which may not be open yet; else one that the incident has by itself.
  void about_gate(request_plan& made) {
    constexpr std::size_t newest = 8;
    if (gates_.empty() || often(30)) {
      made.any_gate = below(1000);
      return;
    }
    const auto& gate = gates_[gates_.size() - 1 - below(std::min(newest, gates_.size()))];
    made.topic = gate.topic;
    made.body["approval_request_id"] = gate.id;
  }

  void vote(request_plan& made) {
    const auto& who = people[below(people.size())];
    if (often(15)) {  // a vote that comes before its gate
      const auto gate = next_id();
      gates_.push_back({gate, made.topic});
      made.body["approval_request_id"] = gate;
      ask_for(gate, made.topic);
    } else {
      about_gate(made);
    }
    made.names_incident = often(60);
    cast(made, who, often(88) ? "approved" : "rejected");
  }

  static void cast(request_plan& made, const person& who, std::string_view decision) {
    made.what = std::string{"vote of "}.append(who.id).append(" as ").append(who.role).append(": ").append(decision);
    made.target = "/api/v1/agents/hitl/decide";
    made.body["approver_id"] = who.id;
    made.body["approver_type"] = who.role;
    made.body["decision"] = decision;
  }

  /// The request for a gate that somebody votes on about now; the clients decide what comes first.
  void ask_for(const std::string& gate, std::size_t topic) {
    request_plan made;
    made.id = next_id();
    made.topic = topic;
    made.manager = below(managers);
    made.body["execution_id"] = made.id;
    ask(made);
    gates_.pop_back();
    made.body["approval_request_id"] = gate;
    plan_.acts.push_back({.send = std::move(made)});
  }

  void cancel(request_plan& made) {
    made.what = "cancel";
    made.target = "/api/v1/agents/hitl/cancel";
    about_gate(made);
    made.names_incident = often(60);
    made.body["requester_id"] = often(80) ? "bob" : "mallory";
  }

  void hand_up(request_plan& made) {
    made.what = "hand up";
    made.target = "/api/v1/agents/hitl/escalate";
    about_gate(made);
    made.body["actor"] = "bob";
  }

  // ---- Troubles

  void add_trouble(trouble made) {
    plan_.acts.push_back({.make_trouble = std::move(made), .trouble_number = troubles_++});
  }

  void end_troubles(std::size_t now) {
    for (auto i = running_.begin(); i != running_.end();) {
      if (i->until > now) {
        ++i;
        continue;
      }
      add_trouble(i->end);
      i = running_.erase(i);
    }
  }

  /// Begins a trouble, unless what it is about is in trouble already.
  void begin_trouble(std::size_t now) {
    using enum trouble::kind;
    trouble begin;
    begin.manager = below(managers);
    begin.where = often(70) ? road::to_store : road::to_manager;
    auto end = begin;
    std::size_t lasts = 0;
    switch (below(16)) {
      case 0: begin.what = kill_manager, end.what = start_manager, lasts = 5 + below(40); break;
      case 1: begin.what = drain_manager, end.what = start_manager, lasts = 5 + below(20); break;
      case 2: begin.what = freeze_manager, end.what = thaw_manager, lasts = 8 + below(16); break;
      case 3: begin.what = kill_store, end.what = start_store, lasts = 3 + below(10); break;
      case 4: begin.what = freeze_store, end.what = thaw_store, lasts = 3 + below(6); break;
      case 5: begin.what = cut; break;
      case 6: begin.what = kill_database, end.what = start_database, lasts = 3 + below(8); break;
      case 7: begin.what = end_sessions; break;
      default:
        begin.what = spoil, end.what = heal;
        begin.rule = spoiling();
        lasts = begin.rule.share < 1 ? 20 + below(60) : 5 + below(10);
        break;
    }
    for (const auto& other : running_)
      if (subject_of(other.end) == subject_of(begin)) return add_request();
    add_trouble(begin);
    if (lasts > 0) running_.push_back({now + lasts, end});
  }

  test::fault_rule spoiling() {
    using test::fault;
    test::fault_rule rule;
    rule.kind = static_cast<fault>(below(enum_names<fault>::names.size()));
    rule.share = often(25) ? 1.0 : 0.1 + 0.1 * static_cast<double>(below(5));
    rule.delay = milliseconds{20 + below(400)};
    if (often(30)) rule.where = "/decision-events/batch";
    return rule;
  }

  /// What is in trouble: a process, or a proxy.
  static std::size_t subject_of(const trouble& made) {
    using enum trouble::kind;
    switch (made.what) {
      case kill_manager:
      case drain_manager:
      case start_manager:
      case freeze_manager:
      case thaw_manager: return made.manager;
      case kill_store:
      case start_store:
      case freeze_store:
      case thaw_store: return managers;
      case kill_database:
      case start_database:
      case end_sessions: return managers + 1;
      case cut:
      case spoil:
      case heal: return managers + 2 + 2 * made.manager + static_cast<std::size_t>(made.where);
    }
    return 0;
  }

  std::uint64_t seed_;
  std::mt19937_64 chance_;
  std::size_t ids_ = 0;
  std::size_t troubles_ = 0;
  plan plan_;
  std::vector<planned_gate> gates_;
  std::vector<running> running_;
};

void set_seconds(js::object& policy, std::string_view list, std::initializer_list<double> by_severity) {
  auto& figures = policy.at(list).as_object();
  std::size_t severity = 0;
  for (const double seconds : by_severity) figures["P" + std::to_string(severity++)] = seconds;
}

}  // namespace

plan make_plan(std::uint64_t seed) { return planner{seed}.make(); }

policy_documents short_policies(js::object escalation, js::object approval, js::object sla) {
  // A breach alone escalates, and again soon: so P0 gates open by the clock too.
  escalation["escalate_at"] = 0.55;
  escalation["min_interval_seconds"] = 1;
  set_seconds(escalation, "next_evaluation_seconds", {3, 4, 5, 30, 60});
  set_seconds(approval, "deadline_seconds", {1.5, 2, 2.5, 3, 3});
  approval["check_interval_seconds"] = 3;
  set_seconds(sla, "acknowledge_seconds", {1, 1.5, 2, 3});
  set_seconds(sla, "resolve_seconds", {3, 4, 5, 6});
  return {std::move(escalation), std::move(approval), std::move(sla)};
}

}  // namespace im::chaos
