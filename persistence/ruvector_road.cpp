#include "persistence/ruvector_road.hpp"

#include <utility>

#include "persistence/ruvector_client.hpp"

namespace im::persistence {

namespace {

http::client_config pool_of(const ruvector_config& config, std::size_t connections, std::size_t queue) {
  http::client_config c;
  c.max_connections = connections;
  c.max_queued_requests = queue;
  c.ca_file = config.ca_file;
  return c;
}

class http_road final : public ruvector_road {
public:
  http_road(const boost::asio::any_io_executor& executor, const ruvector_config& config)
      : calls_{executor, config.service, pool_of(config, config.connections, config.queue)},
        polls_{executor, config.service, pool_of(config, config.polls, 0)} {}

  void send(http::outgoing_request req, std::chrono::milliseconds deadline, bool long_poll,
            http::client_completion done) override {
    (long_poll ? polls_ : calls_).send(std::move(req), deadline, std::move(done));
  }

private:
  http::client calls_;
  http::client polls_;
};

}  // namespace

std::shared_ptr<ruvector_road> make_http_road(const boost::asio::any_io_executor& executor,
                                              const ruvector_config& config) {
  return std::make_shared<http_road>(executor, config);
}

}  // namespace im::persistence
