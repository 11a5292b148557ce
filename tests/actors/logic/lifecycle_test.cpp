#include "actors/logic/lifecycle.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "messages/enums.hpp"

using namespace im;

namespace {

constexpr auto none = std::optional<incident_status>{};

struct row {
  change_kind change;
  std::array<std::optional<incident_status>, 6>
      next;  // from NEW, ACKNOWLEDGED, IN_PROGRESS, ESCALATED, RESOLVED, CLOSED
};

using enum incident_status;

// Every change × every status.
const std::array table{
    row{change_kind::acknowledge, {acknowledged, none, none, acknowledged, none, none}},
    row{change_kind::assign, {fresh, acknowledged, in_progress, escalated, resolved, none}},
    row{change_kind::start, {in_progress, in_progress, none, in_progress, none, none}},
    row{change_kind::escalate, {escalated, escalated, escalated, escalated, none, none}},
    row{change_kind::resolve, {resolved, resolved, resolved, resolved, none, none}},
    row{change_kind::close, {none, none, none, none, closed, none}},
    row{change_kind::reopen, {none, none, none, none, in_progress, none}},
    row{change_kind::comment, {fresh, acknowledged, in_progress, escalated, resolved, closed}},
    row{change_kind::update, {fresh, acknowledged, in_progress, escalated, resolved, none}},
};

}  // namespace

TEST_CASE("every change in every status leads where the table says, or is refused") {
  static_assert(table.size() == enum_names<change_kind>::names.size());
  for (const auto& [change, next] : table)
    for (std::size_t i = 0; i < next.size(); ++i) {
      const auto status = static_cast<incident_status>(i);
      CAPTURE(to_string(change), to_string(status));
      CHECK(logic::next_status(change, status) == next[i]);
    }
}
