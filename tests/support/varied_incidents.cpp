#include "tests/support/varied_incidents.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "actors/logic/postmortem.hpp"
#include "messages/hash.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace im::test {

namespace {

constexpr int vocabulary = 1500;
constexpr std::array sources{"llm-sentinel", "llm-shield", "llm-edge-agent",
                             "alertmanager", "grafana",    "llm-observatory"};
constexpr std::array label_names{"team", "region", "cluster", "namespace", "alertname", "job", "tier", "customer"};

}  // namespace

varied_incidents::varied_incidents(std::uint64_t seed) : roll_{seed}, now_{after(static_cast<double>(seed % 1000))} {
  constexpr std::string_view consonants = "bcdfghklmnprstvwz";
  constexpr std::string_view vowels = "aeiou";
  const auto letter = [&](std::string_view of) {
    return of[static_cast<std::size_t>(roll_.below(static_cast<int>(of.size())))];
  };
  for (int i = 0; i < vocabulary; ++i) {
    std::string made;
    for (int syllables = 1 + roll_.below(3); syllables > 0; --syllables) {
      made += letter(consonants);
      made += letter(vowels);
      if (roll_.chance(40)) made += letter(consonants);
    }
    words_.push_back(std::move(made));
  }
  for (int i = 0; i < 40; ++i) people_.push_back(word() + '.' + word());
  who_ = {"0.1.0", {}, environment::production};
}

std::string varied_incidents::word() { return roll_.one_of(words_); }

std::string varied_incidents::sentence(int least, int most) {
  auto text = word();
  text.front() = static_cast<char>(text.front() - 'a' + 'A');
  for (int more = least + roll_.below(most - least + 1) - 1; more > 0; --more) {
    text += ' ';
    text += roll_.chance(8) ? std::to_string(roll_.below(5000)) : word();
  }
  return text;
}

std::string varied_incidents::name(std::string_view stem) {
  return std::string{stem} + '-' + word() + '-' + std::to_string(roll_.below(64));
}

/// Of the time, and of chance behind it, as the service mints them.
uuid varied_incidents::id() {
  return uuid::v5(uuid{}, std::to_string(roll_.below(1 << 30)) + '/' + std::to_string(roll_.below(1 << 30)))
      .at_time_in(uuid::v7(now_).str());
}

