#include "apps/ruvector_service/serve.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "apps/ruvector_service/console.hpp"
#include "apps/settings/shutdown_budget.hpp"

namespace im::ruvector {

namespace {

/// The signals that end us, blocked in every thread, so that main() can wait for them.
sigset_t block_signals() {
  sigset_t ends{};
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  return ends;
}

}  // namespace

int serve(service_config config) {
  const auto ends = block_signals();
  config.log = log_line;
  std::atomic<bool> stopped = false;
  config.on_stopped = [&stopped] {
    stopped = true;
    kill(getpid(), SIGTERM);
  };
  const auto where = config.address;
  service running{std::move(config)};
  if (const auto started = running.start(); !started) return refuse(started.error().message);
  log_line(log_level::info, "listening on " + where + ':' + std::to_string(running.port()));
  std::fprintf(stdout, "ruvector-service listens\n  API      http://%s:%u\n", where.c_str(), unsigned{running.port()});
  std::fflush(stdout);
  int received = 0;
  sigwait(&ends, &received);
  log_line(log_level::info, stopped ? "draining: the store is stopped" : "draining");
  if (!running.drain(shutdown_budget{}.drain({}))) log_line(log_level::warn, "some requests were cut off");
  log_line(log_level::info, "stopped");
  return stopped ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace im::ruvector
