#include "http/session.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>

#include "http/content_coding.hpp"
#include "http/limits.hpp"
#include "messages/assert.hpp"

namespace im::http {

namespace asio = boost::asio;

namespace {

/// How a request's body is coded; of several codings the name of none.
std::string_view coding_of(const request& req) {
  constexpr std::string_view name = "Content-Encoding";
  return req.headers.count(name) > 1 ? "several" : trim(req.header(name).value_or(""));
}

}  // namespace

session::session(worker& owner, tcp_socket socket)
    : worker_{owner},
      core_{owner.core()},
      socket_{std::move(socket)},
      link_{std::make_shared<connection_link>(owner.inbox(), this)},
      queue_{core_.config.max_pipelined_requests + 1},  // one place for an error that ends the connection
      last_active_{clock::now()} {
  parser_.emplace(core_.config.header_limit_bytes);
}

void session::start() {
  error_code ec;
  socket_.non_blocking(true, ec);
  if (ec) return abort();
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ec);  // not on every kind of socket; no reason to give up
  advance();
}

void session::refuse() {
  input_ended_ = true;
  reject(rejection::too_many_connections);
  fail(core_.render_busy("TOO_MANY_CONNECTIONS", "too many connections", mint_correlation_id()));
  start();
}

void session::drain() {
  draining_ = true;
  if (lingering_) linger_end_ = std::min(linger_end_, clock::now() + limits::linger_timeout);
  if (parser_->started() || closed_) return;  // that one request is still read; it will be the last
  if (queue_.empty() && !writing_ && !lingering_) return abort();
  input_ended_ = true;
  if (!queue_.empty()) queue_.newest().keep_alive = false;
  advance();
}

void session::abort() noexcept {
  if (closed_) return;
  closed_ = true;
  link_->orphan();
  error_code ignored;
  socket_.close(ignored);
  worker_.forget(*this);
}

// ---- Reading

void session::read() {
  IM_ASSERT(!reading_);
  const bool large = parser_->headers_done() && parser_->announced_bytes() > limits::read_bytes;
  if (!large && in_.size() == 0 && in_.capacity() > 2 * limits::read_bytes) in_.shrink_to_fit();
  reading_ = true;
  socket_.async_read_some(in_.prepare(large || lingering_ ? limits::body_read_bytes : limits::read_bytes),
                          [self = shared_from_this()](const error_code& ec, std::size_t bytes) {
                            self->guarded([&] { self->on_read(ec, bytes); });
                          });
}

void session::on_read(const error_code& ec, std::size_t bytes) {
  reading_ = false;
  if (closed_) return;
  if (ec && ec != asio::error::eof) return abort();
  if (lingering_) {
    linger_left_ -= std::min(bytes, linger_left_);
    if (ec || linger_left_ == 0) return abort();
    linger_deadline_ = clock::now() + limits::linger_timeout;
    return read();
  }
  if (ec) return on_end_of_input();
  in_.commit(bytes);
  starved_ = false;
  advance();
}

/// The peer sends no more, but may well wait for its answers.
void session::on_end_of_input() {
  peer_done_ = true;
  if (!input_ended_ && parser_->started()) {
    reject(rejection::malformed);
    fail(status::bad_request, "MALFORMED_REQUEST", "the request ended before it was complete");
  }
  input_ended_ = true;
  advance();
}

bool session::can_parse() const noexcept {
  return !closed_ && !input_ended_ && !starved_ && in_.size() > 0 &&
         queue_.size() < core_.config.max_pipelined_requests;
}

