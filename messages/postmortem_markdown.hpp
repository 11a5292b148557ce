#pragma once
/// A post-mortem as a page that people read (`format=markdown`).

#include <string>
#include <string_view>

#include "messages/postmortem.hpp"

namespace im {

/// Text of the record is escaped: it shows as it was written and marks nothing up.
[[nodiscard]] std::string to_markdown(const postmortem_output& document, std::string_view title);

}  // namespace im
