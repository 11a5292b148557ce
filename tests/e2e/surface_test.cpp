/// The surface as a whole: its routes, idempotency, dry runs, lists, and the orchestrator's feed.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <future>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

/// A documented path with its parameters filled in.
std::string filled(std::string path, const std::string& incident) {
  const auto at = path.find("{id}");
  return at == std::string::npos ? path : path.replace(at, 4, incident);
}

bool has_action(const js::array& actions, std::string_view type, std::string_view incident) {
  return std::ranges::any_of(actions, [&](const js::value& action) {
    return action.at("action_type").as_string() == type && action.at("incident_id").as_string() == incident;
  });
}

}  // namespace

TEST_CASE("every documented route answers its method, and no undocumented one does") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "low");
  const auto document = api.get("/openapi.json");
  REQUIRE(document.status == 200);
  CHECK(document.str("/openapi").starts_with("3.1"));
  for (const auto& [path, operations] : document.at("/paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      const auto verb = boost::beast::http::string_to_verb(std::string{method} == "get"     ? "GET"
                                                           : std::string{method} == "post"  ? "POST"
                                                           : std::string{method} == "patch" ? "PATCH"
                                                                                            : "-");
      if (verb == http::verb::unknown) continue;
      INFO(std::string{method} << ' ' << std::string{path});
      const auto told = api.send(verb, filled(std::string{path}, incident), verb == http::verb::get ? "" : "{}");
      CHECK(told.status != 0);
      CHECK(told.status != 404);
      CHECK(told.status != 405);
      CHECK(told.status < 500);
      CHECK(operation.at("responses").as_object().contains(std::to_string(told.status)));
      CHECK(told.headers.get("X-Correlation-Id").has_value());
    }
    const auto unknown = api.send(http::verb::delete_, filled(std::string{path}, incident), "");
    CHECK(unknown.status == 405);
    CHECK(api.send(http::verb::options, filled(std::string{path}, incident), "").status == 204);
  }
}

TEST_CASE("the health of the service and of its agents is told under their names") {
  manager service;
  caller api{service.url()};
  CHECK(api.get("/health").str("/status") == "healthy");
  CHECK(api.get("/health").has("/version"));
  for (const auto* pair :
       {"escalation/incident-escalation", "hitl/incident-approver", "postmortem/postmortem-generator"}) {
    const std::string text{pair};
    const auto slash = text.find('/');
    const auto target = "/api/v1/agents/" + text.substr(0, slash) + "/health";
    for (const auto& told : {api.get(target), api.post(target, js::object{})}) {
      CHECK(told.str("/agent") == text.substr(slash + 1));
      CHECK(told.str("/status") == "healthy");
    }
  }
  CHECK(api.send(http::verb::head, "/health", "").status == 200);
}

TEST_CASE("a request repeated with its Idempotency-Key gets the first answer and has one effect") {
  manager service;
  caller api{service.url()};
  const caller::header_list keyed{{"Idempotency-Key", "deploy-41"}};
  const js::object wanted{{"title", "checkout is down"}, {"severity", "P2"}};
  const auto first = api.post("/api/v1/incidents", wanted, keyed);
  REQUIRE(first.status == 201);
  const auto incident = first.str("/data/id");
  CHECK(first.headers.get("Location") == "/api/v1/incidents/" + incident);
  const auto again = api.post("/api/v1/incidents", wanted, keyed);
  CHECK(again.replayed());
  CHECK(again.str("/data/id") == incident);
  CHECK(api.incident_count() == 1);

  const auto comments = "/api/v1/incidents/" + incident + "/comments";
  const auto said = api.post(comments, {{"comment", "looking"}}, keyed);
  CHECK(said.status == 200);
  CHECK_FALSE(said.replayed());
  CHECK(api.post(comments, {{"comment", "looking"}}, keyed).at("/decision_event") == said.at("/decision_event"));
  const auto log = api.log(incident);
  CHECK(is_whole(log));
  CHECK(count_facts(log, "incident_changed") == 1);

  const auto one = api.post("/api/v1/events", event(new_id(), "low", "a"), {{"Idempotency-Key", "k"}});
  const auto two = api.post("/api/v1/events", event(new_id(), "low", "a"), {{"Idempotency-Key", "k"}});
  CHECK(one.str("/disposition") == "opened");
  CHECK(two.str("/disposition") == "duplicate");
}

