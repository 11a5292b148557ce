#include "tests/chaos/judge.hpp"

#include <openssl/evp.h>

#include <array>
#include <map>
#include <set>

#include "tests/chaos/model.hpp"

namespace im::chaos {

namespace {

constexpr std::size_t id_chars = 36;  // of a UUID in its usual form

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex.append({digits[digest[i] >> 4U], digits[digest[i] & 0xFU]});
  return hex;
}

/// Where a value ends that starts at `from`: at a comma or a closing bracket outside of its strings and brackets.
std::size_t end_of_value(std::string_view text, std::size_t from) {
  int depth = 0;
  bool in_string = false;
  for (auto i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = in_string && c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
      return i;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return text.size();
}

std::string at(std::size_t position) { return "event " + std::to_string(position + 1) + ": "; }

}  // namespace

std::vector<std::string> elements_of(std::string_view object, std::string_view name) {
  std::vector<std::string> elements;
  const auto key = std::string{"\""}.append(name).append("\":[");
  auto position = object.find(key);
  if (position == std::string_view::npos) return elements;
  position += key.size();
  while (position < object.size() && object[position] != ']') {
    const auto end = end_of_value(object, position);
    elements.emplace_back(object.substr(position, end - position));
    position = end < object.size() && object[end] == ',' ? end + 1 : end;
  }
  return elements;
}

void judge_chain(const incident_log& log, violations& found) {
  std::set<std::string, std::less<>> events;
  std::set<std::string, std::less<>> requests;
  const auto wrong = [&](std::size_t position, std::string what) { found.push_back({log.id, at(position) + what}); };
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    const auto& event = log.events[i];
    if (event.at("sequence").to_number<std::size_t>() != i + 1) wrong(i, "a gap or a fork: its sequence is another");
    if (text_of(event, "incident_id") != log.id) wrong(i, "it belongs to another incident");
    if (!events.emplace(text_of(event, "id")).second) wrong(i, "its id stands in the log twice");
    for (const auto& request : list_of(event, "request_ids"))
      if (!requests.emplace(request.get_string()).second)
        wrong(i, "its request id stands in the log twice: " + std::string{request.get_string()});
    const auto& fact = event.at("fact");
    if (text_of(fact, "kind") == "signals_attached" &&
        fact.at("count").to_number<std::size_t>() != list_of(event, "request_ids").size())
      wrong(i, "it counts other signals than it covers");
    const auto previous = i == 0 ? std::string{} : sha256(log.texts[i - 1]);
    if (text_of(event, "previous_hash") != previous) wrong(i, "its previous_hash is not the hash of its predecessor");
  }
}

void judge_requests(const std::vector<incident_log>& logs, const std::vector<entry>& entries, tally& counted,
                    violations& found) {
  struct place {
    std::string incident;
    std::string request;
    bool is_refusal = false;
  };
  std::multimap<std::string, place, std::less<>> covered;  // by the tail of the request id
  std::map<std::string, std::size_t> times;
  for (const auto& log : logs) {
    counted.events += log.events.size();
    for (const auto& event : log.events)
      for (const auto& request : list_of(event, "request_ids")) {
        const std::string text{request.get_string()};
        ++times[text];
        const auto tail = text.size() > id_chars ? text.substr(text.size() - id_chars) : text;
        covered.emplace(tail, place{log.id, text, text_of(event.at("fact"), "kind") == "vote_refused"});
      }
  }
  for (const auto& [request, count] : times)
    if (count > 1) {
      ++counted.doubled;
      found.push_back({{}, "covered " + std::to_string(count) + " times: " + request});
    }
  // A request told to both managers may be refused by one and taken by the other a moment later.
  std::set<std::string, std::less<>> may_have_been_taken;
  for (const auto& entry : entries)
    if (entry.end != ending::refused) may_have_been_taken.insert(entry.id);
  for (const auto& entry : entries) {
    const auto [first, last] = covered.equal_range(entry.id);
    const auto count = std::distance(first, last);
    const auto said = entry.what + " (" + entry.id + ", " + std::to_string(entry.status) + " after " +
                      std::to_string(entry.attempts) + " attempts) ";
    if (entry.end == ending::acknowledged) {
      ++counted.acknowledged;
      if (count == 0) ++counted.lost;
      if (count == 0) found.push_back({entry.incident, said + "was acknowledged and is in no log"});
      if (count > 1) found.push_back({entry.incident, said + "took effect more than once"});
      if (count == 1 && !entry.incident.empty() && first->second.incident != entry.incident)
        found.push_back({entry.incident, said + "stands in the log of another incident, " + first->second.incident});
    }
    const bool may_stand =
        may_have_been_taken.contains(entry.id) || (entry.by_rule && count > 0 && first->second.is_refusal);
    if (entry.end == ending::refused && count > 0 && !may_stand)
      found.push_back({first->second.incident, said + "was refused and took effect: " + entry.text});
  }
}

void judge_openings(const std::vector<incident_log>& logs, violations& found) {
  std::map<std::string, std::string, std::less<>> open;  // incidents by fingerprint
  for (const auto& log : logs) {
    incident_model model;
    for (const auto& event : log.events) model.apply(event);
    if (!model.is_open()) continue;
    const auto [other, is_first] = open.emplace(model.fingerprint, log.id);
    if (!is_first) found.push_back({log.id, "it is open for the same fingerprint as " + other->second});
  }
}

void judge_clock(const incident_log& log, violations& found) {
  incident_model model;
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    const auto& event = log.events[i];
    const auto& fact = event.at("fact");
    const auto now = text_of(event, "timestamp");
    const auto wrong = [&](std::string what) { found.push_back({log.id, at(i) + std::move(what)}); };
    if (text_of(fact, "kind") == "escalation_evaluated") {
      const bool newly_late = flag_of(fact, "acknowledgment_breached") && !model.acknowledgment_breached;
      if (newly_late && !model.is_acknowledged_late(now))
        wrong("an acknowledgment breach that is none; it was due at " + model.acknowledge_by);
      const bool newly_unresolved = flag_of(fact, "resolution_breached") && !model.resolution_breached;
      if (newly_unresolved && !model.is_resolved_late(now))
        wrong("a resolution breach that is none; it was due at " + model.resolve_by);
    }
    for (const auto& request : list_of(event, "request_ids")) {
      if (!std::string_view{request.get_string()}.starts_with("due:")) continue;
      const auto gate = text_of(fact, "request_id");
      const bool is_due = gate.empty() ? !model.due_at(now).empty()
                                       : model.gates.contains(gate) && !model.gates.find(gate)->second.is_decided() &&
                                             model.gates.find(gate)->second.deadline <= now;
      if (!is_due) wrong("the clock acted before a deadline, or twice: " + std::string{request.get_string()});
    }
    model.apply(event);
  }
}

std::vector<std::string> overdue(const incident_log& log, std::string_view moment) {
  incident_model model;
  for (const auto& event : log.events) model.apply(event);
  auto due = model.due_at(moment);
  for (auto& gate : model.gates_due_at(moment)) due.push_back(std::move(gate));
  return due;
}

}  // namespace im::chaos
