#pragma once
/// A request and an answer, as handlers see them. Light to include: no Asio.

#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <optional>
#include <ostream>  // Boost 1.81's string_view needs it whole
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/uri.hpp"

namespace im::http {

using boost::beast::http::status;
using boost::beast::http::verb;

/// Header fields in their order, in one block of text: a message costs two allocations, however many fields it has.
class header_fields {
public:
  void add(std::string_view name, std::string_view value);
  void clear() noexcept;
  void reserve(std::size_t bytes, std::size_t count);

  /// The first value of `name`, in any case of letters, without the spaces around it.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// How often `name` was given; a field that decides about trust should have been given once.
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// The name and the value at `index` < size().
  [[nodiscard]] std::pair<std::string_view, std::string_view> at(std::size_t index) const noexcept;

private:
  struct entry {
    std::uint32_t offset;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  [[nodiscard]] std::string_view name_of(const entry& e) const noexcept;
  [[nodiscard]] std::string_view value_of(const entry& e) const noexcept;

  std::string text_;
  std::vector<entry> entries_;
};

/// A whole request: its body has been read.
struct request {
  verb method{verb::get};
  std::string target;  ///< as it was sent
  std::string path;    ///< the target's path, still percent-encoded
  query_params query;  ///< decoded
  header_fields headers;
  std::string body;
  path_params params;          ///< decoded
  std::string correlation_id;  ///< never empty
  std::string_view route;      ///< the pattern that matched; lives as long as the router

  /// The value of the header field `name`, in any case of letters.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    return headers.get(name);
  }
};

/// An answer. The session adds Content-Length, Connection, Date, Server, X-Correlation-Id and X-Content-Type-Options itself and
/// ignores them here; header values lose their line breaks.
struct response {
  status code{status::ok};
  std::string body{};
  std::string content_type{"application/json"};
  std::vector<std::pair<std::string, std::string>> headers{};

  /// The value of the header `name` set above; for tests and for the client's wrapper.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
};

/// Whether `text` may serve as a correlation id: 1 to `limits::correlation_id_chars` of [A-Za-z0-9._:-].
[[nodiscard]] bool is_correlation_id(std::string_view text) noexcept;

/// A new correlation id: 32 hex digits, unique, no secret. Any thread.
[[nodiscard]] std::string mint_correlation_id();

/// The media type of a Content-Type value, without parameters: "application/json" of "application/json; charset=utf-8".
[[nodiscard]] std::string_view media_type(std::string_view content_type) noexcept;

}  // namespace im::http
