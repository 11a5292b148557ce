#include "http/exchange_queue.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <numeric>
#include <random>

#include "http/write_batch.hpp"

namespace {

using namespace im::http;

response numbered(std::uint64_t number) { return {.code = status::ok, .body = std::to_string(number)}; }

std::string bytes_of(write_batch& batch) {
  std::string out;
  for (const auto& buffer : batch.buffers()) out.append(static_cast<const char*>(buffer.data()), buffer.size());
  return out;
}

TEST_CASE("answers leave in the order of their requests, whatever order they come in") {
  const auto seed = GENERATE(range(1U, 30U));
  CAPTURE(seed);
  std::mt19937 generator{seed};
  exchange_queue queue{4};
  std::vector<std::uint64_t> waiting;
  std::vector<std::uint64_t> left;
  std::uint64_t pushed = 0;
  while (left.size() < 200) {
    if (pushed < 200 && !queue.full() && generator() % 2 == 0) {
      waiting.push_back(queue.push({}));
      ++pushed;
    } else if (!waiting.empty()) {
      const auto chosen = waiting.begin() + static_cast<std::ptrdiff_t>(generator() % waiting.size());
      REQUIRE(queue.settle(*chosen, numbered(*chosen)));
      REQUIRE_FALSE(queue.settle(*chosen, numbered(999)));
      waiting.erase(chosen);
    }
    while (auto* e = queue.ready()) {
      left.push_back(std::stoul(e->answer->body));
      queue.pop();
    }
  }
  std::vector<std::uint64_t> expected(200);
  std::iota(expected.begin(), expected.end(), 0U);
  CHECK(left == expected);
  CHECK(queue.empty());
}

TEST_CASE("an answer for a request that has left changes nothing") {
  exchange_queue queue{2};
  const auto first = queue.push({});
  REQUIRE(queue.settle(first, numbered(first)));
  queue.pop();
  CHECK_FALSE(queue.settle(first, numbered(7)));
  const auto second = queue.push({});
  const auto third = queue.push({});
  CHECK(queue.full());
  CHECK_FALSE(queue.settle(first, numbered(7)));  // its place is taken by another now
  CHECK(queue.settle(third, numbered(third)));
  CHECK(queue.ready() == nullptr);
  CHECK(queue.settle(second, numbered(second)));
  CHECK(queue.ready() != nullptr);
}

TEST_CASE("only what waits beyond its deadline is late") {
  const exchange::clock::time_point zero{};
  exchange_queue queue{3};
  for (int i = 0; i < 3; ++i) {
    exchange e;
    e.deadline = zero + std::chrono::seconds{i};
    std::ignore = queue.push(std::move(e));
  }
  queue.settle(0, numbered(0));
  std::vector<std::uint64_t> late;
  queue.for_each_late(zero + std::chrono::seconds{1}, [&](std::uint64_t ticket, exchange&) { late.push_back(ticket); });
  CHECK(late == std::vector<std::uint64_t>{1});
}

TEST_CASE("a batch holds small and large bodies in order and survives partial writes") {
  write_batch batch;
  std::string expected_bodies;
  for (const std::size_t size : {10UL, 100'000UL, 5UL, 50'000UL}) {
    exchange e;
    e.correlation_id = "c";
    e.answer = response{.code = status::ok, .body = std::string(size, 'x')};
    batch.add(e, "now");
  }
  const auto whole = bytes_of(batch);
  std::string written;
  for (bool done = false; !done;) {
    const auto rest = bytes_of(batch);
    const auto step = std::min<std::size_t>(rest.size(), 7919);
    written += rest.substr(0, step);
    done = batch.wrote(step);
  }
  CHECK(written == whole);
  CHECK(whole.find("Content-Length: 100000\r\n\r\nxxx") != std::string::npos);
  batch.clear();
  CHECK(batch.empty());
}

TEST_CASE("an answer has the headers that every answer has") {
  exchange e;
  e.keep_alive = false;
  e.correlation_id = "abc";
  e.answer = response{.code = status::not_found, .body = "{}", .headers = {{"X-One", "1"}}};
  write_batch batch;
  batch.add(e, "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(bytes_of(batch) ==
        "HTTP/1.1 404 Not Found\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: llm-incident-manager\r\n"
        "X-Content-Type-Options: nosniff\r\nX-Correlation-Id: abc\r\nConnection: close\r\nX-One: 1\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

}  // namespace