TEST_CASE("an incident opened by hand and told again is told with the decision that opened it") {
  manager service;
  caller api{service.url()};
  const caller::header_list keyed{{"Idempotency-Key", "deploy-42"}};
  const js::object wanted{{"title", "checkout is down"}, {"severity", "P2"}};
  const auto first = api.post("/api/v1/incidents", wanted, keyed);
  const auto again = api.post("/api/v1/incidents", wanted, keyed);
  CHECK(again.at("/data/id") == first.at("/data/id"));
  CHECK(again.at("/decision_event") == first.at("/decision_event"));
}

TEST_CASE("a dry run decides and answers the same, and writes nothing") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "high");
  const auto log = api.log(incident);
  std::string cursor;
  (void)next_actions(api, cursor);

  js::object evaluation{
      {"incident_id", incident},
      {"signal_source", "llm-sentinel"},
      {"signal_payload", {{"type", "threshold_breach"}, {"suggested_severity", "P0"}, {"signal_confidence", 0.95}}}};
  evaluation["dry_run"] = true;
  const auto told = api.post("/api/v1/agents/escalation/evaluate", evaluation);
  CHECK(told.status == 200);
  CHECK(told.str("/data/decision") == "escalate");
  CHECK_FALSE(told.flag("/persisted"));
  const auto asked =
      api.post("/api/v1/agents/hitl/request?dry_run=true", {{"incident_id", incident}, {"action_type", "rollback"}});
  CHECK(asked.status == 200);
  CHECK(asked.str("/data/status") == "pending");
  CHECK_FALSE(asked.flag("/persisted"));
  const auto changed = api.post("/api/v1/incidents/" + incident + "/acknowledge?dry_run=true", {{"actor", "ada"}});
  CHECK(changed.status == 200);
  CHECK_FALSE(changed.flag("/persisted"));
  CHECK(api.post("/api/v1/incidents/" + incident + "/close?dry_run=true", {{"actor", "ada"}}).status == 409);
  const auto opened = api.post("/api/v1/incidents?dry_run=true", {{"title", "no"}, {"severity", "P0"}});
  CHECK(opened.status == 200);
  CHECK_FALSE(opened.flag("/persisted"));
  CHECK(api.post("/api/v1/events?dry_run=true", event("dry-1", "low", "no")).status == 202);

  CHECK(api.log(incident) == log);
  CHECK(api.incident_count() == 1);
  CHECK(api.incident(incident).at("status").as_string() == "NEW");
  CHECK(api.get("/api/v1/agents/hitl/list").list("/data/items").empty());
  CHECK(next_actions(api, cursor).empty());
  // An id that was used in a dry run is not used up.
  CHECK(api.post("/api/v1/events", event("dry-1", "low", "no")).str("/disposition") == "opened");
}

TEST_CASE("the feed wakes its follower with what a verdict and a deadline decided, each once and in order") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "low");
  std::string cursor;
  (void)next_actions(api, cursor);
  auto following = std::async(std::launch::async, [&service, cursor]() mutable {
    caller orchestrator{service.url()};
    return next_actions(orchestrator, cursor, 20);
  });
  const auto asked = api.post("/api/v1/agents/hitl/request", {{"incident_id", incident}, {"action_type", "rollback"}});
  const auto seen = following.get();
  REQUIRE_FALSE(seen.empty());
  CHECK(seen.at(0).at("action_type").as_string() == "notify_approvers");
  (void)next_actions(api, cursor);

  (void)api.post("/api/v1/agents/hitl/decide", vote(asked.str("/data/approval_request_id"), "olga", "on_call_lead"));
  const auto after_verdict = next_actions(api, cursor, 10);
  CHECK(has_action(after_verdict, "execute_approved_action", incident));
  CHECK(has_action(after_verdict, "notify_requester", incident));

  const auto expiring =
      api.post("/api/v1/agents/hitl/request", {{"incident_id", incident},
                                               {"action_type", "deployment"},
                                               {"approval_deadline", time_text(std::chrono::seconds{1})},
                                               {"expiry_action", "auto_reject"}});
  REQUIRE(expiring.status == 200);
  (void)next_actions(api, cursor, 10);
  const auto after_deadline = next_actions(api, cursor, 20);
  CHECK(has_action(after_deadline, "cancel_pending_action", incident));

  std::string from_start;
  const auto all = next_actions(api, from_start);
  const auto executions = std::ranges::count_if(
      all, [](const js::value& action) { return action.at("action_type").as_string() == "execute_approved_action"; });
  CHECK(executions == 1);
  CHECK(from_start == cursor);
  CHECK(api.get("/api/v1/orchestrator/actions?after=nonsense").status == 400);
}

