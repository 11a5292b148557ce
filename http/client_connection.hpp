#pragma once
/// One connection of a client: connects, carries one exchange at a time, and notices when the server leaves. Internal to http/.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http/client.hpp"
#include "http/response_parser.hpp"

namespace im::http {

class client_connection;

/// Whom a connection tells what happened. After connect_failed, broke and lost the connection is closed.
class connection_owner {
public:
  virtual ~connection_owner() = default;
  virtual void connected(client_connection& c) = 0;
  virtual void connect_failed(client_connection& c, client_error why) = 0;
  /// The exchange is over. If not `reusable` the connection is closed.
  virtual void answered(client_connection& c, client_response answer, bool reusable) = 0;
  /// The exchange failed; `answer_begun` tells whether a byte of the response had come.
  virtual void broke(client_connection& c, client_error why, bool answer_begun) = 0;
  /// It was idle, and the server closed it or it was unused for too long.
  virtual void lost(client_connection& c) = 0;
};

/// All members are called on the owner's strand, which is the executor given.
class client_connection : public std::enable_shared_from_this<client_connection> {
public:
  client_connection(boost::asio::any_io_executor strand, std::weak_ptr<connection_owner> owner, const origin& to,
                    const client_config& config, boost::asio::ssl::context* tls);

  void connect();
  /// Sends `wire`, a whole request. Only when connected and idle.
  void exchange(std::string wire, bool to_head);
  /// Closes without telling the owner.
  void close() noexcept;

  [[nodiscard]] bool idle() const noexcept { return phase_ == phase::idle; }
  [[nodiscard]] bool connecting() const noexcept { return phase_ == phase::connecting; }
  /// Whether it has carried an exchange before the current one.
  [[nodiscard]] bool reused() const noexcept { return exchanges_ > 1; }
  [[nodiscard]] bool used() const noexcept { return exchanges_ > 0; }

private:
  enum class phase { connecting, idle, busy, closed };
  using error_code = boost::system::error_code;
  using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  template <class Use>
  void with_stream(Use&& use);
  void on_connected();
  void handshake();
  void become_idle();
  void arm_timer(std::chrono::milliseconds after);
  void on_timer();
  void read();
  void on_read(const error_code& ec, std::size_t bytes);
  void parse(bool ended);
  void finish();
  void fail_connect(client_error_kind kind, std::string message);
  void fail_exchange(client_error_kind kind, std::string message);

  std::weak_ptr<connection_owner> owner_;
  const origin to_;
  const client_config config_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<tls_stream> tls_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_generation_{0};
  boost::beast::flat_buffer in_;
  std::string out_;
  std::optional<response_parser> parser_;
  phase phase_{phase::connecting};
  std::uint64_t exchanges_{0};
  bool to_head_{false};
  bool reading_{false};
  bool writing_{false};
  bool answer_begun_{false};
};

}  // namespace im::http
