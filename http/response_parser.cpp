#include "http/response_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace im::http {

namespace beast_http = boost::beast::http;

response_parser::response_parser(std::size_t header_limit_bytes, std::size_t body_limit_bytes, bool to_head)
    : header_limit_bytes_{header_limit_bytes}, body_limit_bytes_{body_limit_bytes} {
  basic_parser::header_limit(static_cast<std::uint32_t>(header_limit_bytes));
  basic_parser::body_limit(boost::none);
  basic_parser::eager(true);
  basic_parser::skip(to_head);
}

response_parser::step response_parser::feed(std::string_view data, std::size_t& consumed) {
  consumed = 0;
  while (consumed < data.size()) {
    const auto rest = data.substr(consumed);
    error_code ec;
    consumed += put(boost::asio::const_buffer{rest.data(), rest.size()}, ec);
    if (ec == beast_http::error::need_more) return step::need_more;
    if (ec == beast_http::error::header_limit || ec == beast_http::error::body_limit) return step::too_large;
    if (ec) return step::malformed;
    if (is_done()) return step::complete;
  }
  return step::need_more;
}

response_parser::step response_parser::finish() {
  if (!got_some()) return step::malformed;
  error_code ec;
  put_eof(ec);
  return ec || !is_done() ? step::malformed : step::complete;
}

void response_parser::on_response_impl(int code, text_view, int, error_code&) {
  message_.status_code = static_cast<unsigned>(code);
}

void response_parser::on_field_impl(boost::beast::http::field, text_view name_text, text_view value, error_code& ec) {
  header_bytes_ += name_text.size() + value.size() + 4;
  if (header_bytes_ > header_limit_bytes_) {
    ec = beast_http::error::header_limit;
  } else if (!headers_done_) {
    message_.headers.add({name_text.data(), name_text.size()}, {value.data(), value.size()});
  }
}

void response_parser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) {
  if (!length) return;
  if (*length > body_limit_bytes_) {
    ec = beast_http::error::body_limit;
  } else {
    message_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, limits::body_read_bytes)));
  }
}

std::size_t response_parser::on_body_impl(text_view bytes, error_code& ec) {
  if (bytes.size() > body_limit_bytes_ - message_.body.size()) {
    ec = beast_http::error::body_limit;
    return 0;
  }
  message_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

void response_parser::on_chunk_header_impl(std::uint64_t size, text_view, error_code& ec) {
  if (size > body_limit_bytes_ - message_.body.size()) ec = beast_http::error::body_limit;
}

std::size_t response_parser::on_chunk_body_impl(std::uint64_t, text_view bytes, error_code& ec) {
  return on_body_impl(bytes, ec);
}

}  // namespace im::http
