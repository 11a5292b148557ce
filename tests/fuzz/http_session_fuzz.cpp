/// Feeds bytes to one session over a pair of connected sockets, as libFuzzer's target or under tests/fuzz/standalone_main.cpp.
///
/// The first byte chooses the size of the pieces and whether handlers answer at once, later in reverse order, or never;
/// the rest is what the peer sends before it closes its sending side. The session must come to its end without a sanitizer's
/// complaint, and what it writes must begin like HTTP. Everything runs on this thread: no timing, no threads, the same each time.

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string_view>

#include "http/server_core.hpp"
#include "http/session.hpp"
#include "http/worker.hpp"

namespace {

using namespace im::http;

enum class answering { at_once, in_reverse, never };

struct table {
  answering mode{answering::at_once};
  std::deque<responder> waiting{};

  void handle(request&& req, responder&& answer) {
    if (mode == answering::at_once) return answer({.body = std::move(req.body), .headers = {{"X-Path", req.path}}});
    waiting.push_front(std::move(answer));
  }

  void settle() {
    while (!waiting.empty()) {
      auto answer = std::move(waiting.front());
      waiting.pop_front();
      if (mode == answering::in_reverse) answer({.body = "late"});
    }
  }

  router routes() {
    const auto take = [this](request&& req, responder&& answer) { handle(std::move(req), std::move(answer)); };
    router r;
    r.add(verb::get, "/", take);
    r.add(verb::get, "/items/{id}", take);
    r.add(verb::post, "/items/{id}/close", take, {.max_body_bytes = 64});
    r.add(verb::post, "/any", take, {.content_types = {"*/*"}});
    return r;
  }
};

/// The other end of the session's socket.
class peer {
public:
  explicit peer(int fd) : fd_{fd} {}
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer() { ::close(fd_); }

  /// What the socket took of `bytes`.
  std::size_t send(std::string_view bytes) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? bytes.size() : static_cast<std::size_t>(sent);  // nobody listens any more: done
  }
  void end() { ::shutdown(fd_, SHUT_WR); }
  /// Reads what there is; the first bytes ever must be a status line's.
  void receive() {
    std::array<char, 4096> bytes{};
    for (;;) {
      const auto got = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      if (!begun_ && !std::string_view{bytes.data(), static_cast<std::size_t>(got)}.starts_with("HTTP/1.1 "))
        std::abort();
      begun_ = true;
    }
  }

private:
  int fd_;
  bool begun_{false};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return 0;
  peer other{ends[1]};
  table handlers{.mode = static_cast<answering>(data[0] % 3)};
  server_core core{
      {.header_limit_bytes = 1024, .body_limit_bytes = 4096, .max_pipelined_requests = 4}, handlers.routes(), {}, {}};
  worker io{core};
  io.inbox()->bind_to_this_thread();
  core.connection_opened();
  tcp_socket socket{io.context()};
  socket.assign(boost::asio::ip::tcp::v4(), ends[0]);  // a stream socket is a stream socket to all that a session does
  io.adopt(std::move(socket), false);

  std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t piece = data[0] < 128 ? size : 1 + data[0] % 13;
  // A bound on rounds, so that a session that never ends is found: none needs as many as this.
  for (std::size_t round = 0; core.connections() > 0; ++round) {
    if (round > 4 * size + 1000) std::abort();
    if (!rest.empty()) rest.remove_prefix(other.send(rest.substr(0, piece)));
    if (rest.empty()) other.end();
    io.context().poll();
    handlers.settle();
    other.receive();
  }
  return 0;
}
