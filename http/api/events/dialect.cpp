#include "http/api/events/dialect.hpp"

#include <algorithm>
#include <array>

namespace im::api::events {

namespace {

using enum incident_category;

/// Which of `a` to `z` a folded word has, a bit each.
constexpr std::uint32_t letters_of(std::string_view word) {
  std::uint32_t letters = 0;
  for (const char c : word)
    if (c >= 'a' && c <= 'z') letters |= 1U << static_cast<unsigned>(c - 'a');
  return letters;
}

struct category_part {
  constexpr category_part(std::string_view part, incident_category category)
      : text{part}, means{category}, letters{letters_of(part)} {}
  std::string_view text;
  incident_category means;
  std::uint32_t letters;  ///< a word without them need not be searched: most are none of these
};

/// Parts of detectors' words (`LatencySpike`, `error_rate_increase`, `HighMemoryUsage`), folded to lower case without
/// separators. The first row that is part of the word counts, so the particular stands before the general.
constexpr auto category_parts = std::to_array<category_part>({
    {"compliance", compliance},
    {"policy", compliance},
    {"pii", compliance},
    {"gdpr", compliance},
    {"security", security},
    {"unauthorized", security},
    {"exfiltration", security},
    {"malicious", security},
    {"injection", security},
    {"jailbreak", security},
    {"privilege", security},
    {"suspicious", security},
    {"violation", security},
    {"threat", security},
    {"attack", security},
    {"cost", cost},
    {"budget", cost},
    {"tokenusage", cost},
    {"spend", cost},
    {"hallucination", quality},
    {"drift", quality},
    {"quality", quality},
    {"toxicity", quality},
    {"accuracy", quality},
    {"latency", performance},
    {"throughput", performance},
    {"slow", performance},
    {"timeout", performance},
    {"performance", performance},
    {"ratelimit", performance},
    {"saturation", performance},
    {"cpu", performance},
    {"memory", performance},
    {"exhaustion", performance},
    {"errorrate", availability},
    {"error", availability},
    {"availability", availability},
    {"unavailable", availability},
    {"outage", availability},
    {"down", availability},
    {"failure", availability},
    {"crash", availability},
    {"unreachable", availability},
    {"restart", availability},
});

constexpr auto resource_members = std::to_array<std::pair<std::string_view, resource_type>>({
    {"service_name", resource_type::service},
    {"service", resource_type::service},
    {"endpoint", resource_type::endpoint},
    {"model", resource_type::model},
    {"deployment", resource_type::deployment},
    {"tenant_id", resource_type::tenant},
    {"tenant", resource_type::tenant},
    {"host", resource_type::infrastructure},
});

}  // namespace

incident_category category_of(std::string_view word) {
  const auto folded = fold_word(word);
  if (const auto exact = from_string<incident_category>(folded)) return *exact;
  const auto letters = letters_of(folded);
  const auto found = std::ranges::find_if(category_parts, [&](const category_part& row) {
    return (row.letters & ~letters) == 0 && folded.find(row.text) != std::string::npos;
  });
  return found == category_parts.end() ? other : found->means;
}

std::optional<environment> environment_of(std::string_view word) {
  const auto folded = fold_word(word);
  if (folded == "prod") return environment::production;
  if (folded == "stage") return environment::staging;
  if (folded == "dev") return environment::development;
  return from_string<environment>(folded);
}

std::optional<std::string> loose_object::text(std::initializer_list<std::string_view> names) const {
  for (const auto name : names)
    if (const auto found = from_.find_string(name); found && !found->empty()) return std::string{*found};
  return std::nullopt;
}

std::optional<double> loose_object::number(std::initializer_list<std::string_view> names) const {
  for (const auto name : names)
    if (const auto found = from_.find(name))
      if (const auto value = found->as_double()) return value;
  return std::nullopt;
}

std::optional<json::node> loose_object::object(std::initializer_list<std::string_view> names) const {
  for (const auto name : names)
    if (const auto found = from_.find(name); found && found->is(json::kind::object)) return found;
  return std::nullopt;
}

string_map loose_object::tags(std::string_view name) const {
  const auto found = from_.find(name);
  if (!found || found->is(json::kind::null)) return {};
  json::read_state state{json::read_bounds{}};
  tag_map tags;
  json::read(state, *found, json::path{}, tags);
  return state.errors.empty() ? std::move(tags.value) : string_map{};
}

string_map loose_object::all_texts() const {
  string_map found;
  from_.each_member([&](std::string_view name, json::node value) {
    if (value.is(json::kind::object) || value.is(json::kind::array) || value.is(json::kind::null)) return;
    if (name.empty() || name.size() > limits::name_chars || found.size() >= limits::list_items) return;
    const auto text = value.as_string() ? std::string{*value.as_string()} : value.text();
    found.emplace(std::string{name}, clip(text, limits::title_chars));
  });
  return found;
}

std::map<std::string, double, std::less<>> loose_object::numbers() const {
  std::map<std::string, double, std::less<>> found;
  from_.each_member([&](std::string_view name, json::node value) {
    const auto number = value.as_double();
    if (number && name.size() <= limits::name_chars && found.size() < limits::list_items)
      found.emplace(std::string{name}, *number);
  });
  return found;
}

std::optional<double> loose_object::confidence(std::initializer_list<std::string_view> names) const {
  const auto value = number(names);
  return value && *value >= 0 && *value <= 1 ? value : std::nullopt;
}

std::optional<affected_resource> loose_object::resource() const {
  if (const auto given = object({"affected_resource", "resource"})) {
    const loose_object described{*given};
    const auto id = described.text({"id", "name"});
    if (id) {
      const auto type = from_string<resource_type>(described.text({"type"}).value_or("service"));
      auto resource = named_resource(type.value_or(resource_type::service), *id);
      resource.name = clip(described.text({"name", "id"}).value_or(*id), limits::name_chars);
      return resource;
    }
  }
  for (const auto& [name, type] : resource_members)
    if (const auto id = text({name})) return named_resource(type, *id);
  return std::nullopt;
}

void metadata_writer::add(std::string_view name, std::string_view text) {
  json::writer quoted;
  quoted.string(text);
  add_json(name, quoted.str());
}

void metadata_writer::add_json(std::string_view name, std::string_view json) {
  constexpr std::size_t around = 8;  // quotes, colon, comma, brackets
  if (out_.str().size() + name.size() + json.size() + around > limits::raw_object_bytes) return;
  out_.key(name);
  out_.raw(json);
}

object_text metadata_writer::take() {
  out_.end_object();
  return {out_.take()};
}

affected_resource named_resource(resource_type type, std::string_view id) {
  auto name = clip(id, limits::name_chars);
  return {type, name, name, {}};
}

void complete(cmd::ingest_signal& signal) {
  bound(signal.source, limits::name_chars);
  bound(signal.title, limits::title_chars);
  bound(signal.description, limits::text_chars);
  bound(signal.fingerprint, limits::name_chars);
  if (!is_name(signal.fingerprint)) signal.fingerprint.clear();  // it could not be asked for
  if (!signal.payload.suggested_severity) signal.payload.suggested_severity = signal.severity;
  if (signal.resource.name.empty()) signal.resource.name = signal.resource.id;
  if (signal.fingerprint.empty())
    signal.fingerprint = derive_fingerprint(signal.source, signal.category, signal.resource, signal.title);
}

}  // namespace im::api::events
