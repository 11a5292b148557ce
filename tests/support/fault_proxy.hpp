#pragma once
/// A TCP proxy in front of one HTTP server that spoils exchanges when it is told to. It reads a whole request, chooses its
/// fate, and passes bytes on as they are; it runs on a thread of its own, and any thread may talk to it.

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "messages/enums.hpp"

namespace im::test {

/// What happens to an exchange. The server acts on the request in those marked with *.
enum class fault : std::uint8_t {
  delay,        ///< * passed, but only after a while
  cut_request,  ///< half of the request reaches the server, then both connections end
  lose_answer,  ///< * the request is passed; its answer is taken from the server and never given
  truncate,     ///< * half of the answer is given, then the connection ends
  half_open,    ///< the request is read; nothing is passed and nothing is answered
  refuse,       ///< connections end as soon as they are made, and those that are open at their next request
  answer_500,   ///< the proxy answers 500 itself
  answer_429,   ///< the proxy answers 429 with Retry-After itself
};

/// Which exchanges a fault is for.
struct fault_rule {
  fault kind = fault::delay;
  double share = 1;        ///< of the exchanges, by the proxy's seed
  std::string where = {};  ///< only requests whose request line contains this; empty: all
  std::size_t times = std::numeric_limits<std::size_t>::max();  ///< spoils no more than so many
  std::chrono::milliseconds delay{50};                          ///< of `fault::delay`
};

class fault_proxy {
public:
  /// How many exchanges each fault has spoiled, by its number.
  using fault_counts = std::array<std::size_t, 8>;

  /// Listens on a free port of the loopback, and connects to `target_port` there anew for each connection. Throws
  /// boost::system::system_error.
  explicit fault_proxy(std::uint16_t target_port, std::uint64_t seed = 1);
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;
  /// Ends every connection.
  ~fault_proxy();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;

  /// From now on, in place of the rule before.
  void inject(fault_rule rule);
  /// Passes everything again; connections that hang half-open end.
  void heal();
  /// Ends every connection now, whatever is under way on it.
  void cut_all();

  [[nodiscard]] fault_counts spoiled() const;
  [[nodiscard]] std::size_t spoiled(fault kind) const { return spoiled()[static_cast<std::size_t>(kind)]; }

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::test

namespace im {

IM_WIRE_WORDS(test::fault, answer_429, "delay", "cut_request", "lose_answer", "truncate", "half_open", "refuse",
              "answer_500", "answer_429");

}  // namespace im
