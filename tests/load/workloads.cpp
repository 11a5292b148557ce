#include "tests/load/workloads.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/load/process_memory.hpp"

namespace im::load {

namespace {

/// Of a soak: mostly events, some of everything. It ends what it opens, so that as much is open after an hour as in the beginning:
/// memory that grows is not its doing.
constexpr std::uint64_t soak_attached = 85, soak_ended = 6, soak_evaluated = 3, soak_approved = 3, soak_lived = 3;
/// Events in one POST while incidents are prepared.
constexpr std::size_t prepared_batch = operations_of_a_walk;

clock::duration seconds_of(double s) {
  return std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(s));
}

class workload_run {
public:
  workload_run(const options& asked, const service& of, const run_id& ids, const watch& watching)
      : asked_{asked}, of_{of}, watching_{watching} {
    const bool events = asked.kind == workload::ingest || asked.kind == workload::churn;
    script_ = {.to = of.to,
               .ids = ids,
               .started = system_wall_clock{}.now(),
               .seed = asked.seed,
               .operations_a_unit = events ? asked.events.batch : operations_of_a_walk};
  }

  report run() {
    switch (asked_.kind) {
      case workload::ingest:
      case workload::churn: return measured([this] { return make_event_player(script_, asked_.events); });
      case workload::evaluate: return measured([this] { return evaluating(); });
      case workload::approvals: return approvals();
      case workload::lifecycle: return measured([this] { return make_walk_player(script_, lifecycle_steps(script_)); });
      case workload::soak: return measured([this] { return soaking(); });
      case workload::idle: return idle();
      case workload::post: return measured([this] { return make_post_player(script_, asked_.post); });
    }
    return {};
  }

private:
  [[nodiscard]] plan measured_plan() const {
    return {.to = of_.at,
            .players = asked_.connections,
            .rate = asked_.rate,
            .warmup = seconds_of(asked_.warmup_s.value_or(0)),
            .duration = seconds_of(asked_.duration_s.value_or(0)),
            .count = asked_.count,
            .first_unit = next_unit_};
  }

  report measured(const player_factory& make) {
    report found;
    found.measured = run_phase(measured_plan(), asked_.threads, make, watching_);
    auto& sum = found.measured.sum;
    sum.acknowledged.merge(prepared_.acknowledged);
    for (const auto& [what, count] : prepared_.refusals) sum.refusals["preparing: " + what] += count;
    for (const auto& [why, count] : prepared_.failures) sum.failures["preparing: " + why] += count;
    return found;
  }

  /// Does `count` units as fast as they go; what they acknowledged is looked for in the end.
  void prepare(std::uint64_t count, const player_factory& make) {
    const plan all{.to = of_.at, .players = asked_.connections, .count = count, .first_unit = next_unit_};
    next_unit_ += count;
    prepared_.merge(run_phase(all, asked_.threads, make, watching_).sum);
  }

  [[nodiscard]] std::span<const incident_id> opened() const { return prepared_.acknowledged.incidents(); }

  [[nodiscard]] incident_chooser one_of_the_prepared() const {
    if (opened().empty()) return {};
    return [this](std::uint64_t unit) { return opened()[unit % opened().size()]; };
  }

  std::unique_ptr<player> evaluating() const {
    // Incidents that the service does not hold: the full input is all it knows.
    return make_walk_player(script_, {evaluation_step(script_, asked_.dry_run)}, [this](std::uint64_t unit) {
      const auto number = chosen(script_.seed, unit, asked_.incidents);
      return *incident_id::parse(view(script_.ids.text((std::uint64_t{1} << 47U) + number)));
    });
  }

  report approvals() {
    prepare((asked_.incidents + prepared_batch - 1) / prepared_batch,
            [this] { return make_event_player(script_, {.services = 0, .batch = prepared_batch}); });
    return measured([this] { return make_approval_player(script_, one_of_the_prepared()); });
  }

  std::unique_ptr<player> soaking() const {
    std::vector<part> parts;
    parts.push_back({make_event_player(script_, {.services = asked_.events.services}), soak_attached});
    parts.push_back({make_walk_player(script_, short_life_steps(script_)), soak_ended});
    parts.push_back({evaluating(), soak_evaluated});
    parts.push_back({make_approval_player(script_), soak_approved});
    parts.push_back({make_walk_player(script_, lifecycle_steps(script_)), soak_lived});
    return make_mix_player(script_.seed, std::move(parts));
  }

  report idle() {
    const auto before = memory();
    std::vector<step> steps{open_step(script_)};
    if (asked_.gates) steps.push_back(approval_step());
    prepare(asked_.incidents, [&] { return make_walk_player(script_, steps); });
    const auto live = memory();
    settle();
    const auto passivated = memory();
    auto found = measured([this] {
      return make_walk_player(script_, {comment_step()}, [this](std::uint64_t unit) {
        return opened()[chosen(script_.seed, unit, opened().size())];
      });
    });
    const auto note = [&](const char* name, std::optional<double> value) {
      if (value) found.figures.emplace_back(name, *value);
    };
    const auto each = [&](std::optional<double> with) -> std::optional<double> {
      if (!with || !before || opened().empty()) return std::nullopt;
      return (*with - *before) / static_cast<double>(opened().size());
    };
    note("incidents", static_cast<double>(opened().size()));
    note("resident_before_bytes", before);
    note("resident_live_bytes", live);
    note("live_incident_bytes", each(live));
    note("resident_passivated_bytes", passivated);
    note("passivated_incident_bytes", each(passivated));
    return found;
  }

  [[nodiscard]] std::optional<double> memory() const {
    const auto bytes = asked_.pid ? resident_bytes(*asked_.pid) : std::nullopt;
    return bytes ? std::optional{static_cast<double>(*bytes)} : std::nullopt;
  }

  /// Lets the incidents passivate.
  void settle() const {
    const auto end = clock::now() + seconds_of(asked_.settle_s);
    boost::asio::io_context context;
    boost::asio::steady_timer timer{context};
    while (clock::now() < end && !watching_.stopped()) {
      timer.expires_at(std::min(end, clock::now() + std::chrono::seconds{1}));
      timer.wait();
    }
  }

  const options& asked_;
  const service& of_;
  const watch& watching_;
  script script_;
  tally prepared_;
  std::uint64_t next_unit_ = 0;
};

}  // namespace

report run_workload(const options& asked, const service& of, const run_id& ids, const watch& watching) {
  return workload_run{asked, of, ids, watching}.run();
}

}  // namespace im::load
