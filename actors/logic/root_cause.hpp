#pragma once
/// What the words of whoever resolved an incident say outright, and nothing that they leave open.

#include <string_view>

#include "messages/enums.hpp"

namespace im::logic {

/// The category that the words name: by its own name, or by the words of exactly one line of a small table. `unknown`
/// for a negation, for words of several categories, and for anything else.
[[nodiscard]] root_cause_category root_cause_category_of(std::string_view words);

/// `permanent`, `temporary` or `workaround` when exactly one of these words stands there; else `unknown`.
[[nodiscard]] resolution_type resolution_type_of(std::string_view words);

/// By the words themselves: `fully resolved`, `partially resolved`, `mitigated`; else `unknown`.
[[nodiscard]] effectiveness effectiveness_of(std::string_view words);

}  // namespace im::logic
