/// Two managers on one store: any instance takes any request, and the answers are the same.

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

constexpr const char* key = "the-key-of-these-tests";

class two_managers {
  temporary_folder folder_{"im-e2e"};
  running_program store_{"ruvector-service",
                         {{"RUVECTOR_PORT", "0"},
                          {"RUVECTOR_API_KEY", key},
                          {"RUVECTOR_ADDRESS", "127.0.0.1"},
                          {"DATA_DIR", (folder_.path() / "data").string()}},
                         folder_.path() / "store-log"};

  [[nodiscard]] environment_map settings() {
    auto all = own_settings(folder_.path());
    all["RUVECTOR_SERVICE_URL"] = store_.url();
    all["RUVECTOR_API_KEY"] = key;
    return all;
  }

  running_program first_{"llm-incident-manager", settings(), folder_.path() / "log-a"};
  running_program second_{"llm-incident-manager", settings(), folder_.path() / "log-b"};

public:
  caller a{first_.url()};
  caller b{second_.url()};
  [[nodiscard]] const std::string& second_url() const { return second_.url(); }
};

}  // namespace

TEST_CASE("what one instance decided the other one tells, though it holds the incident in memory") {
  two_managers both;
  const auto id = open_incident(both.a, "medium");
  const auto target = "/api/v1/incidents/" + id;
  CHECK(both.b.get(target).str("/data/status") == "NEW");
  CHECK(both.a.post(target + "/acknowledge", js::object{{"actor", "ada"}}).status == 200);
  CHECK(both.b.get(target).str("/data/status") == "ACKNOWLEDGED");
  CHECK(both.b.post(target + "/start", js::object{{"actor", "bob"}}).status == 200);
  CHECK(both.a.get(target).at("/data") == both.b.get(target).at("/data"));
  resolve(both.a, id);
  CHECK(both.b.post(target + "/close", js::object{{"actor", "bob"}}).status == 200);
  CHECK(is_whole(both.a.log(id)));
}

TEST_CASE("one event given to two instances at once opens one incident, and both say which") {
  two_managers both;
  for (int i = 0; i < 10; ++i) {
    const auto signal = event(new_id(), "high", "race " + std::to_string(i));
    answer second;
    {
      const std::jthread other{[&] { second = caller{both.second_url()}.post("/api/v1/events", signal); }};
      const auto first = both.a.post("/api/v1/events", signal);
      CHECK(first.status == 202);
      CHECK(both.a.post("/api/v1/events", signal).str("/incident_id") == first.str("/incident_id"));
    }
    CHECK(second.status == 202);
    CHECK(both.a.post("/api/v1/events", signal).str("/incident_id") == second.str("/incident_id"));
  }
  CHECK(both.a.incident_count() == 10);
}

TEST_CASE("a workflow that waits on one instance is resumed by votes that were given on the other") {
  two_managers both;
  const auto id = open_incident(both.a, "high");
  const auto gate = both.a
                        .post("/api/v1/agents/hitl/request",
                              js::object{{"incident_id", id}, {"action_type", "rollback"}, {"requester_id", "bob"}})
                        .str("/data/approval_request_id");
  answer waited;
  {
    const std::jthread orchestrator{
        [&] { waited = caller{both.second_url()}.get("/api/v1/agents/hitl/status?wait=20&request_id=" + gate); }};
    CHECK(both.a.post("/api/v1/agents/hitl/decide", vote(gate, "ada", "incident_commander")).status == 200);
    CHECK(both.a.post("/api/v1/agents/hitl/decide", vote(gate, "grace", "sre_lead")).status == 200);
  }
  CHECK(waited.str("/data/status") == "approved");
}