TEST_CASE("a long poll of the feed waits beyond one turn, and wakes when an action comes") {
  using clock = std::chrono::steady_clock;
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "low");
  std::string cursor;
  (void)next_actions(api, cursor);
  const auto begin = clock::now();
  auto following = std::async(std::launch::async, [&service, cursor]() mutable {
    caller orchestrator{service.url()};
    return next_actions(orchestrator, cursor, 30);
  });
  auto at_end = cursor;
  CHECK(next_actions(api, at_end, 3).empty());
  CHECK(clock::now() - begin >= std::chrono::seconds{3});
  (void)api.post("/api/v1/agents/hitl/request", {{"incident_id", incident}, {"action_type", "rollback"}});
  CHECK_FALSE(following.get().empty());
  CHECK(clock::now() - begin < std::chrono::seconds{25});
}

TEST_CASE("lists are filtered, and paged by a cursor without losing or repeating one") {
  manager service;
  caller api{service.url()};
  for (int i = 0; i < 5; ++i) (void)open_incident(api, i % 2 == 0 ? "low" : "high", "number " + std::to_string(i));
  CHECK(api.get("/api/v1/incidents?severity=P1").list("/items").size() == 2);
  CHECK(api.get("/api/v1/incidents?status=RESOLVED,CLOSED").list("/items").empty());
  CHECK(api.get("/api/v1/incidents?open=true").list("/items").size() == 5);
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const auto page = api.get("/api/v1/incidents?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    REQUIRE(page.status == 200);
    for (const auto& item : page.list("/items")) seen.emplace_back(item.at("id").as_string());
    cursor = page.has("/next_cursor") ? page.str("/next_cursor") : "";
  } while (!cursor.empty() && seen.size() < 20);
  std::ranges::sort(seen);
  CHECK(seen.size() == 5);
  CHECK(std::ranges::adjacent_find(seen) == seen.end());
}

TEST_CASE("inspect, list and status answer a query and a JSON body alike") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "high");
  const auto gate = api.post("/api/v1/agents/hitl/request", {{"incident_id", incident}, {"action_type", "rollback"}})
                        .str("/data/approval_request_id");
  const auto same = [&](const std::string& target, const std::string& name, const std::string& value) {
    INFO(target);
    const auto got = api.get(target + '?' + name + '=' + value);
    const auto posted = api.post(target, {{name, value}});
    CHECK(got.status == 200);
    CHECK(posted.status == 200);
    CHECK(got.at("/data") == posted.at("/data"));
  };
  same("/api/v1/agents/hitl/status", "request_id", gate);
  same("/api/v1/agents/hitl/inspect", "request_id", gate);
  same("/api/v1/agents/hitl/list", "incident_id", incident);
  same("/api/v1/agents/escalation/inspect", "incident_id", incident);
  same("/api/v1/agents/escalation/list", "incident_id", incident);
  same("/api/v1/agents/postmortem/list", "incident_id", incident);
}

TEST_CASE("a log that no page holds is told page by page, to its end") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "low");
  const std::string comment(15'000, '"');  // which doubles when it is written
  constexpr std::size_t comments = 300;
  for (std::size_t i = 0; i < comments; ++i)
    REQUIRE(
        api.post("/api/v1/incidents/" + incident + "/comments", {{"actor", "grace"}, {"comment", comment}}).status ==
        200);
  std::size_t told = 0;
  std::size_t pages = 0;
  for (std::int64_t after = 0; pages < comments; ++pages) {
    const auto page = api.get("/api/v1/incidents/" + incident + "/timeline?after=" + std::to_string(after));
    REQUIRE(page.status == 200);
    for (const auto& item : page.list("/timeline"))
      CHECK(item.at("sequence").as_int64() == static_cast<std::int64_t>(++told));
    if (!page.has("/next_after")) break;
    after = page.number("/next_after");
    CHECK(after == static_cast<std::int64_t>(told));
  }
  CHECK(pages > 0);
  const auto head = api.get("/api/v1/incidents/" + incident + "/log?limit=1").number("/head");
  CHECK(head > static_cast<std::int64_t>(comments));
  CHECK(static_cast<std::int64_t>(told) == head);
}

TEST_CASE("a sequence number that the store cannot count to is the caller's mistake") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "low");
  for (const auto* of : {"/log", "/timeline"})
    CHECK(api.get("/api/v1/incidents/" + incident + of + "?after=9223372036854775808").code() == "VALIDATION_ERROR");
}
