#include "http/sync_client.hpp"

#include <boost/asio/io_context.hpp>
#include <optional>

namespace im::http {

class sync_client::impl {
public:
  impl(origin to, client_config config) { client_.emplace(io_.get_executor(), std::move(to), std::move(config)); }

  ~impl() {
    client_.reset();
    io_.restart();
    io_.run();
  }

  client_result request(outgoing_request&& req, std::chrono::milliseconds timeout) {
    std::optional<client_result> result;
    client_->send(std::move(req), timeout, [&](client_result r) { result.emplace(std::move(r)); });
    io_.restart();
    while (!result) io_.run_one();  // the request's deadline ends this
    return std::move(*result);
  }

private:
  boost::asio::io_context io_{1};
  std::optional<client> client_;
};

sync_client::sync_client(origin to, client_config config)
    : impl_{std::make_unique<impl>(std::move(to), std::move(config))} {}

sync_client::~sync_client() = default;

client_result sync_client::request(verb method, std::string_view target, std::string body, header_list headers,
                                   std::chrono::milliseconds timeout) {
  outgoing_request req{
      .method = method, .target = std::string{target}, .headers = std::move(headers), .body = std::move(body)};
  for (const auto& [name, value] : req.headers)
    if (iequals(name, "Content-Type")) req.content_type = value;
  return request(std::move(req), timeout);
}

client_result sync_client::request(outgoing_request req, std::chrono::milliseconds timeout) {
  return impl_->request(std::move(req), timeout);
}

}  // namespace im::http
