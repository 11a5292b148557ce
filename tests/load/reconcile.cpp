#include "tests/load/reconcile.hpp"

#include <fmt/format.h>

#include "messages/json/node.hpp"

namespace im::load {

namespace {

constexpr std::size_t readers = 8;
constexpr int log_attempts = 5;

/// Reads the log of incident number `unit`.
class log_reader final : public player {
public:
  log_reader(const ledger& noted, const run_id& ids, const target& from, reconciler& into)
      : noted_{noted}, ids_{ids}, from_{from}, into_{into} {}

  void begin(std::uint64_t unit, hands& to) override {
    incident_ = noted_.incidents()[static_cast<std::size_t>(unit)];
    attempts_ = 0;
    after_ = 0;
    ask(to);
  }

  void hear(std::size_t, const answer& heard, hands& to) override {
    if (heard.status != 200) {
      if (heard.status < 500 && heard.status != 429) return to.refused(heard);
      return ++attempts_ < log_attempts ? ask(to) : to.refused(heard);
    }
    const auto next = read_log_page(heard.body, incident_, ids_, into_);
    if (!next) return to.done(1);
    after_ = *next;
    ask(to);
  }

private:
  void ask(hands& to) {
    request_.emplace(from_, "GET", fmt::format("/api/v1/incidents/{}/log?after={}&limit=500", incident_.str(), after_));
    to.send(0, request_->bytes());
  }

  const ledger& noted_;
  const run_id& ids_;
  const target& from_;
  reconciler& into_;
  incident_id incident_;
  std::uint64_t after_ = 0;
  int attempts_ = 0;
  std::optional<request_bytes> request_;
};

}  // namespace

std::optional<std::uint64_t> read_log_page(std::string_view page, const incident_id& of, const run_id& ids,
                                           reconciler& into) {
  const auto parsed = json::document::parse(page, limits::stored_json_depth);
  const auto events = parsed ? parsed->root().find("events") : std::nullopt;
  if (!events) return std::nullopt;
  std::uint64_t last = 0;
  events->each_item([&](std::size_t, json::node event) {
    if (const auto sequence = event.find("sequence")) last = static_cast<std::uint64_t>(sequence->as_int().value_or(0));
    const auto covered = event.find("request_ids");
    if (!covered) return;
    covered->each_item([&](std::size_t, json::node id) {
      if (const auto operation = ids.number(id.as_string().value_or(""))) into.found(*operation, of);
    });
  });
  const auto head = parsed->root().find("head");
  const auto end = head ? head->as_int().value_or(0) : 0;
  return last != 0 && last < static_cast<std::uint64_t>(end) ? std::optional{last} : std::nullopt;
}

reconciliation reconcile(const ledger& noted, const run_id& ids, const log_source& from) {
  reconciler into{noted};
  if (noted.incidents().empty()) return into.finish();
  plan reading{.to = from.at, .players = readers, .count = noted.incidents().size()};
  // One thread: the reconciler is nobody else's.
  const auto read = run_phase(reading, 1, [&] { return std::make_unique<log_reader>(noted, ids, from.to, into); }, {});
  auto found = into.finish();
  found.unread = read.sum.failed();
  return found;
}

}  // namespace im::load
