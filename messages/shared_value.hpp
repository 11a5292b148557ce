#pragma once

#include <concepts>
#include <memory>
#include <utility>

namespace im {

/// A value whose copies share it until one of them changes. For the parts of a state that decisions seldom change: the state
/// is copied for every one, and the copies that the supervisor, the store and an event hold are one in memory.
template <class T>
class shared_value {
public:
  shared_value() : value_{blank()} {}
  shared_value(T value) : value_{share(std::move(value))} {}

  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] const T* operator->() const { return value_.get(); }
  operator const T&() const { return *value_; }

  /// Makes it differ from its copies: `edit` takes a `T&`.
  template <std::invocable<T&> Edit>
  void change(Edit&& edit) {
    auto changed = *value_;
    edit(changed);
    value_ = share(std::move(changed));
  }

  bool operator==(const shared_value& other) const { return value_ == other.value_ || *value_ == *other.value_; }

private:
  using pointer = std::shared_ptr<const T>;

  [[nodiscard]] static const pointer& blank() {
    static const auto shared = std::make_shared<const T>();
    return shared;
  }
  [[nodiscard]] static pointer share(T value) {
    if constexpr (requires { value.empty(); })
      if (value.empty()) return blank();
    return std::make_shared<const T>(std::move(value));
  }

  pointer value_;
};

}  // namespace im
