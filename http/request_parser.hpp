#pragma once
/// Bytes to one request: a thin layer over Beast's push parser that stores the message in our own form. Internal to http/.

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>

#include "http/message.hpp"

namespace im::http {

enum class parse_step {
  need_more,        ///< feed more bytes
  headers,          ///< the headers are complete and the caller should judge them; feed on for the body
  complete,         ///< the request is whole
  malformed,        ///< not HTTP, or not a form of it that is safe to read
  target_too_long,  ///< the request line is beyond the header limit
  headers_too_large,
  body_too_large,
};

class request_parser final : private boost::beast::http::basic_parser<true> {
public:
  explicit request_parser(std::size_t header_limit_bytes);

  /// Reads from `data`; `consumed` tells how many of its bytes are done with.
  parse_step feed(std::string_view data, std::size_t& consumed);

  /// Whether any byte of the request has been read.
  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] bool headers_done() const noexcept { return headers_told_; }

  // Once the headers are complete:
  [[nodiscard]] request& message() noexcept { return message_; }
  [[nodiscard]] bool keep_alive() const { return basic_parser::keep_alive(); }
  [[nodiscard]] bool http_1_1() const noexcept { return version_ == 11; }
  [[nodiscard]] bool has_body() const { return chunked() || announced_bytes() > 0; }
  /// Content-Length, or 0 without one.
  [[nodiscard]] std::uint64_t announced_bytes() const { return content_length().value_or(0); }
  [[nodiscard]] bool expects_continue() const noexcept;
  /// Sets how much of a body is read, and whether it is kept.
  void body(std::size_t limit_bytes, bool keep);
  [[nodiscard]] std::size_t body_bytes() const noexcept { return body_read_; }

private:
  using error_code = boost::beast::error_code;
  using text_view = boost::beast::string_view;
  using field = boost::beast::http::field;

  void on_request_impl(verb method, text_view method_text, text_view target, int version, error_code& ec) override;
  void on_response_impl(int, text_view, int, error_code&) override {}
  void on_field_impl(field name, text_view name_text, text_view value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override;
  std::size_t on_body_impl(text_view bytes, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, text_view extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, text_view bytes, error_code& ec) override;
  void on_finish_impl(error_code&) override {}

  bool read_target();
  [[nodiscard]] parse_step failure(const error_code& ec) const noexcept;

  request message_;
  std::size_t header_limit_bytes_;
  std::size_t header_bytes_{0};
  std::size_t body_limit_bytes_{0};
  std::size_t body_read_{0};
  int version_{11};
  unsigned hosts_{0};
  bool keep_body_{true};
  bool started_{false};
  bool line_done_{false};
  bool headers_told_{false};
};

}  // namespace im::http
