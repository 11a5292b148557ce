#include "http/client_connection.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include "http/limits.hpp"
#include "messages/assert.hpp"

namespace im::http {

namespace asio = boost::asio;
using asio::ip::tcp;

client_connection::client_connection(asio::any_io_executor strand, std::weak_ptr<connection_owner> owner,
                                     const origin& to, const client_config& config, asio::ssl::context* tls)
    : owner_{std::move(owner)}, to_{to}, config_{config}, resolver_{strand}, socket_{strand}, timer_{strand} {
  if (tls != nullptr) tls_.emplace(socket_, *tls);
}

template <class Use>
void client_connection::with_stream(Use&& use) {
  if (tls_) {
    use(*tls_);
  } else {
    use(socket_);
  }
}

// ---- Connecting

void client_connection::connect() {
  arm_timer(config_.connect_timeout);
  resolver_.async_resolve(
      to_.host, std::to_string(to_.port), tcp::resolver::numeric_service,
      [self = shared_from_this()](const error_code& ec, const tcp::resolver::results_type& found) {
        if (self->phase_ != phase::connecting) return;
        if (ec)
          return self->fail_connect(client_error_kind::connect,
                                    "cannot resolve " + self->to_.host + ": " + ec.message());
        asio::async_connect(self->socket_, found, [self](const error_code& failure, const tcp::endpoint&) {
          if (self->phase_ != phase::connecting) return;
          if (failure) return self->fail_connect(client_error_kind::connect, "cannot connect: " + failure.message());
          self->on_connected();
        });
      });
}

void client_connection::on_connected() {
  error_code ignored;
  socket_.set_option(tcp::no_delay{true}, ignored);
  if (tls_) {
    handshake();
  } else {
    become_idle();
  }
}

void client_connection::handshake() {
  error_code ec;
  tls_->set_verify_mode(asio::ssl::verify_peer, ec);
  if (!ec) tls_->set_verify_callback(asio::ssl::host_name_verification{to_.host}, ec);
  if (ec) return fail_connect(client_error_kind::tls, ec.message());
  // An address has no server name (RFC 6066); the verification above knows both.
  asio::ip::make_address(to_.host, ec);
  // (OpenSSL's macro holds a cast of the C kind, hence the call it stands for.)
  if (ec && SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     const_cast<char*>(to_.host.c_str())) != 1)
    return fail_connect(client_error_kind::tls, "cannot set the server name");
  tls_->async_handshake(tls_stream::client, [self = shared_from_this()](const error_code& failure) {
    if (self->phase_ != phase::connecting) return;
    if (failure) return self->fail_connect(client_error_kind::tls, "TLS handshake: " + failure.message());
    self->become_idle();
  });
}

void client_connection::become_idle() {
  IM_ASSERT(phase_ == phase::connecting || phase_ == phase::busy);
  phase_ = phase::idle;
  arm_timer(config_.idle_timeout);
  if (!reading_) read();
  const bool first = exchanges_ == 0;
  if (const auto owner = owner_.lock(); owner && first) owner->connected(*this);
}

void client_connection::arm_timer(std::chrono::milliseconds after) {
  timer_.expires_after(after);
  timer_.async_wait([self = shared_from_this(), generation = ++timer_generation_](const error_code& ec) {
    if (!ec && generation == self->timer_generation_) self->on_timer();
  });
}

void client_connection::on_timer() {
  switch (phase_) {
    case phase::connecting: return fail_connect(client_error_kind::connect, "connecting took too long");
    case phase::idle: {
      close();
      if (const auto owner = owner_.lock()) owner->lost(*this);
      return;
    }
    case phase::busy:  // the request's own deadline
    case phase::closed: return;
  }
}

// ---- An exchange

