#include "actors/logic/root_cause.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace im::logic {

namespace {

/// Lower case, every run of other characters than letters and digits one space, and a space at both ends: so that
/// ` bug ` is found as a word.
std::string spaced(std::string_view words) {
  std::string text{" "};
  for (const char c : words) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80U);
    if (c >= 'A' && c <= 'Z')
      text.push_back(static_cast<char>(c - 'A' + 'a'));
    else if (letter)
      text.push_back(c);
    else if (text.back() != ' ')
      text.push_back(' ');
  }
  if (text.back() != ' ') text.push_back(' ');
  return text;
}

bool says(std::string_view text, std::string_view phrase) {
  return text.find(spaced(phrase)) != std::string_view::npos;
}

/// With one of these the words may deny what they name.
constexpr std::array denials{"not",      "no",      "never",   "without", "isn t",  "wasn t",
                             "unlikely", "unknown", "unclear", "maybe",   "perhaps"};

bool may_deny(std::string_view text) {
  return std::ranges::any_of(denials, [&](const char* word) { return says(text, word); });
}

using enum root_cause_category;

constexpr auto table = std::to_array<std::pair<std::string_view, root_cause_category>>({
    {"bug", code_defect},
    {"regression", code_defect},
    {"null pointer", code_defect},
    {"race condition", code_defect},
    {"memory leak", code_defect},
    {"misconfiguration", configuration_error},
    {"misconfigured", configuration_error},
    {"wrong configuration", configuration_error},
    {"config change", configuration_error},
    {"configuration change", configuration_error},
    {"hardware failure", infrastructure_failure},
    {"disk failure", infrastructure_failure},
    {"network outage", infrastructure_failure},
    {"power outage", infrastructure_failure},
    {"node failure", infrastructure_failure},
    {"upstream outage", dependency_failure},
    {"provider outage", dependency_failure},
    {"third party outage", dependency_failure},
    {"dependency outage", dependency_failure},
    {"out of memory", capacity_exhaustion},
    {"out of disk", capacity_exhaustion},
    {"disk full", capacity_exhaustion},
    {"quota exceeded", capacity_exhaustion},
    {"pool exhausted", capacity_exhaustion},
    {"overload", capacity_exhaustion},
    {"intrusion", security_breach},
    {"leaked credentials", security_breach},
    {"compromised", security_breach},
    {"operator error", human_error},
    {"operator mistake", human_error},
    {"typo", human_error},
    {"missing runbook", process_gap},
    {"missing procedure", process_gap},
    {"missing review", process_gap},
});

template <class Category>
void meet(Category& found, bool& several, Category seen, Category none) {
  several = several || (found != none && found != seen);
  found = seen;
}

}  // namespace

root_cause_category root_cause_category_of(std::string_view words) {
  const auto text = spaced(words);
  if (may_deny(text)) return unknown;
  auto found = unknown;
  bool several = false;
  for (const auto& name : enum_names<root_cause_category>::names)
    if (const auto category = *from_string<root_cause_category>(name); category != unknown && says(text, name))
      meet(found, several, category, unknown);
  if (found != unknown) return several ? unknown : found;
  for (const auto& [phrase, category] : table)
    if (says(text, phrase)) meet(found, several, category, unknown);
  return several ? unknown : found;
}

resolution_type resolution_type_of(std::string_view words) {
  const auto text = spaced(words);
  if (may_deny(text)) return resolution_type::unknown;
  auto found = resolution_type::unknown;
  bool several = false;
  for (const auto type : {resolution_type::permanent, resolution_type::temporary, resolution_type::workaround})
    if (says(text, to_string(type))) meet(found, several, type, resolution_type::unknown);
  return several ? resolution_type::unknown : found;
}

effectiveness effectiveness_of(std::string_view words) {
  const auto text = spaced(words);
  if (may_deny(text)) return effectiveness::unknown;
  auto found = effectiveness::unknown;
  bool several = false;
  for (const auto degree : {effectiveness::fully_resolved, effectiveness::partially_resolved, effectiveness::mitigated})
    if (says(text, to_string(degree))) meet(found, several, degree, effectiveness::unknown);
  return several ? effectiveness::unknown : found;
}

}  // namespace im::logic
