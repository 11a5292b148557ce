#include "persistence/ruvector/log_verifier.hpp"

#include "messages/json/node.hpp"
#include "messages/limits.hpp"

namespace im::ruvector {

namespace {

/// What an entry's own text says of itself.
struct own_words {
  im::incident_id incident_id;
  std::string sequence;
  event_id id;
  std::string previous_hash;
};

std::optional<own_words> words_of(std::string_view document) {
  const auto parsed = json::document::parse(document, limits::stored_json_depth);
  if (!parsed) return std::nullopt;
  const auto root = parsed->root();
  const auto text = [&](std::string_view name) { return root.find_string(name).value_or(""); };
  own_words out{im::incident_id::parse(text("incident_id")).value_or(im::incident_id{}), "none",
                event_id::parse(text("id")).value_or(event_id{}), std::string{text("previous_hash")}};
  if (const auto number = root.find("sequence")) out.sequence = number->text();
  return out;
}

std::string named(const im::incident_id& incident, std::string_view sequence, const event_id& id) {
  return "incident " + incident.str() + ", sequence " + std::string{sequence} + ", event " + id.str();
}

std::string or_none(std::string text) { return text.empty() ? "none" : std::move(text); }

}  // namespace

std::string broken_link::str() const {
  return named(incident_id, std::to_string(sequence), id) + ": expected " + expected + ", found " + found;
}

bool log_verifier::take(const stored_entry& entry) {
  if (report_.broken) return false;
  if (sequence_ == 0 || entry.incident_id != incident_) {
    end_incident();
    incident_ = entry.incident_id;
  }
  const auto broken = [&](std::string expected, std::string found) {
    report_.broken = {entry.incident_id, entry.sequence, entry.id, std::move(expected), std::move(found)};
    return false;
  };
  if (entry.sequence != sequence_ + 1)
    return broken("sequence " + std::to_string(sequence_ + 1), "sequence " + std::to_string(entry.sequence));
  if (!entry.unreadable.empty()) return broken("a DecisionEvent", std::string{entry.unreadable});
  const auto says = words_of(entry.document);
  if (!says) return broken("a DecisionEvent", "no JSON document");
  if (says->incident_id != entry.incident_id || says->id != entry.id ||
      says->sequence != std::to_string(entry.sequence))
    return broken("its document", "that of " + named(says->incident_id, says->sequence, says->id));
  if (says->previous_hash != hash_) return broken("previous_hash " + or_none(hash_), or_none(says->previous_hash));
  sequence_ = entry.sequence;
  hash_ = sha256_hex(entry.document);
  ++report_.events;
  return true;
}

verify_report log_verifier::finish() {
  end_incident();
  report_.digest = heads_.empty() ? sha256_hex({}) : heads_;
  return std::move(report_);
}

void log_verifier::end_incident() {
  if (sequence_ == 0) return;
  ++report_.incidents;
  heads_ = sha256_hex(heads_ + incident_.str() + hash_);
  sequence_ = 0;
  hash_.clear();
}

}  // namespace im::ruvector