void client_connection::exchange(std::string wire, bool to_head) {
  IM_ASSERT(phase_ == phase::idle && !writing_);
  phase_ = phase::busy;
  ++timer_generation_;
  timer_.cancel();
  ++exchanges_;
  out_ = std::move(wire);
  to_head_ = to_head;
  answer_begun_ = false;
  parser_.emplace(limits::client_header_bytes, config_.max_response_bytes, to_head);
  writing_ = true;
  with_stream([this](auto& stream) {
    asio::async_write(stream, asio::buffer(out_), [self = shared_from_this()](const error_code&, std::size_t) {
      self->writing_ = false;  // a failure shows when reading, perhaps after an answer that the server still gave
    });
  });
  if (!reading_) read();
}

void client_connection::read() {
  IM_ASSERT(!reading_);
  reading_ = true;
  const auto room = in_.prepare(phase_ == phase::idle ? limits::read_bytes : limits::body_read_bytes);
  with_stream([&](auto& stream) {
    stream.async_read_some(
        room, [self = shared_from_this()](const error_code& ec, std::size_t bytes) { self->on_read(ec, bytes); });
  });
}

void client_connection::on_read(const error_code& ec, std::size_t bytes) {
  reading_ = false;
  if (phase_ == phase::closed) return;
  in_.commit(bytes);
  if (phase_ == phase::idle) {  // closed, or bytes that nobody asked for: either way of no more use
    close();
    if (const auto owner = owner_.lock()) owner->lost(*this);
    return;
  }
  if (bytes > 0) answer_begun_ = true;
  // Over TLS an end without close_notify may be an attacker's: it ends no response.
  parse(ec == asio::error::eof);
  if (phase_ != phase::busy) return;
  if (ec) return fail_exchange(client_error_kind::reset, "the connection ended: " + ec.message());
  if (!reading_) read();
}

void client_connection::parse(bool ended) {
  IM_ASSERT(phase_ == phase::busy && parser_);
  auto step = response_parser::step::need_more;
  for (;;) {
    const auto bytes = in_.cdata();
    std::size_t used = 0;
    step = parser_->feed({static_cast<const char*>(bytes.data()), bytes.size()}, used);
    in_.consume(used);
    const auto code = parser_->message().status_code;
    if (step != response_parser::step::complete || code >= 200 || code == 101) break;
    parser_.emplace(limits::client_header_bytes, config_.max_response_bytes,
                    to_head_);  // that was 100 Continue or its like
  }
  if (step == response_parser::step::need_more && ended && answer_begun_) {
    step = parser_->finish() == response_parser::step::complete ? response_parser::step::complete : step;
  }
  switch (step) {
    case response_parser::step::need_more:
      if (in_.size() > limits::client_header_bytes)
        fail_exchange(client_error_kind::malformed, "a line of the response has no end");
      return;
    case response_parser::step::malformed:
      return fail_exchange(client_error_kind::malformed, "the response is not HTTP/1.1");
    case response_parser::step::too_large:
      return fail_exchange(client_error_kind::too_large, "the response is too large");
    case response_parser::step::complete:
      if (parser_->message().status_code == 101)
        return fail_exchange(client_error_kind::malformed, "the server switched protocols unasked");
      return finish();
  }
}

void client_connection::finish() {
  const bool reusable = parser_->keep_alive() && in_.size() == 0 && !writing_;
  auto answer = std::move(parser_->message());
  parser_.reset();
  if (reusable) {
    become_idle();
  } else {
    close();
  }
  if (const auto owner = owner_.lock()) owner->answered(*this, std::move(answer), reusable);
}

// ---- Ending

void client_connection::close() noexcept {
  phase_ = phase::closed;
  ++timer_generation_;
  error_code ignored;
  timer_.cancel();
  resolver_.cancel();
  socket_.close(ignored);
}

void client_connection::fail_connect(client_error_kind kind, std::string message) {
  close();
  if (const auto owner = owner_.lock()) owner->connect_failed(*this, {kind, std::move(message), false});
}

void client_connection::fail_exchange(client_error_kind kind, std::string message) {
  const bool begun = answer_begun_;
  close();
  if (const auto owner = owner_.lock()) owner->broke(*this, {kind, std::move(message), true}, begun);
}

}  // namespace im::http
