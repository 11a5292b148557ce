/// The whole harness against services that keep their word, forget, repeat themselves or refuse: it has to tell them apart.

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <mutex>

#include "http/server.hpp"
#include "messages/json/node.hpp"
#include "messages/json/writer.hpp"
#include "tests/load/reconcile.hpp"
#include "tests/load/workloads.hpp"

using namespace im;
using namespace im::load;

namespace {

/// Takes platform events, one a POST, and tells a log for each service. What becomes of the `n`th event is up to the test.
class false_service {
public:
  enum class fate { kept, forgotten, doubled, refused, misplaced };

  explicit false_service(std::function<fate(std::uint64_t n)> decide, bool shows_logs = true)
      : decide_{std::move(decide)}, shows_logs_{shows_logs}, server_{{.address = "127.0.0.1", .port = 0}, routes()} {
    server_.start();
  }
  ~false_service() { server_.stop(); }
  false_service(const false_service&) = delete;
  false_service& operator=(const false_service&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

private:
  http::router routes() {
    http::router table;
    table.add(http::verb::post, "/api/v1/events",
              [this](http::request&& req, http::responder&& answer) { answer(take(req.body)); });
    table.add(http::verb::get, "/api/v1/incidents/{id}/log", [this](http::request&& req, http::responder&& answer) {
      answer(log(*req.params.get("id"), std::stoul(std::string{req.query.get("after").value_or("0")})));
    });
    return table;
  }

  http::response take(const std::string& body) {
    const std::scoped_lock guard{mutex_};
    const auto parsed = json::document::parse(body);
    const auto id = "events:" + std::string{parsed->root().find_string("execution_id").value()};
    const auto service = std::string{parsed->root().find("payload")->find_string("service").value()};
    const auto what = decide_(taken_++);
    if (what == fate::refused) return {.code = http::status::service_unavailable, .body = R"({"error":{"code":"X"}})"};
    auto& incident = incidents_.try_emplace(service, incident_id::mint(system_wall_clock{}.now())).first->second;
    auto& home = logs_[what == fate::misplaced ? incidents_.begin()->second.str() : incident.str()];
    if (what != fate::forgotten) home.push_back(id);
    if (what == fate::doubled) home.push_back(id);
    json::writer out;
    out.begin_object();
    out.key("incident_id");
    out.string(incident.str());
    out.end_object();
    return {.code = http::status::accepted, .body = out.take()};
  }

  /// Pages of two, so that reading goes on.
  http::response log(std::string_view id, std::size_t after) {
    if (!shows_logs_) return {.code = http::status::unauthorized};
    const std::scoped_lock guard{mutex_};
    const auto& requests = logs_[std::string{id}];
    json::writer out;
    out.begin_object();
    out.key("events");
    out.begin_array();
    for (auto at = after; at < std::min(after + 2, requests.size()); ++at) {
      out.begin_object();
      out.key("sequence");
      out.number(at + 1);
      out.key("request_ids");
      out.begin_array();
      out.string(requests[at]);
      out.end_array();
      out.end_object();
    }
    out.end_array();
    out.key("head");
    out.number(requests.size());
    out.end_object();
    return {.code = http::status::ok, .body = out.take()};
  }

  std::function<fate(std::uint64_t)> decide_;
  bool shows_logs_;
  std::mutex mutex_;
  std::uint64_t taken_ = 0;
  std::map<std::string, incident_id> incidents_;
  std::map<std::string, std::vector<std::string>> logs_;
  http::server server_;
};

using fate = false_service::fate;

constexpr std::uint64_t events = 200;

/// 200 events about 7 services; what the harness makes of them.
report loaded(const false_service& against, options asked = {}) {
  asked.url = against.url();
  asked.connections = 5;
  asked.count = events;
  asked.events.services = 7;
  const auto found_at = find_service(asked.url);
  REQUIRE(found_at);
  const run_id ids{uuid::v7(system_wall_clock{}.now())};
  auto found = run_workload(asked, *found_at, ids, {});
  found.checked = reconcile(found.measured.sum.acknowledged, ids, {found_at->at, found_at->to});
  return found;
}

}  // namespace

TEST_CASE("of a service that keeps its word every event is read back, over one thread or three") {
  for (const std::size_t threads : {1U, 3U}) {
    const false_service honest{[](std::uint64_t) { return fate::kept; }};
    options asked;
    asked.threads = threads;
    const auto found = loaded(honest, asked);
    CHECK(found.measured.sum.units == events);
    CHECK(found.measured.sum.answers.at(202) == events);
    CHECK(found.measured.sum.latency[0].count() == events);
    CHECK(found.measured.sum.failed() == 0);
    CHECK(found.checked->acknowledged == events);
    CHECK(found.checked->incidents == 7);
    CHECK(found.checked->holds());
  }
}

TEST_CASE("events that were acknowledged and forgotten are counted as missing") {
  const false_service forgetful{[](std::uint64_t n) { return n % 10 == 3 ? fate::forgotten : fate::kept; }};
  const auto found = loaded(forgetful);
  CHECK(found.checked->missing == events / 10);
  CHECK(found.checked->doubled == 0);
  CHECK_FALSE(found.checked->holds());
}

TEST_CASE("events that took effect twice are counted as doubled") {
  const false_service repeating{[](std::uint64_t n) { return n % 20 == 3 ? fate::doubled : fate::kept; }};
  const auto found = loaded(repeating);
  CHECK(found.checked->missing == 0);
  CHECK(found.checked->doubled == events / 20);
  CHECK_FALSE(found.checked->holds());
}

TEST_CASE("an event in another incident's log does not hold") {
  const false_service confused{[](std::uint64_t n) { return n > 100 ? fate::misplaced : fate::kept; }};
  CHECK_FALSE(loaded(confused).checked->holds());
}

TEST_CASE("logs that cannot be read are told apart from logs that lack something") {
  const false_service mute{[](std::uint64_t) { return fate::kept; }, false};
  const auto found = loaded(mute);
  CHECK(found.checked->unread == 7);
  CHECK(found.checked->missing == events);
  CHECK(as_text({}, found).find("7 logs could not be read") != std::string::npos);
}

TEST_CASE("what is refused is counted, not measured and not looked for") {
  const false_service busy{[](std::uint64_t n) { return n % 2 == 0 ? fate::refused : fate::kept; }};
  const auto found = loaded(busy);
  CHECK(found.measured.sum.units == events / 2);
  CHECK(found.measured.sum.latency[0].count() == events / 2);
  CHECK(found.measured.sum.refusals.at("503 X") == events / 2);
  CHECK(found.checked->acknowledged == events / 2);
  CHECK(found.checked->holds());
}

TEST_CASE("an open loop sends each unit once, and as many as are due in its time") {
  const false_service honest{[](std::uint64_t) { return fate::kept; }};
  options asked;
  asked.rate = 2000;
  asked.threads = 2;
  const auto found = loaded(honest, asked);
  CHECK(found.measured.sum.begun == events);
  CHECK(found.measured.sum.unsent == 0);
  CHECK(found.checked->acknowledged == events);
  CHECK(found.checked->holds());
}

TEST_CASE("the figures are JSON, and the summary says what is missing") {
  const false_service forgetful{[](std::uint64_t n) { return n == 0 ? fate::forgotten : fate::kept; }};
  const auto found = loaded(forgetful);
  const auto parsed = json::document::parse(as_json({}, found));
  REQUIRE(parsed);
  CHECK(parsed->root().find("units")->as_int() == static_cast<std::int64_t>(events));
  CHECK(parsed->root().find("reconciliation")->find("missing")->as_int() == 1);
  CHECK(parsed->root().find("reconciliation")->find("holds")->as_bool() == false);
  CHECK(parsed->root().find("latency_us")->find("count")->as_int() == static_cast<std::int64_t>(events));
  CHECK(as_text({}, found).find("200 acknowledged, 1 missing, 0 doubled") != std::string::npos);
}
