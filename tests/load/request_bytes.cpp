#include "tests/load/request_bytes.hpp"

#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace im::load {

request_bytes::request_bytes(const target& to, std::string_view method, std::string_view path,
                             std::string_view content_type, std::string_view body) {
  bytes_ = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", method, to.base, path, to.authority);
  if (!to.bearer.empty()) bytes_ += fmt::format("Authorization: Bearer {}\r\n", to.bearer);
  if (!content_type.empty())
    bytes_ += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", content_type, body.size());
  bytes_ += "\r\n";
  bytes_ += body;
}

std::size_t request_bytes::add_slot(std::string_view placeholder) {
  std::vector<std::size_t> places;
  for (auto at = bytes_.find(placeholder); at != std::string::npos;
       at = bytes_.find(placeholder, at + placeholder.size()))
    places.push_back(at);
  if (places.empty()) throw std::logic_error{"a request has no place for " + std::string{placeholder}};
  slots_.push_back(std::move(places));
  return slots_.size() - 1;
}

void request_bytes::set(std::size_t slot, std::string_view text) {
  for (const auto at : slots_[slot]) std::memcpy(bytes_.data() + at, text.data(), text.size());
}

void request_bytes::set(std::size_t slot, std::size_t nth, std::string_view text) {
  std::memcpy(bytes_.data() + slots_[slot][nth], text.data(), text.size());
}

}  // namespace im::load
