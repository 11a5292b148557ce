#pragma once
/// What people, detectors and agents ask for: commands by chance, about what the store holds at that moment.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messages/commands.hpp"
#include "messages/policies.hpp"
#include "tests/model/dice.hpp"

namespace im::test::model {

class workload {
public:
  explicit workload(dice& roll);

  /// The default policies with shorter or longer times, so that every deadline is met in some seed.
  [[nodiscard]] policy_set policies();
  /// The next command; nothing when there is nothing to ask it of.
  [[nodiscard]] std::optional<command> next(const std::map<incident_id, incident_state>& seen, time_point now);

private:
  [[nodiscard]] command named(std::string kind, const incident_id& id, any_command body);
  [[nodiscard]] command signal(time_point now);
  [[nodiscard]] command change(const incident_state& state);
  [[nodiscard]] command evaluation(const incident_state& state, time_point now);
  [[nodiscard]] command approval(const incident_state& state, time_point now);
  [[nodiscard]] command vote(const incident_state& state);
  [[nodiscard]] command cancel(const incident_state& state);
  [[nodiscard]] approval_id some_gate(const incident_state& state);
  [[nodiscard]] severity some_severity() { return static_cast<severity>(roll_.below(5)); }

  dice& roll_;
  int number_ = 0;
  int fingerprints_;
  std::vector<approval_id> announced_;  ///< gates that callers name themselves
};

}  // namespace im::test::model
