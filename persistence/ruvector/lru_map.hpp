#pragma once
/// A map that forgets what was not used for longest, when it is told to. Not thread-safe.

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace im::ruvector {

template <class Key, class Value>
class lru_map {
public:
  explicit lru_map(std::size_t bound) : bound_{bound} {}

  /// The value, used now; nothing where there is none. It stays in its place until it is erased or forgotten.
  [[nodiscard]] Value* use(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    items_.splice(items_.begin(), items_, found->second);
    return &found->second->second;
  }

  /// In place of the one that was there.
  Value& add(const Key& key, Value value) {
    erase(key);
    items_.emplace_front(key, std::move(value));
    index_.emplace(key, items_.begin());
    return items_.front().second;
  }

  void erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    items_.erase(found->second);
    index_.erase(found);
  }

  /// Forgets down to the bound.
  void trim() {
    for (; items_.size() > bound_; items_.pop_back()) index_.erase(items_.back().first);
  }

  [[nodiscard]] bool contains(const Key& key) const { return index_.contains(key); }

  void clear() {
    index_.clear();
    items_.clear();
  }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

private:
  std::size_t bound_;
  std::list<std::pair<Key, Value>> items_;  // the last used first
  std::unordered_map<Key, typename std::list<std::pair<Key, Value>>::iterator> index_;
};

}  // namespace im::ruvector
