#pragma once
/// One kept-alive connection with one request on its way at a time, made cheap: the generator shares the machine with the server.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tests/load/answer_parser.hpp"

namespace im::load {

class connection {
public:
  /// Called with each answer; with null when the connection failed: the next send opens it again.
  using listener = std::function<void(const answer*)>;

  connection(boost::asio::io_context& context, boost::asio::ip::tcp::endpoint to, listener heard);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Sends a whole request; its bytes stay where they are until the answer. Not before the last one was answered. A request is
  /// sent once more when the server has closed a connection that was kept alive: its ids make that one effect.
  void send(std::string_view request);
  [[nodiscard]] bool busy() const { return busy_; }
  /// What went wrong last.
  [[nodiscard]] const boost::system::error_code& error() const { return error_; }
  /// Gives up what is on its way; the listener does not hear of it.
  void close();

private:
  using error_code = boost::system::error_code;

  void open();
  void write();
  void read();
  void parse();
  void finish();
  void fail(const error_code& why);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::ip::tcp::endpoint to_;
  listener heard_;
  std::string_view request_;
  std::string_view unsent_;
  boost::beast::flat_buffer input_;
  std::string body_;
  std::optional<answer_parser> parser_;
  error_code error_;
  std::uint64_t life_ = 0;  ///< of the socket; what was started in an earlier one does nothing
  bool busy_ = false;
  bool kept_ = false;  ///< an answer came over this socket before
};

}  // namespace im::load
