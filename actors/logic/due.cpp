#include "actors/logic/due.hpp"

#include "messages/hash.hpp"

namespace im::logic {

command due_command(const incident_state& state, const deadline& due) {
  const auto& id = state.record.id;
  command c;
  c.incident_id = id;
  c.context.request = "due:" + id.str() + ':' + std::string{to_string(due.kind)} + ':' +
                      (due.gate ? due.gate->str() + ':' : std::string{}) + to_string(due.due_at) + ':' +
                      std::to_string(state.head());
  c.context.inputs_hash = sha256_hex(c.context.request);
  if (due.gate)
    c.body = cmd::approval_due{*due.gate};
  else
    c.body = cmd::evaluation_due{due.kind};
  return c;
}

}  // namespace im::logic
