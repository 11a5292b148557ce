#pragma once
/// One connection: reads requests, hands them to their routes, writes the answers in order. Internal to http/.
///
/// A session lives on one io thread and needs no lock. Bytes go through `advance()`: parse what is there, dispatch it, gather the
/// answers that may leave, write them at once, read on. A request's way:
///
///   headers ── judge() ──→ body ──→ dispatch() ──→ handler ── settle() ──→ flush()
///      │ 400 408 414 431     │ 408 413                │ 404 405 415, OPTIONS   │ 503 when late, 500 when forsaken
///      │ 413 417             │                        │ connection stays       │ connection stays
///      └── close             └── close
///
/// "Close" is lingering: after a final answer the sending side is shut and what still comes is read and dropped for a moment;
/// a plain close() with unread bytes would reset the connection and take the answer with it.
/// Timeouts are looked at by the worker's tick, no operation has a timer of its own.

#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

#include "http/answer_inbox.hpp"
#include "http/exchange_queue.hpp"
#include "http/request_parser.hpp"
#include "http/worker.hpp"
#include "http/write_batch.hpp"

namespace im::http {

class session : public std::enable_shared_from_this<session> {
public:
  using clock = exchange::clock;

  session(worker& owner, tcp_socket socket);

  /// Reads the first request.
  void start();
  /// Answers 503 to whatever comes, and closes.
  void refuse();
  /// Takes no further request; closes when those in flight are answered.
  void drain();
  /// Closes at once.
  void abort() noexcept;
  /// Enforces the timeouts.
  void tick(clock::time_point now);

  /// Runs a step of this connection. An exception in it is logged and closes this connection alone.
  template <class Step>
  void guarded(Step&& step) noexcept {
    try {
      step();
    } catch (const std::exception& failure) {
      fail_connection(failure.what());
    } catch (...) {
      fail_connection("not a std::exception");
    }
  }

  /// Stores the answer of a ticket; nothing means that nobody will answer it. advance() sends it.
  void settle(std::uint64_t ticket, std::optional<response>&& answer);
  /// Does all that can be done now.
  void advance();

  std::size_t index{0};  ///< the worker's

private:
  using error_code = boost::system::error_code;

  // Reading
  void read();
  void on_read(const error_code& ec, std::size_t bytes);
  void on_end_of_input();
  [[nodiscard]] bool can_parse() const noexcept;
  void parse();
  void judge();
  [[nodiscard]] bool take_body_room(std::size_t limit_bytes);
  [[nodiscard]] std::optional<response> deny(const route_match& match, const request& req) const;
  void dispatch();
  [[nodiscard]] std::optional<response> unpack(request& req) const;
  void hand_over(std::uint64_t ticket, request&& req);
  void fail(response&& answer);
  void fail(status code, std::string_view reason, std::string_view message);
  [[nodiscard]] exchange current_exchange(bool keep_alive);

  // Writing
  void flush();
  void write();
  void write_rest();
  void on_write(const error_code& ec, std::size_t bytes);
  void report(const exchange& e, clock::time_point now) const;

  // Ending
  void fail_connection(std::string_view what) noexcept;
  void settle_down();
  void linger();
  void time_out_handlers(clock::time_point now);
  void reject(rejection why) const;

  worker& worker_;
  server_core& core_;
  tcp_socket socket_;
  std::shared_ptr<connection_link> link_;
  boost::beast::flat_buffer in_;
  std::optional<request_parser> parser_;
  exchange_queue queue_;
  write_batch batch_;

  // The request being read
  route_match match_;
  admission::ticket body_room_;
  std::optional<response> denial_;     // its answer is known already, its body is read and dropped
  clock::time_point started_{};        // when its headers were complete
  clock::time_point read_deadline_{};  // for its headers, then for its body
  bool deadline_armed_{false};
  bool continue_owed_{false};  // 100 Continue, as soon as the answers before it have left

  clock::time_point last_active_{};
  clock::time_point write_progress_{};
  clock::time_point linger_deadline_{};  // for the next byte
  clock::time_point linger_end_{};       // for all of them
  std::size_t linger_left_{0};

  bool reading_{false};
  bool writing_{false};
  bool advancing_{false};
  bool starved_{true};       // the parser wants more bytes
  bool input_ended_{false};  // no further request is read
  bool peer_done_{false};    // the peer has shut its sending side
  bool draining_{false};
  bool lingering_{false};
  bool closed_{false};
};

}  // namespace im::http
