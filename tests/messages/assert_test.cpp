#include "messages/assert.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdio>
#include <string>

namespace {

/// How a child that asserts `holds` ended, and what it wrote to stderr.
struct ending {
  int signal = 0;
  std::string text;
};

ending assert_in_child(bool holds) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const auto child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    IM_ASSERT(holds);
    _exit(0);
  }
  close(ends[1]);
  ending result;
  std::array<char, 512> part{};
  for (ssize_t n = 0; (n = read(ends[0], part.data(), part.size())) > 0;)
    result.text.append(part.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

}  // namespace

TEST_CASE("a failed assertion ends the process and names the condition, the file and the line") {
  const auto failed = assert_in_child(false);
  CHECK(failed.signal == SIGABRT);
  CHECK(failed.text.find("assertion failed: holds (tests/messages/assert_test.cpp:") != std::string::npos);
}

TEST_CASE("an assertion that holds does nothing") {
  const auto passed = assert_in_child(true);
  CHECK(passed.signal == 0);
  CHECK(passed.text.empty());
}
