#include "messages/json/codec.hpp"
#include "persistence/ruvector/api.hpp"

namespace im::ruvector {

namespace {

struct lookup_body {
  std::vector<im::incident_id> incident_ids;
  std::vector<std::string> fingerprints;
};

template <class V>
void describe(V& v, like<lookup_body> auto& x) {
  v.optional("incident_ids", x.incident_ids);
  v.optional("fingerprints", x.fingerprints);
}

// What a manager looks for at once fits into the lists of one body.
static_assert(limits::logs_looked_for <= limits::list_items && limits::fingerprints_looked_for <= limits::list_items);

result<lookup_body> read_lookup(std::string_view body) {
  const auto doc = json::document::parse(body, im::limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  json::read_state state{json::read_bounds{}};
  lookup_body in;
  json::read(state, doc->root(), json::path{}, in);
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  return in;
}

void write_newest(json::writer& out, const std::vector<std::optional<newest_incident>>& found) {
  out.begin_array();
  for (const auto& one : found) {
    if (!one) {
      out.null();
      continue;
    }
    out.begin_object();
    out.key("incident_id");
    out.string(one->incident_id.str());
    out.key("open");
    out.boolean(one->open);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

/// Which of many incidents have a log, and what is newest of many fingerprints: what a burst of signals asks.
void api::post_lookup(http::request&& req, http::responder&& answer) {
  auto asked = read_lookup(req.body);
  if (!asked) return answer(error_reply(asked.error()));
  later(std::move(answer), [this, asked = std::move(*asked)] {
    const auto logs = store_.with_log(asked.incident_ids);
    if (!logs) return error_reply(logs.error());
    const auto newest = store_.newest_of(asked.fingerprints);
    if (!newest) return error_reply(newest.error());
    json::writer out;
    out.begin_object();
    out.key("with_log");
    json::write(out, *logs);
    out.key("newest");
    write_newest(out, *newest);
    out.end_object();
    return json_reply(out.take());
  });
}

}  // namespace im::ruvector
