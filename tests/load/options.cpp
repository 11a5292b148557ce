#include "tests/load/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace im::load {

namespace {

constexpr std::size_t most_connections = 20'000;
constexpr std::size_t most_threads = 64;
constexpr std::size_t most_in_a_batch = 1000;  // as the service's own bound

void add_common(CLI::App& to, options& o) {
  to.add_option("--url", o.url, "the service's address, plain HTTP")
      ->envname("LLM_IM_SERVICE_URL")
      ->capture_default_str();
  to.add_option("-c,--connections", o.connections, "callers at a time, each with a kept-alive connection")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_connections));
  to.add_option("-t,--threads", o.threads, "threads of the generator")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_threads));
  to.add_option("-r,--rate", o.rate,
                "units a second, each due at its moment whether or not earlier ones were answered; without it each "
                "caller goes on when it has its answer")
      ->check(CLI::Range(0.01, 1e7));
  to.add_option("-d,--duration", o.duration_s, "seconds to measure (10 without --count)")->check(CLI::Range(0.1, 1e6));
  to.add_option("-n,--count", o.count, "units to do, instead of a duration")->check(CLI::Range(1.0, 1e12));
  to.add_option("--warmup", o.warmup_s, "seconds before measuring (2 with a duration, 0 with a count)")
      ->check(CLI::Range(0.0, 1e6));
  to.add_option("--seed", o.seed, "of all that is chosen at random")->capture_default_str();
  to.add_option("--json", o.json_file, "write the figures to this file; - for standard output");
  to.add_flag("--live", o.live, "a line each second even if standard error is no terminal");
  to.add_option("--pid", o.pid, "the service's process, if it runs on this machine: its memory is reported");
  to.add_option("--store-url", o.store_url,
                "read back from this ruvector-service, with RUVECTOR_API_KEY, instead of from the manager");
  to.add_flag("!--no-reconcile", o.reconcile, "do not read back what was acknowledged");
}

void add_batch(CLI::App& to, options& o) {
  to.add_option("--batch", o.events.batch, "events in one POST")->check(CLI::Range(std::size_t{1}, most_in_a_batch));
  to.add_flag("--ndjson", o.events.ndjson, "as one JSON document a line, instead of an array");
}

std::string text_of(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

CLI::App* add(CLI::App& to, options& o, workload kind, const char* help) {
  auto* command = to.add_subcommand(std::string{name_of(kind)}, help);
  add_common(*command, o);
  command->callback([&o, kind] { o.kind = kind; });
  return command;
}

void add_incidents(CLI::App& to, options& o, const char* help) {
  to.add_option("--incidents", o.incidents, help)
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}));
}

void add_services(CLI::App& to, options& o) {
  to.add_option("--services", o.events.services, "services that events are about")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{99'999'999}));
}

void add_workloads(CLI::App& to, options& o) {
  auto* ingest = add(to, o, workload::ingest, "events over many services: most attach to an open incident");
  add_services(*ingest, o);
  add_batch(*ingest, o);
  auto* churn =
      add(to, o, workload::churn, "every event opens an incident of its own, which is evaluated and persisted");
  add_batch(*churn, o);
  auto* evaluate = add(to, o, workload::evaluate, "escalation evaluations of full inputs");
  evaluate->add_flag("--dry-run", o.dry_run, "evaluate only, persist nothing");
  add_incidents(*evaluate, o, "incidents that the inputs are about");
  auto* approvals =
      add(to, o, workload::approvals,
          "approval requests, each with a waiting orchestrator (a second connection) and two votes; `resume` is "
          "the time from the deciding vote to the orchestrator's answer");
  add_incidents(*approvals, o, "incidents opened at first, which approvals are asked for in turn (256 each at most)");
  add(to, o, workload::lifecycle, "whole incidents, from the event to the post-mortem and the closing");
  auto* soak = add(to, o, workload::soak, "a mix of all, an hour unless --duration says otherwise; reports the drift");
  add_services(*soak, o);
  add_incidents(*soak, o, "incidents that evaluations are about");
  auto* idle =
      add(to, o, workload::idle,
          "opens incidents, lets them passivate, measures the memory of --pid, wakes a random --count of them");
  add_incidents(*idle, o, "incidents to open");
  idle->add_flag("--gates", o.gates, "each with an open approval gate");
  idle->add_option("--settle", o.settle_s, "seconds to wait: more than the service's PASSIVATE_AFTER_SECS")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e5));
  auto* post = add(to, o, workload::post, "one request again and again: for comparing with any other server");
  post->add_option("--path", o.post.path, "where to")->required();
  post->add_option_function<std::string>(
          "--body", [&o](const std::string& file) { o.post.body = text_of(file); }, "a file with the JSON to send")
      ->required()
      ->check(CLI::ExistingFile);
  post->add_option("--status", o.post.status, "the answer that is expected")->capture_default_str();
}

/// What stands in for an option that was not given depends on the workload.
void set_defaults(options& o) {
  if (o.kind == workload::churn) o.events.services = 0;
  if (const auto* key = std::getenv("RUVECTOR_API_KEY")) o.store_key = key;
  if (o.kind == workload::post) o.reconcile = false;
  if (o.kind == workload::idle && !o.count) o.count = 1000;
  if (!o.count && !o.duration_s) o.duration_s = o.kind == workload::soak ? 3600 : 10;
  if (!o.warmup_s) o.warmup_s = o.duration_s ? 2 : 0;
}

}  // namespace

std::string_view name_of(workload kind) {
  switch (kind) {
    case workload::ingest: return "ingest";
    case workload::churn: return "churn";
    case workload::evaluate: return "evaluate";
    case workload::approvals: return "approvals";
    case workload::lifecycle: return "lifecycle";
    case workload::soak: return "soak";
    case workload::idle: return "idle";
    case workload::post: return "post";
  }
  return {};
}

std::variant<options, int> read_options(int argc, const char* const* argv) {
  options o;
  CLI::App app{"Loads llm-incident-manager, measures it, and reads back what it acknowledged.", "llm-im-load"};
  app.require_subcommand(1);
  app.footer(
      "Ends with 0: done; 1: something that was acknowledged is missing or doubled; 2: wrong usage; "
      "3: the service cannot be reached or took nothing.");
  add_workloads(app, o);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  set_defaults(o);
  return o;
}

}  // namespace im::load
