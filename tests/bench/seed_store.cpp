/// seed_store FILE INCIDENTS: fills an embedded store with that many open incidents, each as the service itself would have opened it, by
/// its own decision and the store's own writer, but without the HTTP between them. For measurements of what many open
/// incidents cost. Prints one JSON object.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <string>

#include "actors/logic/commit.hpp"
#include "messages/hash.hpp"
#include "persistence/ruvector/event_reader.hpp"
#include "persistence/ruvector/sqlite_store.hpp"
#include "tests/support/policies.hpp"

namespace {

using namespace im;

constexpr std::size_t incidents_per_batch = 500;

command signal_number(std::size_t n, time_point now) {
  cmd::ingest_signal signal;
  signal.source = "seed";
  signal.fingerprint = sha256_hex("seed " + std::to_string(n));
  signal.severity = severity::p4;
  signal.title = "Seeded incident " + std::to_string(n);
  signal.description = "one of many that stay open";
  signal.resource = {resource_type::service, "service-" + std::to_string(n % 1000), {}, {}};
  signal.timestamp = now;
  command c;
  c.incident_id = mint_incident_id(now, signal.fingerprint);
  c.context.request = "seed:" + uuid::v7(now).str();
  c.context.inputs_hash = sha256_hex(c.context.request);
  c.body = std::move(signal);
  return c;
}

void append(ruvector::store& to, std::vector<ruvector::new_event> events) {
  std::promise<bool> stored;
  to.append(std::move(events), [&](const auto& results) {
    stored.set_value(results && std::ranges::all_of(*results, [](const auto& r) {
                       return r.outcome == ruvector::append_outcome::created;
                     }));
  });
  if (!stored.get_future().get()) throw std::runtime_error{"the store did not take an opening"};
}

void seed(const char* file, std::size_t incidents) {
  const auto store = ruvector::open_sqlite_store(file).value();
  const auto& rules = test::deployed_policies();
  const logic::decider who{"0.0.0", "seed", environment::development};
  const auto started = std::chrono::steady_clock::now();
  std::size_t events = 0;
  for (std::size_t done = 0; done < incidents;) {
    std::vector<ruvector::new_event> batch;
    for (const auto until = std::min(incidents, done + incidents_per_batch); done < until; ++done) {
      const auto now = system_wall_clock{}.now();
      const auto opening = signal_number(done, now);
      incident_state nothing;
      nothing.record.id = opening.incident_id;
      const command* one = &opening;
      for (const auto& event : logic::plan_commit(nothing, {}, {&one, 1}, {rules, who, now}).events)
        batch.push_back(ruvector::read_event(event.text).value());
    }
    events += batch.size();
    append(*store, std::move(batch));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::printf("{\"incidents\":%zu,\"events\":%zu,\"seconds\":%.1f}\n", incidents, events, took.count());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 3) throw std::runtime_error{"usage: seed_store FILE INCIDENTS"};
    seed(argv[1], std::stoul(argv[2]));
    return EXIT_SUCCESS;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "seed_store: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