void session::parse() {
  while (can_parse()) {
    const auto bytes = in_.cdata();
    std::size_t used = 0;
    const auto step = parser_->feed({static_cast<const char*>(bytes.data()), bytes.size()}, used);
    in_.consume(used);
    switch (step) {
      case parse_step::need_more:
        starved_ = true;
        if (in_.size() <= core_.config.header_limit_bytes) break;
        [[fallthrough]];  // a chunk's head or trailer without an end
      case parse_step::malformed:
        reject(rejection::malformed);
        fail(status::bad_request, "MALFORMED_REQUEST", "the request is not well-formed HTTP/1.1");
        break;
      case parse_step::target_too_long:
        fail(status::uri_too_long, "URI_TOO_LONG", "the request line is too long");
        break;
      case parse_step::headers_too_large:
        fail(status::request_header_fields_too_large, "HEADERS_TOO_LARGE", "the header fields are too large");
        break;
      case parse_step::body_too_large:
        fail(status::payload_too_large, "PAYLOAD_TOO_LARGE", "the body is too large");
        break;
      case parse_step::headers:
        judge();
        if (!input_ended_ && !parser_->has_body()) dispatch();
        break;
      case parse_step::complete: dispatch(); break;
    }
  }
  if (parser_->started() && !deadline_armed_) {
    deadline_armed_ = true;
    read_deadline_ = clock::now() + core_.config.header_timeout;
  }
}

/// The headers are there: decides what becomes of the request before its body is read.
void session::judge() {
  auto& req = parser_->message();
  started_ = clock::now();
  read_deadline_ = started_ + core_.config.request_timeout;
  deadline_armed_ = true;
  for (const auto* name : {"X-Correlation-Id", "X-Request-Id"}) {
    const auto given = req.header(name);
    if (!req.correlation_id.empty() || !given || !is_correlation_id(*given)) continue;
    req.correlation_id = *given;
  }
  if (req.correlation_id.empty()) req.correlation_id = mint_correlation_id();

  match_ = core_.routes.match(req.method, req.path);
  auto limit_bytes = core_.config.body_limit_bytes;
  if (match_.target != nullptr) {
    req.route = match_.target->pattern;
    limit_bytes = match_.target->options.max_body_bytes.value_or(limit_bytes);
  }
  denial_ = deny(match_, req);
  parser_->body(limit_bytes, !denial_);
  if (parser_->announced_bytes() > limit_bytes)
    return fail(status::payload_too_large, "PAYLOAD_TOO_LARGE", "the body is too large");
  if (!denial_ && !take_body_room(limit_bytes))
    return fail(
        core_.render_busy("OVERLOADED", "too many large bodies are being read; try again shortly", req.correlation_id));
  if (!parser_->http_1_1() || !req.header("Expect")) return;
  if (!parser_->expects_continue())
    return fail(status::expectation_failed, "EXPECTATION_FAILED", "only 100-continue is known");
  if (!parser_->has_body()) return;
  if (denial_)
    return fail(std::move(*denial_));  // the body may come or not: nothing after it could be told apart from it
  continue_owed_ = in_.size() == 0;
}

/// A large body has its bytes counted from now until its handler has seen it; one that does not say how large it is, or that is
/// compressed, counts as large as it may be.
bool session::take_body_room(std::size_t limit_bytes) {
  const bool is_plain = is_identity(coding_of(parser_->message()));
  const auto bytes = is_plain && parser_->announced_bytes() > 0 ? parser_->announced_bytes() : limit_bytes;
  if (!parser_->has_body() || bytes <= limits::small_body_bytes) return true;
  auto room = core_.large_bodies->enter(bytes);
  if (room) body_room_ = std::move(*room);
  return room.has_value();
}

/// The answer to a request that no handler shall see, if so.
std::optional<response> session::deny(const route_match& match, const request& req) const {
  const auto render = [&](status code, std::string_view reason, std::string_view message) {
    return core_.render(code, reason, message, req.correlation_id);
  };
  switch (match.result) {
    case route_match::outcome::found: {
      if (!parser_->has_body()) return std::nullopt;
      if (!is_known_coding(coding_of(req))) {
        auto answer = render(status::unsupported_media_type, "UNSUPPORTED_MEDIA_TYPE",
                             "this content encoding is not taken here; send gzip, deflate, zstd or none");
        answer.headers.emplace_back("Accept-Encoding", std::string{known_codings});
        return answer;
      }
      if (match.target->accepts(req.header("Content-Type").value_or(""))) return std::nullopt;
      return render(status::unsupported_media_type, "UNSUPPORTED_MEDIA_TYPE",
                    "this content type is not taken here; send " + match.target->options.content_types.front());
    }
    case route_match::outcome::not_found:
      return render(status::not_found, "NOT_FOUND", "there is nothing at this path");
    case route_match::outcome::malformed:
      return render(status::bad_request, "MALFORMED_REQUEST", "the path is not well-formed");
    case route_match::outcome::method_not_allowed: {
      auto answer = render(status::method_not_allowed, "METHOD_NOT_ALLOWED", "this path does not take this method");
      answer.headers.emplace_back("Allow", match.allow);
      return answer;
    }
    case route_match::outcome::options: {
      response answer{.code = status::no_content};
      answer.headers.emplace_back("Allow", match.allow);
      return answer;
    }
  }
  return std::nullopt;
}

