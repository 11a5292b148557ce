#include "http/write_batch.hpp"
#include "http/uri.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/limits.hpp"
#include "messages/assert.hpp"

namespace im::http {

namespace {

constexpr std::string_view fixed_fields = "\r\nServer: llm-incident-manager\r\nX-Content-Type-Options: nosniff\r\n";

/// What the session alone decides; a handler's word on these is ignored.
bool is_ours(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 9> ours{
      "Content-Length",   "Content-Type",           "Connection", "Transfer-Encoding", "Date", "Server",
      "X-Correlation-Id", "X-Content-Type-Options", "Keep-Alive"};
  return std::any_of(ours.begin(), ours.end(), [&](std::string_view known) { return iequals(known, name); });
}

bool is_token(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void write_batch::field(std::string_view name, std::string_view value) {
  text_.append(name).append(": ");
  for (const char c : value) text_.push_back(is_control(c) ? ' ' : c);  // no injected lines
  text_.append("\r\n");
}

void write_batch::add(exchange& e, std::string_view http_date) {
  IM_ASSERT(e.answer && buffers_.empty());
  auto& answer = *e.answer;
  const auto code = static_cast<unsigned>(answer.code);
  const auto reason = boost::beast::http::obsolete_reason(answer.code);
  text_.append("HTTP/1.1 ");
  append_number(text_, code);
  text_.append(" ").append(reason.data(), reason.size());
  text_.append("\r\nDate: ").append(http_date).append(fixed_fields);
  text_.append("X-Correlation-Id: ").append(e.correlation_id).append("\r\n");
  if (!e.keep_alive) {
    text_.append("Connection: close\r\n");
  } else if (!e.http_1_1) {
    text_.append("Connection: keep-alive\r\n");
  }
  for (const auto& [name, value] : answer.headers)
    if (is_token(name) && !is_ours(name)) field(name, value);
  const bool bodiless = answer.code == status::no_content || answer.code == status::not_modified;
  if (bodiless) {
    text_.append("\r\n");
    return;
  }
  if (!answer.content_type.empty()) field("Content-Type", answer.content_type);
  text_.append("Content-Length: ");
  append_number(text_, answer.body.size());
  text_.append("\r\n\r\n");
  if (e.method == verb::head || answer.body.empty()) return;
  if (answer.body.size() <= limits::copied_body_bytes) {
    text_.append(answer.body);
  } else {
    large_.push_back({text_.size(), std::move(answer.body)});
  }
}

void write_batch::add_continue() { text_.append("HTTP/1.1 100 Continue\r\n\r\n"); }

std::span<const boost::asio::const_buffer> write_batch::buffers() {
  if (buffers_.empty()) {
    std::size_t begin = 0;
    for (const auto& p : large_) {
      buffers_.emplace_back(text_.data() + begin, p.text_end - begin);
      buffers_.emplace_back(p.body.data(), p.body.size());
      begin = p.text_end;
    }
    if (begin < text_.size()) buffers_.emplace_back(text_.data() + begin, text_.size() - begin);
  }
  return std::span{buffers_}.subspan(done_);
}

bool write_batch::wrote(std::size_t bytes) noexcept {
  while (done_ < buffers_.size() && bytes >= buffers_[done_].size()) bytes -= buffers_[done_++].size();
  IM_ASSERT(done_ < buffers_.size() || bytes == 0);
  if (done_ < buffers_.size()) buffers_[done_] += bytes;
  return done_ == buffers_.size();
}

void write_batch::clear() noexcept {
  text_.clear();
  if (text_.capacity() > limits::body_read_bytes) text_.shrink_to_fit();  // one burst should not cost memory for good
  large_.clear();
  buffers_.clear();
  done_ = 0;
}

}  // namespace im::http
