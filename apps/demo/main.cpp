/// llm-im-demo: shows one incident from end to end on programs of this build, and leaves nothing behind.

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "apps/child_process/child_process.hpp"
#include "apps/demo/walk.hpp"

namespace {

constexpr std::chrono::seconds start_patience{30};
constexpr std::chrono::seconds stop_patience{20};

/// `  API      http://127.0.0.1:41234` → its address.
std::string address_in(const std::string& line) { return line.substr(line.find("http://")); }

/// Starts a program and waits until it says where it listens.
std::string started(im::child_process& program, std::string_view name) {
  const auto line = program.wait_for_line("http://", start_patience);
  if (!line) throw im::demo::demo_failed{fmt::format("{} did not start; its log is above", name)};
  return address_in(*line);
}

void stop(im::child_process& program, std::string_view name) {
  program.signal(SIGTERM);
  const auto code = program.wait(stop_patience);
  if (code != 0) throw im::demo::demo_failed{fmt::format("{} did not stop cleanly", name)};
}

void run(const std::filesystem::path& bin, const std::filesystem::path& scratch) {
  const auto data = (scratch / "data").string();
  const auto log = scratch / "log";
  std::string incident;
  {
    im::child_process service{bin / "llm-incident-manager",
                              {},
                              {{"HTTP_ADDRESS", "127.0.0.1"},
                               {"HTTP_PORT", "0"},
                               {"METRICS_PORT", "off"},
                               {"PLATFORM_ENV", "dev"},
                               {"RUVECTOR_SERVICE_URL", ""},
                               {"DATA_DIR", data}},
                              log};
    const auto url = started(service, "llm-incident-manager");
    fmt::print("llm-incident-manager runs at {} with its embedded store\n", url);
    im::demo::caller api{url};
    incident = im::demo::walk(api);
    stop(service, "llm-incident-manager");
  }
  const std::string key = "only-for-this-demo";
  im::child_process store{
      bin / "ruvector-service", {}, {{"RUVECTOR_PORT", "0"}, {"RUVECTOR_API_KEY", key}, {"DATA_DIR", data}}, log};
  im::demo::caller reader{started(store, "ruvector-service"), key};
  fmt::print("\nThe service is stopped. What ruvector-service kept, one DecisionEvent a decision:\n");
  const auto events = im::demo::print_log(reader, incident);
  if (events == 0) throw im::demo::demo_failed{"the store kept nothing"};
  stop(store, "ruvector-service");
  fmt::print(
      "\nThe demo is over: {} DecisionEvents, in sequence, append-only. Nothing is left running.\n"
      "Start your own with ./run, and see the README for what to send it.\n",
      events);
}

void print_file(const std::filesystem::path& path) {
  if (auto* file = std::fopen(path.c_str(), "r")) {
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) std::fputc(c, stderr);
    std::fclose(file);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) {
    const bool asked = std::string_view{argv[1]} == "--help" || std::string_view{argv[1]} == "-h";
    fmt::print(asked ? stdout : stderr, "Usage: {}\nShows one incident from end to end, and leaves nothing behind.\n",
               argv[0]);
    return asked ? 0 : 2;
  }
  const im::temporary_folder scratch{"llm-im-demo"};
  try {
    run(std::filesystem::read_symlink("/proc/self/exe").parent_path(), scratch.path());
    return 0;
  } catch (const im::demo::demo_failed& failed) {
    print_file(scratch.path() / "log");
    fmt::print(stderr, "{}: the demo failed: {}\n", argv[0], failed.what);
  }
  return 1;
} catch (const std::exception& e) {
  fmt::print(stderr, "{}: {}\n", argv[0], e.what());
  return 1;
}
