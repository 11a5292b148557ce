#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "tests/load/histogram.hpp"

using namespace im::load;

namespace {

/// What a percentile is, from all values.
std::int64_t exact_percentile(std::vector<std::int64_t> values, double percent) {
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

/// Latencies from a microsecond to a minute, each magnitude as likely as another.
std::vector<std::int64_t> some_latencies(unsigned seed, std::size_t count) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> magnitude{0, std::log(6e7)};
  std::vector<std::int64_t> values(count);
  std::ranges::generate(values, [&] { return static_cast<std::int64_t>(std::exp(magnitude(random))); });
  return values;
}

histogram of(const std::vector<std::int64_t>& values) {
  histogram h;
  for (const auto value : values) h.record(microseconds{value});
  return h;
}

constexpr double some_percents[] = {0, 1, 10, 50, 90, 99, 99.9, 99.99, 100};

}  // namespace

TEST_CASE("percentiles are right to three significant digits, and never below the exact value") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  const auto values = some_latencies(seed, 20'000);
  const auto h = of(values);
  for (const double percent : some_percents) {
    const auto exact = exact_percentile(values, percent);
    const auto told = h.percentile(percent).count();
    CAPTURE(percent, exact, told);
    CHECK(told >= exact);
    CHECK(static_cast<double>(told - exact) <= 0.001 * static_cast<double>(exact));
  }
  CHECK(h.max().count() == std::ranges::max(values));
}

TEST_CASE("up to two milliseconds every microsecond is told apart") {
  for (std::int64_t us = 0; us < 2048; ++us) {
    histogram h;
    h.record(microseconds{us});
    h.record(microseconds{2047});
    CHECK(h.percentile(50).count() == us);
  }
}

TEST_CASE("a merge of parts is the histogram of the whole") {
  const auto values = some_latencies(7, 5'000);
  const std::vector<std::int64_t> first(values.begin(), values.begin() + 1'234);
  const std::vector<std::int64_t> second(values.begin() + 1'234, values.end());
  auto merged = of(first);
  merged.merge(of(second));
  const auto whole = of(values);
  CHECK(merged.count() == values.size());
  CHECK(merged.max() == whole.max());
  CHECK(merged.mean_us() == whole.mean_us());
  for (const double percent : some_percents) CHECK(merged.percentile(percent) == whole.percentile(percent));
}

TEST_CASE("what is beyond a minute counts as a minute, and what is below nothing as nothing") {
  histogram h;
  h.record(std::chrono::minutes{5});
  CHECK(h.max() == histogram::longest);
  CHECK(h.percentile(100) == histogram::longest);
  h.record(microseconds{-3});
  CHECK(h.percentile(50).count() == 0);
  CHECK(h.count() == 2);
}

TEST_CASE("an empty histogram tells zeros, and so does a cleared one") {
  histogram h;
  CHECK(h.empty());
  CHECK(h.percentile(99).count() == 0);
  h.record(microseconds{70'000});
  CHECK(h.mean_us() == 70'000);
  h.clear();
  CHECK(h.empty());
  CHECK(h.max().count() == 0);
  CHECK(h.percentile(100).count() == 0);
  CHECK(h.mean_us() == 0);
}
