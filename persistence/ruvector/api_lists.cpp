#include "messages/json/codec.hpp"
#include "messages/store_pages.hpp"
#include "persistence/ruvector/api.hpp"
#include "persistence/ruvector/api_params.hpp"

namespace im::ruvector {

namespace {

http::response page_reply(const list_page& page) { return json_reply(write_list_page(page.items, page.next_cursor)); }

list_filter paged(param_reader& in) {
  list_filter filter;
  filter.after = in.cursor("cursor");
  filter.limit = in.limit();
  filter.incident = in.id<incident_id>("incident_id");
  return filter;
}

}  // namespace

void api::later_page(http::responder&& answer, result<list_filter> filter,
                     result<list_page> (store::*list)(const list_filter&)) {
  if (!filter) return answer(error_reply(filter.error()));
  const bool is_lookup = filter->is_lookup();
  auto read = [this, list, filter = std::move(*filter)] {
    const auto page = (store_.*list)(filter);
    return page ? page_reply(*page) : error_reply(page.error());
  };
  if (is_lookup) return later(std::move(answer), std::move(read));
  later_list(std::move(answer), std::move(read));
}

void api::list_incidents(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  auto filter = paged(in);
  filter.statuses = in.words<incident_status>("status");
  filter.severities = in.words<severity>("severity");
  filter.categories = in.words<incident_category>("category");
  filter.source = in.text("source");
  filter.text = in.search("q");
  filter.fingerprint = in.text("fingerprint");
  filter.open = in.boolean("open");
  later_page(std::move(answer), in.finish(std::move(filter)), &store::incidents);
}

void api::list_approvals(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  auto filter = paged(in);
  filter.approval_statuses = in.words<approval_status>("status");
  filter.approval_actions = in.words<approval_action>("action_type");
  later_page(std::move(answer), in.finish(std::move(filter)), &store::approvals);
}

void api::get_approval(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<approval_id>("id");
  if (in.failed()) return answer(error_reply(in.take_error()));
  later_text(std::move(answer), [this, id] { return store_.approval(id); });
}

void api::list_postmortems(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  auto filter = paged(in);
  filter.postmortem_statuses = in.words<postmortem_status>("status");
  later_page(std::move(answer), in.finish(std::move(filter)), &store::postmortems);
}

void api::get_postmortem(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<postmortem_id>("id");
  if (in.failed()) return answer(error_reply(in.take_error()));
  later_text(std::move(answer), [this, id] { return store_.postmortem(id); });
}

void api::list_escalations(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  auto filter = paged(in);
  filter.statuses = in.words<incident_status>("status");
  filter.severities = in.words<severity>("severity");
  later_page(std::move(answer), in.finish(std::move(filter)), &store::escalations);
}

/// A bare array, as the contract has it; each entry carries the cursor of what comes after it.
void api::get_deadlines(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto before = in.time("before").value_or(clock_.now());
  const auto after = in.cursor("cursor");
  const auto limit = in.limit(limits::deadline_page);
  if (in.failed()) return answer(error_reply(in.take_error()));
  later(std::move(answer), [=, this] {
    const auto due = store_.deadlines(before, after, limit);
    if (!due) return error_reply(due.error());
    json::writer out;
    out.begin_array();
    for (const auto& entry : *due) {
      out.begin_object();
      json::object_writer members{out};
      members.required("incident_id", entry.incident_id);
      members.required("kind", entry.kind);
      members.required("due_at", entry.due_at);
      members.required("cursor", list_cursor{entry.due_at, entry.incident_id.value()}.str());
      out.end_object();
    }
    out.end_array();
    return json_reply(out.take());
  });
}

}  // namespace im::ruvector
