#pragma once
/// What ruvector-service answers, by its own writer: a double of the store cannot name a field otherwise than the store does.

#include <span>
#include <string>
#include <vector>

#include "messages/json/codec.hpp"
#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/reply.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::test {

/// `{"results":[…]}`, the answer to a batch.
[[nodiscard]] inline std::string batch_answer(const std::vector<ruvector::append_result>& results) {
  json::writer out;
  out.begin_object();
  out.key("results");
  json::write(out, results);
  out.end_object();
  return out.take();
}

/// `{"items":[…]}`, a page of what is JSON already.
[[nodiscard]] inline std::string page_answer(std::span<const std::string> items) {
  json::writer out;
  out.begin_object();
  out.key("items");
  out.begin_array();
  for (const auto& item : items) out.raw(item);
  out.end_array();
  out.end_object();
  return out.take();
}

/// The newest incident of a fingerprint, as the list of incidents names it.
[[nodiscard]] inline std::string newest_answer(const incident_id& id, incident_status status) {
  incident_state state;
  state.opened = true;
  state.record.id = id;
  state.record.status = status;
  return page_answer(std::vector{ruvector::incident_json(state)});
}

}  // namespace im::test
