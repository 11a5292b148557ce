#pragma once
/// A request whose bytes are written once; what changes from one to the next is put over placeholders of the same width.

#include <string>
#include <string_view>
#include <vector>

namespace im::load {

/// Where requests go, as their headers say it.
struct target {
  std::string authority;
  std::string base;    ///< before each path
  std::string bearer;  ///< of the Authorization header; none when empty
};

class request_bytes {
public:
  /// Without a content type there is no body.
  request_bytes(const target& to, std::string_view method, std::string_view path, std::string_view content_type = {},
                std::string_view body = {});

  /// Notes where `placeholder` stands; the slot's number. Throws std::logic_error when it stands nowhere.
  std::size_t add_slot(std::string_view placeholder);
  /// Puts `text`, as wide as the placeholder, wherever that stood.
  void set(std::size_t slot, std::string_view text);
  /// Puts it at the placeholder's occurrence `nth` alone.
  void set(std::size_t slot, std::size_t nth, std::string_view text);

  [[nodiscard]] std::string_view bytes() const { return bytes_; }

private:
  std::string bytes_;
  std::vector<std::vector<std::size_t>> slots_;
};

}  // namespace im::load
