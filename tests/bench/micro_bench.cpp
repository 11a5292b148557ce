/// Micro-benchmarks: the JSON reader and writer, the machines, the batch buffer. Run from the project's root.

#include <benchmark/benchmark.h>

#include "actors/logic/commit.hpp"
#include "actors/logic/escalation.hpp"
#include "persistence/batch_buffer.hpp"
#include "tests/load/bodies.hpp"
#include "tests/load/histogram.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;

const logic::decider who{"1.0.0", "bench", environment::development};

command signal_of(std::string request) {
  cmd::ingest_signal signal;
  signal.source = "llm-sentinel";
  signal.fingerprint = "fingerprint";
  signal.severity = severity::p2;
  signal.title = "Latency of checkout";
  signal.resource = {resource_type::service, "checkout", "Checkout", {}};
  signal.timestamp = t0;
  command c;
  c.incident_id = id_of<incident_id>("incident");
  c.context.request = std::move(request);
  c.context.inputs_hash = std::string(64, 'a');
  c.body = std::move(signal);
  return c;
}

incident_state unopened() {
  incident_state state;
  state.record.id = id_of<incident_id>("incident");
  return state;
}

void plan(benchmark::State& state, const incident_state& before, std::size_t count) {
  std::vector<command> commands;
  for (std::size_t i = 0; i < count; ++i) commands.push_back(signal_of("events:" + std::to_string(i)));
  std::vector<const command*> pointers;
  for (const auto& c : commands) pointers.push_back(&c);
  for (auto _ : state)
    benchmark::DoNotOptimize(logic::plan_commit(before, {}, pointers, {deployed_policies(), who, t0}));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

void plan_commit_opening(benchmark::State& state) { plan(state, unopened(), 1); }
void plan_commit_attaching(benchmark::State& state) {
  plan(state, sample_state(), static_cast<std::size_t>(state.range(0)));
}

void evaluate_escalation(benchmark::State& state) {
  const auto before = sample_state();
  for (auto _ : state) {
    const auto input = logic::escalation_input_from(before, "llm-sentinel", t0, {}, after(600));
    benchmark::DoNotOptimize(logic::evaluate_escalation(input, deployed_policies().escalation, after(600)));
  }
}

const std::string& sample_event() {
  static const auto text = load::event_body(load::subject::service, "medium", t0);
  return text;
}

/// An opening and its evaluation, as they are stored.
const std::vector<decision_event>& stored_events() {
  static const auto events = [] {
    const auto c = signal_of("events:1");
    const command* const one[] = {&c};
    return logic::plan_commit(unopened(), {}, one, {deployed_policies(), who, t0}).events;
  }();
  return events;
}

void json_parse_event(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(json::document::parse(sample_event()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sample_event().size()));
}

void json_write_decision_event(benchmark::State& state) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto text = json::encode(stored_events().back());
    bytes += text.size();
    benchmark::DoNotOptimize(text);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void json_read_decision_event(benchmark::State& state) {
  const auto text = json::encode(stored_events().back());
  for (auto _ : state) benchmark::DoNotOptimize(json::decode<decision_event>(text, json::read_bounds::stored()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

/// As many incidents as `range`, an event each: pushed, taken as writes, released.
void batch_buffer_round(benchmark::State& state) {
  using buffer = persistence::batch_buffer<int>;
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<incident_id> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(id_of<incident_id>(std::to_string(i)));
  const buffer::time_point now{};
  for (auto _ : state) {
    buffer waiting;
    for (const auto& id : ids) benchmark::DoNotOptimize(waiting.push({id, 1, 2000, 0}, now));
    while (!waiting.empty()) {
      for (const auto& entry : waiting.take(now)) waiting.release(entry.incident_id, entry.events, entry.bytes);
      waiting.end_write();
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void histogram_record(benchmark::State& state) {
  load::histogram h;
  std::int64_t us = 1;
  for (auto _ : state) {
    h.record(load::microseconds{us});
    us = us * 7 % 1'000'003;
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(json_parse_event);
BENCHMARK(json_write_decision_event);
BENCHMARK(json_read_decision_event);
BENCHMARK(plan_commit_opening);
BENCHMARK(plan_commit_attaching)->Arg(1)->Arg(64);
BENCHMARK(evaluate_escalation);
BENCHMARK(batch_buffer_round)->Arg(64)->Arg(4096);
BENCHMARK(histogram_record);

}  // namespace

BENCHMARK_MAIN();
