#pragma once
/// How a call gets to ruvector-service and its answer back. Internal to persistence/.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>

#include "http/client.hpp"

namespace im::persistence {

struct ruvector_config;

class ruvector_road {
public:
  virtual ~ruvector_road() = default;

  /// `done` is called once, at the latest at the deadline or when the road ends. A long poll keeps no other call waiting.
  virtual void send(http::outgoing_request req, std::chrono::milliseconds deadline, bool long_poll,
                    http::client_completion done) = 0;
};

/// To the service that `config` names, over HTTP; what it does runs on `executor`.
[[nodiscard]] std::shared_ptr<ruvector_road> make_http_road(const boost::asio::any_io_executor& executor,
                                                            const ruvector_config& config);

}  // namespace im::persistence
