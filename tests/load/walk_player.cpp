/// Requests one after the other about one incident, and what they are.

#include "tests/load/marked_request.hpp"
#include "tests/load/players.hpp"

namespace im::load {

namespace {

class walk_player final : public player {
public:
  walk_player(const script& run, const std::vector<step>& steps, incident_chooser whose)
      : run_{run}, steps_{steps}, whose_{std::move(whose)} {
    for (const auto& s : steps_) requests_.emplace_back(run_.to, s.path, s.body);
  }

  void begin(std::uint64_t unit, hands& to) override {
    unit_ = unit;
    at_ = 0;
    if (whose_) know(whose_(unit));
    send(to);
  }

  void hear(std::size_t, const answer& heard, hands& to) override {
    const auto& now = steps_[at_];
    if (heard.status != now.status) return to.refused(heard);
    if (at_ == 0 && !whose_) {
      const auto opened = incident_id::parse(text_member(heard.body, "\"incident_id\""));
      if (!opened) return to.refused(heard);
      know(*opened);
    }
    if (now.recorded) to.acknowledged(run_.operation(unit_, at_), incident_);
    if (++at_ == steps_.size()) return to.done(1);
    send(to);
  }

private:
  void know(const incident_id& id) {
    incident_ = id;
    incident_text_ = id.str();
  }

  void send(hands& to) {
    const auto operation = run_.ids.text(run_.operation(unit_, at_));
    to.send(0, requests_[at_].with(view(operation), incident_text_));
  }

  script run_;
  std::vector<step> steps_;
  incident_chooser whose_;
  std::vector<marked_request> requests_;
  std::uint64_t unit_ = 0;
  std::size_t at_ = 0;
  incident_id incident_;
  std::string incident_text_;
};

std::string of_incident(std::string_view what) {
  return std::string{"/api/v1/incidents/"}.append(incident_mark).append("/").append(what);
}

}  // namespace

std::unique_ptr<player> make_walk_player(const script& run, const std::vector<step>& steps, incident_chooser whose) {
  return std::make_unique<walk_player>(run, steps, std::move(whose));
}

step open_step(const script& run) {
  return {.path = "/api/v1/events", .body = event_body(subject::itself, "medium", run.started), .status = 202};
}

step approval_step() { return {.path = "/api/v1/agents/hitl/request", .body = approval_request_body()}; }

step evaluation_step(const script& run, bool dry_run) {
  return {.path = "/api/v1/agents/escalation/evaluate",
          .body = evaluation_body(run.started, dry_run),
          .status = 200,
          .recorded = !dry_run};
}

step comment_step() { return {.path = of_incident("comments"), .body = comment_body()}; }

step resolve_step() { return {.path = of_incident("resolve"), .body = resolve_body()}; }

step close_step() { return {.path = of_incident("close"), .body = change_body()}; }

std::vector<step> short_life_steps(const script& run) {
  return {open_step(run), {.path = of_incident("acknowledge"), .body = change_body()}, resolve_step(), close_step()};
}

std::vector<step> lifecycle_steps(const script& run) {
  return {open_step(run),
          {.path = of_incident("acknowledge"), .body = change_body()},
          {.path = of_incident("start"), .body = change_body()},
          {.path = "/api/v1/agents/escalation/evaluate", .body = held_evaluation_body()},
          comment_step(),
          resolve_step(),
          {.path = "/api/v1/agents/postmortem/generate", .body = postmortem_body()},
          close_step()};
}

}  // namespace im::load
