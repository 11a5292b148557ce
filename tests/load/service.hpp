#pragma once
/// Where the service is.

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "messages/error.hpp"
#include "tests/load/request_bytes.hpp"

namespace im::load {

struct service {
  boost::asio::ip::tcp::endpoint at;
  target to;
};

/// Reads a URL and looks its host up. Fails with a sentence for people.
[[nodiscard]] std::expected<service, std::string> find_service(const std::string& url, std::string bearer = {});
/// Asks `health`, once. Fails with why nobody is ready there.
[[nodiscard]] std::expected<void, std::string> check_ready(const std::string& url, std::string_view health);

}  // namespace im::load
