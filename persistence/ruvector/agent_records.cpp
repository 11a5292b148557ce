#include "persistence/ruvector/agent_records.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "messages/escalation.hpp"
#include "messages/json/codec.hpp"

namespace im::ruvector {

namespace {

struct state_patch {
  std::optional<incident_status> status;
  std::optional<im::severity> severity;
  std::optional<std::uint32_t> escalation_level;
  std::optional<std::string> assigned_to;
  std::optional<std::string> assigned_team;
  std::optional<time_point> acknowledged_at;
  std::optional<time_point> resolved_at;
  json::object_text metadata;
};

template <class V>
void describe(V& v, like<state_patch> auto& x) {
  v.optional("status", x.status);
  v.optional("severity", x.severity);
  v.optional("escalation_level", x.escalation_level);
  v.optional("assigned_to", x.assigned_to);
  v.optional("assigned_team", x.assigned_team);
  v.optional("acknowledged_at", x.acknowledged_at);
  v.optional("resolved_at", x.resolved_at);
  v.optional("metadata", x.metadata);
}

struct escalation_patch {
  std::optional<incident_status> status;
  std::optional<im::severity> severity;
  std::optional<std::uint32_t> escalation_level;
  std::vector<escalation_history_entry> history;
  std::optional<approval_id> pending_approval;
};

template <class V>
void describe(V& v, like<escalation_patch> auto& x) {
  v.optional("status", x.status);
  v.optional("severity", x.severity);
  v.optional("escalation_level", x.escalation_level);
  v.optional("history", x.history);
  v.optional("pending_approval", x.pending_approval);
}

template <class T>
result<void> validate(const json::node& patch) {
  if (auto read = json::decode<T>(patch); !read) return std::unexpected{read.error()};
  return {};
}

/// The members of an object in their order, as text.
class members {
public:
  void set(std::string_view name, std::string value) {
    if (auto* there = find(name))
      *there = std::move(value);
    else
      items_.emplace_back(name, std::move(value));
  }

  void merge(const json::node& object) {
    object.each_member([&](std::string_view name, json::node value) {
      if (value.is(json::kind::null))
        std::erase_if(items_, [&](const auto& item) { return item.first == name; });
      else if (name == "metadata" && value.is(json::kind::object))
        set(name, merged(find(name), value));
      else
        set(name, value.text());
    });
  }

  /// Members of `others` that are not here.
  void complete(const members& others) {
    for (const auto& [name, value] : others.items_)
      if (find(name) == nullptr) items_.emplace_back(name, value);
  }

  [[nodiscard]] std::string text() const {
    json::writer out;
    out.begin_object();
    for (const auto& [name, value] : items_) {
      out.key(name);
      out.raw(value);
    }
    out.end_object();
    return out.take();
  }

private:
  static std::string merged(const std::string* old, const json::node& added) {
    members all;
    if (old != nullptr)
      if (const auto doc = json::document::parse(*old, im::limits::stored_json_depth)) all.merge(doc->root());
    all.merge(added);
    return all.text();
  }

  std::string* find(std::string_view name) {
    const auto found = std::ranges::find(items_, name, &std::pair<std::string, std::string>::first);
    return found == items_.end() ? nullptr : &found->second;
  }

  std::vector<std::pair<std::string, std::string>> items_;
};

/// Members of `fresh` are always there: a null puts them back to what they were at first.
result<std::string> merge(const members& fresh, std::optional<std::string_view> current, std::string_view patch,
                          incident_id id, time_point now) {
  auto record = fresh;
  if (current) {
    const auto old = json::document::parse(*current, im::limits::stored_json_depth);
    if (!old) return fail(errc::internal, "a stored record cannot be read: " + old.error().message);
    record.merge(old->root());
  }
  const auto changes = json::document::parse(patch, im::limits::stored_json_depth);
  if (!changes) return std::unexpected{changes.error()};
  record.merge(changes->root());
  record.complete(fresh);
  record.set("incident_id", json::encode(id));
  record.set("updated_at", json::encode(now));
  auto text = record.text();
  if (text.size() > limits::raw_object_bytes)
    return fail(errc::payload_too_large,
                "the record would exceed " + std::to_string(limits::raw_object_bytes) + " bytes");
  return text;
}

}  // namespace

result<void> validate_state_patch(const json::node& patch) { return validate<state_patch>(patch); }

result<void> validate_escalation_patch(const json::node& patch) { return validate<escalation_patch>(patch); }

result<std::string> merge_state(std::optional<std::string_view> current, std::string_view patch, incident_id id,
                                time_point now) {
  members fresh;
  fresh.set("incident_id", json::encode(id));
  fresh.set("status", json::encode(incident_status::fresh));
  fresh.set("severity", json::encode(severity::p4));
  fresh.set("escalation_level", "0");
  fresh.set("updated_at", json::encode(now));
  fresh.set("metadata", "{}");
  return merge(fresh, current, patch, id, now);
}

result<std::string> merge_escalation(std::optional<std::string_view> current, std::string_view patch, incident_id id,
                                     time_point now) {
  members fresh;
  fresh.set("incident_id", json::encode(id));
  fresh.set("escalation_level", "0");
  fresh.set("history", "[]");
  fresh.set("updated_at", json::encode(now));
  return merge(fresh, current, patch, id, now);
}

}  // namespace im::ruvector
