/// The second half of a session: how answers leave, and how connections end.

#include <algorithm>
#include <boost/asio/error.hpp>

#include "http/limits.hpp"
#include "http/run_logged.hpp"
#include "http/session.hpp"
#include "messages/assert.hpp"

namespace im::http {

namespace asio = boost::asio;

// ---- Writing

void session::settle(std::uint64_t ticket, std::optional<response>&& answer) {
  const auto* waiting = queue_.find_waiting(ticket);
  if (waiting == nullptr) return;  // too late
  if (answer && static_cast<unsigned>(answer->code) >= 200 && static_cast<unsigned>(answer->code) <= 599) {
    queue_.settle(ticket, std::move(*answer));
  } else {
    queue_.settle(ticket, core_.render(status::internal_server_error, "INTERNAL_ERROR",
                                       "the request could not be handled", waiting->correlation_id));
  }
}

void session::advance() {
  if (advancing_ || closed_) return;
  advancing_ = true;
  do {
    parse();
    flush();
  } while (can_parse());  // writing made room for requests that wait in the buffer
  advancing_ = false;
  if (!closed_ && !lingering_) settle_down();
}

void session::flush() {
  if (writing_ || closed_ || lingering_) return;
  if (queue_.ready() != nullptr) {
    last_active_ = clock::now();
    while (auto* e = queue_.ready()) {
      report(*e, last_active_);
      batch_.add(*e, worker_.http_date());
      queue_.pop();
    }
  }
  if (continue_owed_ && queue_.empty()) {
    continue_owed_ = false;
    batch_.add_continue();
  }
  if (!batch_.empty()) write();
}

/// Writes without asking the reactor first: the socket nearly always takes an answer at once.
void session::write() {
  IM_ASSERT(!writing_ && !batch_.empty());
  error_code ec;
  const auto bytes = socket_.write_some(batch_.buffers(), ec);
  if (ec && ec != asio::error::would_block) return abort();
  if (batch_.wrote(bytes)) return batch_.clear();
  writing_ = true;
  write_progress_ = clock::now();
  write_rest();
}

void session::write_rest() {
  socket_.async_write_some(batch_.buffers(), [self = shared_from_this()](const error_code& ec, std::size_t bytes) {
    self->guarded([&] { self->on_write(ec, bytes); });
  });
}

void session::on_write(const error_code& ec, std::size_t bytes) {
  if (closed_) return;
  if (ec) return abort();
  write_progress_ = clock::now();
  if (!batch_.wrote(bytes)) return write_rest();
  writing_ = false;
  batch_.clear();
  advance();
}

void session::report(const exchange& e, clock::time_point now) const {
  if (!core_.observers.on_request_done) return;
  core_.observers.on_request_done({.method = e.method,
                                   .route = e.route,
                                   .code = e.answer->code,
                                   .duration = now - e.started,
                                   .correlation_id = e.correlation_id,
                                   .bytes_in = e.bytes_in,
                                   .bytes_out = e.method == verb::head ? 0 : e.answer->body.size()});
}

// ---- Ending

void session::fail_connection(std::string_view what) noexcept {
  log_exception("an exception reached an io thread; its connection is closed", what);
  abort();
}

/// After all that could be done: reads on, closes, or waits for an answer.
void session::settle_down() {
  const bool idle = queue_.empty() && !writing_;
  if (input_ended_) {
    if (idle) linger();
    return;
  }
  const bool room = queue_.size() < core_.config.max_pipelined_requests;
  // A peer that does not take its answers gets no further requests read, but may finish the one it is sending.
  if (!reading_ && room && (!writing_ || parser_->started())) read();
}

void session::linger() {
  IM_ASSERT(!lingering_ && !writing_ && queue_.empty());
  error_code ec;
  socket_.shutdown(tcp_socket::shutdown_send, ec);
  if (ec || peer_done_) return abort();
  lingering_ = true;
  linger_end_ = clock::now() + (draining_ ? limits::linger_timeout : limits::linger_longest);
  linger_deadline_ = clock::now() + limits::linger_timeout;
  linger_left_ = limits::linger_bytes;
  in_.clear();
  if (!reading_) read();
}

void session::tick(clock::time_point now) {
  if (closed_) return;
  if (lingering_) {
    if (now >= std::min(linger_deadline_, linger_end_)) abort();
    return;
  }
  if (writing_ && now - write_progress_ >= core_.config.write_timeout) return abort();
  time_out_handlers(now);
  if (!input_ended_ && deadline_armed_ && now >= read_deadline_) {
    const bool body = parser_->headers_done();
    reject(body ? rejection::body_timeout : rejection::header_timeout);
    fail(status::request_timeout, "REQUEST_TIMEOUT", body ? "the body took too long" : "the headers took too long");
  } else if (queue_.empty() && !writing_ && !parser_->started() && now - last_active_ >= core_.config.idle_timeout) {
    return abort();
  }
  advance();
}

void session::time_out_handlers(clock::time_point now) {
  queue_.for_each_late(now, [this](std::uint64_t ticket, const exchange& e) {
    reject(rejection::handler_timeout);
    queue_.settle(ticket, core_.render_busy("TIMEOUT", "no answer within the request timeout", e.correlation_id));
  });
}

void session::reject(rejection why) const {
  if (core_.observers.on_rejected) core_.observers.on_rejected(why);
}

}  // namespace im::http
