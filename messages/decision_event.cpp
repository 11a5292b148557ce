#include "messages/decision_event.hpp"

namespace im::json {

template void write(writer& out, const decision_event& value);
template void read(read_state& state, const node& from, const path& where, decision_event& to);

}  // namespace im::json
