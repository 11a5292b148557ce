// Whatever bytes come: the reader answers, and what it takes in is written and read back as the same.

#include <cstdint>
#include <cstdlib>

#include "messages/approval.hpp"
#include "messages/decision_event.hpp"
#include "messages/escalation.hpp"
#include "messages/fold.hpp"
#include "messages/json/codec.hpp"
#include "messages/policies.hpp"
#include "messages/postmortem.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void round_trip(const im::json::node& root) {
  const auto value = im::json::decode<T>(root);
  if (!value) {
    must(!value.error().fields.empty() && !value.error().message.empty());
    return;
  }
  const auto text = im::json::encode(*value);
  const auto again = im::json::decode<T>(text, im::json::read_bounds::stored());
  must(again && im::json::encode(*again) == text);
}

template <class... Ts>
void round_trips(const im::json::node& root) {
  (round_trip<Ts>(root), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto doc = im::json::document::parse({reinterpret_cast<const char*>(data), size});
  if (!doc) {
    must(doc.error().code == im::errc::malformed_body && !doc.error().message.empty());
    return 0;
  }
  const auto root = doc->root();
  const auto canonical = root.canonical();
  const auto again = im::json::document::parse(canonical);
  must(again && again->root().canonical() == canonical && again->root().size() == root.size());
  const auto same = im::json::document::parse(root.text());
  must(same && same->root().canonical() == canonical);
  round_trips<im::affected_resource, im::signal_payload, im::escalation_history_entry, im::escalation_output,
              im::approval_record, im::approval_request, im::gate_state, im::approval_output, im::postmortem_input,
              im::postmortem_output, im::incident, im::fact_box, im::decision_event, im::incident_state,
              im::escalation_policy, im::approval_policy, im::sla_policy>(root);
  return 0;
}
