#pragma once
/// Bytes to one response. Internal to http/.

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>

#include "http/client.hpp"

namespace im::http {

class response_parser final : private boost::beast::http::basic_parser<false> {
public:
  enum class step { need_more, complete, malformed, too_large };

  response_parser(std::size_t header_limit_bytes, std::size_t body_limit_bytes, bool to_head);

  /// Reads from `data`; `consumed` tells how many of its bytes are done with. An interim response (1xx) completes too.
  step feed(std::string_view data, std::size_t& consumed);
  /// The peer closed: completes a response whose end is the connection's end.
  step finish();

  [[nodiscard]] bool keep_alive() const { return basic_parser::keep_alive(); }
  [[nodiscard]] client_response& message() noexcept { return message_; }

private:
  using error_code = boost::beast::error_code;
  using text_view = boost::beast::string_view;

  void on_request_impl(verb, text_view, text_view, int, error_code&) override {}
  void on_response_impl(int code, text_view reason, int version, error_code& ec) override;
  void on_field_impl(boost::beast::http::field name, text_view name_text, text_view value, error_code& ec) override;
  void on_header_impl(error_code&) override { headers_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override;
  std::size_t on_body_impl(text_view bytes, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, text_view extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, text_view bytes, error_code& ec) override;
  void on_finish_impl(error_code&) override {}

  client_response message_;
  std::size_t header_limit_bytes_;
  std::size_t header_bytes_{0};
  std::size_t body_limit_bytes_;
  bool headers_done_{false};
};

}  // namespace im::http
