/// Alerts whose sender repeats them while they fire: what is news, and what it comes to.

#include <catch2/catch_test_macros.hpp>

#include "actors/logic/decide.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

using namespace im;
using namespace im::test;

namespace {

const logic::decider who{"1.0.0", "test", environment::development};

/// One incident, and the seconds since t0 at which it is told of things.
class alerting {
public:
  disposition fires(double since, double at) { return notify(since, at, false); }
  disposition is_resolved(double since, double at) { return notify(since, at, true); }
  void change(change_kind what, double at) {
    cmd::change_incident asked;
    asked.change = what;
    asked.actor = "grace";
    REQUIRE(decide(asked, at));
  }

  [[nodiscard]] const incident_state& state() const { return state_; }
  [[nodiscard]] incident_status status() const { return state_.record.status; }
  [[nodiscard]] bool handed_back() const { return handed_back_; }
  /// Of the last notification.
  [[nodiscard]] std::size_t events() const { return events_; }
  [[nodiscard]] const std::string& comment() const { return comment_; }

private:
  disposition notify(double since, double at, bool resolves) {
    cmd::ingest_signal signal;
    signal.source = "alertmanager";
    signal.fingerprint = "fingerprint";
    signal.severity = severity::p3;
    signal.title = "HighErrorRate";
    signal.resource = {resource_type::service, "checkout", "Checkout", {}};
    signal.timestamp = after(at);
    signal.firing_since = after(since);
    signal.resolves = resolves;
    const auto decided = decide(signal, at);
    REQUIRE(decided);
    return decided->disposition;
  }

  result<logic::decision> decide(any_command body, double at) {
    command c;
    c.incident_id = id_of<incident_id>("incident");
    c.context.request = "request " + std::to_string(++requests_);
    c.body = std::move(body);
    auto decided = logic::decide(state_, c, {deployed_policies(), who, after(at)});
    if (!decided) return decided;
    handed_back_ = decided->hand_back;
    events_ = decided->events.size();
    comment_.clear();
    for (const auto& event : decided->events)
      if (const auto* changed = std::get_if<fact::incident_changed>(&event.fact.value)) comment_ = changed->comment;
    return decided;
  }

  incident_state state_ = *nothing_known_of(id_of<incident_id>("incident"));
  int requests_ = 0;
  bool handed_back_ = false;
  std::size_t events_ = 0;
  std::string comment_;
};

}  // namespace

TEST_CASE("an alert that is repeated while its incident is open has one effect") {
  alerting alert;
  CHECK(alert.fires(0, 1) == disposition::opened);
  CHECK(alert.fires(0, 240) == disposition::duplicate);
  CHECK(alert.events() == 0);
  alert.change(change_kind::acknowledge, 300);
  CHECK(alert.fires(0, 480) == disposition::duplicate);
  CHECK(alert.state().record.event_count == 1);
  CHECK(alert.fires(500, 501) == disposition::attached);  // another firing is news
  CHECK(alert.state().record.event_count == 2);
  CHECK(alert.fires(0, 600) == disposition::duplicate);
}

TEST_CASE("resolved for an older firing leaves the incident open, and is noted") {
  alerting alert;
  alert.fires(0, 1);
  alert.fires(3600, 3601);
  CHECK(alert.is_resolved(0, 3700) == disposition::attached);
  CHECK(is_open(alert.status()));
  CHECK(alert.events() == 1);
  CHECK(alert.comment().find("goes on") != std::string::npos);
  CHECK(alert.is_resolved(3600, 3800) == disposition::attached);
  CHECK(alert.status() == incident_status::resolved);
}

TEST_CASE(
    "an alert that fires on after people resolved its incident reopens it, or opens another when that was long ago") {
  alerting alert;
  alert.fires(0, 1);
  alert.change(change_kind::resolve, 100);
  SECTION("within the window") {
    CHECK(alert.fires(0, 100 + 899) == disposition::attached);
    CHECK_FALSE(alert.handed_back());
    CHECK(alert.status() == incident_status::in_progress);
    CHECK(alert.comment() == "the source reports that the alert fires");
    CHECK(alert.fires(0, 2000) == disposition::duplicate);
  }
  SECTION("after it") {
    alert.fires(0, 100 + 900);
    CHECK(alert.handed_back());
    CHECK(alert.status() == incident_status::resolved);
  }
  SECTION("a closed one stays closed") {
    alert.change(change_kind::close, 110);
    alert.fires(0, 120);
    CHECK(alert.handed_back());
    CHECK(alert.status() == incident_status::closed);
  }
}

TEST_CASE("an alert that its sender resolved is over: a late repeat is nothing, and a new firing is flapping") {
  alerting alert;
  alert.fires(0, 1);
  alert.is_resolved(0, 100);
  REQUIRE(alert.status() == incident_status::resolved);
  CHECK(alert.fires(0, 101) == disposition::duplicate);
  CHECK_FALSE(alert.handed_back());
  CHECK(alert.status() == incident_status::resolved);
  CHECK(alert.is_resolved(0, 102) == disposition::attached);
  CHECK(alert.events() == 0);
  CHECK(alert.fires(200, 201) == disposition::attached);
  CHECK(alert.status() == incident_status::in_progress);
  alert.is_resolved(200, 300);
  CHECK(alert.status() == incident_status::resolved);
}
