/// Runs seeds, and tells what they found: `chaos_test --seeds 200 --first 1 --store sqlite`.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

#include "apps/child_process/child_process.hpp"
#include "tests/chaos/storm.hpp"

namespace {

using namespace im;
using namespace im::chaos;

struct totals {
  std::size_t runs = 0;
  std::size_t failed = 0;
  tally counted;
  trouble_counts troubles;
  std::size_t refused = 0;
  std::size_t unknown = 0;

  void add(const storm_result& run) {
    ++runs;
    failed += run.found.empty() ? 0 : 1;
    counted.acknowledged += run.counted.acknowledged;
    counted.lost += run.counted.lost;
    counted.doubled += run.counted.doubled;
    counted.events += run.counted.events;
    counted.gates += run.counted.gates;
    counted.approved += run.counted.approved;
    counted.expired += run.counted.expired;
    troubles += run.troubles;
    refused += run.refused;
    unknown += run.unknown;
  }
};

void print_row(const char* name, std::size_t count) { std::printf("| %-38s | %9zu |\n", name, count); }

void print(const totals& all, const std::string& store) {
  std::printf("\n| %-38s | %9s |\n|%s|%s|\n", (std::to_string(all.runs) + " runs on " + store).c_str(), "",
              std::string(40, '-').c_str(), (std::string(10, '-') + ":").c_str());
  print_row("processes killed (-9)", all.troubles.kills);
  print_row("processes frozen (SIGSTOP)", all.troubles.freezes);
  print_row("managers drained (SIGTERM)", all.troubles.drains);
  print_row("all connections of a road cut", all.troubles.cuts);
  print_row("all sessions of the database ended", all.troubles.ended_sessions);
  for (std::size_t i = 0; i < all.troubles.spoiled.size(); ++i)
    print_row(("exchanges: " + std::string{to_string(static_cast<test::fault>(i))}).c_str(), all.troubles.spoiled[i]);
  print_row("writes acknowledged", all.counted.acknowledged);
  print_row("requests refused", all.refused);
  print_row("outcome never learned", all.unknown);
  print_row("DecisionEvents", all.counted.events);
  print_row("gates opened", all.counted.gates);
  print_row("gates approved", all.counted.approved);
  print_row("gates expired", all.counted.expired);
  print_row("acknowledged and lost", all.counted.lost);
  print_row("doubled", all.counted.doubled);
  print_row("runs that broke an invariant", all.failed);
}

/// Everything that a failure is studied with: what is broken, and the logs of the incidents that it names.
void tell(const storm_result& run, const std::filesystem::path& folder) {
  std::printf("seed %llu breaks %zu invariants; its folder is kept: %s\n", static_cast<unsigned long long>(run.seed),
              run.found.size(), folder.c_str());
  std::set<std::string> named;
  for (const auto& one : run.found) {
    std::printf("  %s %s\n", one.incident.c_str(), one.what.c_str());
    if (!one.incident.empty()) named.insert(one.incident);
  }
  std::ofstream ledger{folder / "ledger"};
  for (const auto& made : run.entries)
    ledger << static_cast<int>(made.end) << ' ' << made.status << " x" << made.attempts << ' ' << made.id << ' '
           << made.what << ' ' << made.incident << ' ' << made.text << '\n';
  for (const auto& log : run.logs) {
    std::ofstream file{folder / ("incident-" + log.id + ".ndjson")};
    for (const auto& text : log.texts) file << text << '\n';
    if (named.contains(log.id)) std::printf("  its log: incident-%s.ndjson\n", log.id.c_str());
  }
}

storm_result run_one(std::uint64_t seed, const std::string& store, test::temporary_postgres* database, bool keep) {
  temporary_folder folder{"im-chaos"};
  storm_result run;
  try {
    run = run_storm(seed, folder.path(), database);
  } catch (const std::exception& e) {
    run.seed = seed;
    run.found.push_back({{}, std::string{"the run could not be finished: "} + e.what()});
  }
  std::printf(
      "seed %llu on %s: %zu acknowledged, %zu refused, %zu unknown, %zu events; %.1f s, deadlines caught up in %.1f "
      "s%s\n",
      static_cast<unsigned long long>(seed), store.c_str(), run.counted.acknowledged, run.refused, run.unknown,
      run.counted.events, static_cast<double>(run.lasted.count()) / 1000,
      static_cast<double>(run.to_catch_up.count()) / 1000, run.found.empty() ? "" : ": BROKEN");
  if (keep || !run.found.empty()) {
    folder.keep();
    tell(run, folder.path());
  }
  std::fflush(stdout);
  return run;
}

int run(int argc, char** argv) {
  CLI::App app{"Seeded chaos over real processes; every failure names its seed", "chaos_test"};
  std::uint64_t first = 1;
  std::uint64_t seeds = 1;
  std::string store = "sqlite";
  bool keep = false;
  app.add_option("--first", first, "the first seed");
  app.add_option("--seeds", seeds, "how many");
  app.add_option("--store", store, "sqlite or postgres")->check(CLI::IsMember({"sqlite", "postgres"}));
  app.add_flag("--keep", keep, "keep every run's folder, not only those of failures");
  CLI11_PARSE(app, argc, argv);
  std::unique_ptr<test::temporary_postgres> database;
  if (store == "postgres") database = std::make_unique<test::temporary_postgres>();
  totals all;
  for (auto seed = first; seed < first + seeds; ++seed) all.add(run_one(seed, store, database.get(), keep));
  print(all, store);
  return all.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "chaos_test: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
