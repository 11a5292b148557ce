#include "messages/store_pages.hpp"

#include "messages/json/node.hpp"
#include "messages/json/writer.hpp"
#include "messages/limits.hpp"

namespace im {

namespace {

constexpr std::string_view actions_key = "actions";
constexpr std::string_view next_cursor_key = "next_cursor";

void write_documents(json::writer& out, std::string_view name, std::span<const std::string> documents) {
  out.key(name);
  out.begin_array();
  for (const auto& document : documents) out.raw(document);
  out.end_array();
}

}  // namespace

std::string write_list_page(std::span<const std::string> items, std::optional<std::string_view> next_cursor) {
  json::writer out;
  out.begin_object();
  write_documents(out, "items", items);
  if (next_cursor) {
    out.key(next_cursor_key);
    out.string(*next_cursor);
  }
  out.end_object();
  return out.take();
}

std::string write_log_page(std::span<const std::string> events, std::uint64_t head) {
  json::writer out;
  out.begin_object();
  write_documents(out, "events", events);
  out.key("head");
  out.number(head);
  out.end_object();
  return out.take();
}

std::string write_action_page(std::span<const std::string> actions, std::string_view next_cursor) {
  json::writer out;
  out.begin_object();
  write_documents(out, actions_key, actions);
  out.key(next_cursor_key);
  out.string(next_cursor);
  out.end_object();
  return out.take();
}

std::optional<std::string> cursor_of_empty_action_page(std::string_view page) {
  const auto document = json::document::parse(page, limits::stored_json_depth);
  const auto actions = document ? document->root().find(actions_key) : std::nullopt;
  if (!actions || !actions->is(json::kind::array) || actions->size() != 0) return std::nullopt;
  return document->root().find_string(next_cursor_key).transform([](std::string_view next) {
    return std::string{next};
  });
}

}  // namespace im
