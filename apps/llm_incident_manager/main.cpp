/// llm-incident-manager: reads its settings, runs until SIGTERM or SIGINT, drains, and exits 0; 1 where it cannot go on by itself.

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

#include <fmt/format.h>

#include "apps/llm_incident_manager/application.hpp"
#include "im/version.hpp"
#include "telemetry/guarded_wall_clock.hpp"
#include "telemetry/log.hpp"

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

void say_where(const im::application& app, const im::settings& with) {
  const std::string_view host = with.http_address == "0.0.0.0" ? "127.0.0.1" : std::string_view{with.http_address};
  fmt::print("llm-incident-manager {} listens\n  API      http://{}:{}\n", with.service_version, host, app.http_port());
  if (const auto port = app.metrics_port()) fmt::print("  metrics  http://{}:{}/metrics\n", host, *port);
  fmt::print("  store    {}\nStop it with Ctrl-C or SIGTERM.\n", app.store_address());
  std::fflush(stdout);
}

/// Load balancers read /health/ready and turn away; until they have, requests are taken. A second signal cuts it short.
void wait_as_lame_duck(std::chrono::seconds longest, const sigset_t& stop_signals) {
  const auto until = std::chrono::steady_clock::now() + longest;
  for (auto left = std::chrono::nanoseconds{longest}; left.count() > 0;
       left = until - std::chrono::steady_clock::now()) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(left);
    timespec limit{};
    limit.tv_sec = whole.count();
    limit.tv_nsec = (left - whole).count();
    if (sigtimedwait(&stop_signals, nullptr, &limit) > 0) return;
  }
}

int run(const im::settings& with) {
  // Before any thread starts, so that all of them leave the signals to this one.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  im::log::config log_config;
  log_config.threshold = with.log_level;
  log_config.as = with.log_format;
  const auto logging = im::log::start(log_config);
  for (const auto& notice : with.notices) im::log::warn(im::log::event::settings_notice, notice);

  const im::guarded_wall_clock clock;
  im::application app{with, clock, [] { kill(getpid(), SIGTERM); }};
  if (auto started = app.start(); !started) {
    im::log::error(im::log::event::service_failed, started.error().message);
    fmt::print(stderr, "llm-incident-manager cannot start: {}\n", started.error().message);
    return exit_failed;
  }
  im::log::info(im::log::event::service_started, "listening",
                {{"http_port", app.http_port()}, {"store", app.store_address()}});
  say_where(app, with);

  int signal = 0;
  sigwait(&stop_signals, &signal);
  im::log::info(im::log::event::drain_started, app.has_failed()    ? "it cannot go on"
                                               : signal == SIGTERM ? "SIGTERM"
                                                                   : "SIGINT");
  const auto signalled = std::chrono::steady_clock::now();
  app.leave();
  if (!app.has_failed()) wait_as_lame_duck(with.shutdown.lame_duck(with.lame_duck), stop_signals);
  const bool clean = app.drain(with.shutdown.drain(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - signalled)));
  im::log::write(clean ? im::log::level::info : im::log::level::warn,
                 clean ? im::log::event::service_stopped : im::log::event::drain_cut_short, "stopped");
  return app.has_failed() ? exit_failed : 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string_view argument = argc > 1 ? argv[1] : "";
  if (argument == "--version" || argument == "version") {
    fmt::print("llm-incident-manager {}\n", im::version);
    return 0;
  }
  if (argument == "--help" || argument == "-h") {
    fmt::print("llm-incident-manager takes its settings from the environment:\n\n{}", im::settings_help());
    return 0;
  }
  if (argc > 1) {
    fmt::print(stderr, "unknown argument '{}'; settings come from the environment, see --help\n", argument);
    return exit_usage;
  }
  const auto settings = im::read_settings();
  if (!settings) {
    fmt::print(stderr, "llm-incident-manager cannot start; {} setting(s) are not right:\n", settings.error().size());
    for (const auto& bad : settings.error()) fmt::print(stderr, "  {}\n", to_string(bad));
    return exit_usage;
  }
  return run(*settings);
} catch (const std::exception& e) {
  fmt::print(stderr, "llm-incident-manager stopped: {}\n", e.what());
  return exit_failed;
}
