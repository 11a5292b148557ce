#include "tests/e2e/talk.hpp"

#include <set>
#include <stdexcept>
#include <utility>

#include "messages/ids.hpp"
#include "messages/time.hpp"

namespace im::e2e {

const js::value& answer::at(std::string_view pointer) const {
  boost::system::error_code failed;
  const auto* found = body.find_pointer(pointer, failed);
  if (found == nullptr)
    throw std::runtime_error{"no " + std::string{pointer} + " in " + std::to_string(status) + ' ' + text};
  return *found;
}

bool answer::has(std::string_view pointer) const {
  boost::system::error_code failed;
  return body.find_pointer(pointer, failed) != nullptr;
}

std::string answer::str(std::string_view pointer) const { return std::string{at(pointer).as_string()}; }

std::int64_t answer::number(std::string_view pointer) const { return at(pointer).to_number<std::int64_t>(); }

std::string answer::code() const {
  if (!has("/error/code") || !has("/error/message") || !has("/error/retryable") || !has("/success")) return {};
  return flag("/success") ? std::string{} : str("/error/code");
}

caller::caller(const std::string& url, std::string bearer, std::chrono::milliseconds longest)
    : client_{http::origin::parse(url).value()}, bearer_{std::move(bearer)}, longest_{longest} {}

answer caller::get(std::string_view target) { return send(http::verb::get, target, {}); }

answer caller::post(std::string_view target, const js::value& body, header_list headers) {
  return send(http::verb::post, target, js::serialize(body), std::move(headers));
}

answer caller::send(http::verb method, std::string_view target, std::string body, header_list headers) {
  if (!bearer_.empty()) headers.emplace_back("Authorization", "Bearer " + bearer_);
  auto got = client_.request(method, target, std::move(body), std::move(headers), longest_);
  answer heard;
  if (!got) {
    heard.text = got.error().message;
    return heard;
  }
  heard.status = got->status_code;
  heard.text = std::move(got->body);
  heard.headers = std::move(got->headers);
  boost::system::error_code failed;
  heard.body = js::parse(heard.text, failed);
  return heard;
}

js::array caller::log(std::string_view incident) {
  return get("/api/v1/incidents/" + std::string{incident} + "/log").list("/events");
}

js::object caller::incident(std::string_view id) {
  return get("/api/v1/incidents/" + std::string{id}).at("/data").as_object();
}

std::size_t caller::incident_count() { return get("/api/v1/incidents?limit=1000").list("/items").size(); }

std::string new_id() { return uuid::v7(system_wall_clock{}.now()).str(); }

std::string time_text(std::chrono::milliseconds offset) { return to_string(system_wall_clock{}.now() + offset); }

js::object event(std::string_view id, std::string_view severity, std::string_view title) {
  return {{"source", "edge-agent-7"}, {"event_type", "tool_failure"},
          {"execution_id", id},       {"timestamp", time_text()},
          {"severity", severity},     {"payload", {{"title", title}, {"service", "checkout-assistant"}}}};
}

js::object vote(std::string_view gate, std::string_view id, std::string_view role, std::string_view decision) {
  return {{"approval_request_id", gate}, {"approver_id", id},    {"approver_name", id},
          {"approver_type", role},       {"decision", decision}, {"rationale", "seen and judged"}};
}

std::string open_incident(caller& api, std::string_view severity, std::string_view title) {
  const auto opened = api.post("/api/v1/events", event(new_id(), severity, title));
  if (opened.status != 202 || opened.str("/disposition") != "opened")
    throw std::runtime_error{"no incident was opened: " + opened.text};
  return opened.str("/incident_id");
}

void resolve(caller& api, const std::string& incident) {
  const auto done = api.post("/api/v1/incidents/" + incident + "/resolve",
                             {{"actor", "grace"}, {"root_cause", "a typo"}, {"resolution_notes", "typo undone"}});
  if (done.status != 200) throw std::runtime_error{"not resolved: " + done.text};
}

std::size_t count_facts(const js::array& log, std::string_view kind, std::string_view status) {
  std::size_t count = 0;
  for (const auto& entry : log) {
    const auto& fact = entry.at("fact").as_object();
    if (fact.at("kind").as_string() != kind) continue;
    const auto* leads_to = fact.if_contains("status");
    if (status.empty() || (leads_to != nullptr && leads_to->as_string() == status)) ++count;
  }
  return count;
}

bool is_whole(const js::array& log) {
  std::set<std::string> seen;
  std::int64_t sequence = 0;
  for (const auto& entry : log) {
    if (entry.at("sequence").to_number<std::int64_t>() != ++sequence) return false;
    if (!seen.emplace(entry.at("id").as_string()).second) return false;
    for (const auto& request : entry.at("request_ids").as_array())
      if (!seen.emplace(request.as_string()).second) return false;
  }
  return true;
}

bool covers(const js::array& log, std::string_view request) {
  for (const auto& entry : log)
    for (const auto& covered : entry.at("request_ids").as_array())
      if (covered.as_string() == request) return true;
  return false;
}

js::array next_actions(caller& api, std::string& after, int wait_s) {
  const auto page =
      api.get("/api/v1/orchestrator/actions?wait=" + std::to_string(wait_s) + (after.empty() ? "" : "&after=" + after));
  after = page.str("/next_cursor");
  return page.list("/actions");
}

}  // namespace im::e2e
