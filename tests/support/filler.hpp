#pragma once
/// Gives every field of a described type a value of its own, so that a field which a codec forgets shows.

#include <concepts>
#include <string>
#include <utility>
#include <variant>

#include "messages/json/codec.hpp"

namespace im::test {

class filler {
public:
  template <class T>
  void required(std::string_view, T& value) {
    fill(value);
  }
  template <class T>
  void optional(std::string_view, T& value) {
    fill(value);
  }
  /// The alternative stays the one that the caller chose.
  template <class... Ts>
  void tagged(std::string_view, std::variant<Ts...>& value) {
    std::visit([this](auto& alternative) { describe(*this, alternative); }, value);
  }

  template <class T>
  void fill(T& value) {
    if constexpr (json::is_optional<T>::value)
      fill(value.emplace());
    else if constexpr (json::is_shared<T>::value)
      value.change([this](auto& inner) { this->fill(inner); });
    else if constexpr (std::same_as<T, bool>)
      value = true;
    else if constexpr (std::integral<T>)
      value = static_cast<T>(next());
    else if constexpr (std::floating_point<T>)
      value = static_cast<T>(next()) + 0.25;
    else if constexpr (std::same_as<T, std::string>)
      value = "text \"" + std::to_string(next()) + "\" \xC3\xA9\n";
    else if constexpr (wire_enum<T>)
      value = static_cast<T>(static_cast<std::size_t>(next()) % enum_names<T>::names.size());
    else if constexpr (json::is_strong_id<T>::value)
      value = T{some_uuid()};
    else if constexpr (std::same_as<T, uuid>)
      value = some_uuid();
    else if constexpr (std::same_as<T, time_point>)
      value = time_point{milliseconds{1'700'000'000'000 + next()}};
    else if constexpr (std::same_as<T, json::object_text>)
      value.text = "{\"n\":" + std::to_string(next()) + "}";
    else if constexpr (requires { typename T::mapped_type; })
      for (int i = 0; i < 2; ++i) fill(value["key " + std::to_string(next())]);
    else if constexpr (requires { value.emplace_back(); })
      for (int i = 0; i < 2; ++i) fill(value.emplace_back());
    else
      describe(*this, value);
  }

private:
  int next() { return ++count_; }
  uuid some_uuid() { return uuid::v5(uuid{}, std::to_string(next())); }

  int count_ = 0;
};

template <class T>
[[nodiscard]] T filled(T value = {}) {
  filler{}.fill(value);
  return value;
}

}  // namespace im::test
