#pragma once
/// The parameters of `inspect`, `list` and `status`: of a GET's query and of a POST's JSON alike.

#include <chrono>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "messages/enums.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "messages/incident.hpp"
#include "messages/time.hpp"

namespace im::api {

/// Bad parameters are gathered; `verdict()` names them all, those of a query that nobody asked for among them.
class params {
public:
  /// Fails for a body that is no JSON object.
  [[nodiscard]] static result<params> open(const http::request& request);

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  /// Parameters that callers may give although they change nothing here.
  void allow(std::initializer_list<std::string_view> names);

  /// An id; nothing when absent or bad.
  template <class Id>
  [[nodiscard]] std::optional<Id> id(std::string_view name) {
    const auto text = get(name);
    if (!text) return std::nullopt;
    auto parsed = Id::parse(*text);
    if (!parsed) reject(name, "must be a UUID");
    return parsed;
  }

  /// An id that has to be there, under the first of these names that is given.
  template <class Id>
  [[nodiscard]] Id required_id(std::string_view name, std::string_view other_name = {}) {
    const bool other = !other_name.empty() && get(other_name) && !get(name);
    const auto given = other ? other_name : name;
    if (!other_name.empty()) allow({name, other_name});
    if (!get(given)) require(given);
    return id<Id>(given).value_or(Id{});
  }

  /// A whole number within bounds; `otherwise` when absent or bad.
  [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most,
                                     std::uint64_t otherwise);

  /// Gathers an error unless the parameter is absent or a comma-separated list of the enum's words.
  template <wire_enum E>
  void words(std::string_view name) {
    const auto text = get(name);
    if (!text || are_words(*text, [](std::string_view word) { return from_string<E>(word).has_value(); })) return;
    std::string wanted = "must be one of ";
    for (std::size_t i = 0; i < enum_names<E>::names.size(); ++i)
      wanted.append(i == 0 ? "" : ", ").append(enum_names<E>::names[i]);
    reject(name, std::move(wanted));
  }

  /// Gathers an error unless the parameter is absent, `true` or `false`.
  void boolean(std::string_view name);
  void require(std::string_view name);
  void reject(std::string_view name, std::string message);
  /// After all parameters were read.
  [[nodiscard]] std::optional<error> verdict();

private:
  [[nodiscard]] static bool are_words(std::string_view list, bool (*known)(std::string_view));
  void take_query(const http::query_params& query);
  [[nodiscard]] std::optional<error> take_body(std::string_view body);

  void reject_unknown();

  string_map values_;
  std::vector<std::string> in_query_;                 ///< names, in their order
  mutable std::set<std::string, std::less<>> asked_;  ///< what was read, so what is known here
  std::vector<field_error> errors_;
};

/// Which filters a list knows; every one of them may be absent.
struct list_filters {
  std::vector<std::string_view> texts;    ///< taken as they are, within bounds
  std::vector<void (*)(params&)> checks;  ///< e.g. that `status` is a status
};

/// What is given of a list's filters, with `cursor` and `limit`, as `store_queries::list` takes them. What is bad is gathered.
[[nodiscard]] string_map read_filters(params& given, const list_filters& known);

/// `wait`, up to `limits::gate_wait_max`.
[[nodiscard]] seconds read_wait(params& given);

}  // namespace im::api
