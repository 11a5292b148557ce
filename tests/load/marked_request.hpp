#pragma once
/// A POST whose path and body hold any of the marks of bodies.hpp.

#include <optional>
#include <string_view>

#include "tests/load/bodies.hpp"
#include "tests/load/request_bytes.hpp"

namespace im::load {

class marked_request {
public:
  marked_request(const target& to, std::string_view path, std::string_view body)
      : bytes_{to, "POST", path, "application/json", body} {
    const auto slot = [&](std::string_view mark) {
      const bool there = bytes_.bytes().find(mark) != std::string_view::npos;
      return there ? std::optional{bytes_.add_slot(mark)} : std::nullopt;
    };
    operation_ = slot(operation_mark);
    incident_ = slot(incident_mark);
    gate_ = slot(gate_mark);
  }

  /// The bytes with these texts, each as wide as its mark; a text whose mark is not there is not used.
  std::string_view with(std::string_view operation, std::string_view incident, std::string_view gate = {}) {
    put(operation_, operation);
    put(incident_, incident);
    put(gate_, gate);
    return bytes_.bytes();
  }

private:
  void put(std::optional<std::size_t> slot, std::string_view text) {
    if (slot) bytes_.set(*slot, text);
  }

  request_bytes bytes_;
  std::optional<std::size_t> operation_;
  std::optional<std::size_t> incident_;
  std::optional<std::size_t> gate_;
};

}  // namespace im::load
