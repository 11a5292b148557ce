#include "tests/load/service.hpp"

#include <boost/asio/io_context.hpp>

#include "http/sync_client.hpp"

namespace im::load {

std::expected<service, std::string> find_service(const std::string& url, std::string bearer) {
  const auto origin = http::origin::parse(url);
  if (!origin) return std::unexpected{"the address is not good: " + origin.error()};
  if (origin->tls) return std::unexpected{"only plain http:// can be loaded: " + origin->to_string()};
  boost::asio::io_context context;
  boost::system::error_code failed;
  const auto found =
      boost::asio::ip::tcp::resolver{context}.resolve(origin->host, std::to_string(origin->port), failed);
  if (failed || found.empty()) return std::unexpected{"no address for " + origin->host + ": " + failed.message()};
  return service{found.begin()->endpoint(), {origin->authority(), origin->base, std::move(bearer)}};
}

std::expected<void, std::string> check_ready(const std::string& url, std::string_view health) {
  const auto origin = http::origin::parse(url);
  if (!origin) return std::unexpected{origin.error()};
  http::sync_client client{*origin};
  const auto answer = client.request(http::verb::get, health);
  if (!answer) return std::unexpected{"cannot reach " + origin->to_string() + ": " + answer.error().message};
  if (answer->status_code != 200)
    return std::unexpected{origin->to_string() + " is not ready: it answers " + std::to_string(answer->status_code)};
  return {};
}

}  // namespace im::load
