#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

#include "tests/persistence/actor_support.hpp"

namespace {

using namespace im;
using namespace im::test;
using namespace std::chrono_literals;
using persistence::persistence_config;

auto ask_log(persistence_fixture& f) {
  auto out = f.ask<log_page>(read_log_atom_v, id_of<incident_id>("a"), std::uint64_t{0});
  f.settle();
  return out;
}

template <class T>
void answer_next(std::deque<persistence::store_handler<T>>& calls, persistence::store_result<T> with) {
  auto done = std::move(calls.front());
  calls.pop_front();
  done(std::move(with));
}

void fail_next(persistence_fixture& f, fault kind, errc code) {
  answer_next<log_page>(f.store->logs, std::unexpected{store_failure{{code, "why"}, kind, false}});
  f.settle();
}

}  // namespace

TEST_CASE("each read goes to its call and its answer comes back") {
  persistence_fixture f;
  const auto log = ask_log(f);
  answer_next<log_page>(f.store->logs, log_page{{sample_event("a", 1)}, true});
  const auto event = f.ask<event_ptr>(read_event_atom_v, sample_event("a", 2)->id);
  const auto print = f.ask<fingerprint_lookups>(find_fingerprints_atom_v, fingerprint_list{{"e", "f"}});
  const auto policy = f.ask<policy_answer>(read_policy_atom_v, policy_query{policy_kind::sla, "sla", "", "e1"});
  const auto due = f.ask<due_page>(read_due_atom_v, t0, std::string{"c"});
  f.settle();
  answer_next<event_ptr>(f.store->events, sample_event("a", 2));
  f.settle();
  REQUIRE((*log->value)->events.size() == 1);
  REQUIRE((*log->value)->more);
  REQUIRE((**event->value)->sequence == 2);
  REQUIRE((*print->value)->found.at(1)->open);
  REQUIRE((*policy->value)->unchanged);
  REQUIRE((*due->value)->entries.front().due_at == t0);
  REQUIRE((*due->value)->next_cursor == "c+");
}

TEST_CASE("a read that failed is tried again, and what is not there is not") {
  persistence_fixture f;
  SECTION("away, then answered") {
    const auto log = ask_log(f);
    fail_next(f, fault::away, errc::timeout);
    REQUIRE(f.store->logs.empty());
    f.pass(50ms);
    answer_next<log_page>(f.store->logs, log_page{});
    f.settle();
    REQUIRE((log->times == 1 && log->value->has_value()));
  }
  SECTION("away for good") {
    const auto log = ask_log(f);
    for (int i = 0; i < limits::write_attempts; ++i) {
      fail_next(f, fault::away, errc::timeout);
      f.pass(300ms);
    }
    REQUIRE(log->is(errc::timeout));
    REQUIRE(f.store->logs.empty());
  }
  SECTION("not found") {
    const auto log = ask_log(f);
    fail_next(f, fault::refused, errc::not_found);
    REQUIRE(log->is(errc::not_found));
  }
}

TEST_CASE("reads open the circuit too, and end when it is open") {
  persistence_config config;
  config.breaker_failures = 2;
  persistence_fixture f{std::move(config)};
  const auto one = ask_log(f);
  const auto two = ask_log(f);
  fail_next(f, fault::away, errc::timeout);
  fail_next(f, fault::away, errc::timeout);
  f.pass(60ms);
  REQUIRE(one->is(errc::store_unavailable));
  REQUIRE(two->is(errc::store_unavailable));
  REQUIRE(ask_log(f)->is(errc::store_unavailable));
  f.pass(1000ms);
  const auto probe = ask_log(f);
  REQUIRE(ask_log(f)->is(errc::store_unavailable));
  answer_next<log_page>(f.store->logs, log_page{});
  f.settle();
  REQUIRE(probe->value->has_value());
  ask_log(f);
  REQUIRE(f.store->logs.size() == 1);
}

TEST_CASE("what the store refuses is an answer: it does not open the circuit") {
  persistence_config config;
  config.breaker_failures = 1;
  persistence_fixture f{std::move(config)};
  for (int i = 0; i < 3; ++i) {
    const auto log = ask_log(f);
    fail_next(f, fault::refused, errc::not_found);
    REQUIRE(log->is(errc::not_found));
  }
}

TEST_CASE("reads are bounded, and a drain waits for those under way") {
  persistence_config config;
  config.pending_reads = 2;
  persistence_fixture f{std::move(config)};
  const auto one = ask_log(f);
  const auto two = ask_log(f);
  REQUIRE(ask_log(f)->is(errc::overloaded));
  const auto drained = f.drain();
  REQUIRE(ask_log(f)->is(errc::draining));
  answer_next<log_page>(f.store->logs, log_page{});
  f.settle();
  REQUIRE(*drained == 0);
  answer_next<log_page>(f.store->logs, log_page{});
  f.settle();
  REQUIRE(*drained == 1);
  REQUIRE((one->times == 1 && two->times == 1));
}

TEST_CASE("an actor that is gone does not mind a late answer") {
  auto store = std::make_shared<fake_store>();
  {
    persistence_fixture f;
    std::ignore = ask_log(f);
    f.write_now(sample_batch("a", 1, 1));
    store = f.store;
  }
  store->commit();
  answer_next<log_page>(store->logs, log_page{});
  REQUIRE(store->writes.empty());
}

namespace {

/// Throws where the actor calls it.
class throwing_store final : public persistence::store_port {
public:
  void write(persistence::store_write, persistence::store_handler<persistence::write_results>) override {
    throw std::runtime_error{"the transport is broken"};
  }
  void read_log(incident_id, std::uint64_t, persistence::store_handler<log_page>) override { throw 1; }
  void find_logs(incident_list, persistence::store_handler<incident_list>) override {}
  void read_event(event_id, persistence::store_handler<event_ptr>) override {}
  void find_fingerprints(fingerprint_list, persistence::store_handler<fingerprint_lookups>) override {}
  void read_policy(policy_query, persistence::store_handler<policy_answer>) override {}
  void read_due(time_point, std::string, persistence::store_handler<due_page>) override {}
};

}  // namespace

TEST_CASE("what the persistence actor throws is reported, its callers are answered, and it ends as a failure") {
  const auto reported = std::make_shared<std::vector<std::string>>();
  persistence_config config;
  config.observers.on_exception = [reported](std::string_view what) { reported->emplace_back(what); };
  persistence_fixture f{std::move(config), std::make_shared<throwing_store>()};
  caf::error ended;
  caf::actor_cast<caf::abstract_actor*>(f.persistence)->attach_functor([&](const caf::error& why) { ended = why; });
  SECTION("an exception") {
    const auto write = f.write_now(sample_batch("a", 1, 1));
    CHECK_FALSE(write->pending());
    CHECK_FALSE(write->value->has_value());
    CHECK(*reported == std::vector<std::string>{"the transport is broken"});
  }
  SECTION("something else") {
    const auto log = ask_log(f);
    CHECK_FALSE(log->pending());
    CHECK_FALSE(log->value->has_value());
    CHECK(reported->size() == 1);
  }
  CHECK(ended == caf::sec::runtime_error);
}
