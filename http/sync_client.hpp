#pragma once
/// A blocking client, for the CLI, the demo and tests. One thread at a time.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/client.hpp"

namespace im::http {

class sync_client {
public:
  using header_list = std::vector<std::pair<std::string, std::string>>;

  explicit sync_client(origin to, client_config config = {});
  sync_client(const sync_client&) = delete;
  sync_client& operator=(const sync_client&) = delete;
  ~sync_client();

  /// Sends and waits. A `Content-Type` among the headers is used for the body; without one it is JSON.
  [[nodiscard]] client_result request(verb method, std::string_view target, std::string body = {},
                                      header_list headers = {},
                                      std::chrono::milliseconds timeout = limits::request_timeout);
  /// Sends and waits, with all that a request may say.
  [[nodiscard]] client_result request(outgoing_request req,
                                      std::chrono::milliseconds timeout = limits::request_timeout);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::http
