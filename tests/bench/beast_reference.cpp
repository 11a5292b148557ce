/// beast_reference PORT STATUS FILE: a bare Beast server on one thread of the loopback that answers every request with the same
/// bytes. What HTTP alone costs, beside which the service's own figures stand.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using response = http::response<http::string_body>;

class session : public std::enable_shared_from_this<session> {
public:
  session(tcp::socket socket, const response& answer) : socket_{std::move(socket)}, answer_{answer} {}

  void read() {
    request_ = {};
    http::async_read(socket_, input_, request_, [self = shared_from_this()](const error_code& ended, std::size_t) {
      if (!ended) self->write();
    });
  }

private:
  void write() {
    http::async_write(socket_, answer_, [self = shared_from_this()](const error_code& ended, std::size_t) {
      if (!ended && self->request_.keep_alive()) self->read();
    });
  }

  tcp::socket socket_;
  const response& answer_;
  boost::beast::flat_buffer input_;
  http::request<http::string_body> request_;
};

void accept(tcp::acceptor& at, const response& answer) {
  at.async_accept([&](const error_code& failed, tcp::socket socket) {
    if (failed) return;
    socket.set_option(tcp::no_delay{true});
    std::make_shared<session>(std::move(socket), answer)->read();
    accept(at, answer);
  });
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fprintf(stderr, "usage: beast_reference PORT STATUS FILE\n");
    return 2;
  }
  std::ifstream file{argv[3], std::ios::binary};
  response answer{http::int_to_status(static_cast<unsigned>(std::stoul(argv[2]))), 11};
  answer.set(http::field::server, "beast_reference");
  answer.set(http::field::content_type, "application/json");
  answer.body().assign(std::istreambuf_iterator<char>{file}, {});
  answer.prepare_payload();
  asio::io_context context{1};
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoul(argv[1]))}};
  accept(acceptor, answer);
  context.run();
} catch (const std::exception& e) {
  std::fprintf(stderr, "beast_reference: %s\n", e.what());
  return 1;
}
