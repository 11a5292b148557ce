#pragma once
/// Sentences out of parts, for reasons and audit entries.

#include <concepts>
#include <string>
#include <string_view>

#include "messages/enums.hpp"
#include "messages/ids.hpp"
#include "messages/json/text.hpp"
#include "messages/json/writer.hpp"
#include "messages/time.hpp"

namespace im::logic {

/// The shortest text of a number, rounded to two digits after the point.
[[nodiscard]] std::string shown(double value);

/// `45 s`, `12 min`, `3.5 h`.
[[nodiscard]] std::string shown_duration(double seconds);

namespace words {

template <class T>
void append(std::string& text, const T& part) {
  if constexpr (wire_enum<T>)
    text.append(to_string(part));
  else if constexpr (std::same_as<T, time_point>)
    text.append(to_string(part));
  else if constexpr (std::integral<T>)
    text.append(std::to_string(part));
  else if constexpr (std::floating_point<T>)
    text.append(shown(part));
  else
    text.append(std::string_view{part});
}

}  // namespace words

template <class... Parts>
[[nodiscard]] std::string say(const Parts&... parts) {
  std::string text;
  (words::append(text, parts), ...);
  return text;
}

/// `1 approval`, `2 approvals`.
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);

/// At most `bound` bytes of a text, cut between characters and marked as cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t bound);

/// The parameters of an orchestrator action: an object of a few members.
class parameters {
public:
  parameters() { out_.begin_object(); }

  parameters& add(std::string_view name, std::string_view value) {
    out_.key(name);
    out_.string(value);
    return *this;
  }
  template <class T>
  requires wire_enum<T> parameters& add(std::string_view name, T value) { return add(name, to_string(value)); }
  template <class Tag>
  parameters& add(std::string_view name, const strong_id<Tag>& id) {
    return add(name, std::string_view{id.str()});
  }
  parameters& add(std::string_view name, time_point at) { return add(name, std::string_view{to_string(at)}); }
  template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>)
  parameters& add(std::string_view name, T value) {
    out_.key(name);
    out_.number(value);
    return *this;
  }
  parameters& add_flag(std::string_view name, bool value) {
    out_.key(name);
    out_.boolean(value);
    return *this;
  }
  template <class Range>
  parameters& add_list(std::string_view name, const Range& texts) {
    out_.key(name);
    out_.begin_array();
    for (const auto& text : texts) out_.string(text);
    out_.end_array();
    return *this;
  }

  [[nodiscard]] json::object_text done() {
    out_.end_object();
    return {out_.take()};
  }

private:
  json::writer out_;
};

}  // namespace im::logic
