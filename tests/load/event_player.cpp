/// Events, one or many a POST.

#include <array>

#include <fmt/format.h>

#include "messages/json/node.hpp"
#include "tests/load/bodies.hpp"
#include "tests/load/players.hpp"

namespace im::load {

namespace {

constexpr unsigned accepted = 202;

request_bytes post_events(const script& run, const event_options& options) {
  const auto event = event_body(options.services == 0 ? subject::itself : subject::service, "medium", run.started);
  if (options.batch == 1 && !options.ndjson) return {run.to, "POST", "/api/v1/events", "application/json", event};
  return {run.to, "POST", "/api/v1/events", options.ndjson ? "application/x-ndjson" : "application/json",
          batch_body(event, options.batch, options.ndjson)};
}

class event_player final : public player {
public:
  event_player(const script& run, const event_options& options)
      : run_{run}, options_{options}, request_{post_events(run, options)} {
    operation_ = request_.add_slot(operation_mark);
    if (options.services != 0) service_ = request_.add_slot(service_mark);
    // An event that opens its own incident names its operation twice.
    marks_an_event_ = options.services == 0 ? 2 : 1;
  }

  void begin(std::uint64_t unit, hands& to) override {
    unit_ = unit;
    for (std::size_t k = 0; k < options_.batch; ++k) {
      const auto operation = run_.operation(unit, k);
      const auto id = run_.ids.text(operation);
      for (std::size_t mark = 0; mark < marks_an_event_; ++mark)
        request_.set(operation_, k * marks_an_event_ + mark, view(id));
      if (options_.services != 0) set_service(k, chosen(run_.seed, operation, options_.services));
    }
    to.send(0, request_.bytes());
  }

  void hear(std::size_t, const answer& heard, hands& to) override {
    if (heard.status != accepted) return to.refused(heard);
    if (options_.batch == 1 && !options_.ndjson) {
      const auto incident = incident_id::parse(text_member(heard.body, "\"incident_id\""));
      if (!incident) return to.refused(heard);
      to.acknowledged(run_.operation(unit_, 0), *incident);
      return to.done(1);
    }
    hear_list(heard, to);
  }

private:
  void set_service(std::size_t k, std::uint64_t number) {
    std::array<char, service_mark.size()> text{};
    fmt::format_to_n(text.data(), text.size(), "{:08}", number);
    request_.set(service_, k, {text.data(), text.size()});
  }

  /// Each item is judged alone; one that was not accepted has an `error` and no incident.
  void hear_list(const answer& heard, hands& to) {
    const auto parsed = json::document::parse(heard.body);
    if (!parsed || parsed->root().size() != options_.batch) return to.refused(heard);
    std::uint64_t taken = 0;
    parsed->root().each_item([&](std::size_t k, json::node item) {
      const auto text = item.find_string("incident_id");
      const auto incident = text ? incident_id::parse(*text) : std::nullopt;
      if (!incident) return to.item_refused(item.text());
      to.acknowledged(run_.operation(unit_, k), *incident);
      ++taken;
    });
    if (taken == 0) return to.refused(heard);
    to.done(taken);
  }

  script run_;
  event_options options_;
  request_bytes request_;
  std::size_t operation_ = 0;
  std::size_t service_ = 0;
  std::size_t marks_an_event_ = 1;
  std::uint64_t unit_ = 0;
};

}  // namespace

// SplitMix64: spreads neighbouring numbers evenly.
std::uint64_t chosen(std::uint64_t seed, std::uint64_t n, std::uint64_t bound) {
  auto x = seed + (n + 1) * 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return (x ^ (x >> 31U)) % bound;
}

std::unique_ptr<player> make_event_player(const script& run, const event_options& options) {
  return std::make_unique<event_player>(run, options);
}

}  // namespace im::load
