#include "tests/e2e/programs.hpp"

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace im::e2e {

namespace {

std::string address_in(const std::string& line) { return line.substr(line.find("http://")); }

}  // namespace

std::filesystem::path program(std::string_view name) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path().parent_path() / "bin" / name;
}

std::filesystem::path project() { return std::filesystem::current_path(); }

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void wait_until(time_point moment) {
  const auto since_epoch = moment.time_since_epoch();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  itimerspec at{};
  at.it_value.tv_sec = whole.count();
  at.it_value.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch - whole).count();
  const int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, nullptr);
  pollfd waiting{timer, POLLIN, 0};
  poll(&waiting, 1, -1);
  close(timer);
}

running_program::running_program(std::string_view name, const environment_map& environment,
                                 const std::filesystem::path& log)
    : process_{program(name), {}, environment, log} {
  const auto line = process_.wait_for_line("http://", patience);
  if (!line) throw std::runtime_error{std::string{name} + " did not start: " + read_file(log)};
  url_ = address_in(*line);
}

std::uint16_t running_program::port() const {
  return static_cast<std::uint16_t>(std::stoul(url_.substr(url_.rfind(':') + 1)));
}

int running_program::stop() {
  terminate();
  return ended().value_or(-1);
}

void running_program::kill() {
  process_.signal(SIGKILL);
  (void)ended();
}

environment_map own_settings(const std::filesystem::path& folder) {
  return {{"PLATFORM_ENV", "dev"},
          {"HTTP_ADDRESS", "127.0.0.1"},
          {"HTTP_PORT", "0"},
          {"METRICS_PORT", "off"},
          {"RUVECTOR_SERVICE_URL", ""},
          {"RUVECTOR_API_KEY", ""},
          {"DATA_DIR", (folder / "data").string()},
          {"LOG_FORMAT", "json"}};
}

manager::manager(environment_map more) : settings_{std::move(more)} {
  settings_.merge(own_settings(folder()));
  start();
}

void manager::start() {
  running_ = std::make_unique<running_program>("llm-incident-manager", settings_, folder() / "log");
}

bool eventually(running_program& process, const std::function<bool()>& held) {
  constexpr std::chrono::milliseconds between{50};
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    if (held()) return true;
    if (process.ended(between)) return false;
  }
  return false;
}

}  // namespace im::e2e
