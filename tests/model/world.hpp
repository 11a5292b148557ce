#pragma once
/// One seed: instances, a store, clients, faults; then healing, rest, and the judgement of what is in the log.

#include <deque>

#include "tests/model/audit.hpp"
#include "tests/model/instance.hpp"
#include "tests/model/workload.hpp"

namespace im::test::model {

/// How often the seeds reached what they are to test.
struct tally {
  std::size_t events = 0;
  std::size_t lost_races = 0;
  std::size_t incidents = 0;
  std::size_t acknowledged = 0;
  std::size_t fired = 0;  ///< deadlines
  std::map<approval_status, std::size_t> verdicts;
  std::size_t resumed = 0;
  std::size_t kept_votes_counted = 0;

  tally& operator+=(const tally& other);
};

class world {
public:
  explicit world(std::uint64_t seed, int broken_law = 0);

  /// Lives through it all; what it gives is empty when everything holds.
  [[nodiscard]] const std::vector<violation>& run();

  [[nodiscard]] const std::vector<event_ptr>& journal() const { return store_.journal(); }
  [[nodiscard]] const policy_set& policies() const { return policies_; }
  [[nodiscard]] tally count() const;

private:
  /// A request of a client, who repeats it until the answer is clear.
  struct errand {
    command cmd;
    int tries = 0;
    bool done = false;
  };

  void plan_errands();
  void plan_faults(instance& victim);
  void send(errand& what);
  void deliver(const command& cmd, instance& to, std::function<void(const told&)> answered);
  void on_answer(errand& what, const told& answer);
  void heal();
  void ask_again();
  void judge();
  void check_answer(const told& answer);
  void check_live();
  /// Lets time pass; false when it never would.
  [[nodiscard]] bool pass(milliseconds time);
  instance& any_instance() {
    return instances_[static_cast<std::size_t>(roll_.below(static_cast<int>(instances_.size())))];
  }

  dice roll_;
  timeline time_;
  network net_;
  model_store store_;
  workload work_;
  policy_set policies_;
  audit audit_;
  std::deque<instance> instances_;
  std::deque<errand> errands_;
  std::vector<told> answers_;
  milliseconds length_{0};
  bool healed_ = false;
};

}  // namespace im::test::model
