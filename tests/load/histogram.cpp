#include "tests/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace im::load {

namespace {

// 2048 buckets of 1 µs, then 1024 of 2 µs, 1024 of 4 µs …: none is wider than 1/1024 of what is in it.
constexpr std::uint64_t exact_bits = 11;
constexpr std::uint64_t exact = std::uint64_t{1} << exact_bits;
constexpr std::uint64_t half = exact / 2;

constexpr std::size_t bucket_of(std::uint64_t value) {
  if (value < exact) return static_cast<std::size_t>(value);
  const auto shift = static_cast<std::uint64_t>(std::bit_width(value)) - exact_bits;
  return static_cast<std::size_t>(half * shift + (value >> shift));
}

/// The greatest value of a bucket.
constexpr std::uint64_t top_of(std::size_t bucket) {
  if (bucket < exact) return bucket;
  const auto shift = bucket / half - 1;
  return ((bucket - half * shift + 1) << shift) - 1;
}

constexpr auto bucket_count = bucket_of(static_cast<std::uint64_t>(histogram::longest.count())) + 1;

}  // namespace

histogram::histogram() : counts_(bucket_count) {}

void histogram::record(microseconds value) {
  const auto us = std::clamp<std::int64_t>(value.count(), 0, longest.count());
  ++counts_[bucket_of(static_cast<std::uint64_t>(us))];
  ++count_;
  sum_ += static_cast<std::uint64_t>(us);
  max_ = std::max(max_, us);
}

void histogram::merge(const histogram& other) {
  std::ranges::transform(counts_, other.counts_, counts_.begin(), std::plus{});
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

void histogram::clear() {
  std::ranges::fill(counts_, 0U);
  count_ = 0;
  sum_ = 0;
  max_ = 0;
}

double histogram::mean_us() const { return empty() ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

microseconds histogram::percentile(double percent) const {
  if (empty()) return {};
  const auto share = std::clamp(percent, 0.0, 100.0) / 100;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return microseconds{std::min(static_cast<std::int64_t>(top_of(bucket)), max_)};
  }
  return max();
}

}  // namespace im::load
