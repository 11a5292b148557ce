#pragma once
/// Every dictionary that this store was ever shipped with. The definition is made by CMake from the files in `dictionaries/`.

#include <cstdint>
#include <span>

namespace im::ruvector {

/// In the order of their numbers, which is that of their ids.
[[nodiscard]] std::span<const std::span<const std::uint8_t>> dictionaries();

}  // namespace im::ruvector
