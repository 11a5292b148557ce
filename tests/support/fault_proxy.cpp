#include "tests/support/fault_proxy.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>

namespace im::test {

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::size_t message_bytes_max = 64 << 20;

/// The body's size as the head says it; the two programs always say it, or send no body.
std::size_t body_bytes(std::string_view head) {
  constexpr std::string_view name = "content-length:";
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line + 2)) {
    auto field = std::string{head.substr(line + 2, name.size())};
    for (auto& c : field) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (field == name) return std::stoul(std::string{head.substr(line + 2 + name.size(), 20)});
  }
  return 0;
}

/// The next whole message of a connection, byte for byte; what follows it stays in `buffer`. Throws at the end.
asio::awaitable<std::string> read_message(tcp::socket& from, std::string& buffer) {
  const auto head =
      co_await asio::async_read_until(from, asio::dynamic_buffer(buffer, message_bytes_max), "\r\n\r\n", use_awaitable);
  const auto size = head + body_bytes(std::string_view{buffer}.substr(0, head));
  if (buffer.size() < size)
    co_await asio::async_read(from, asio::dynamic_buffer(buffer, message_bytes_max),
                              asio::transfer_exactly(size - buffer.size()), use_awaitable);
  auto message = buffer.substr(0, size);
  buffer.erase(0, size);
  co_return message;
}

asio::awaitable<void> write_all(tcp::socket& to, std::string_view text) {
  co_await asio::async_write(to, asio::buffer(text), use_awaitable);
}

std::string own_answer(std::string_view status_line, std::string_view more) {
  constexpr std::string_view body = R"({"success":false})";
  return std::string{"HTTP/1.1 "}
      .append(status_line)
      .append("\r\nContent-Type: application/json\r\n")
      .append(more)
      .append("Content-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n\r\n")
      .append(body);
}

/// One client's connection, and the one to the server that stands for it.
struct link {
  explicit link(tcp::socket from)
      : client{std::move(from)}, server{client.get_executor()}, held{client.get_executor()} {}

  void end() {
    boost::system::error_code ignored;
    client.close(ignored);
    server.close(ignored);
    held.cancel();
  }

  tcp::socket client;
  tcp::socket server;
  asio::steady_timer held;  ///< what a delayed or a half-open exchange waits for
  bool is_half_open = false;
  std::string from_client;
  std::string from_server;
};

}  // namespace

class fault_proxy::impl {
public:
  impl(std::uint16_t target_port, std::uint64_t seed)
      : acceptor_{io_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}},
        target_{asio::ip::address_v4::loopback(), target_port},
        chance_{seed} {}

  void start() {
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread{[this] { io_.run(); }};
  }

  void stop() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void set(std::optional<fault_rule> rule) {
    const std::lock_guard lock{mutex_};
    rule_ = std::move(rule);
  }

  /// Ends all connections, or those alone that hang half-open.
  void end(bool all) {
    asio::post(io_, [this, all] {
      for (auto* link : links_)
        if (all || link->is_half_open) link->end();  // its coroutine goes on later
    });
  }

  [[nodiscard]] fault_counts spoiled() const {
    const std::lock_guard lock{mutex_};
    return spoiled_;
  }

private:
  /// The fault that this exchange suffers, counted; nothing when it passes.
  std::optional<fault_rule> choose(std::string_view request_line) {
    const std::lock_guard lock{mutex_};
    if (!rule_ || rule_->times == 0 || request_line.find(rule_->where) == std::string_view::npos) return std::nullopt;
    if (std::uniform_real_distribution{0.0, 1.0}(chance_) >= rule_->share) return std::nullopt;
    --rule_->times;
    ++spoiled_[static_cast<std::size_t>(rule_->kind)];
    return rule_;
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(use_awaitable);
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    link connection{std::move(socket)};
    links_.insert(&connection);
    try {
      if (!refuses_connections()) {
        co_await connection.server.async_connect(target_, use_awaitable);
        while (co_await exchange(connection)) {
        }
      }
    } catch (const boost::system::system_error&) {
      // One of the two sides has gone: so does the other.
    }
    links_.erase(&connection);
    connection.end();
  }

  bool refuses_connections() {
    {
      const std::lock_guard lock{mutex_};
      if (!rule_ || rule_->kind != fault::refuse || !rule_->where.empty()) return false;
    }
    return choose({}).has_value();
  }

  /// One request and its answer; false when the connection ends with it.
  asio::awaitable<bool> exchange(link& at) {
    const auto request = co_await read_message(at.client, at.from_client);
    const auto suffers = choose(std::string_view{request}.substr(0, request.find("\r\n")));
    if (!suffers) {
      co_await pass(at, request);
      co_return true;
    }
    switch (suffers->kind) {
      case fault::delay:
        at.held.expires_after(suffers->delay);
        co_await at.held.async_wait(use_awaitable);
        co_await pass(at, request);
        co_return true;
      case fault::cut_request: co_await write_all(at.server, half_of(request)); co_return false;
      case fault::lose_answer: (void)co_await ask(at, request); co_return false;
      case fault::truncate: {
        const auto answer = co_await ask(at, request);
        co_await write_all(at.client, half_of(answer));
        co_return false;
      }
      case fault::half_open:
        at.is_half_open = true;
        at.held.expires_at(asio::steady_timer::time_point::max());
        co_await at.held.async_wait(use_awaitable);
        co_return false;
      case fault::refuse: co_return false;
      case fault::answer_500:
        co_await write_all(at.client, own_answer("500 Internal Server Error", ""));
        co_return true;
      case fault::answer_429:
        co_await write_all(at.client, own_answer("429 Too Many Requests", "Retry-After: 1\r\n"));
        co_return true;
    }
    co_return false;
  }

  static asio::awaitable<std::string> ask(link& at, const std::string& request) {
    co_await write_all(at.server, request);
    co_return co_await read_message(at.server, at.from_server);
  }

  static asio::awaitable<void> pass(link& at, const std::string& request) {
    const auto answer = co_await ask(at, request);
    co_await write_all(at.client, answer);
  }

  static std::string_view half_of(std::string_view message) { return message.substr(0, message.size() / 2); }

  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  tcp::endpoint target_;
  std::set<link*> links_;  // on the thread alone
  std::thread thread_;

  mutable std::mutex mutex_;
  std::mt19937_64 chance_;
  std::optional<fault_rule> rule_;
  fault_counts spoiled_{};
};

fault_proxy::fault_proxy(std::uint16_t target_port, std::uint64_t seed)
    : impl_{std::make_unique<impl>(target_port, seed)} {
  impl_->start();
}

fault_proxy::~fault_proxy() { impl_->stop(); }

std::uint16_t fault_proxy::port() const { return impl_->port(); }

std::string fault_proxy::url() const { return "http://127.0.0.1:" + std::to_string(port()); }

void fault_proxy::inject(fault_rule rule) { impl_->set(std::move(rule)); }

void fault_proxy::heal() {
  impl_->set(std::nullopt);
  impl_->end(false);
}

void fault_proxy::cut_all() { impl_->end(true); }

fault_proxy::fault_counts fault_proxy::spoiled() const { return impl_->spoiled(); }

}  // namespace im::test
