#pragma once
/// One io thread: its context, its connections, its clock. Internal to http/.

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/answer_inbox.hpp"
#include "http/server_core.hpp"

namespace im::http {

/// A socket bound to its context by type: no type-erased executor on the hot path.
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class worker {
public:
  explicit worker(server_core& core);
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker();

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }

  // From outside:
  void start();
  /// Lets what is in flight finish, see `session::drain`.
  void drain();
  [[nodiscard]] bool is_running() const noexcept { return thread_.joinable(); }
  /// Closes all connections and joins the thread.
  void stop();

  // On the io thread:
  /// Takes over an accepted connection; a refused one is told 503.
  void adopt(tcp_socket socket, bool refused) noexcept;
  void forget(session& s) noexcept;
  void close_all() noexcept;
  [[nodiscard]] server_core& core() noexcept { return core_; }
  [[nodiscard]] const std::shared_ptr<answer_inbox>& inbox() const noexcept { return inbox_; }
  /// The value of the Date header, at most a tick old.
  [[nodiscard]] std::string_view http_date() const noexcept { return date_; }

private:
  void run() noexcept;
  void arm_tick();
  void on_tick();
  void write_date();

  server_core& core_;
  std::string date_;
  std::vector<std::shared_ptr<session>> sessions_;  // a session knows its index
  boost::asio::io_context context_{1};
  std::shared_ptr<answer_inbox> inbox_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      tick_;
  bool draining_{false};
  std::thread thread_;
};

}  // namespace im::http
