#include "telemetry/metrics.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/log.hpp"

using namespace im;
using namespace im::telemetry;
using namespace std::chrono_literals;

namespace {

metrics::identity me() { return {"1.2.3", "abcdef", "dev"}; }

bool has(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string{line} + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("what was counted stands in the text") {
  metrics m{me()};
  m.incidents_opened[severity::p0].add();
  m.incidents_opened[severity::p0].add(2);
  m.events[ingestion::duplicate].add();
  m.decisions(agent::approver, decision_type::incident_approval_decision).add();
  m.incidents_live.set(7);
  m.gates_held.add();
  m.gates_held.add();
  m.gates_held.subtract();
  m.store_batch_events.observe(3);
  m.commit_seconds.observe(3ms);
  const auto text = m.expose();
  CHECK(has(text, R"(llm_im_incidents_opened_total{severity="P0"} 3)"));
  CHECK(has(text, R"(llm_im_events_total{disposition="duplicate"} 1)"));
  CHECK(has(text, R"(llm_im_decisions_total{agent="incident-approver",decision_type="incident_approval_decision"} 1)"));
  CHECK(has(text, "llm_im_incidents_live 7"));
  CHECK(has(text, "llm_im_gates_held 1"));
  CHECK(has(text, R"(llm_im_store_batch_events_bucket{le="2"} 0)"));
  CHECK(has(text, R"(llm_im_store_batch_events_bucket{le="4"} 1)"));
  CHECK(has(text, R"(llm_im_commit_seconds_bucket{le="0.005"} 1)"));
  CHECK(has(text, "llm_im_commit_seconds_count 1"));
  CHECK(has(text, "# TYPE llm_im_commit_seconds histogram"));
}

TEST_CASE("what has not happened yet is there as zero") {
  const auto text = metrics{me()}.expose();
  CHECK(has(text, R"(llm_im_child_restarts_total{child="approval_gate"} 0)"));
  CHECK(has(text, R"(llm_im_deadlines_fired_total{kind="approval"} 0)"));
  CHECK(has(text, R"(llm_im_policy_lookups_total{outcome="hit"} 0)"));
  CHECK(has(text, R"(llm_im_store_errors_total{kind="timeout"} 0)"));
  CHECK(has(text, R"(llm_im_gate_verdicts_total{verdict="approved"} 0)"));
  CHECK(has(text, "llm_im_gates_held 0"));
  CHECK(text.find(R"(llm_im_build_info{environment="dev",revision="abcdef",version="1.2.3"} 1)") != text.npos);
}

TEST_CASE("requests count by route, method and status, and unknown routes share one") {
  metrics m{me()};
  const std::array routes{route_name{"GET", "/api/v1/incidents"}, route_name{"POST", "/api/v1/incidents"},
                          route_name{"GET", "/health"}};
  m.prepare_routes(routes);
  CHECK(m.expose().find("llm_im_http_requests_total{") == std::string::npos);
  m.request_done("GET", "/api/v1/incidents", 200, 2ms, 0, 100);
  m.request_done("GET", "/api/v1/incidents", 200, 700ms, 0, 100);
  m.request_done("POST", "/api/v1/incidents", 201, 2ms, 50, 10);
  m.request_done("HEAD", "/health", 200, 1ms, 0, 0);
  m.request_done("BREW", "/api/v1/incidents", 405, 1ms, 0, 5);
  m.request_done("GET", "", 404, 1ms, 0, 5);
  m.request_done("GET", "/never/prepared", 404, 1ms, 0, 5);
  m.request_done("GET", "/health", 999, 1ms, 0, 0);
  const auto text = m.expose();
  CHECK(has(text, R"(llm_im_http_requests_total{method="GET",route="/api/v1/incidents",status="200"} 2)"));
  CHECK(has(text, R"(llm_im_http_requests_total{method="POST",route="/api/v1/incidents",status="201"} 1)"));
  CHECK(has(text, R"(llm_im_http_requests_total{method="GET",route="/health",status="200"} 1)"));
  CHECK(has(text, R"(llm_im_http_requests_total{method="other",route="none",status="405"} 1)"));
  CHECK(has(text, R"(llm_im_http_requests_total{method="other",route="none",status="404"} 2)"));
  CHECK(has(text, R"(llm_im_http_requests_total{method="GET",route="/health",status="other"} 1)"));
  CHECK(has(text, R"(llm_im_http_request_seconds_bucket{method="GET",route="/api/v1/incidents",le="0.0025"} 1)"));
  CHECK(has(text, R"(llm_im_http_request_seconds_count{method="GET",route="/api/v1/incidents"} 2)"));
  CHECK(has(text, "llm_im_http_received_bytes_total 50"));
  CHECK(has(text, "llm_im_http_sent_bytes_total 225"));
}

TEST_CASE("the breaker is in one state") {
  metrics m{me()};
  CHECK(has(m.expose(), R"(llm_im_store_breaker_state{state="closed"} 1)"));
  m.set_breaker(breaker::open);
  const auto text = m.expose();
  CHECK(has(text, R"(llm_im_store_breaker_state{state="closed"} 0)"));
  CHECK(has(text, R"(llm_im_store_breaker_state{state="open"} 1)"));
  CHECK(has(text, R"(llm_im_store_breaker_state{state="half_open"} 0)"));
}

TEST_CASE("every name is ours, every counter ends in _total, every metric is explained") {
  std::istringstream text{metrics{me()}.expose()};
  const std::regex name{"llm_im_[a-z0-9_]+"};
  int families = 0;
  int explained = 0;
  for (std::string line; std::getline(text, line);) {
    std::istringstream words{line};
    std::string hash, what, metric, type;
    words >> hash >> what >> metric >> type;
    if (hash != "#") continue;
    CAPTURE(line);
    explained += what == "HELP" ? 1 : 0;
    if (what != "TYPE") continue;
    ++families;
    CHECK(std::regex_match(metric, name));
    CHECK((type == "counter") == metric.ends_with("_total"));
  }
  CHECK(families > 30);
  CHECK(explained == families);
}

TEST_CASE("many threads lose no count, while another reads") {
  metrics m{me()};
  const std::array routes{route_name{"GET", "/health"}};
  m.prepare_routes(routes);
  constexpr int threads = 4;
  constexpr int each = 500;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&m, t] {
        for (int i = 0; i < each; ++i) {
          m.votes[vote_decision::approved].add();
          m.request_done("GET", "/health", 200 + static_cast<unsigned>(i % 3 + t % 2), 1ms, 1, 1);
        }
      });
    for (int i = 0; i < 10; ++i) CHECK_FALSE(m.expose().empty());
  }
  CHECK(m.votes[vote_decision::approved].value() == threads * each);
  CHECK(m.http_received_bytes.value() == threads * each);
  CHECK(has(m.expose(), R"(llm_im_http_request_seconds_count{method="GET",route="/health"} 2000)"));
}

TEST_CASE("dropped log lines are counted as the log counts them, however often somebody looks") {
  metrics m{me()};
  const auto expected = "llm_im_log_lines_dropped_total " + std::to_string(log::dropped_lines());
  CHECK(has(m.expose(), expected));
  CHECK(has(m.expose(), expected));
}

TEST_CASE("an empty handle does nothing") {
  counter{}.add();
  gauge{}.set(1);
  histogram{}.observe(1.0);
  CHECK(counter{}.value() == 0);
}
