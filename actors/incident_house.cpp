#include "actors/incident_house.hpp"

#include <algorithm>

#include "actors/alarm_clock.hpp"
#include "actors/deadline_keeper.hpp"
#include "actors/incident_registry.hpp"
#include "messages/assert.hpp"

namespace im {

namespace {

error too_much_under_way() {
  return {errc::overloaded,
          "too much is under way here; nothing was done, try again shortly",
          {},
          static_cast<int>(limits::retry_after.count())};
}

}  // namespace

incident_house::incident_house(caf::actor_system& system, const actor_environment& env, persistence_actor persistence,
                               policy_names policies, std::size_t shards)
    : system_{system}, env_{env} {
  IM_ASSERT(shards > 0);
  auto cache = system.spawn<policy_cache>(env, persistence, std::move(policies));
  house_ = {&env, std::move(persistence), std::move(cache), system.spawn<alarm_clock>(),
            std::max<std::size_t>(env.live_incidents / shards, 1)};
  must_live(house_.policies, policy_cache_state::name, env);
  must_live(house_.alarms, alarm_clock_state::name, env);
  for (std::size_t i = 0; i < shards; ++i)
    must_live(shards_.emplace_back(system.spawn<incident_registry>(house_)), incident_registry_state::name, env);
}

incident_house::~incident_house() {
  if (keeper_) caf::anon_send_exit(keeper_, caf::exit_reason::user_shutdown);
  for (const auto& shard : shards_) caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(house_.policies, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(house_.alarms, caf::exit_reason::user_shutdown);
}

void incident_house::start_clock() {
  if (keeper_) return;
  keeper_ = spawned_as<deadline_keeper_type>(system_.spawn<deadline_keeper>(env_, house_.persistence, shards_));
  must_live(keeper_, deadline_keeper_state::name, env_);
}

std::size_t incident_house::shard_for(const command& c) const {
  const auto* signal = std::get_if<cmd::ingest_signal>(&c.body);
  return signal && c.incident_id.is_nil() ? shard_of_fingerprint(signal->fingerprint, shards_.size())
                                          : shard_of(c.incident_id, shards_.size());
}

/// An actor's mailbox has no bound of its own, so whoever comes when too much is under way is refused on the spot.
result<admission::ticket> incident_house::admit(std::size_t commands) {
  if (auto room = under_way_->enter(commands)) return std::move(*room);
  env_.metrics.store_refused_events.add(static_cast<double>(commands));
  return std::unexpected{too_much_under_way()};
}

submission_ptr incident_house::admitted(command&& c, reply_handler&& done) {
  auto room = admit(1);
  if (room) return std::make_unique<submission>(std::move(c), std::move(done), std::move(*room), env_.listener());
  done(std::unexpected{std::move(room.error())});
  return nullptr;
}

void incident_house::submit(command command, reply_handler done) {
  const auto shard = shard_for(command);
  submission_batch one;
  if (auto s = admitted(std::move(command), std::move(done))) {
    one.items->push_back(std::move(s));
    tell(shards_[shard], submit_atom_v, std::move(one));
  }
}

void incident_house::submit_all(std::vector<std::pair<command, reply_handler>> commands) {
  std::vector<submission_batch> batches(shards_.size());
  for (auto& [c, done] : commands)
    batches[shard_for(c)].items->push_back(
        std::make_unique<submission>(std::move(c), std::move(done), admission::ticket{}, env_.listener()));
  for (std::size_t i = 0; i < shards_.size(); ++i)
    if (!batches[i].items->empty()) tell(shards_[i], submit_atom_v, batches[i]);
}

void incident_house::await_verdict(incident_id incident, approval_id request, milliseconds wait, reply_handler done) {
  command c;
  c.incident_id = incident;
  auto caller = admitted(std::move(c), std::move(done));
  if (!caller) return;
  tell(shards_[shard_of(incident, shards_.size())], await_verdict_atom_v,
       verdict_wait{incident, request, wait, std::move(caller)});
}

/// No actor is spawned for it: CAF would wait at the end for the thread that asks.
void incident_house::check_policies(check_handler done) {
  tell(house_.policies, policies_atom_v, policies_check{std::make_shared<policies_caller>(std::move(done))});
}

}  // namespace im
