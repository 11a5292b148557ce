#pragma once
/// A thread that runs an io_context, for clients whose owner has none.

#include <boost/asio/any_io_executor.hpp>
#include <memory>

namespace im::http {

class io_thread {
public:
  io_thread();
  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;
  /// Lets what was started finish (destroy its clients first: that cancels their requests), then joins. Not from itself.
  ~io_thread();

  [[nodiscard]] boost::asio::any_io_executor executor() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::http
