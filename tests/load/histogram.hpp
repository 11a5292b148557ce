#pragma once
/// A histogram of latencies in the manner of HdrHistogram: buckets that grow with the value, so that every percentile is right to
/// three significant digits from a microsecond to a minute, in a fixed 150 KB, and recording costs a few instructions.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace im::load {

using std::chrono::microseconds;

class histogram {
public:
  /// What is longer counts as this.
  static constexpr microseconds longest{60'000'000};

  histogram();

  /// Negative values count as 0.
  void record(microseconds value);
  void merge(const histogram& other);
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Exact; 0 of nothing.
  [[nodiscard]] microseconds max() const { return microseconds{max_}; }
  /// Exact; 0 of nothing.
  [[nodiscard]] double mean_us() const;
  /// The least recorded value that at least `percent` (0..100) of all do not exceed, within 0.1 %; 0 of nothing.
  [[nodiscard]] microseconds percentile(double percent) const;

private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace im::load
