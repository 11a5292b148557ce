#include "tests/model/model_store.hpp"

#include <algorithm>
#include <ranges>

namespace im::test::model {

/// All of a batch is stored or none of it. A batch that came before is told to be there.
write_outcome model_store::append(const event_batch& batch) {
  const auto is_stored = [&](const event_ptr& event) { return read_event(event->id) == event; };
  if (std::ranges::all_of(batch.events, is_stored)) return {};
  if (const auto refused = refusal(batch)) return *refused;
  auto after = states_[batch.incident_id];
  std::vector<std::string> opened;
  for (const auto& event : batch.events) {
    apply(after, *event);  // what opens and ends in one write was open nevertheless
    if (const auto other = other_open(after); other && broken_law_ != 2)
      return {write_outcome::kind::fingerprint_taken, 0, other, {}};
    if (std::holds_alternative<fact::incident_opened>(event->fact.value)) opened.push_back(after.record.fingerprint);
  }
  for (const auto& fingerprint : opened) newest_[fingerprint] = batch.incident_id;
  states_[batch.incident_id] = std::move(after);
  for (const auto& event : batch.events) {
    const bool attached = std::holds_alternative<fact::signals_attached>(event->fact.value);
    for (const auto& request : event->request_ids)
      covered_[request] = {request, event->incident_id, event->id, event->sequence,
                           attached ? disposition::attached : disposition::opened};
    by_id_.emplace(event->id, event);
    logs_[batch.incident_id].push_back(event);
    journal_.push_back(event);
  }
  return {};
}

std::optional<write_outcome> model_store::refusal(const event_batch& batch) const {
  const auto known = states_.find(batch.incident_id);
  const auto head = known == states_.end() ? 0 : known->second.head();
  auto expected = head + 1;
  for (const auto& event : batch.events) {
    for (const auto& request : event->request_ids)
      if (const auto found = covered_.find(request); found != covered_.end() && broken_law_ != 3)
        return write_outcome{write_outcome::kind::covered, head, {}, found->second};
    if (broken_law_ != 1 && (by_id_.contains(event->id) || event->sequence != expected++))
      return write_outcome{write_outcome::kind::sequence_taken, head, {}, {}};
  }
  return std::nullopt;
}

std::optional<incident_id> model_store::other_open(const incident_state& after) const {
  if (!after.opened || !is_open(after.record.status)) return std::nullopt;
  for (const auto& [id, state] : states_)
    if (id != after.record.id && state.opened && is_open(state.record.status) &&
        state.record.fingerprint == after.record.fingerprint)
      return id;
  return std::nullopt;
}

std::vector<event_ptr> model_store::read_log(const incident_id& id, std::uint64_t after) const {
  std::vector<event_ptr> page;
  if (const auto log = logs_.find(id); log != logs_.end())
    std::ranges::copy_if(log->second, std::back_inserter(page), [&](const auto& e) { return e->sequence > after; });
  return page;
}

fingerprint_lookup model_store::find(const std::string& fingerprint) const {
  const auto found = newest_.find(fingerprint);
  if (found == newest_.end()) return {};
  return {found->second, is_open(states_.at(found->second).record.status)};
}

event_ptr model_store::read_event(const event_id& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<incident_id> model_store::due(time_point before) const {
  std::vector<incident_id> ids;
  for (const auto& [id, state] : states_)
    if (const auto next = next_deadline(state); next && next->due_at <= before) ids.push_back(id);
  return ids;
}

}  // namespace im::test::model
