#include "tests/load/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace im::load {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes = 16 * 1024;

bool must_wait(const boost::system::error_code& e) {
  return e == asio::error::would_block || e == asio::error::try_again;
}

}  // namespace

connection::connection(asio::io_context& context, asio::ip::tcp::endpoint to, listener heard)
    : socket_{context}, to_{std::move(to)}, heard_{std::move(heard)} {}

void connection::send(std::string_view request) {
  busy_ = true;
  request_ = request;
  unsent_ = request;
  parser_.emplace(body_);
  if (socket_.is_open())
    write();
  else
    open();
}

void connection::close() {
  ++life_;
  error_code ignored;
  socket_.close(ignored);
  input_.clear();
  busy_ = false;
  kept_ = false;
}

void connection::open() {
  socket_.async_connect(to_, [this, life = life_](const error_code& failed) {
    if (life != life_) return;
    if (failed) return fail(failed);
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket_.non_blocking(true, ignored);
    write();
  });
}

// A request fits into the socket's buffer as a rule: it is written at once, without a round through the reactor.
void connection::write() {
  error_code failed;
  const auto sent = socket_.write_some(asio::buffer(unsent_.data(), unsent_.size()), failed);
  if (failed && !must_wait(failed))
    return asio::post(socket_.get_executor(), [this, failed, life = life_] {
      if (life == life_) fail(failed);
    });
  if (!failed) unsent_.remove_prefix(sent);
  if (unsent_.empty()) return read();
  socket_.async_wait(asio::socket_base::wait_write, [this, life = life_](const error_code& ended) {
    if (life != life_) return;
    if (ended) return fail(ended);
    write();
  });
}

void connection::read() {
  socket_.async_read_some(input_.prepare(read_bytes), [this, life = life_](error_code failed, std::size_t got) {
    if (life != life_) return;
    if (failed) return fail(failed);
    input_.commit(got);
    parse();
  });
}

void connection::parse() {
  error_code failed;
  while (input_.size() > 0 && !parser_->is_done()) {
    input_.consume(parser_->put(input_.data(), failed));
    if (failed == boost::beast::http::error::need_more) break;
    if (failed) return fail(failed);
  }
  if (parser_->is_done()) return finish();
  read();
}

void connection::finish() {
  const answer heard{parser_->status(), body_};
  if (parser_->keep_alive())
    kept_ = true;
  else
    close();
  busy_ = false;
  heard_(&heard);
}

void connection::fail(const error_code& why) {
  const bool again = kept_ && !parser_->got_some();
  close();
  if (again) return send(request_);
  error_ = why;
  heard_(nullptr);
}

std::string_view text_member(std::string_view body, std::string_view quoted_name) {
  for (auto at = body.find(quoted_name); at != std::string_view::npos; at = body.find(quoted_name, at + 1)) {
    auto rest = body.substr(at + quoted_name.size());
    if (!rest.starts_with(":\"")) continue;
    rest.remove_prefix(2);
    return rest.substr(0, rest.find('"'));
  }
  return {};
}

}  // namespace im::load
