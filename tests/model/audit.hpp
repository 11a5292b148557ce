#pragma once
/// Judges a log by itself: every event in the order of its commit, with a fold of its own. Nothing here calls
/// `actors/logic` or `messages/fold`; what they get wrong is not wrong here in the same way.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "messages/decision_event.hpp"
#include "messages/policies.hpp"

namespace im::test::model {

/// The invariants, by the names under which they are reported.
namespace rule {
inline constexpr std::string_view no_gap = "per incident no gap and no fork";
inline constexpr std::string_view unique_id = "an event's id is unique";
inline constexpr std::string_view covered_once = "a request takes effect once over all logs";
inline constexpr std::string_view counted_once = "a signal counts once";
inline constexpr std::string_view one_open = "one open incident a fingerprint";
inline constexpr std::string_view one_verdict = "one terminal verdict a gate";
inline constexpr std::string_view quorum = "approved only with its quorum of distinct, authorised people";
inline constexpr std::string_view rejection = "rejected exactly by a rejection";
inline constexpr std::string_view asked_enough = "a gate asks for no less than the policy";
inline constexpr std::string_view resumption = "nothing resumes without its gate, and everything once";
inline constexpr std::string_view deadline = "a deadline has its effect once, and never early";
inline constexpr std::string_view overdue = "no deadline is missed";
inline constexpr std::string_view goes_on = "an escalation that nobody decided about is looked at again";
inline constexpr std::string_view acknowledged = "what was acknowledged is in the log";
inline constexpr std::string_view same_answer = "every instance gives the same answer";
inline constexpr std::string_view same_fold = "an instance's state is the fold of the log";
inline constexpr std::string_view rest = "the world comes to rest";
}  // namespace rule

struct violation {
  std::string_view rule;
  std::string what;
};

/// A moment that the log promises to look at, by our own reading.
struct promise {
  deadline_kind kind;
  time_point at;
  std::optional<approval_id> gate;

  auto operator<=>(const promise&) const = default;
};

class audit {
public:
  explicit audit(const policy_set& policies) : policies_{policies} {}

  /// The next event in the order of commits.
  void take(const decision_event& event);
  /// At the end nothing may be due that was due at `rested`.
  void end(time_point rested);
  void report(std::string_view rule, std::string what) { found_.push_back({rule, std::move(what)}); }

  [[nodiscard]] const std::vector<violation>& found() const { return found_; }
  /// The event that covers a request; nullptr: none.
  [[nodiscard]] const decision_event* covering(const request_id& request) const;

private:
  struct seen_vote {
    std::string who;
    approver_type role;
    bool approves = false;
    auto operator<=>(const seen_vote&) const = default;
  };
  struct seen_gate {
    approval_request request;
    gate_purpose purpose;
    approval_status status;
    std::vector<seen_vote> votes;
    std::optional<time_point> due;
    std::optional<severity> proposed;
    bool resumed = false;
  };
  struct kept {
    time_point until;
    seen_vote vote;
  };
  struct seen_incident {
    std::uint64_t head = 0;
    bool opened = false;
    std::string fingerprint;
    incident_status status = incident_status::fresh;
    im::severity severity = severity::p4;
    im::severity peak = severity::p4;
    sla_state sla;
    bool acknowledged = false;
    std::optional<time_point> next_evaluation;
    std::map<approval_id, seen_gate> gates;
    std::map<std::pair<approval_id, std::string>, kept> kept_votes;
    std::uint64_t signals = 0;
    std::optional<approval_id> must_resume;  ///< approved by the last event: the next must resume it
  };

  void check_ids(const decision_event& event);
  void check_resumption(seen_incident& in, const decision_event& event);
  void check_clock(const std::vector<promise>& before, const seen_incident& in, const decision_event& event);
  void check_open(const std::string& fingerprint);
  [[nodiscard]] static std::vector<promise> promises(const seen_incident& in);

  void read(seen_incident& in, const fact::incident_opened& f, const decision_event& event);
  void read(seen_incident& in, const fact::signals_attached& f, const decision_event& event);
  void read(seen_incident& in, const fact::incident_changed& f, const decision_event& event);
  void read(seen_incident& in, const fact::escalation_evaluated& f, const decision_event& event);
  void read(seen_incident& in, const fact::gate_opened& f, const decision_event& event);
  void read(seen_incident& in, const fact::gate_changed& f, const decision_event& event);
  void read(seen_incident& in, const fact::vote_kept& f, const decision_event& event);
  void read(seen_incident&, const fact::vote_refused&, const decision_event&) {}
  void read(seen_incident&, const fact::postmortem_written&, const decision_event&) {}
  void read(seen_incident&, const fact::postmortem_published&, const decision_event&) {}
  void read(seen_incident&, const fact::noted&, const decision_event&) {}

  void enter(seen_incident& in, incident_status status);
  void rise(seen_incident& in, im::severity to, bool by_people, const decision_event& event);
  void count_vote(seen_gate& gate, const seen_vote& vote, const decision_event& event);
  void check_verdict(seen_incident& in, seen_gate& gate, approval_status to, const decision_event& event);
  void check_asked(const seen_incident& in, const seen_gate& gate, const decision_event& event);
  [[nodiscard]] static bool lists(const approval_request& request, const seen_vote& vote);
  [[nodiscard]] static bool has_quorum(const seen_gate& gate);

  const policy_set& policies_;
  std::map<incident_id, seen_incident> incidents_;
  std::map<std::string, std::set<incident_id>> by_fingerprint_;
  std::set<event_id> ids_;
  std::unordered_map<request_id, const decision_event*> covered_;
  std::vector<violation> found_;
};

/// `incident 0197…/7`: where in which log.
[[nodiscard]] std::string place_of(const decision_event& event);

}  // namespace im::test::model
