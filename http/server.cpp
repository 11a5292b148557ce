#include "http/server.hpp"

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <optional>
#include <system_error>
#include <vector>

#include "http/run_logged.hpp"
#include "http/server_core.hpp"
#include "http/worker.hpp"

namespace im::http {

namespace asio = boost::asio;
using asio::ip::tcp;

class server::impl {
public:
  impl(server_config config, router routes, error_renderer render, server_observers observers)
      : core_{std::move(config), std::move(routes), std::move(render), std::move(observers)} {}

  ~impl() { stop(); }

  void start();
  bool drain(std::chrono::milliseconds patience);
  void stop();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::size_t connections() const noexcept { return core_.connections(); }

private:
  using acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

  void accept();
  void on_accept(const boost::system::error_code& ec, worker& target, tcp_socket socket);
  void take(worker& target, tcp_socket socket);
  void back_off();
  void stop_listening();

  server_core core_;
  std::vector<std::unique_ptr<worker>> workers_;
  // On the first worker's thread, once it runs:
  std::optional<acceptor> acceptor_;
  std::optional<asio::steady_timer> backoff_;
  std::size_t next_worker_{0};
  std::uint16_t port_{0};
  std::atomic<bool> stopped_{false};
};

void server::impl::start() {
  for (std::size_t i = 0; i < core_.config.io_threads; ++i) workers_.push_back(std::make_unique<worker>(core_));
  auto& io = workers_.front()->context();
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(core_.config.address, ec);
  if (ec) throw std::system_error{ec, "not an address: " + core_.config.address};
  const tcp::endpoint endpoint{address, core_.config.port};
  acceptor_.emplace(io);
  acceptor_->open(endpoint.protocol(), ec);
  if (!ec) acceptor_->set_option(asio::socket_base::reuse_address{true}, ec);
  if (!ec) acceptor_->bind(endpoint, ec);
  if (!ec) acceptor_->listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    throw std::system_error{ec, "cannot listen on " + core_.config.address + ":" + std::to_string(core_.config.port)};
  port_ = acceptor_->local_endpoint().port();
  backoff_.emplace(io);
  try {
    for (const auto& w : workers_) w->start();
  } catch (const std::system_error&) {  // a thread could not be made
    stop();
    throw;
  }
  asio::post(io, [this] { accept(); });
}

void server::impl::accept() {
  auto& target = *workers_[next_worker_++ % workers_.size()];
  acceptor_->async_accept(target.context(), [this, &target](const boost::system::error_code& ec, tcp_socket socket) {
    on_accept(ec, target, std::move(socket));
  });
}

void server::impl::on_accept(const boost::system::error_code& ec, worker& target, tcp_socket socket) {
  if (!acceptor_->is_open()) return;
  if (ec == asio::error::connection_aborted) return accept();
  if (ec) return back_off();
  run_caught("an accepted connection was closed", [&] { take(target, std::move(socket)); });
  accept();
}

void server::impl::take(worker& target, tcp_socket socket) {
  const auto number = core_.connection_opened();
  if (number > core_.config.max_connections + limits::rejected_connections) {
    socket.close();
    core_.connection_closed();
    if (core_.observers.on_rejected) core_.observers.on_rejected(rejection::too_many_connections);
  } else {
    const bool refused = number > core_.config.max_connections;
    try {
      asio::dispatch(target.context(),
                     [&target, refused, s = std::move(socket)]() mutable { target.adopt(std::move(s), refused); });
    } catch (...) {
      core_.connection_closed();
      throw;
    }
  }
}

/// Out of file descriptors or memory: the next accept would fail at once, too.
void server::impl::back_off() {
  backoff_->expires_after(limits::accept_backoff);
  backoff_->async_wait([this](const boost::system::error_code& ec) {
    if (!ec && acceptor_->is_open()) accept();
  });
}

void server::impl::stop_listening() {
  if (!workers_.front()->is_running()) return;  // its thread could not be made: nothing accepts
  std::promise<void> done;
  asio::post(workers_.front()->context(), [&] {
    boost::system::error_code ignored;
    acceptor_->close(ignored);
    backoff_->cancel();
    done.set_value();
  });
  done.get_future().wait();
}

bool server::impl::drain(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  if (stopped_ || port_ == 0) return true;
  stop_listening();
  for (const auto& w : workers_) w->drain();
  const bool all_done = core_.wait_for_last(deadline);
  stop();
  return all_done;
}

void server::impl::stop() {
  if (stopped_.exchange(true)) return;
  if (port_ != 0) stop_listening();
  for (const auto& w : workers_) w->stop();
  acceptor_.reset();
  backoff_.reset();
}

server::server(server_config config, router routes, error_renderer render, server_observers observers)
    : impl_{std::make_unique<impl>(std::move(config), std::move(routes), std::move(render), std::move(observers))} {}

server::~server() = default;

void server::start() { impl_->start(); }
std::uint16_t server::port() const noexcept { return impl_->port(); }
bool server::drain(std::chrono::milliseconds patience) { return impl_->drain(patience); }
void server::stop() { impl_->stop(); }
std::size_t server::connections() const noexcept { return impl_->connections(); }

}  // namespace im::http
