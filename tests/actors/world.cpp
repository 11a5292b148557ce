#include "tests/actors/world.hpp"

#include <ranges>
#include <stdexcept>

#include <caf/init_global_meta_objects.hpp>

#include "tests/support/policies.hpp"

namespace im::test {

namespace {

caf::actor_system_config& configure(caf::actor_system_config& config) {
  register_message_types();
  config.set("caf.scheduler.policy", "testing");
  return config;
}

std::string deployed(const std::string& name) {
  auto text = deployed_policy(name);
  if (!text) throw std::runtime_error{"deploy/policies/" + name + " is missing; tests run in the project's root"};
  return *text;
}

}  // namespace

void register_message_types() {
  static const bool once = [] {
    caf::init_global_meta_objects<caf::id_block::im>();
    caf::core::init_global_meta_objects();
    return true;
  }();
  (void)once;
}

std::shared_ptr<fake_store> store_with_policies() {
  auto store = std::make_shared<fake_store>();
  store->policies = {{policy_kind::escalation, deployed("escalation-default.json")},
                     {policy_kind::approval, deployed("approval-default.json")},
                     {policy_kind::sla, deployed("sla-default.json")}};
  return store;
}

namespace {

command command_of(incident_id id, any_command body) {
  static int number = 0;
  command c;
  c.incident_id = id;
  c.context.request = "request-" + std::to_string(++number);
  c.context.inputs_hash = "hash";
  c.body = std::move(body);
  return c;
}

}  // namespace

world::world(std::shared_ptr<fake_store> with, std::shared_ptr<virtual_wall_clock> time, std::size_t live_incidents,
             persistence_maker make)
    : store{with ? std::move(with) : store_with_policies()},
      clock{time ? std::move(time) : std::make_shared<virtual_wall_clock>()},
      metrics{{"0.0.0", "test", "dev"}},
      env{*clock, metrics, {"1.0.0", "test", environment::development}, limits::passivate_after, live_incidents, {}} {
  env.on_child = [this](logic::child_kind kind, const caf::actor& child) { children.emplace_back(kind, child); };
  env.on_lost = [this](std::string_view actor) { lost.emplace_back(actor); };
  system_ = std::make_unique<caf::actor_system>(configure(config_));
  persistence_ = make(*system_, store);
  house = std::make_unique<incident_house>(
      *system_, env, persistence_,
      policy_names{"default-escalation-policy", "default-approval-policy", "default-sla-policy"}, 2);
  house->start_clock();
  run();
}

world::~world() {
  house.reset();
  caf::anon_send_exit(std::exchange(persistence_, nullptr), caf::exit_reason::user_shutdown);
  children.clear();
  run();
}

test_scheduler& world::scheduler() { return dynamic_cast<test_scheduler&>(system_->scheduler()); }

void world::run() { scheduler().run(); }

void world::release() {
  store->held = store->logs_held = store->fingerprints_held = false;
  tell(persistence_, tick_atom_v);
  run();
}

pending world::send(command c) {
  auto answer = std::make_shared<std::optional<result<reply>>>();
  house->submit(std::move(c), [answer](result<reply> r) { answer->emplace(std::move(r)); });
  return answer;
}

pending world::await(incident_id incident, approval_id gate, milliseconds wait) {
  auto answer = std::make_shared<std::optional<result<reply>>>();
  house->await_verdict(incident, gate, wait, [answer](result<reply> r) { answer->emplace(std::move(r)); });
  return answer;
}

result<reply> world::ask(command c) {
  auto answer = send(std::move(c));
  run();
  if (!*answer) throw std::runtime_error{"no answer came"};
  return std::move(**answer);
}

void world::pass(seconds time) {
  for (auto left = time; left.count() > 0; left -= seconds{1}) pass_step(seconds{1});
}

void world::pass_step(milliseconds time) {
  clock->elapsed += time;
  scheduler().advance_time(time);
  run();
}

void world::crash(logic::child_kind kind) {
  for (const auto& [is, child] : children | std::views::reverse)
    if (is == kind) {
      caf::anon_send_exit(child, caf::exit_reason::kill);
      break;
    }
  run();
}

bool in_sequence(const std::vector<event_ptr>& log) {
  for (std::size_t i = 0; i < log.size(); ++i)
    if (log[i]->sequence != i + 1) return false;
  return true;
}

incident_id opened(world& w, severity s, std::string fingerprint) {
  const auto r = w.ask(signal_of(s, std::move(fingerprint)));
  if (!r) throw std::runtime_error{r.error().message};
  if (r->disposition != disposition::opened) throw std::runtime_error{"another incident is open"};
  return r->state->record.id;
}

command signal_of(severity s, std::string fingerprint, std::optional<severity> suggests) {
  cmd::ingest_signal signal;
  signal.source = "llm-sentinel";
  signal.fingerprint = std::move(fingerprint);
  signal.severity = s;
  signal.title = "Latency of checkout";
  signal.resource = {resource_type::service, "checkout", "Checkout", {}};
  signal.timestamp = t0;
  signal.payload.type = signal_type::anomaly;
  signal.payload.suggested_severity = suggests.value_or(s);
  signal.payload.signal_confidence = 0.9;
  return command_of({}, std::move(signal));
}

command change_of(incident_id id, change_kind change, std::string actor) {
  cmd::change_incident c;
  c.change = change;
  c.actor = std::move(actor);
  if (change == change_kind::resolve)
    c.resolution = resolution_record{"configuration error", "rolled back", c.actor, {}, {}};
  return command_of(id, std::move(c));
}

command evaluation_of(incident_id id, severity suggests) {
  cmd::evaluate_escalation evaluate;
  evaluate.input.incident_id = id;
  evaluate.input.signal_source = "llm-sentinel";
  evaluate.input.signal_timestamp = t0;
  evaluate.input.payload.type = signal_type::threshold_breach;
  evaluate.input.payload.suggested_severity = suggests;
  evaluate.input.payload.signal_confidence = 0.95;
  return command_of(id, std::move(evaluate));
}

command vote_on(incident_id id, approval_id gate, std::string approver, approver_type role, vote_decision decision) {
  return command_of(id, cmd::cast_vote{gate, vote_of(std::move(approver), role, decision)});
}

command read_of(incident_id id) { return command_of(id, cmd::read_incident{}); }

}  // namespace im::test
