#pragma once
/// How often the loops of tests run.

namespace im::test {

/// `count`, or a tenth of it under a sanitizer, where each round takes about ten times as long.
template <class Count>
[[nodiscard]] constexpr Count rounds(Count count) {
#ifdef IM_SANITIZED
  return count / 10;
#else
  return count;
#endif
}

}  // namespace im::test
