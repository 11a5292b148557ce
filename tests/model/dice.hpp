#pragma once
/// The chance of one seed. SplitMix64: the same on every machine, and ready at once, which counts for ten thousand seeds.

#include <cstdint>
#include <vector>

#include "messages/time.hpp"

namespace im::test::model {

class dice {
public:
  explicit dice(std::uint64_t seed) : state_{seed * 0x9e3779b97f4a7c15U + 1} {}

  /// 0 to `bound` - 1.
  int below(int bound) { return static_cast<int>(next() % static_cast<std::uint64_t>(bound)); }
  bool chance(int percent) { return below(100) < percent; }
  milliseconds between(milliseconds least, milliseconds most) {
    return least +
           milliseconds{static_cast<std::int64_t>(next() % static_cast<std::uint64_t>((most - least).count() + 1))};
  }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(below(static_cast<int>(values.size())))];
  }

private:
  std::uint64_t next() {
    auto z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
};

}  // namespace im::test::model
