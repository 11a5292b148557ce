/// llm-im-load: loads a running llm-incident-manager, measures it, and reads back what it acknowledged.

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include <fmt/format.h>

#include "tests/load/workloads.hpp"

namespace {

using namespace im;
using namespace im::load;

constexpr int lost = 1;
constexpr int usage = 2;
constexpr int unreachable = 3;

volatile std::sig_atomic_t interrupted = 0;

/// The first Ctrl-C ends the run early, and what was acknowledged is still read back; the second ends the program.
void end_early() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

/// Thousands of connections need as many descriptors as we may have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int complain(const std::string& what, int code) {
  fmt::print(stderr, "llm-im-load: {}\n", what);
  return code;
}

watch watch_for(const options& asked) {
  watch watching{.pid = asked.pid, .tell = {}, .stopped = [] { return interrupted != 0; }};
  const bool terminal = isatty(STDERR_FILENO) == 1;
  if (asked.live || terminal)
    watching.tell = [terminal](const moment& now) {
      fmt::print(stderr, "{}{}{}", terminal ? "\r\x1b[K" : "", live_line(now), terminal ? "" : "\n");
    };
  return watching;
}

bool write_file(const std::string& path, const std::string& text) {
  auto* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && whole;
}

/// Where logs are read back from; what is wrong with it ends the program before the load.
std::expected<service, std::string> logs_of(const options& asked, const service& manager) {
  if (asked.store_url.empty()) return manager;
  if (asked.store_key.empty()) return std::unexpected{"--store-url needs the key in RUVECTOR_API_KEY"};
  if (auto ready = check_ready(asked.store_url, "/api/v1/health"); !ready) return std::unexpected{ready.error()};
  return find_service(asked.store_url, asked.store_key);
}

int tell(const options& asked, const report& found) {
  const bool to_stdout = asked.json_file == "-";
  fmt::print(to_stdout ? stderr : stdout, "{}", as_text(asked, found));
  const auto json = as_json(asked, found) + '\n';
  if (to_stdout)
    fmt::print("{}", json);
  else if (!asked.json_file.empty() && !write_file(asked.json_file, json))
    return complain("cannot write " + asked.json_file, usage);
  if (found.checked && found.checked->unread != 0)
    return complain("not all logs could be read back; is the key right, and is the service still there?", lost);
  if (found.checked && !found.checked->holds()) return complain("what was acknowledged is not what is stored", lost);
  if (found.measured.sum.begun > 0 && found.measured.sum.units == 0 && found.measured.sum.failed() > 0)
    return complain("nothing was taken", unreachable);
  return 0;
}

int run(const options& asked) {
  const auto manager = find_service(asked.url);
  if (!manager) return complain(manager.error(), usage);
  const bool ours = asked.kind != workload::post;
  if (auto ready = ours ? check_ready(asked.url, "/health/ready") : std::expected<void, std::string>{}; !ready)
    return complain(ready.error(), unreachable);
  const auto logs = logs_of(asked, *manager);
  if (!logs) return complain(logs.error(), usage);
  end_early();
  raise_descriptor_limit();
  const run_id ids{uuid::v7(system_wall_clock{}.now())};
  const auto watching = watch_for(asked);
  auto found = run_workload(asked, *manager, ids, watching);
  if (watching.tell) fmt::print(stderr, "\n");
  if (asked.reconcile) {
    const auto began = clock::now();
    found.checked = reconcile(found.measured.sum.acknowledged, ids, {logs->at, logs->to});
    found.checked_s = std::chrono::duration<double>(clock::now() - began).count();
  }
  return tell(asked, found);
}

}  // namespace

int main(int argc, char** argv) try {
  const auto read = read_options(argc, argv);
  if (const auto* code = std::get_if<int>(&read)) return *code;
  return run(std::get<options>(read));
} catch (const std::exception& e) {
  return complain(e.what(), usage);
}
