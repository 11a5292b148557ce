#pragma once
/// Annotations by which the document's sections know an entry of the timeline again.

#include <string_view>

namespace im::logic::notes {

inline constexpr std::string_view quorum_reached = "quorum reached in ";
inline constexpr std::string_view approval_expired = "approval expired";
inline constexpr std::string_view reopened = "reopened";

}  // namespace im::logic::notes
