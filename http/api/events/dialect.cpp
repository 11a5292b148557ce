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

constexpr std::size_t around_member = 8;      // quotes, colon, comma, brackets
constexpr std::size_t fields_noted = 32;      // as cut or as derived
constexpr std::size_t cut_text_bytes = 1024;  // what is kept of an annotation's text that does not fit

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
    if (const auto found = find(name))
      if (const auto value = found->as_string(); value && !value->empty()) return std::string{*value};
  return std::nullopt;
}

std::optional<double> loose_object::number(std::initializer_list<std::string_view> names) const {
  for (const auto name : names)
    if (const auto found = find(name))
      if (const auto value = found->as_double()) return value;
  return std::nullopt;
}

std::optional<json::node> loose_object::object(std::initializer_list<std::string_view> names) const {
  for (const auto name : names)
    if (const auto found = find(name); found && found->is(json::kind::object)) return found;
  return std::nullopt;
}

string_map loose_object::tags(std::string_view name, metadata_writer& notes) const {
  const auto found = find(name);
  if (!found) return {};
  if (!found->is(json::kind::array)) return loose_object{found}.all_texts(name, notes);
  string_map tags;
  found->each_item([&](std::size_t, json::node item) {
    const auto text = item.as_string();
    if (!text || text->empty()) return;
    if (text->size() > limits::title_chars || tags.size() >= limits::list_items) notes.note_cut(name, *text);
    if (tags.size() >= limits::list_items) return;
    const auto tag = clip(*text, limits::title_chars);
    const auto split = tag.find_first_of(":=");
    if (split == std::string::npos || split == 0)
      tags.emplace(tag, "true");
    else
      tags.emplace(tag.substr(0, split), tag.substr(split + 1));
  });
  return tags;
}

string_map loose_object::all_texts(std::string_view field, metadata_writer& notes) const {
  string_map found;
  if (!from_) return found;
  from_->each_member([&](std::string_view name, json::node value) {
    if (value.is(json::kind::object) || value.is(json::kind::array) || value.is(json::kind::null) || name.empty())
      return;
    const auto text = value.as_string() ? std::string{*value.as_string()} : value.text();
    if (name.size() > limits::name_chars || text.size() > limits::title_chars || found.size() >= limits::list_items)
      notes.note_cut(field, name);
    if (found.size() < limits::list_items)
      found.emplace(clip(name, limits::name_chars), clip(text, limits::title_chars));
  });
  return found;
}

std::map<std::string, double, std::less<>> loose_object::numbers() const {
  std::map<std::string, double, std::less<>> found;
  if (!from_) return found;
  from_->each_member([&](std::string_view name, json::node value) {
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
  if (text.size() > limits::text_chars) note_cut(name);
  json::writer quoted;
  quoted.string(clip(text, limits::text_chars));
  add_json(name, quoted.str());
}

void metadata_writer::add_json(std::string_view name, std::string_view json) {
  if (out_.str().size() + name.size() + json.size() + around_member > limits::raw_object_bytes) return note_cut(name);
  out_.key(name);
  out_.raw(json);
}

void metadata_writer::add_object(std::string_view name, const json::node& object) {
  const auto taken = out_.str().size() + name.size() + 2 * around_member;
  json::writer part;
  part.begin_object();
  object.each_member([&](std::string_view key, json::node value) {
    const auto fits = [&](std::size_t size) {
      return taken + part.str().size() + key.size() + size + around_member <= limits::raw_object_bytes;
    };
    auto json = value.text();
    if (!fits(json.size()) || json.size() > limits::text_chars) {
      note_cut(name, key);
      const auto text = value.as_string();
      if (!text) return;
      json::writer cut;
      cut.string(clip(*text, cut_text_bytes));
      json = cut.str();
      if (!fits(json.size())) return;
    }
    part.key(key);
    part.raw(json);
  });
  part.end_object();
  add_json(name, part.str());
}

void metadata_writer::note(notes& to, std::string_view field, std::string_view member) {
  if (to.fields.size() >= fields_noted) {
    ++to.more;
    return;
  }
  auto name = std::string{field};
  if (!member.empty()) name.append(".").append(clip(member, limits::error_value_chars));
  if (std::ranges::find(to.fields, name) == to.fields.end()) to.fields.push_back(std::move(name));
}

void metadata_writer::write(std::string_view name, const notes& noted) {
  if (noted.fields.empty()) return;
  out_.key(name);
  out_.begin_array();
  for (const auto& field : noted.fields) out_.string(field);
  if (noted.more > 0) out_.string("and " + std::to_string(noted.more) + " more");
  out_.end_array();
}

object_text metadata_writer::take() {
  write("cut", cut_);
  write("derived", derived_);
  out_.end_object();
  return {out_.take()};
}

affected_resource named_resource(resource_type type, std::string_view id) {
  auto name = clip(id, limits::name_chars);
  return {type, name, name, {}};
}

void complete(cmd::ingest_signal& signal, metadata_writer& metadata) {
  const auto cut = [&](std::string& text, std::size_t max_bytes, std::string_view name) {
    if (text.size() > max_bytes) metadata.note_cut(name);
    bound(text, max_bytes);
  };
  cut(signal.source, limits::name_chars, "source");
  cut(signal.title, limits::title_chars, "title");
  cut(signal.description, limits::text_chars, "description");
  cut(signal.fingerprint, limits::name_chars, "fingerprint");
  if (signal.impact) cut(*signal.impact, limits::text_chars, "impact");
  if (signal.external_id) cut(*signal.external_id, limits::name_chars, "external_id");
  if (!is_name(signal.fingerprint)) signal.fingerprint.clear();  // it could not be asked for
  if (!signal.payload.suggested_severity) signal.payload.suggested_severity = signal.severity;
  if (signal.resource.name.empty()) signal.resource.name = signal.resource.id;
  if (signal.fingerprint.empty())
    signal.fingerprint = derive_fingerprint(signal.source, signal.category, signal.resource, signal.title);
  signal.metadata = metadata.take();
}

}  // namespace im::api::events
