#include <chrono>
#include <ostream>

#include "apps/llm_im/cli.hpp"
#include "http/sync_client.hpp"
#include "messages/json/node.hpp"
#include "messages/json/writer.hpp"

namespace im::cli {
namespace {

/// What the two questions brought.
struct findings {
  enum class kind { healthy, not_ready, unreachable } verdict = kind::unreachable;
  std::string url;
  std::string health;   ///< the body of /health
  std::string ready;    ///< the body of /health/ready
  std::string problem;  ///< a sentence, if not healthy
};

std::string_view word_of(findings::kind k) {
  switch (k) {
    case findings::kind::healthy: return "healthy";
    case findings::kind::not_ready: return "not_ready";
    case findings::kind::unreachable: return "unreachable";
  }
  return {};
}

exit_code code_of(findings::kind k) {
  switch (k) {
    case findings::kind::healthy: return exit_code::ok;
    case findings::kind::not_ready: return exit_code::refused;
    case findings::kind::unreachable: return exit_code::unreachable;
  }
  return exit_code::refused;
}

/// What an operator may try next.
std::string advice(const http::client_error& e) {
  static constexpr std::string_view elsewhere = " Another address: --url or LLM_IM_SERVICE_URL.";
  switch (e.kind) {
    case http::client_error_kind::connect:
      return "Is the service running, and is this its address?" + std::string{elsewhere};
    case http::client_error_kind::tls:
      return "Is the certificate one that this machine trusts? For a plain service, write http://.";
    case http::client_error_kind::timeout:
      return "It may be overloaded, or a firewall may drop the packets. --timeout allows more time.";
    case http::client_error_kind::malformed:
    case http::client_error_kind::too_large:
      return "Something answers there that is not llm-incident-manager." + std::string{elsewhere};
    case http::client_error_kind::reset:
    case http::client_error_kind::queue_full:
    case http::client_error_kind::cancelled: return "It may be shutting down; try again.";
  }
  return {};
}

std::string cut(std::string_view body) {
  static constexpr std::size_t most_chars = 400;
  return body.size() <= most_chars ? std::string{body} : std::string{body.substr(0, most_chars)} + "...";
}

findings ask(const http::origin& to, std::chrono::milliseconds timeout) {
  findings found{.url = to.to_string(), .health = {}, .ready = {}, .problem = {}};
  http::sync_client client{to, {.connect_timeout = timeout, .ca_file = {}}};
  const auto call = [&](std::string_view target) -> std::optional<http::client_response> {
    auto answer = client.request(http::verb::get, target, {}, {}, timeout);
    if (answer) return std::move(*answer);
    found.problem = "Cannot reach " + found.url + ": " + answer.error().message + ". " + advice(answer.error());
    return std::nullopt;
  };
  const auto health = call("/health");
  if (!health) return found;
  const auto ready = call("/health/ready");
  if (!ready) return found;
  found.health = health->body;
  found.ready = ready->body;
  const auto status = std::to_string(health->status_code != 200 ? health->status_code : ready->status_code);
  if (health->status_code == 200 && ready->status_code == 200) {
    found.verdict = findings::kind::healthy;
    return found;
  }
  found.verdict = findings::kind::not_ready;
  if (health->status_code != 200)
    found.problem = found.url + "/health answers " + status + ": is this llm-incident-manager? " + cut(found.health);
  else
    found.problem = found.url + " is up but not ready (" + status + "): " + cut(found.ready);
  return found;
}

/// A body as a member: as it is where it is JSON, else as a string.
void member(json::writer& out, std::string_view name, const std::string& body) {
  out.key(name);
  if (body.empty())
    out.null();
  else if (const auto parsed = json::document::parse(body))
    out.raw(parsed->root().text());
  else
    out.string("not JSON");
}

std::string as_json(const findings& found) {
  json::writer out;
  out.begin_object();
  out.key("status");
  out.string(word_of(found.verdict));
  out.key("url");
  out.string(found.url);
  member(out, "health", found.health);
  member(out, "ready", found.ready);
  if (!found.problem.empty()) {
    out.key("problem");
    out.string(found.problem);
  }
  out.end_object();
  return out.take();
}

std::string version_in(const std::string& health) {
  const auto parsed = json::document::parse(health);
  const auto found = parsed ? parsed->root().find_string("version") : std::nullopt;
  return found ? ", version " + std::string{*found} : std::string{};
}

/// A line for each.
void write_warnings(std::ostream& out, const std::string& ready) {
  const auto parsed = json::document::parse(ready);
  const auto warnings = parsed ? parsed->root().find("warnings") : std::nullopt;
  if (!warnings) return;
  warnings->each_item(
      [&](std::size_t, const json::node& one) { out << "  warning: " << one.as_string().value_or("") << '\n'; });
}

}  // namespace

exit_code health(const health_options& options, const surroundings& around) {
  const auto to = http::origin::parse(options.url);
  if (!to) {
    around.err << "llm-im: the service's address is not good: " << to.error() << '\n';
    return exit_code::usage;
  }
  const auto timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(options.timeout_s));
  const auto found = ask(*to, timeout);
  if (options.as_json)
    around.out << as_json(found) << '\n';
  else if (found.verdict == findings::kind::healthy) {
    around.out << "healthy and ready: " << found.url << version_in(found.health) << '\n';
    write_warnings(around.out, found.ready);
  } else
    around.err << "llm-im: " << found.problem << '\n';
  return code_of(found.verdict);
}

}  // namespace im::cli
