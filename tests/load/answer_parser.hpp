#pragma once
/// Answers, read by Beast's parser with nothing kept but what a load generator needs: the status and the body.

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>

namespace im::load {

struct answer {
  unsigned status = 0;
  std::string_view body;  ///< valid until the next request over the same connection
};

/// One answer; `body` is the caller's, so that its memory serves the next answer too.
class answer_parser final : public boost::beast::http::basic_parser<false> {
public:
  explicit answer_parser(std::string& body) : body_{body} {
    body_.clear();
    eager(true);
    body_limit(boost::none);
  }

  [[nodiscard]] unsigned status() const { return status_; }

private:
  using error_code = boost::system::error_code;
  using view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, view, view, int, error_code&) override {}
  void on_response_impl(int code, view, int, error_code&) override { status_ = static_cast<unsigned>(code); }
  void on_field_impl(boost::beast::http::field, view, view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) body_.reserve(static_cast<std::size_t>(*length));
  }
  std::size_t on_body_impl(view text, error_code&) override {
    body_.append(text.data(), text.size());
    return text.size();
  }
  void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, view text, error_code& failed) override {
    return on_body_impl(text, failed);
  }
  void on_finish_impl(error_code&) override {}

  std::string& body_;
  unsigned status_ = 0;
};

/// The first text member of this name in a body, without reading it as a document: `"name":"…"`. Empty when there is none.
/// Good for ids, whose texts hold no escapes.
[[nodiscard]] std::string_view text_member(std::string_view body, std::string_view quoted_name);

}  // namespace im::load
