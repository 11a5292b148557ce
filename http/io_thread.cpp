#include "http/io_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "http/run_logged.hpp"
#include "telemetry/thread_name.hpp"

namespace im::http {

class io_thread::impl {
public:
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread{[this] {
    name_this_thread("http.client");
    run_logged(context);
  }};
};

io_thread::io_thread() : impl_{std::make_unique<impl>()} {}

io_thread::~io_thread() {
  impl_->work.reset();
  impl_->thread.join();
}

boost::asio::any_io_executor io_thread::executor() const { return impl_->context.get_executor(); }

}  // namespace im::http
