#pragma once
/// How a call gets to ruvector-service and its answer back. Internal to persistence/.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "http/client.hpp"

namespace im::persistence {

struct ruvector_config;

/// Calls of one lane never wait for those of another.
enum class call_lane : std::uint8_t { hot, list, long_poll };

class ruvector_road {
public:
  virtual ~ruvector_road() = default;

  /// `done` is called once, at the latest at the deadline or when the road ends.
  virtual void send(http::outgoing_request req, std::chrono::milliseconds deadline, call_lane lane,
                    http::client_completion done) = 0;
};

/// To the service that `config` names, over HTTP; what it does runs on `executor`.
[[nodiscard]] std::shared_ptr<ruvector_road> make_http_road(const boost::asio::any_io_executor& executor,
                                                            const ruvector_config& config);

}  // namespace im::persistence
