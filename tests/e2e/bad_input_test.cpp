/// What no client should send: the right status, the AgentResult form, nothing written, and a connection that goes on.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/raw_connection.hpp"

using namespace im;
using namespace im::e2e;

namespace {

constexpr std::string_view events = "/api/v1/events";
constexpr std::string_view decide = "/api/v1/agents/hitl/decide";

struct bad_body {
  std::string_view what;
  std::string_view target;
  std::string body;
  unsigned status;
  std::string_view code;
};

std::string changed(std::string_view member, js::value value) {
  auto signal = event("e-1", "high", "never");
  signal[member] = std::move(value);
  return js::serialize(signal);
}

std::string without(std::string_view member) {
  auto signal = event("e-1", "high", "never");
  signal.erase(member);
  return js::serialize(signal);
}

/// A valid event with `extra`, raw, as its first member.
std::string with_raw(std::string_view extra) {
  auto text = js::serialize(event("e-1", "high", "never"));
  return text.replace(0, 1, "{" + std::string{extra} + ",");
}

std::string nested(std::size_t depth) {
  return with_raw(R"("deep":)" + std::string(depth, '[') + std::string(depth, ']'));
}

std::vector<bad_body> bad_bodies(const std::string& incident, const std::string& gate) {
  const auto cast = [&](std::string_view member, js::value value) {
    auto given = vote(gate, "ada", "incident_commander");
    given[member] = std::move(value);
    return js::serialize(given);
  };
  constexpr std::string_view request = "/api/v1/agents/hitl/request";
  const auto asking = [&](std::string_view member, js::value value) {
    js::object wanted{{"incident_id", incident}, {"action_type", "rollback"}};
    wanted[member] = std::move(value);
    return js::serialize(wanted);
  };
  return {
      {"nothing", events, "", 400, ""},
      {"no JSON", events, "hello", 400, ""},
      {"a truncated object", events, R"({"source":"s","event_type")", 400, ""},
      {"two documents", events, changed("source", "s") + "{}", 400, ""},
      {"a scalar", events, "42", 400, "VALIDATION_ERROR"},
      {"an empty object", events, "{}", 400, "VALIDATION_ERROR"},
      {"deep nesting", events, nested(5000), 400, ""},
      {"deep nesting that stays open", events, std::string(100'000, '['), 400, ""},
      {"bytes that are no UTF-8", events, with_raw("\"note\":\"\xff\xfe\""), 400, ""},
      {"an overlong encoding", events, with_raw("\"note\":\"\xc0\xaf\""), 400, ""},
      {"a control character", events, with_raw("\"note\":\"a\x01z\""), 400, ""},
      {"a key given twice", events, with_raw(R"("severity":"low")"), 400, ""},
      {"a number that is none", events, with_raw(R"("note":NaN)"), 400, ""},
      {"a wrong type", events, changed("source", 7), 400, "VALIDATION_ERROR"},
      {"a payload that is a list", events, changed("payload", js::array{}), 400, "VALIDATION_ERROR"},
      {"an unknown severity", events, changed("severity", "P9"), 400, "VALIDATION_ERROR"},
      {"a time that is none", events, changed("timestamp", "yesterday"), 400, "VALIDATION_ERROR"},
      {"an impossible date", events, changed("timestamp", "2026-02-30T00:00:00Z"), 400, "VALIDATION_ERROR"},
      {"an empty id", events, changed("execution_id", ""), 400, "VALIDATION_ERROR"},
      {"an endless name", events, changed("source", js::string(5000, 'x')), 400, "VALIDATION_ERROR"},
      {"a null where a value must be", events, changed("event_type", nullptr), 400, "VALIDATION_ERROR"},
      {"a missing payload", events, without("payload"), 400, "VALIDATION_ERROR"},
      {"an unknown approver", decide, cast("approver_type", "president"), 400, "VALIDATION_ERROR"},
      {"an unknown decision", decide, cast("decision", "maybe"), 400, "VALIDATION_ERROR"},
      {"an id that is none", decide, cast("approval_request_id", "42"), 400, "VALIDATION_ERROR"},
      {"a vote with a list for a rationale", decide, cast("rationale", js::array{1}), 400, "VALIDATION_ERROR"},
      {"an unknown action", request, asking("action_type", "reboot"), 400, "VALIDATION_ERROR"},
      {"a quorum of none", request, asking("min_approvals_required", 0), 400, "VALIDATION_ERROR"},
      {"a quorum beyond int", request, asking("min_approvals_required", 99'999'999'999), 400, "VALIDATION_ERROR"},
      {"a quorum of halves", request, asking("min_approvals_required", 1.5), 400, "VALIDATION_ERROR"},
      {"an unknown expiry", request, asking("expiry_action", "auto_approve"), 400, "VALIDATION_ERROR"},
      {"seventeen approvers", request,
       asking("required_approvers", js::array(17, js::object{{"approver_type", "sre_lead"}})), 400, "VALIDATION_ERROR"},
      {"an escalation without its incident", "/api/v1/agents/escalation/evaluate", "{}", 400, "VALIDATION_ERROR"},
      {"an incident without a title", "/api/v1/incidents", R"({"severity":"P2"})", 400, "VALIDATION_ERROR"},
      {"an alert of another version", "/api/v1/events/alertmanager", R"({"version":"3","alerts":[]})", 400,
       "VALIDATION_ERROR"},
  };
}

/// A service with an incident and a gate, so that there is something to harm; checks at its end that nothing was.
class unharmed {
public:
  unharmed() : log_(api_.log(incident_)) {}
  void check() {
    CHECK(api_.log(incident_) == log_);
    CHECK(api_.incident_count() == 1);
    CHECK(api_.get("/api/v1/agents/hitl/list").list("/data/items").size() == 1);
  }
  [[nodiscard]] raw_connection connect() { return raw_connection{service_.process().port()}; }
  [[nodiscard]] manager& service() { return service_; }
  [[nodiscard]] const std::string& incident() const { return incident_; }
  [[nodiscard]] const std::string& gate() const { return gate_; }

private:
  manager service_{};
  caller api_{service_.url()};
  std::string incident_ = open_incident(api_, "high");
  std::string gate_ =
      api_.post("/api/v1/agents/hitl/request", {{"incident_id", incident_}, {"action_type", "rollback"}})
          .str("/data/approval_request_id");
  js::array log_;
};

bool is_failure(const answer& told) {
  return !told.code().empty() && !told.str("/error/message").empty() &&
         told.headers.get("Content-Type").value_or("").starts_with("application/json");
}

}  // namespace

TEST_CASE("a bad body is 400 in the AgentResult form, writes nothing, and its connection goes on") {
  unharmed house;
  auto connection = house.connect();
  for (const auto& bad : bad_bodies(house.incident(), house.gate())) {
    INFO(bad.what);
    REQUIRE(connection.send(raw_request("POST", bad.target, bad.body)));
    const auto told = connection.read();
    REQUIRE(told);
    INFO(told->text.substr(0, 500));
    CHECK(told->status == bad.status);
    CHECK(is_failure(*told));
    if (!bad.code.empty()) CHECK(told->code() == bad.code);
  }
  REQUIRE(connection.send(raw_request("GET", "/health")));
  CHECK(connection.read()->status == 200);
  house.check();
}

TEST_CASE("all bad fields are named at once") {
  unharmed house;
  auto connection = house.connect();
  connection.send(raw_request("POST", events, R"({"source":7,"severity":"P9","timestamp":"never","payload":[]})"));
  const auto told = connection.read();
  REQUIRE(told);
  std::vector<std::string> named;
  for (const auto& error : told->list("/error/details/errors")) {
    named.emplace_back(error.at("field").as_string());
    CHECK_FALSE(error.at("message").as_string().empty());
    const auto& code = error.at("code").as_string();
    CHECK((code == "REQUIRED" || code == "INVALID_TYPE" || code == "INVALID_VALUE"));
  }
  std::ranges::sort(named);
  CHECK(named == std::vector<std::string>{"event_type", "execution_id", "payload", "severity", "source", "timestamp"});
  CHECK_FALSE(told->flag("/error/retryable"));
  house.check();
}

TEST_CASE("an unknown path is 404, a wrong method 405 with Allow, a wrong media type 415, and the connection goes on") {
  unharmed house;
  auto connection = house.connect();
  const auto ask = [&](std::string_view method, std::string_view target, std::string_view body = {},
                       std::string_view type = "application/json") {
    REQUIRE(connection.send(raw_request(method, target, body, type)));
    auto told = connection.read();
    REQUIRE(told);
    return *told;
  };
  for (const auto* target : {"/nope", "/api/v1/incidents/x/y/z", "/api/v2/events", "/api/v1/agents/hitl/approve"})
    CHECK(ask("GET", target).code() == "NOT_FOUND");
  CHECK(ask("GET", "/api/v1/incidents/not-an-id").status == 400);
  CHECK(ask("GET", "/api/v1/incidents/" + new_id()).code() == "NOT_FOUND");
  for (const auto* method : {"DELETE", "PUT"}) {
    const auto told = ask(method, "/api/v1/incidents");
    CHECK(told.status == 405);
    CHECK(is_failure(told));
    CHECK(told.headers.get("Allow").value_or("").find("POST") != std::string_view::npos);
  }
  CHECK(ask("GET", events).status == 405);
  const auto signal = js::serialize(event("e-1", "high", "never"));
  for (const auto* type : {"text/plain", "application/xml", "application/x-www-form-urlencoded"}) {
    const auto told = ask("POST", events, signal, type);
    CHECK(told.status == 415);
    CHECK(is_failure(told));
  }
  for (const auto* query : {"?limit=0", "?limit=many", "?limit=99999999999999999999", "?status=OPEN", "?severity=P9"})
    CHECK(ask("GET", std::string{"/api/v1/incidents"} + query).code() == "VALIDATION_ERROR");
  CHECK(ask("GET", "/health").status == 200);
  house.check();
}

TEST_CASE("a body beyond its bound is 413, whether it says so or not") {
  unharmed house;
  const std::string large(9 << 20, ' ');
  SECTION("announced") {
    auto connection = house.connect();
    connection.send("POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(large.size()) + "\r\n\r\n");
    const auto told = connection.read();
    REQUIRE(told);
    CHECK(told->status == 413);
    CHECK(is_failure(*told));
  }
  for (const auto* expect : {"", "Expect: 100-continue\r\n"}) {
    DYNAMIC_SECTION("announced, and all 30 MB sent before the answer is read; " << expect) {
      std::string body;
      body.resize(30'000'000, ' ');
      auto connection = house.connect();
      CHECK(connection.send("POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" +
                            std::string{expect} + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n"));
      CHECK(connection.send(body));
      const auto told = connection.read();
      REQUIRE(told);
      CHECK(told->status == 413);
      CHECK(is_failure(*told));
    }
  }
  SECTION("with a length that is no number of ours") {
    auto connection = house.connect();
    connection.send(
        "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        "Content-Length: 99999999999999999999\r\n\r\n");
    const auto told = connection.read();
    REQUIRE(told);
    CHECK((told->status == 413 || told->status == 400));
  }
  SECTION("in chunks") {
    auto connection = house.connect();
    connection.send(
        "POST /api/v1/agents/hitl/decide HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    connection.send("200000\r\n" + large.substr(0, 0x200000) + "\r\n0\r\n\r\n");
    const auto told = connection.read();
    REQUIRE(told);
    CHECK(told->status == 413);
    CHECK(is_failure(*told));
  }
  house.check();
}

TEST_CASE("what is not HTTP is refused and hung up on") {
  unharmed house;
  const std::string chunks = "0\r\n\r\n";
  for (const std::string& bytes : std::initializer_list<std::string>{
           "\x16\x03\x01\x02hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
           "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n",
           "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
           "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" +
               chunks,
           "GET /" + std::string(40'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n"}) {
    INFO(bytes.substr(0, 60));
    auto connection = house.connect();
    connection.send(bytes);
    const auto told = connection.read();
    REQUIRE(told);
    CHECK(told->status >= 400);
    CHECK(told->status < 600);
    CHECK(is_failure(*told));
    CHECK(connection.is_ended());
  }
  house.check();
}

TEST_CASE("a request that breaks off is forgotten") {
  unharmed house;
  const auto whole = raw_request("POST", events, js::serialize(event("e-1", "high", "never")));
  for (const auto part : {std::size_t{10}, std::size_t{60}, whole.size() - 1}) {
    auto connection = house.connect();
    connection.send(whole.substr(0, part));
    connection.finish_sending();
    (void)connection.read();
  }
  house.check();
}

TEST_CASE("pipelined requests are answered in their order, a bad one among them alone") {
  unharmed house;
  auto connection = house.connect();
  connection.send(raw_request("GET", "/health") + raw_request("POST", events, "{") + raw_request("GET", "/nope") +
                  raw_request("GET", "/health/live"));
  for (const auto status : {200U, 400U, 404U, 200U}) {
    const auto told = connection.read();
    REQUIRE(told);
    CHECK(told->status == status);
  }
  house.check();
}

TEST_CASE("one poisoned item of a batch fails alone") {
  manager service;
  caller api{service.url()};
  const auto good = [](std::string_view title) { return js::serialize(event(new_id(), "low", title)); };
  const auto check = [&](const answer& told) {
    REQUIRE(told.status == 207);
    const auto& items = told.body.as_array();
    REQUIRE(items.size() == 4);
    CHECK(items.at(0).at("disposition").as_string() == "opened");
    CHECK(items.at(1).at("status").as_string() == "rejected");
    CHECK_FALSE(items.at(1).at("error").at("code").as_string().empty());
    CHECK(items.at(2).at("status").as_string() == "rejected");
    CHECK(items.at(3).at("disposition").as_string() == "opened");
    CHECK(api.incident_count() == 2);
  };
  SECTION("of NDJSON lines, one that is no JSON at all") {
    const auto body = good("first") + "\n{\"source\":\n\n" + changed("severity", "P9") + "\r\n" + good("last") + "\n";
    check(api.send(http::verb::post, events, body, {{"Content-Type", "application/x-ndjson"}}));
  }
  SECTION("of a JSON array, one that has the wrong type") {
    check(api.send(http::verb::post, events,
                   "[" + good("first") + ",42," + changed("severity", "P9") + "," + good("last") + "]"));
  }
}

TEST_CASE("an error tells nothing of the inside") {
  unharmed house;
  auto connection = house.connect();
  for (const auto& bad : bad_bodies(house.incident(), house.gate())) {
    connection.send(raw_request("POST", bad.target, bad.body));
    const auto told = connection.read();
    REQUIRE(told);
    for (const auto* inside : {"simdjson", "boost", "caf", "sqlite", "std::", ".cpp", "/home/", "/tmp/"}) {
      INFO(told->text.substr(0, 300));
      CHECK(told->text.find(inside) == std::string::npos);
    }
    CHECK(told->text.size() < 16'384);
  }
}
