#include <catch2/catch_test_macros.hpp>
#include <future>

#include "persistence/embedded/pending_calls.hpp"
#include "tests/persistence/client_support.hpp"

namespace {

using namespace im;
using namespace im::test;
using namespace std::chrono_literals;
using persistence::pending_calls;
using told = std::expected<int, http::client_error>;
using http::client_error_kind;

}  // namespace

TEST_CASE("a call is answered once, whoever comes first") {
  const auto calls = std::make_shared<pending_calls>();
  int times = 0;
  auto answer = calls->begin<int>(1h, [&](const told& got) { times += got.value(); });
  answer(1);
  answer(1);
  calls->close();
  CHECK(times == 1);
}

TEST_CASE(
    "a call that is not answered fails at its deadline, in the order of deadlines, and late answers are dropped") {
  const auto calls = std::make_shared<pending_calls>();
  awaited<told> far;
  awaited<told> near;
  awaited<told> last;
  auto answer_far = calls->begin<int>(1h, far.handler());
  auto answer_near = calls->begin<int>(10ms, near.handler());  // sooner than what the thread waits for
  const auto got = near.take();
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == client_error_kind::timeout);
  CHECK(got.error().maybe_sent);
  answer_near(1);
  auto answer_last = calls->begin<int>(10ms, last.handler());
  CHECK_FALSE(last.take());
  answer_far(7);
  CHECK(far.take().value() == 7);
}

TEST_CASE("the end cancels what is under way, and what comes after it") {
  const auto calls = std::make_shared<pending_calls>();
  awaited<told> before;
  awaited<told> after;
  auto answer = calls->begin<int>(1h, before.handler());
  calls->close();
  CHECK(before.take().error().kind == client_error_kind::cancelled);
  answer(1);
  auto answer_late = calls->begin<int>(1h, after.handler());
  CHECK(after.take().error().kind == client_error_kind::cancelled);
  answer_late(1);
}

TEST_CASE("a handler that throws does not keep the end waiting, and its caller does not get the exception") {
  const auto calls = std::make_shared<pending_calls>();
  const auto throwing = [](const told&) { throw std::runtime_error{"a handler's bug"}; };
  auto answered = calls->begin<int>(1h, throwing);
  auto cancelled = calls->begin<int>(1h, throwing);
  answered(1);
  awaited<told> after_overdue;
  auto overdue = calls->begin<int>(1ms, throwing);
  auto next = calls->begin<int>(5ms, after_overdue.handler());  // the thread goes on after the one that threw
  CHECK_FALSE(after_overdue.take());
  calls->close();
  auto late = calls->begin<int>(1h, throwing);
  cancelled(1);
  overdue(1);
  next(1);
  late(1);
}

TEST_CASE("the end waits for a handler that runs") {
  const auto calls = std::make_shared<pending_calls>();
  std::promise<void> runs;
  std::promise<void> may_end;
  bool ended = false;
  auto answer = calls->begin<int>(1h, [&](const told&) {
    runs.set_value();
    may_end.get_future().wait();
    ended = true;
  });
  std::thread answering{[&] { answer(1); }};
  runs.get_future().wait();
  std::thread releasing{[&] { may_end.set_value(); }};
  calls->close();
  CHECK(ended);
  releasing.join();
  answering.join();
}
