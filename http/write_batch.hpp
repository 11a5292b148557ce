#pragma once
/// Answers to bytes: everything that may leave now, gathered for one write. Internal to http/.

#include <boost/asio/buffer.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange_queue.hpp"

namespace im::http {

class write_batch {
public:
  /// Appends the answer of `e` (which must have one; its body is taken). `http_date` is the value of the Date field.
  void add(exchange& e, std::string_view http_date);
  /// Appends `100 Continue`.
  void add_continue();

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  /// What is left to write. No add() between this and clear(): the buffers point into the batch.
  [[nodiscard]] std::span<const boost::asio::const_buffer> buffers();
  /// Forgets the first `bytes` of buffers(). True if nothing is left.
  bool wrote(std::size_t bytes) noexcept;
  void clear() noexcept;

private:
  struct piece {
    std::size_t text_end;  // a piece is text up to here, then one large body
    std::string body;
  };
  void field(std::string_view name, std::string_view value);

  std::string text_;
  std::vector<piece> large_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::size_t done_{0};
};

}  // namespace im::http
