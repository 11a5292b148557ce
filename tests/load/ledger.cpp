#include "tests/load/ledger.hpp"

#include <algorithm>

namespace im::load {

void ledger::acknowledge(std::uint64_t operation, const incident_id& to) {
  if (operation >= told_.size()) told_.resize(static_cast<std::size_t>(operation) + 1);
  auto& place = told_[static_cast<std::size_t>(operation)];
  if (place == 0) ++acknowledged_;
  place = number_of(to) + 1;
}

std::uint32_t ledger::number_of(const incident_id& id) {
  const auto [at, fresh] = numbers_.try_emplace(id, static_cast<std::uint32_t>(incidents_.size()));
  if (fresh) incidents_.push_back(id);
  return at->second;
}

void ledger::merge(const ledger& other) {
  for (std::uint64_t operation = 0; operation < other.end(); ++operation)
    if (const auto* to = other.told(operation)) acknowledge(operation, *to);
}

const incident_id* ledger::told(std::uint64_t operation) const {
  if (operation >= told_.size()) return nullptr;
  const auto number = told_[static_cast<std::size_t>(operation)];
  return number == 0 ? nullptr : &incidents_[number - 1];
}

void reconciler::found(std::uint64_t operation, const incident_id& in) {
  const auto* told = noted_.told(operation);
  if (told == nullptr) {
    if (!extra_.insert(operation).second) ++sum_.doubled;
    return;
  }
  if (*told != in) ++sum_.misplaced;
  auto seen = seen_[static_cast<std::size_t>(operation)];
  if (seen) ++sum_.doubled;
  seen = true;
}

reconciliation reconciler::finish() const {
  auto sum = sum_;
  sum.acknowledged = noted_.acknowledged();
  sum.missing = sum.acknowledged - static_cast<std::uint64_t>(std::ranges::count(seen_, true));
  sum.extra = extra_.size();
  sum.incidents = noted_.incidents().size();
  return sum;
}

}  // namespace im::load
