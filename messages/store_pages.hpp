#pragma once
/// The pages that the store answers: one writer for the store and for its fakes in the tests, so that the names in them are the same.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace im {

/// A page of a list. `items` are JSON documents. Without a cursor it is the last page.
[[nodiscard]] std::string write_list_page(std::span<const std::string> items,
                                          std::optional<std::string_view> next_cursor = {});

/// A page of an incident's log; `head` is the sequence number of the log's last event.
[[nodiscard]] std::string write_log_page(std::span<const std::string> events, std::uint64_t head);

/// A page of the orchestrator's feed; `next_cursor` is the `after` of the next request.
[[nodiscard]] std::string write_action_page(std::span<const std::string> actions, std::string_view next_cursor);

/// The `next_cursor` of a page of the feed without actions. Nothing: the page has actions, or is not a page of the feed.
[[nodiscard]] std::optional<std::string> cursor_of_empty_action_page(std::string_view page);

}  // namespace im
