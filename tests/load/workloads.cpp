#include "tests/load/workloads.hpp"

namespace im::load {

namespace {

clock::duration seconds_of(double s) {
  return std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(s));
}

plan plan_of(const options& asked, const service& of) {
  return {.to = of.at,
          .players = asked.connections,
          .rate = asked.rate,
          .warmup = seconds_of(asked.warmup_s.value_or(0)),
          .duration = seconds_of(asked.duration_s.value_or(0)),
          .count = asked.count};
}

}  // namespace

report run_workload(const options& asked, const service& of, const run_id& ids, const watch& watching) {
  const script run{.to = of.to,
                   .ids = ids,
                   .started = system_wall_clock{}.now(),
                   .seed = asked.seed,
                   .operations_a_unit = asked.events.batch};
  report found;
  found.measured = run_phase(
      plan_of(asked, of), asked.threads, [&] { return make_event_player(run, asked.events); }, watching);
  return found;
}

}  // namespace im::load
