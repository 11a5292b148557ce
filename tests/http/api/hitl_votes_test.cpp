#include <catch2/catch_test_macros.hpp>

#include "messages/json/codec.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string agent_path = "/api/v1/agents/hitl/";
const std::string id{some_incident};
const std::string gate{some_gate};

std::string vote(std::string_view more) {
  return R"({"approval_request_id":")" + gate + R"(","incident_id":")" + id + R"(",)" + std::string{more} + "}";
}

}  // namespace

TEST_CASE("a vote is cast with the time of ours") {
  surface s;
  CHECK(s.post(agent_path + "decide", vote(R"("approver_id":"grace","approver_type":"sre_lead","decision":"approved",
    "rationale":"tested","conditions":["canary first"],"decision_timestamp":"1999-01-01T00:00:00Z","execution_id":"e-1")"))
            .code() == 200);
  const auto& wanted = s.incidents.last_as<cmd::cast_vote>();
  CHECK(wanted.request.str() == gate);
  CHECK(wanted.vote == approval_record{"grace",
                                       "grace",
                                       approver_type::sre_lead,
                                       vote_decision::approved,
                                       "tested",
                                       {"canary first"},
                                       at(now_text),
                                       {}});
  CHECK(s.incidents.last().incident_id.str() == id);
  CHECK(s.incidents.last().context.request == "hitl.decide:" + gate + ":grace:e-1");
}

TEST_CASE("both tenses decide, and the approver may be an object") {
  surface s;
  const auto decision_for = [&](std::string_view word) {
    (void)s.post(agent_path + "decide", R"({"request_id":")" + gate + R"(","incident_id":")" + id +
                                            R"(","decision":")" + std::string{word} +
                                            R"(","approver":{"id":"ada","name":"Ada","type":"executive"}})");
    return s.incidents.last_as<cmd::cast_vote>().vote.decision;
  };
  CHECK(decision_for("approve") == vote_decision::approved);
  CHECK(decision_for("reject") == vote_decision::rejected);
  CHECK(decision_for("rejected") == vote_decision::rejected);
  const auto& wanted = s.incidents.last_as<cmd::cast_vote>().vote;
  CHECK(wanted.approver_id == "ada");
  CHECK(wanted.approver_name == "Ada");
  CHECK(wanted.approver_type == approver_type::executive);
}

TEST_CASE("a vote names all its bad fields at once") {
  surface s;
  CHECK(s.post(agent_path + "decide", "{}").bad_fields() ==
        std::vector<std::string>{"approval_request_id REQUIRED", "decision REQUIRED", "approver_id REQUIRED",
                                 "approver_type REQUIRED"});
  CHECK(s.post(agent_path + "decide", R"({"request_id":"req-1","decision":"maybe","approver":{"type":"boss"}})")
            .bad_fields() == std::vector<std::string>{"request_id INVALID_VALUE", "approver.id REQUIRED",
                                                      "approver.type INVALID_VALUE", "decision INVALID_VALUE"});
  CHECK(s.incidents.commands.empty());
}

TEST_CASE("a vote that names no incident finds it in the store, or is 404") {
  surface s;
  const auto body =
      R"({"request_id":")" + gate + R"(","approver_id":"a","approver_type":"sre_lead","decision":"approve"})";
  CHECK(s.post(agent_path + "decide", body).code() == 404);
  CHECK(s.incidents.commands.empty());
  s.store.documents[approval_id::parse(gate)->value()] = json::encode(some_pending_gate());
  CHECK(s.post(agent_path + "decide", body).code() == 200);
  CHECK(s.incidents.last().incident_id.str() == id);
  s.store.documents[approval_id::parse(gate)->value()] = R"({"incident_id":")" + id + R"("})";
  CHECK(s.post(agent_path + "decide", body).code() == 200);
  s.store.documents[approval_id::parse(gate)->value()] = "{}";
  CHECK(s.post(agent_path + "decide", body).code() == 500);
}

TEST_CASE("a vote of somebody whom the request does not list is 403") {
  surface s;
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::forbidden, "not an approver"); };
  const auto a =
      s.post(agent_path + "decide", vote(R"("approver_id":"m","approver_type":"executive","decision":"approve")"));
  CHECK(a.code() == 403);
  CHECK(a.at("error.code") == "FORBIDDEN");
}

TEST_CASE("a request is cancelled by somebody, and handed up by anybody") {
  surface s;
  (void)s.post(agent_path + "cancel", vote(R"("requester_id":"orchestrator","reason":"fixed itself")"));
  const auto& cancelled = s.incidents.last_as<cmd::cancel_approval>();
  CHECK(cancelled.actor == "orchestrator");
  CHECK(cancelled.reason == "fixed itself");
  CHECK(cancelled.request.str() == gate);
  CHECK(s.post(agent_path + "cancel", vote(R"("reason":"x")")).bad_fields() ==
        std::vector<std::string>{"requester_id REQUIRED"});
  (void)s.post(agent_path + "escalate", vote(R"("actor":"ada")"));
  CHECK(s.incidents.last_as<cmd::escalate_approval>().actor == "ada");
  CHECK(s.post(agent_path + "escalate", "{}").bad_fields() == std::vector<std::string>{"approval_request_id REQUIRED"});
}
