#pragma once
/// Builds the house of actors and lets `http/` in through the `incident_service` port.

#include <memory>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/environment.hpp"
#include "actors/policy_cache.hpp"

namespace im {

/// The actors of one instance. Ends them when it is destroyed; the actor system must outlive it.
class incident_house final : public incident_service {
public:
  /// `env` outlives the house. `shards`: registry shards, at least one.
  incident_house(caf::actor_system& system, const actor_environment& env, persistence_actor persistence,
                 policy_names policies, std::size_t shards = limits::registry_shards);
  ~incident_house() override;
  incident_house(const incident_house&) = delete;
  incident_house& operator=(const incident_house&) = delete;

  [[nodiscard]] result<admission::ticket> admit(std::size_t commands) override;
  void submit(command command, reply_handler done) override;
  void submit_all(std::vector<std::pair<command, reply_handler>> commands) override;
  void await_verdict(incident_id incident, approval_id request, milliseconds wait, reply_handler done) override;
  void check_policies(check_handler done) override;

  /// Starts to look for due deadlines. Apart from the constructor so that a service is reachable first.
  void start_clock();

private:
  [[nodiscard]] std::size_t shard_for(const command& c) const;
  /// With room of its own; nothing if there is none: then it is answered.
  [[nodiscard]] submission_ptr admitted(command&& c, reply_handler&& done);

  std::shared_ptr<admission> under_way_ = admission::of(limits::commands_in_flight);
  caf::actor_system& system_;
  const actor_environment& env_;
  house house_;
  std::vector<registry_actor> shards_;
  deadline_keeper_type keeper_;
};

}  // namespace im
