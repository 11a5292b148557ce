/// The same request again and again, for measuring other servers with the same client.

#include <array>

#include <fmt/format.h>

#include "tests/load/bodies.hpp"
#include "tests/load/players.hpp"

namespace im::load {

namespace {

class post_player final : public player {
public:
  post_player(const script& run, const post_options& options)
      : run_{run}, options_{options}, request_{run.to, "POST", options.path, "application/json", options.body} {
    if (options.body.find(operation_mark) != std::string::npos) operation_ = request_.add_slot(operation_mark);
    if (options.body.find(service_mark) != std::string::npos) service_ = request_.add_slot(service_mark);
  }

  void begin(std::uint64_t unit, hands& to) override {
    if (operation_) request_.set(*operation_, view(run_.ids.text(unit)));
    if (service_) {
      std::array<char, service_mark.size()> text{};
      fmt::format_to_n(text.data(), text.size(), "{:08}", chosen(run_.seed, unit, options_.services));
      request_.set(*service_, {text.data(), text.size()});
    }
    to.send(0, request_.bytes());
  }

  void hear(std::size_t, const answer& heard, hands& to) override {
    return heard.status == options_.status ? to.done(1) : to.refused(heard);
  }

private:
  script run_;
  post_options options_;
  request_bytes request_;
  std::optional<std::size_t> operation_;
  std::optional<std::size_t> service_;
};

}  // namespace

std::unique_ptr<player> make_post_player(const script& run, const post_options& options) {
  return std::make_unique<post_player>(run, options);
}

}  // namespace im::load
