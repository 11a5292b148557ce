#pragma once
/// A bounded map that forgets what was not used for longest. Not thread-safe.

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace im::ruvector {

template <class Key, class Value>
class lru_map {
public:
  explicit lru_map(std::size_t bound) : bound_{bound} {}

  void put(const Key& key, Value value) {
    (void)take(key);
    items_.emplace_front(key, std::move(value));
    index_.emplace(key, items_.begin());
    if (items_.size() <= bound_) return;
    index_.erase(items_.back().first);
    items_.pop_back();
  }

  /// The value, which is no longer here.
  [[nodiscard]] std::optional<Value> take(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    std::optional<Value> value{std::move(found->second->second)};
    items_.erase(found->second);
    index_.erase(found);
    return value;
  }

  [[nodiscard]] bool contains(const Key& key) const { return index_.contains(key); }

  void clear() {
    index_.clear();
    items_.clear();
  }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

private:
  std::size_t bound_;
  std::list<std::pair<Key, Value>> items_;
  std::unordered_map<Key, typename std::list<std::pair<Key, Value>>::iterator> index_;
};

}  // namespace im::ruvector
