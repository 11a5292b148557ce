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
        lists_{executor, config.service, pool_of(config, config.list_connections, config.list_queue)},
        polls_{executor, config.service, pool_of(config, config.polls, 0)} {}

  void send(http::outgoing_request req, std::chrono::milliseconds deadline, call_lane lane,
            http::client_completion done) override {
    of(lane).send(std::move(req), deadline, std::move(done));
  }

private:
  [[nodiscard]] http::client& of(call_lane lane) {
    switch (lane) {
      case call_lane::hot: return calls_;
      case call_lane::list: return lists_;
      case call_lane::long_poll: return polls_;
    }
    return calls_;
  }

  http::client calls_;
  http::client lists_;
  http::client polls_;
};

}  // namespace

std::shared_ptr<ruvector_road> make_http_road(const boost::asio::any_io_executor& executor,
                                              const ruvector_config& config) {
  return std::make_shared<http_road>(executor, config);
}

}  // namespace im::persistence
