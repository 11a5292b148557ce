/// An approval from its request to the workflow that goes on: who asked waits for the verdict with a long poll, two people vote.
/// An incident that was opened for it ends with it.

#include <fmt/format.h>

#include "tests/load/marked_request.hpp"
#include "tests/load/players.hpp"

namespace im::load {

namespace {

constexpr std::size_t people = 0;
constexpr std::size_t orchestrator = 1;

class approval_player final : public player {
public:
  approval_player(const script& run, incident_chooser whose)
      : run_{run},
        whose_{std::move(whose)},
        open_{marked(open_step(run))},
        ask_{marked(approval_step())},
        wait_{run.to, "GET",
              fmt::format("/api/v1/agents/hitl/status?wait=30&request_id={}&incident_id={}", gate_mark, incident_mark)},
        votes_{marked({.path = "/api/v1/agents/hitl/decide", .body = vote_body("ada", "on_call_lead")}),
               marked({.path = "/api/v1/agents/hitl/decide", .body = vote_body("grace", "incident_commander")})},
        resolve_{marked(resolve_step())},
        close_{marked(close_step())} {
    wait_gate_ = wait_.add_slot(gate_mark);
    wait_incident_ = wait_.add_slot(incident_mark);
  }

  [[nodiscard]] std::size_t lanes() const override { return 2; }

  void begin(std::uint64_t unit, hands& to) override {
    unit_ = unit;
    verdict_heard_ = false;
    if (!whose_) return send(stage::opening, open_, to);
    know(whose_(unit));
    send(stage::asking, ask_, to);
  }

  void hear(std::size_t lane, const answer& heard, hands& to) override {
    if (lane == orchestrator) return hear_verdict(heard, to);
    if (heard.status != (at_ == stage::opening ? 202U : 200U)) return to.refused(heard);
    if (at_ == stage::opening) {
      const auto opened = incident_id::parse(text_member(heard.body, "\"incident_id\""));
      if (!opened) return to.refused(heard);
      know(*opened);
    }
    to.acknowledged(operation(), incident_);
    switch (at_) {
      case stage::opening: return send(stage::asking, ask_, to);
      case stage::asking: return wait_and_vote(heard, to);
      case stage::first_vote: voted_at_ = clock::now(); return send(stage::deciding_vote, votes_[1], to);
      case stage::deciding_vote: at_ = stage::decided; return finish_if_over(to);
      case stage::decided: return;
      case stage::resolving: return send(stage::closing, close_, to);
      case stage::closing: return to.done(1);
    }
  }

private:
  enum class stage : std::uint8_t { opening, asking, first_vote, deciding_vote, decided, resolving, closing };

  [[nodiscard]] marked_request marked(const step& s) const { return {run_.to, s.path, s.body}; }
  [[nodiscard]] std::uint64_t operation() const { return run_.operation(unit_, static_cast<std::uint64_t>(at_)); }

  void know(const incident_id& id) {
    incident_ = id;
    incident_text_ = id.str();
  }

  void send(stage next, marked_request& request, hands& to) {
    at_ = next;
    const auto id = run_.ids.text(operation());
    to.send(people, request.with(view(id), incident_text_, gate_));
  }

  void wait_and_vote(const answer& heard, hands& to) {
    gate_ = text_member(heard.body, "\"approval_request_id\"");
    if (gate_.size() != gate_mark.size()) return to.refused(heard);
    wait_.set(wait_gate_, gate_);
    wait_.set(wait_incident_, incident_text_);
    to.send(orchestrator, wait_.bytes());
    send(stage::first_vote, votes_[0], to);
  }

  void hear_verdict(const answer& heard, hands& to) {
    if (heard.status != 200 || text_member(heard.body, "\"status\"") != "approved") return to.refused(heard);
    to.measured(measure::resume, clock::now() - voted_at_);
    verdict_heard_ = true;
    finish_if_over(to);
  }

  void finish_if_over(hands& to) {
    if (!verdict_heard_ || at_ != stage::decided) return;
    if (whose_) return to.done(1);
    send(stage::resolving, resolve_, to);
  }

  script run_;
  incident_chooser whose_;
  marked_request open_;
  marked_request ask_;
  request_bytes wait_;
  std::size_t wait_gate_ = 0;
  std::size_t wait_incident_ = 0;
  std::array<marked_request, 2> votes_;
  marked_request resolve_;
  marked_request close_;
  std::uint64_t unit_ = 0;
  stage at_ = stage::opening;
  incident_id incident_;
  std::string incident_text_;
  std::string gate_;
  clock::time_point voted_at_;
  bool verdict_heard_ = false;
};

class mix_player final : public player {
public:
  mix_player(std::uint64_t seed, std::vector<part> parts) : seed_{seed}, parts_{std::move(parts)} {
    for (const auto& p : parts_) {
      weights_ += p.weight;
      lanes_ = std::max(lanes_, p.who->lanes());
    }
  }

  [[nodiscard]] std::size_t lanes() const override { return lanes_; }

  void begin(std::uint64_t unit, hands& to) override {
    auto drawn = chosen(seed_, unit, weights_);
    playing_ = 0;
    while (drawn >= parts_[playing_].weight) drawn -= parts_[playing_++].weight;
    parts_[playing_].who->begin(unit, to);
  }

  void hear(std::size_t lane, const answer& heard, hands& to) override { parts_[playing_].who->hear(lane, heard, to); }

private:
  std::uint64_t seed_;
  std::vector<part> parts_;
  std::uint64_t weights_ = 0;
  std::size_t lanes_ = 1;
  std::size_t playing_ = 0;
};

}  // namespace

std::unique_ptr<player> make_approval_player(const script& run, incident_chooser whose) {
  return std::make_unique<approval_player>(run, std::move(whose));
}

std::unique_ptr<player> make_mix_player(std::uint64_t seed, std::vector<part> parts) {
  return std::make_unique<mix_player>(seed, std::move(parts));
}

}  // namespace im::load