exchange session::current_exchange(bool keep_alive) {
  const auto& req = parser_->message();
  const bool judged = parser_->headers_done();
  const auto started = judged ? started_ : clock::now();
  const auto max_wait = match_.target != nullptr ? match_.target->options.max_wait : std::chrono::milliseconds{0};
  return {.method = req.method,
          .http_1_1 = parser_->http_1_1(),
          .keep_alive = keep_alive,
          .route = req.route,
          .correlation_id = req.correlation_id.empty() ? mint_correlation_id() : req.correlation_id,
          .started = started,
          .deadline = started + core_.config.request_timeout + max_wait,
          .bytes_in = parser_->body_bytes(),
          .answer = std::nullopt};
}

/// The request is whole: gives it its place in the order of answers, and to its handler.
void session::dispatch() {
  const bool keep_alive = parser_->keep_alive() && !draining_;
  const auto ticket = queue_.push(current_exchange(keep_alive));
  if (!keep_alive) input_ended_ = true;
  continue_owed_ = false;
  deadline_armed_ = false;
  if (denial_) {
    queue_.settle(ticket, std::move(*denial_));
    denial_.reset();
    parser_.emplace(core_.config.header_limit_bytes);
  } else {
    auto req = std::move(parser_->message());
    parser_.emplace(core_.config.header_limit_bytes);
    if (auto refused = unpack(req))
      queue_.settle(ticket, std::move(*refused));
    else
      hand_over(ticket, std::move(req));
  }
  body_room_ = {};
}

/// Undoes the body's coding. The answer to a body that cannot be read, if so.
std::optional<response> session::unpack(request& req) const {
  const auto coding = coding_of(req);
  if (req.body.empty() || is_identity(coding)) return std::nullopt;
  const auto limit_bytes = match_.target->options.max_body_bytes.value_or(core_.config.body_limit_bytes);
  auto body = decode_body(coding, req.body, limit_bytes);
  if (body) {
    req.body = std::move(*body);
    return std::nullopt;
  }
  if (body.error() == coding_fault::too_large)
    return core_.render(status::payload_too_large, "PAYLOAD_TOO_LARGE", "the body is too large once it is unpacked",
                        req.correlation_id);
  return core_.render(status::bad_request, "MALFORMED_BODY",
                      "the body is not what its Content-Encoding says, or cut off", req.correlation_id);
}

void session::hand_over(std::uint64_t ticket, request&& req) {
  const auto* target = match_.target;
  IM_ASSERT(target != nullptr);
  req.params = std::move(match_.params);
  match_ = {};
  try {
    target->handle(std::move(req),
                   responder{link_, ticket});  // one that throws forsakes its responder, which answers 500
    return;
  } catch (const std::exception& failure) {
    if (core_.observers.on_handler_failed)
      core_.observers.on_handler_failed(queue_.newest().correlation_id, failure.what());
  } catch (...) {
    if (core_.observers.on_handler_failed)
      core_.observers.on_handler_failed(queue_.newest().correlation_id, "not a std::exception");
  }
}

/// Answers the request being read with an error after which nothing more is read.
void session::fail(response&& answer) {
  auto e = current_exchange(false);
  e.answer = std::move(answer);
  queue_.push(std::move(e));
  denial_.reset();
  body_room_ = {};
  continue_owed_ = false;
  input_ended_ = true;
}

void session::fail(status code, std::string_view reason, std::string_view message) {
  auto& id = parser_->message().correlation_id;
  if (id.empty()) id = mint_correlation_id();
  fail(core_.render(code, reason, message, id));
}

}  // namespace im::http
