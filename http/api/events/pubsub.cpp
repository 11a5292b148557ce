#include "http/api/events/pubsub.hpp"

#include "http/api/events/base64.hpp"
#include "http/api/events/dialect.hpp"

namespace im::api::events {

namespace {

std::string about(const json::node& body, const json::node& message) {
  metadata_writer out;
  const loose_object said{message};
  out.add_if_given("message_id", said.text({"messageId", "message_id"}));
  out.add_if_given("publish_time", said.text({"publishTime", "publish_time"}));
  out.add_if_given("subscription", loose_object{body}.text({"subscription"}));
  if (const auto attributes = said.object({"attributes"}); attributes && attributes->size() > 0)
    out.add_object("attributes", *attributes);
  return out.take().text;
}

}  // namespace

result<pubsub_message> open_pubsub(const json::node& body) {
  json::read_state state{json::read_bounds{}};
  const auto message = body.find("message");
  const auto wrapped = message ? message->find_string("data") : std::nullopt;
  if (!message || !message->is(json::kind::object))
    state.report(field_error::kind::required, {nullptr, "message"}, "is required");
  else if (!wrapped || wrapped->empty())
    state.report(field_error::kind::required, {nullptr, "message.data"}, "is required");
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  auto data = unwrap_base64(*wrapped);
  if (data) return pubsub_message{std::move(*data), about(body, *message)};
  state.report(field_error::kind::invalid_value, {nullptr, "message.data"}, "must be base64 of an event as JSON");
  return std::unexpected{json::validation_error(std::move(state.errors))};
}

translator translator_of(const json::node& data) {
  auto first = std::optional{data};
  if (data.is(json::kind::array)) {
    first.reset();
    data.each_item([&](std::size_t index, json::node item) {
      if (index == 0) first = item;
    });
  }
  return first && first->find("specversion") ? &from_cloudevent : &from_platform;
}

}  // namespace im::api::events
