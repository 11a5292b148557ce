#include "http/request_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "http/limits.hpp"
#include "messages/assert.hpp"

namespace im::http {

namespace beast_http = boost::beast::http;

namespace {

std::string_view view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace

request_parser::request_parser(std::size_t header_limit_bytes) : header_limit_bytes_{header_limit_bytes} {
  basic_parser::header_limit(static_cast<std::uint32_t>(header_limit_bytes));
  basic_parser::body_limit(boost::none);  // ours counts what was read, and is known only when the route is
  message_.headers.reserve(384, 12);      // what a typical request of the platform brings
}

parse_step request_parser::feed(std::string_view data, std::size_t& consumed) {
  consumed = 0;
  if (headers_told_ && is_done()) return parse_step::complete;
  // RFC 9112 2.2: empty lines before a request line are to be ignored.
  while (!started_ && consumed < data.size() && (data[consumed] == '\r' || data[consumed] == '\n')) ++consumed;
  while (consumed < data.size()) {
    started_ = true;
    const auto rest = data.substr(consumed);
    error_code ec;
    consumed += put(boost::asio::const_buffer{rest.data(), rest.size()}, ec);
    if (ec == beast_http::error::need_more) return parse_step::need_more;
    if (ec) return failure(ec);
    if (is_header_done() && !headers_told_) {
      headers_told_ = true;
      return parse_step::headers;
    }
    if (is_done()) return parse_step::complete;
  }
  return parse_step::need_more;
}

bool request_parser::expects_continue() const noexcept {
  const auto expect = message_.header("Expect");
  return expect && http_1_1() && iequals(*expect, "100-continue");
}

void request_parser::body(std::size_t limit_bytes, bool keep) {
  body_limit_bytes_ = limit_bytes;
  keep_body_ = keep;
}

parse_step request_parser::failure(const error_code& ec) const noexcept {
  if (ec == beast_http::error::header_limit)
    return line_done_ ? parse_step::headers_too_large : parse_step::target_too_long;
  if (ec == beast_http::error::body_limit) return parse_step::body_too_large;
  return parse_step::malformed;
}

void request_parser::on_request_impl(verb method, text_view, text_view target, int version, error_code& ec) {
  line_done_ = true;
  version_ = version;
  message_.method = method;
  message_.target = view(target);
  header_bytes_ += target.size();
  if (!read_target()) ec = beast_http::error::bad_target;
}

/// Takes the target apart: origin form, absolute form, or `*`. A path with one slash more at its end is the same path.
bool request_parser::read_target() {
  std::string_view rest = message_.target;
  if (const auto scheme = rest.find("://"); !rest.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = rest.find_first_of("/?", scheme + 3);
    rest = path == std::string_view::npos ? std::string_view{"/"} : rest.substr(path);
  }
  const auto mark = rest.find('?');
  auto path = rest.substr(0, mark);
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  message_.path = path.empty() ? std::string_view{"/"} : path;
  if (mark == std::string_view::npos) return true;
  auto query = query_params::parse(rest.substr(mark + 1));
  if (!query) return false;
  message_.query = std::move(*query);
  return true;
}

void request_parser::on_field_impl(field name, text_view name_text, text_view value, error_code& ec) {
  header_bytes_ += name_text.size() + value.size() + 4;
  if (header_bytes_ > header_limit_bytes_) {
    ec = beast_http::error::header_limit;
    return;
  }
  if (headers_told_) return;  // a trailer: counted, and ignored, as it could forge a header that was already judged
  if (message_.headers.size() == limits::header_fields) {
    ec = beast_http::error::header_limit;
    return;
  }
  if (name == field::host) ++hosts_;
  // Beast reads a body under any other coding as no body at all: what follows would then be taken for a request.
  if (name == field::transfer_encoding && (version_ != 11 || !iequals(trim(view(value)), "chunked"))) {
    ec = beast_http::error::bad_transfer_encoding;
    return;
  }
  message_.headers.add(view(name_text), view(value));
}

void request_parser::on_header_impl(error_code& ec) {
  if (version_ == 11 && hosts_ != 1) ec = beast_http::error::bad_field;  // RFC 9112 3.2
}

void request_parser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) {
  if (!length) return;
  if (*length > body_limit_bytes_) {
    ec = beast_http::error::body_limit;
  } else if (keep_body_) {
    // Only so much on a client's word; beyond it the buffer grows with the bytes that come.
    message_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, limits::body_read_bytes)));
  }
}

std::size_t request_parser::on_body_impl(text_view bytes, error_code& ec) {
  IM_ASSERT(body_read_ <= body_limit_bytes_);
  if (bytes.size() > body_limit_bytes_ - body_read_) {
    ec = beast_http::error::body_limit;
    return 0;
  }
  body_read_ += bytes.size();
  if (keep_body_) message_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

void request_parser::on_chunk_header_impl(std::uint64_t size, text_view, error_code& ec) {
  if (size > body_limit_bytes_ - body_read_) ec = beast_http::error::body_limit;
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, text_view bytes, error_code& ec) {
  return on_body_impl(bytes, ec);
}

}  // namespace im::http
