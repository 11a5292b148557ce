#pragma once

#include <concepts>
#include <string>
#include <type_traits>

namespace im {

/// `describe` takes a value to read into and a const one to write from.
template <class T, class U>
concept like = std::same_as<std::remove_const_t<T>, U>;

}  // namespace im

namespace im::json {

/// A JSON object kept as its text: free-form parts that no decision reads. Valid and minified once read by
/// `json::node`; empty means absent.
struct object_text {
  std::string text;

  [[nodiscard]] bool empty() const { return text.empty(); }
  bool operator==(const object_text&) const = default;
};

}  // namespace im::json
