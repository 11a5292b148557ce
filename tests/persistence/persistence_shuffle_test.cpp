/// The actor over a store that fails in every way at random: whatever happens, each accepted write is answered exactly once, and
/// its answer is true.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <map>
#include <random>
#include <set>

#include "tests/persistence/actor_support.hpp"

namespace {

using namespace im;
using namespace im::test;
using namespace std::chrono_literals;

struct asked {
  event_batch batch;
  write_answer answer;
};

/// Applies writes as the store's first law has it, and loses answers.
class moody_store {
public:
  moody_store(persistence_fixture& fixture, unsigned seed) : f_{fixture}, chance_{seed} {}

  void answer_one(bool in_good_mood) {
    auto& calls = f_.store->writes;
    if (calls.empty()) return;
    std::swap(calls.front(), calls[chance_() % calls.size()]);
    auto call = f_.store->take();
    const auto mood = in_good_mood ? 9 : chance_() % 10;
    if (has_poison(*call.what)) return call.done(std::unexpected{fake_store::failure(fault::refused, false)});
    if (mood < 2) return call.done(std::unexpected{fake_store::failure(fault::away, false)});
    if (mood < 3) return call.done(std::unexpected{fake_store::failure(fault::busy, false)});
    persistence::write_results results;
    const auto applied = mood == 3 ? call.what->size() / 2 : mood == 4 ? 0 : call.what->size();
    for (std::size_t i = 0; i < applied; ++i) results.push_back(apply((*call.what)[i]));
    if (mood < 7)
      return call.done(std::unexpected{fake_store::failure(fault::away, true)});  // applied, in part or not at all
    call.done(std::move(results));
  }

  [[nodiscard]] bool has(const event_id& id) const { return stored_.contains(id); }
  [[nodiscard]] const std::vector<std::uint64_t>& log(const incident_id& id) { return logs_[id]; }

  void check_in_flight() const {
    std::set<incident_id> busy;
    for (const auto& call : f_.store->writes)
      for (const auto& one : *call.what) REQUIRE(busy.insert(one.incident_id).second);
    REQUIRE(f_.store->writes.size() <= limits::batches_in_flight);
  }

  static constexpr std::string_view poisoned = "poisoned";

private:
  static bool has_poison(const std::vector<persistence::incident_write>& writes) {
    return std::ranges::any_of(writes, [](const auto& w) { return w.incident_id == id_of<incident_id>(poisoned); });
  }

  write_outcome apply(const persistence::incident_write& write) {
    if (std::ranges::all_of(write.events, [&](const auto& e) { return stored_.contains(e->id); })) return {};
    auto& log = logs_[write.incident_id];
    for (const auto& event : write.events) {
      log.push_back(event->sequence);
      stored_.insert(event->id);
    }
    return {};
  }

  persistence_fixture& f_;
  std::mt19937 chance_;
  std::set<event_id> stored_;
  std::map<incident_id, std::vector<std::uint64_t>> logs_;
};

void check_answer(const asked& one, const moody_store& store) {
  REQUIRE(one.answer->times == 1);
  const auto in_store = [&](const auto& event) { return store.has(event->id); };
  if (one.answer->value->has_value()) {
    REQUIRE(std::ranges::all_of(one.batch.events, in_store));
    return;
  }
  const auto code = one.answer->value->error().code;
  REQUIRE(
      (code == errc::store_unavailable || code == errc::timeout || code == errc::overloaded || code == errc::internal));
  if (code != errc::timeout) REQUIRE(std::ranges::none_of(one.batch.events, in_store));
}

}  // namespace

TEST_CASE("whatever the store does, every write is answered once and truly") {
  const auto seed = GENERATE(range(1U, 9U));
  INFO("seed " << seed);
  persistence::persistence_config config;
  config.jitter_seed = seed;
  config.batches.pending_events = 200;
  config.batches.batch_age = std::chrono::milliseconds{seed % 3};
  config.breaker_failures = 4;
  config.breaker_open = 60ms;
  config.retries.attempts = 3;
  persistence_fixture f{std::move(config)};
  moody_store store{f, seed};
  std::mt19937 chance{seed * 7919};
  std::vector<asked> all;
  std::map<std::string, std::uint64_t> heads;

  for (int step = 0; step < 1500; ++step) {
    if (chance() % 3 != 0) {
      const auto name =
          chance() % 40 == 0 ? std::string{moody_store::poisoned} : "incident " + std::to_string(chance() % 15);
      auto& head = heads[name];
      auto batch = sample_batch(name, head + 1, head + 1 + chance() % 4);
      head += batch.events.size();
      all.push_back({batch, f.write(batch)});
    }
    if (chance() % 2 == 0) f.settle();
    store.check_in_flight();
    if (chance() % 2 == 0) store.answer_one(step / 300 % 2 == 1);
    if (chance() % 4 == 0) f.pass(std::chrono::milliseconds{chance() % 8});
  }
  const auto drained = f.drain();
  for (int i = 0; i < 20'000 && *drained == 0; ++i) {
    store.answer_one(true);
    f.pass(1ms);
  }
  REQUIRE(*drained == 1);

  int committed = 0;
  for (const auto& one : all) {
    check_answer(one, store);
    committed += one.answer->value->has_value() ? 1 : 0;
  }
  REQUIRE(committed > 100);
  for (const auto& [name, head] : heads) REQUIRE(std::ranges::is_sorted(store.log(id_of<incident_id>(name))));
}
