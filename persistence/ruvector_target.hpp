#pragma once
/// Where a call goes. Internal to persistence/.

#include <cstdint>
#include <string>
#include <string_view>

#include "http/uri.hpp"

namespace im::persistence {

/// A target under the API's root: segments and parameters are encoded here and nowhere else.
class ruvector_target {
public:
  explicit ruvector_target(std::string_view segment) : text_{"/api/v1"} { part(segment); }

  ruvector_target& part(std::string_view segment) {
    text_.append("/").append(http::percent_encode(segment));
    return *this;
  }
  ruvector_target& with(std::string_view name, std::string_view value) {
    text_.append(1, mark_).append(http::percent_encode(name)).append("=").append(http::percent_encode(value));
    mark_ = '&';
    return *this;
  }
  ruvector_target& with(std::string_view name, std::uint64_t value) {
    return with(name, std::string_view{std::to_string(value)});
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  std::string text_;
  char mark_ = '?';
};

}  // namespace im::persistence
