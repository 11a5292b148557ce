#pragma once
/// One call to ruvector-service: the key, the deadline, and the road it takes. Internal to persistence/.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.hpp"
#include "persistence/ruvector_client.hpp"
#include "persistence/ruvector_failures.hpp"
#include "persistence/ruvector_road.hpp"

namespace im::persistence {

struct ruvector_call {
  std::string_view name;
  http::verb method{http::verb::get};
  std::string target;
  std::string body{};
  std::string if_none_match{};
  std::chrono::milliseconds deadline;
  call_lane lane{call_lane::hot};
};

/// Lives as long as a call is under way; its road does not: a call that follows another after the road's end fails.
class ruvector_transport : public ruvector_failures, public std::enable_shared_from_this<ruvector_transport> {
public:
  using answer_handler = store_handler<http::client_response>;

  explicit ruvector_transport(ruvector_config config)
      : ruvector_failures{config.observers}, config_{std::move(config)} {}

  void connect(const std::shared_ptr<ruvector_road>& road) { road_ = road; }

  /// `done` gets whatever the service answered below 500, but for 429; the rest are failures.
  void send(ruvector_call call, answer_handler done);

  /// Sends, and reads a 200's body with `parse`: text → result<T>.
  template <class T, class Parse>
  void fetch(ruvector_call call, Parse parse, store_handler<T> done);

  [[nodiscard]] const ruvector_config& config() const noexcept { return config_; }

private:
  ruvector_config config_;
  std::weak_ptr<ruvector_road> road_;
};

template <class T, class Parse>
void ruvector_transport::fetch(ruvector_call call, Parse parse, store_handler<T> done) {
  const auto name = call.name;
  send(std::move(call),
       [self = shared_from_this(), name, parse = std::move(parse), done = std::move(done)](auto answer) mutable {
         if (!answer) return done(std::unexpected{std::move(answer.error())});
         if (answer->status_code != 200) return done(std::unexpected{self->unexpected_status(name, *answer)});
         result<T> value = parse(std::move(answer->body));
         if (!value) return done(std::unexpected{self->garbled(name, value.error().message)});
         done(std::move(*value));
       });
}

}  // namespace im::persistence
