#include "telemetry/log.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <csignal>
#include <future>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "messages/assert.hpp"
#include "messages/json/node.hpp"

using namespace im;

namespace {

struct stopped_clock final : wall_clock {
  [[nodiscard]] time_point now() const override { return time_point{}; }
};

const stopped_clock clock_at_zero;

log::config into(std::vector<std::string>& lines, log::level threshold = log::level::info) {
  return {.threshold = threshold,
          .as = log::format::json,
          .clock = &clock_at_zero,
          .sink = [&lines](std::string_view line) { lines.emplace_back(line); }};
}

}  // namespace

TEST_CASE("lines are written in order, each with its line break, before the session ends") {
  std::vector<std::string> lines;
  {
    const auto session = log::start(into(lines));
    for (int i = 0; i < 100; ++i) log::info(log::event::service_started, "up", {{"n", i}});
  }
  REQUIRE(lines.size() == 100);
  CHECK(lines[0] ==
        "{\"ts\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"event\":\"service_started\",\"msg\":\"up\",\"n\":0}"
        "\n");
  CHECK(lines[99].ends_with("\"n\":99}\n"));
}

TEST_CASE("a per cent sign or a brace in a message is no pattern") {
  std::vector<std::string> lines;
  {
    const auto session = log::start(into(lines));
    log::info(log::event::service_started, "100%v {} %n {0}", {{"also", "%v{}"}});
  }
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("\"msg\":\"100%v {} %n {0}\",\"also\":\"%v{}\"") != std::string::npos);
}

TEST_CASE("lines below the threshold are not written, and those from it on are") {
  std::vector<std::string> lines;
  {
    const auto session = log::start(into(lines, log::level::warn));
    CHECK_FALSE(log::enabled(log::level::info));
    CHECK(log::enabled(log::level::warn));
    log::trace(log::event::decision_taken, "t");
    log::debug(log::event::decision_taken, "d");
    log::info(log::event::decision_taken, "i");
    log::warn(log::event::decision_taken, "w");
    log::error(log::event::decision_taken, "e");
    log::set_threshold(log::level::trace);
    log::trace(log::event::decision_taken, "t2");
    log::set_threshold(log::level::off);
    log::error(log::event::decision_taken, "e2");
  }
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].find("\"level\":\"warn\"") != std::string::npos);
  CHECK(lines[1].find("\"level\":\"error\"") != std::string::npos);
  CHECK(lines[2].find("\"level\":\"trace\"") != std::string::npos);
}

TEST_CASE("without a session lines go nowhere") {
  log::error(log::event::service_failed, "nobody hears this");
  log::set_threshold(log::level::trace);
  CHECK_FALSE(log::enabled(log::level::error));
}

TEST_CASE("there is one session at a time, and another after it") {
  std::vector<std::string> first;
  std::vector<std::string> second;
  {
    const auto session = log::start(into(first));
    CHECK_THROWS_AS(log::session{into(second)}, std::logic_error);
    log::info(log::event::service_started, "one");
  }
  {
    const auto session = log::start(into(second));
    log::info(log::event::service_started, "two");
  }
  CHECK(first.size() == 1);
  CHECK(second.size() == 1);
}

TEST_CASE("a stuck writer blocks nobody: the oldest lines are dropped and counted") {
  constexpr std::size_t queue = 16;
  constexpr int beyond = 5;
  const auto before = log::dropped_lines();
  std::vector<std::string> lines;
  std::promise<void> writing;
  std::promise<void> go_on;
  auto unblocked = go_on.get_future();
  {
    auto config = into(lines);
    config.queue_lines = queue;
    config.sink = [&](std::string_view line) {
      if (lines.empty()) {
        writing.set_value();
        unblocked.wait();
      }
      lines.emplace_back(line);
    };
    const auto session = log::start(std::move(config));
    log::info(log::event::service_started, "first", {{"n", -1}});
    writing.get_future().wait();  // it is out of the queue
    for (int i = 0; i < static_cast<int>(queue) + beyond; ++i)
      log::info(log::event::service_started, "more", {{"n", i}});
    CHECK(log::dropped_lines() - before == beyond);
    go_on.set_value();
  }
  CHECK(log::dropped_lines() - before == beyond);
  REQUIRE(lines.size() == 1 + queue);
  CHECK(lines[0].find("\"n\":-1") != std::string::npos);
  CHECK(lines[1].find("\"n\":" + std::to_string(beyond) + "}") != std::string::npos);
}

TEST_CASE("many threads log at once while the session ends, and every line is whole") {
  std::vector<std::string> lines;
  constexpr int threads = 4;
  {
    std::latch started{threads};
    std::vector<std::jthread> loggers;
    {
      const auto session = log::start(into(lines));
      for (int t = 0; t < threads; ++t)
        loggers.emplace_back([&started, t] {
          log::info(log::event::request_done, "first", {{"thread", t}});
          started.count_down();
          for (int i = 0; i < 200; ++i) log::info(log::event::request_done, "done", {{"thread", t}, {"n", i}});
        });
      started.wait();
    }
  }
  CHECK(lines.size() >= threads);
  for (const auto& line : lines) CHECK(json::document::parse(line));
}

TEST_CASE("a session's end waits for a line that is being made, however long that takes") {
  struct slow_clock final : wall_clock {
    [[nodiscard]] time_point now() const override {
      asked.count_down();
      ended_before = over.wait_for(std::chrono::milliseconds{100}) == std::future_status::ready;
      return time_point{};
    }
    mutable std::latch asked{1};
    mutable bool ended_before = false;
    std::future<void> over;
  } clock;
  std::promise<void> over;
  clock.over = over.get_future();
  std::vector<std::string> lines;
  auto with = into(lines);
  with.clock = &clock;
  std::jthread logger;
  {
    const auto session = log::start(std::move(with));
    logger = std::jthread{[] { log::info(log::event::request_done, "slow"); }};
    clock.asked.wait();
  }
  over.set_value();
  logger.join();
  CHECK_FALSE(clock.ended_before);
  CHECK(lines.size() == 1);
}

TEST_CASE("a failed assertion is the last line of the log, after all that was queued") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const auto child = fork();
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    const auto session =
        log::start({.as = log::format::json, .clock = &clock_at_zero, .sink = [&ends](std::string_view line) {
                      std::ignore = write(ends[1], line.data(), line.size());
                    }});
    for (int i = 0; i < 100; ++i) log::info(log::event::service_started, "up", {{"n", i}});
    IM_ASSERT(ends[0] < 0);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 512> part{};
  for (ssize_t n = 0; (n = read(ends[0], part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  const auto last = text.find("\"event\":\"assertion_failed\"");
  REQUIRE(last != std::string::npos);
  CHECK(text.find("\"n\":99}") < last);
  CHECK(text.find("tests/telemetry/log_test.cpp", last) != std::string::npos);
}

TEST_CASE("a failed assertion ends the process although nobody reads the log") {
  constexpr unsigned hung_after_s = 30;
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const auto flags = fcntl(ends[1], F_GETFL);
  REQUIRE(fcntl(ends[1], F_SETFL, flags | O_NONBLOCK) == 0);
  while (write(ends[1], "x", 1) == 1) continue;  // until it is full
  REQUIRE(fcntl(ends[1], F_SETFL, flags) == 0);
  const auto child = fork();
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    dup2(ends[1], STDERR_FILENO);
    alarm(hung_after_s);
    const auto session = log::start();
    log::info(log::event::service_started, "up");
    IM_ASSERT(ends[0] < 0);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  for (const int end : ends) close(end);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}
