#pragma once
/// Who wants to be called when: one entry a key, the earliest first. Pure; time is an argument.

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "messages/assert.hpp"

namespace im::logic {

template <class Key, class Value, class Time>
class alarm_table {
public:
  /// Replaces what the key had.
  void set(const Key& key, Time at, Value value) {
    auto [found, added] = entries_.try_emplace(key, entry{at, {}});
    const auto replaced = added ? 0 : order_.erase({found->second.at, key});
    IM_ASSERT(added || replaced == 1);
    found->second = {at, std::move(value)};
    order_.emplace(at, key);
  }

  void cancel(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    order_.erase({found->second.at, key});
    entries_.erase(found);
  }

  /// Takes out what is due at `now`, in the order of its times.
  [[nodiscard]] std::vector<Value> take_due(Time now) {
    std::vector<Value> due;
    while (!order_.empty() && order_.begin()->first <= now) {
      const auto found = entries_.find(order_.begin()->second);
      IM_ASSERT(found != entries_.end());
      due.push_back(std::move(found->second.value));
      entries_.erase(found);
      order_.erase(order_.begin());
    }
    return due;
  }

  [[nodiscard]] std::optional<Time> next() const {
    return order_.empty() ? std::nullopt : std::optional{order_.begin()->first};
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
  struct entry {
    Time at;
    Value value;
  };

  std::unordered_map<Key, entry> entries_;
  std::set<std::pair<Time, Key>> order_;
};

}  // namespace im::logic
