#pragma once
/// A map that forgets what was not used for longest, when it is told to. Not thread-safe.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <functional>
#include <list>
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
    items_.emplace_front(key, std::move(value));
    const auto [known, fresh] = index_.try_emplace(key, items_.begin());
    if (!fresh) items_.erase(std::exchange(known->second, items_.begin()));
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
  using items = std::list<std::pair<Key, Value>>;

  std::size_t bound_;
  items items_;  // the last used first
  boost::unordered_flat_map<Key, typename items::iterator, std::hash<Key>> index_;
};

}  // namespace im::ruvector
