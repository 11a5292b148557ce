#pragma once
/// What an exception says, for the log of whoever catches it at an edge.

#include <exception>
#include <string>

namespace im {

/// `thrown` is not null.
[[nodiscard]] inline std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace im