cmd::ingest_signal varied_incidents::signal() {
  cmd::ingest_signal signal;
  signal.source = sources[static_cast<std::size_t>(roll_.below(static_cast<int>(sources.size())))];
  signal.source_event_id = id().str();
  signal.fingerprint = sha256_hex(id().str());
  signal.severity = some_severity();
  signal.category = static_cast<incident_category>(roll_.below(7));
  signal.environment = static_cast<environment>(roll_.below(4));
  signal.title = sentence(4, 9);
  signal.description = sentence(12, 30);
  if (roll_.chance(40)) signal.impact = sentence(4, 10);
  signal.resource = {static_cast<resource_type>(roll_.below(6)), name("svc"), name("Service"), {}};
  signal.timestamp = now_ - milliseconds{roll_.below(5000)};
  signal.payload.type = static_cast<signal_type>(roll_.below(6));
  if (roll_.chance(50)) signal.payload.suggested_severity = some_severity();
  signal.payload.metrics = {{"error_rate", roll_.below(1000) / 1000.0}, {"p99_ms", roll_.below(90'000) / 10.0}};
  signal.payload.signal_confidence = roll_.below(100) / 100.0;
  for (const auto* label : label_names)
    if (roll_.chance(45)) signal.labels[label] = roll_.chance(50) ? word() : name(word());
  if (roll_.chance(40)) signal.tags[word()] = word();
  if (roll_.chance(20)) signal.metadata.text = "{\"runbook\":\"https://runbooks.example.com/" + word() + "\"}";
  return signal;
}

void varied_incidents::decide(any_command body) {
  command asked;
  asked.incident_id = state_.record.id;
  asked.context.request = roll_.chance(50) ? "event:" + id().str() : id().str();
  asked.context.correlation_id = id().str();
  asked.context.inputs_hash = sha256_hex(asked.context.request);
  asked.context.execution_ref = id();
  asked.body = std::move(body);
  const command* one = &asked;
  auto plan = logic::plan_commit(state_, {}, {&one, 1}, {deployed_policies(), who_, now_});
  for (auto& event : plan.events) events_.push_back(std::move(event));
  state_ = std::move(plan.after);
  now_ += milliseconds{1 + roll_.below(600'000)};
}

void varied_incidents::begin() {
  now_ += milliseconds{1 + roll_.below(400)};
  if (who_.instance.empty() || roll_.chance(2))
    who_.instance = name("incidents") + '-' + std::to_string(roll_.below(40'000));
  events_.clear();
  state_ = {};
  const auto opening = signal();
  state_.record.id = mint_incident_id(now_, opening.fingerprint);
  const auto opened_at = now_;
  decide(opening);
  now_ = opened_at;
  if (!state_.opened) throw std::runtime_error{"the signal opened no incident"};
}

std::vector<decision_event> varied_incidents::opening() {
  begin();
  return std::exchange(events_, {});
}

void varied_incidents::change(change_kind kind) {
  cmd::change_incident asked;
  asked.change = kind;
  asked.actor = roll_.one_of(people_);
  if (roll_.chance(60)) asked.comment = sentence(3, 20);
  if (kind == change_kind::update) {
    asked.severity = some_severity();
    asked.labels = string_map{{word(), word()}};
  }
  if (kind == change_kind::assign) asked.assigned_team = name("team");
  if (kind == change_kind::assign || roll_.chance(20)) asked.assigned_to = roll_.one_of(people_);
  if (kind == change_kind::resolve)
    asked.resolution = resolution_record{
        sentence(3, 8), sentence(5, 15), asked.actor, name("playbook"), {sentence(2, 6), sentence(2, 6)}};
  decide(std::move(asked));
}

void varied_incidents::ask_for_approval() {
  auto request = sample_request(static_cast<approval_action>(roll_.below(5)));
  const approval_id named{id()};
  request.id = named;
  request.action_description = sentence(3, 12);
  request.requester_id = roll_.one_of(people_);
  request.parameters.target = name("svc");
  decide(std::move(request));
  if (roll_.chance(15)) return decide(cmd::cancel_approval{named, roll_.one_of(people_), sentence(2, 6)});
  if (roll_.chance(15)) decide(cmd::escalate_approval{named, roll_.one_of(people_), sentence(2, 6)});
  for (const auto role : {approver_type::incident_commander, approver_type::sre_lead, approver_type::on_call_lead,
                          approver_type::security_team, approver_type::engineering_manager, approver_type::executive}) {
    auto vote =
        vote_of(roll_.one_of(people_), role, roll_.chance(10) ? vote_decision::rejected : vote_decision::approved);
    vote.rationale = sentence(2, 12);
    decide(cmd::cast_vote{named, std::move(vote)});
  }
  decide(cmd::approval_due{named});
}

void varied_incidents::write_postmortem() {
  const postmortem_id document{id()};
  logic::postmortem_story story;
  for (const auto& event : events_) story.tell(event);
  const auto written = logic::write_postmortem(story.finish(state_), document, now_);
  if (!written) return;  // an approval still keeps it open
  decide(cmd::record_postmortem{written->output, written->confidence});
  decide(cmd::publish_postmortem{document, roll_.one_of(people_)});
}

std::vector<decision_event> varied_incidents::whole_life() {
  begin();
  for (int more = roll_.below(3); more > 0; --more) {
    auto again = signal();
    again.fingerprint = state_.record.fingerprint;
    decide(std::move(again));
  }
  decide(cmd::evaluation_due{});
  for (const auto kind : {change_kind::acknowledge, change_kind::assign, change_kind::start, change_kind::comment,
                          change_kind::update, change_kind::escalate})
    if (roll_.chance(70)) change(kind);
  decide(cmd::evaluation_due{static_cast<deadline_kind>(roll_.below(3))});
  if (roll_.chance(60)) ask_for_approval();
  change(change_kind::resolve);
  write_postmortem();
  change(change_kind::close);
  if (roll_.chance(30)) change(change_kind::reopen);
  return std::exchange(events_, {});
}

}  // namespace im::test
