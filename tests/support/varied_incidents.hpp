#pragma once
/// Incidents whose texts, labels and times differ, as the service itself would decide over them. For what a decision costs on
/// the disk, and for the samples that a dictionary is made of. The same in every run of one seed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/logic/commit.hpp"
#include "tests/model/dice.hpp"

namespace im::test {

class varied_incidents {
public:
  /// The words of all texts follow from `seed`: two seeds share the service's own words alone.
  explicit varied_incidents(std::uint64_t seed);

  /// The DecisionEvents of an incident that opens and is evaluated, sealed.
  [[nodiscard]] std::vector<decision_event> opening();
  /// Those of an incident from its opening to its published post-mortem, by way of approvals.
  [[nodiscard]] std::vector<decision_event> whole_life();

private:
  [[nodiscard]] std::string word();
  [[nodiscard]] std::string sentence(int least, int most);
  [[nodiscard]] std::string name(std::string_view stem);
  [[nodiscard]] uuid id();
  [[nodiscard]] severity some_severity() { return static_cast<severity>(roll_.below(5)); }
  [[nodiscard]] cmd::ingest_signal signal();
  /// Decides over it, and keeps what is to be stored.
  void decide(any_command body);
  void change(change_kind kind);
  void ask_for_approval();
  void write_postmortem();
  void begin();
  [[nodiscard]] time_point now() const { return now_; }

  model::dice roll_;
  std::vector<std::string> words_;
  std::vector<std::string> people_;
  time_point now_;
  logic::decider who_;
  incident_state state_;
  std::vector<decision_event> events_;
};

}  // namespace im::test
