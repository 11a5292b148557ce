#pragma once
/// The ids that a run gives its requests: what is the run's, and a number. So an id found in a log tells whose it is and which.
/// They are UUIDv7 whose time goes on with the number, as the ids of real detectors do.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "messages/ids.hpp"

namespace im::load {

/// The text of a UUID.
using uuid_text = std::array<char, 36>;

[[nodiscard]] inline std::string_view view(const uuid_text& text) { return {text.data(), text.size()}; }

class run_id {
public:
  /// `seed`: a UUIDv7; its last 48 bits are replaced by the numbers.
  explicit run_id(const uuid& seed);

  /// The id of number `n`, which has at most 48 bits.
  [[nodiscard]] uuid_text text(std::uint64_t n) const;
  /// The number in an id of this run. `id` may have anything in front, as `events:` has.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view id) const;

private:
  uuid_text prefix_{};
  std::uint64_t begun_ms_ = 0;
};

}  // namespace im::load
