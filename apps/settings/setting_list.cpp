#include "apps/settings/setting_list.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <utility>

#include "im/version.hpp"

namespace im::detail {
namespace {

using problem = std::optional<std::string>;

std::string between(long least, long most) {
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

problem read_number(std::string_view text, long least, long most, long& into) {
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (code == std::errc::result_out_of_range) return "is out of range";
  if (code != std::errc{} || stop != text.data() + text.size()) return "is not a whole number";
  if (into < least || into > most) return "is out of range";
  return {};
}

setting_spec number(std::string_view name, std::string_view meaning, long least, long most, std::string fallback,
                    std::invocable<settings&, long> auto take) {
  return {name,
          meaning,
          between(least, most),
          std::move(fallback),
          false,
          [=](const std::string& value, settings& into) -> problem {
            long found = 0;
            if (auto wrong = read_number(value, least, most, found)) return wrong;
            take(into, found);
            return {};
          }};
}

constexpr long port_max = 65535;
constexpr std::size_t region_chars = 64;

bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view{"._:+-"}.find(c) != std::string_view::npos;
}

setting_spec id(std::string_view name, std::string_view meaning, std::size_t most_chars, std::string settings::*field,
                std::string fallback) {
  return {name,
          meaning,
          "1 to " + std::to_string(most_chars) + " of A-Z a-z 0-9 . _ : + -",
          std::move(fallback),
          false,
          [=](const std::string& value, settings& into) -> problem {
            if (value.size() > most_chars) return "is too long";
            if (!std::ranges::all_of(value, is_id_character)) return "has a character that is not allowed";
            into.*field = value;
            return {};
          }};
}

setting_spec url(std::string_view name, std::string_view meaning, std::optional<http::origin> settings::*field,
                 std::string fallback) {
  return {name,
          meaning,
          "http://host[:port][/path] or https://…",
          std::move(fallback),
          false,
          [=](const std::string& value, settings& into) -> problem {
            auto found = http::origin::parse(value);
            if (!found) return "is no URL that we can use: " + found.error();
            into.*field = std::move(*found);
            return {};
          }};
}

setting_spec truth(std::string_view name, std::string_view meaning, bool settings::*field, bool fallback) {
  return {name,
          meaning,
          "true or false, or 1 or 0",
          fallback ? "true" : "false",
          false,
          [=](const std::string& value, settings& into) -> problem {
            static constexpr std::array yes{"true", "True", "TRUE", "1"};
            static constexpr std::array no{"false", "False", "FALSE", "0"};
            const bool is_true = std::ranges::find(yes, value) != yes.end();
            if (!is_true && std::ranges::find(no, value) == no.end()) return "is neither true nor false";
            into.*field = is_true;
            return {};
          }};
}

/// Keys come from files and secret managers, often with a line break at their end; in a header it could not be sent.
setting_spec key(std::string_view name, std::string_view meaning, http::secret settings::*field, std::string fallback) {
  return {name,
          meaning,
          "visible ASCII characters, no spaces",
          std::move(fallback),
          true,
          [=](const std::string& value, settings& into) -> problem {
            if (!std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; }))
              return "has a character that is not allowed";
            into.*field = http::secret{value};
            return {};
          }};
}

setting_spec folder(std::string_view name, std::string_view meaning, std::filesystem::path settings::*field,
                    std::string fallback) {
  return {
      name, meaning, "a folder", std::move(fallback), false, [=](const std::string& value, settings& into) -> problem {
        into.*field = value;
        return {};
      }};
}

problem read_address(const std::string& value, settings& into) {
  std::array<unsigned char, sizeof(in6_addr)> unused{};
  if (inet_pton(AF_INET, value.c_str(), unused.data()) != 1 && inet_pton(AF_INET6, value.c_str(), unused.data()) != 1)
    return "is not an IP address";
  into.http_address = value;
  return {};
}

problem read_metrics_port(const std::string& value, settings& into) {
  if (value == "off") {
    into.metrics_port.reset();
    return {};
  }
  long port = 0;
  if (auto wrong = read_number(value, 0, port_max, port)) return wrong;
  into.metrics_port = static_cast<std::uint16_t>(port);
  return {};
}

constexpr std::string_view deployed_address = "0.0.0.0";
constexpr std::chrono::seconds deployed_lame_duck{
    5};  // a probe every second or two, and a load balancer that believes the second
constexpr long lame_duck_max_s = 300;
constexpr long shutdown_max_s = 3600;

std::string outside_dev(std::string_view in_dev, std::string_view deployed) {
  return std::string{in_dev} + " in dev, " + std::string{deployed} + " in staging and prod";
}

problem read_platform(const std::string& value, settings& into) {
  const auto found = from_string<platform_env>(value);
  if (!found) return "is not an environment that we know";
  into.platform = *found;
  // Before HTTP_ADDRESS and LAME_DUCK_SECS, which win.
  if (*found != platform_env::dev) {
    into.http_address = deployed_address;
    into.lame_duck = deployed_lame_duck;
  }
  return {};
}

problem read_log_level(const std::string& value, settings& into) {
  const auto found = log::parse_level(value);
  if (!found) return "is not a level";
  into.log_level = *found;
  return {};
}

problem read_rust_log(const std::string& value, settings& into) {
  const auto found = log::parse_rust_log(value);
  if (!found) return found.error();
  into.log_level = found->value_or(into.log_level);
  return {};
}

problem read_log_format(const std::string& value, settings& into) {
  const auto found = from_string<log::format>(value);
  if (!found) return "is not a format";
  into.log_format = *found;
  return {};
}

/// What the platform sets for all its services and this one has no use for.
setting_spec without_effect(std::string_view name, std::string_view meaning) {
  return {name, meaning, "anything", "none", false, [=](const std::string&, settings& into) -> problem {
            into.notices.push_back(std::string{name} + " is " + std::string{meaning});
            return {};
          }};
}

using specs = std::vector<setting_spec>;

void add_service(specs& to, const settings& d) {
  to.push_back(without_effect("SERVICE_NAME", "accepted, has no effect: the service has one name"));
  to.push_back(id("SERVICE_VERSION", "version in logs and health answers", 64, &settings::service_version,
                  "the build's, " + std::string{version}));
  to.push_back({"PLATFORM_ENV", "where it runs; outside dev a store has to be named", "dev, staging or prod",
                std::string{to_string(d.platform)}, false, read_platform});
  to.push_back(id("GOOGLE_CLOUD_REGION", "a tag of what LLM-Observatory is told; no decision tells it", region_chars,
                  &settings::region, "none"));
}

void add_http(specs& to, const settings& d) {
  to.push_back({"HTTP_ADDRESS", "address to listen on, also for the metrics", "an IPv4 or IPv6 address",
                outside_dev(d.http_address, deployed_address), false, read_address});
  to.push_back(number("HTTP_PORT", "port of the API; 0 takes a free one", 0, port_max, std::to_string(d.http_port),
                      [](settings& s, long n) { s.http_port = static_cast<std::uint16_t>(n); }));
  to.push_back({"METRICS_PORT", "port of /metrics; 0 takes a free one", between(0, port_max) + ", or off",
                std::to_string(*d.metrics_port), false, read_metrics_port});
  to.push_back(without_effect("GRPC_PORT", "accepted, has no effect: the service speaks HTTP only"));
  to.push_back(number("REQUEST_TIMEOUT_SECS", "longest time to answer a request, long polls apart", 1, 600,
                      std::to_string(d.request_timeout.count()),
                      [](settings& s, long n) { s.request_timeout = std::chrono::seconds{n}; }));
  to.push_back(number(
      "LAME_DUCK_SECS",
      "how long /health/ready says 503 after SIGTERM while requests are still taken; a second signal ends it", 0,
      lame_duck_max_s, outside_dev(std::to_string(d.lame_duck.count()), std::to_string(deployed_lame_duck.count())),
      [](settings& s, long n) { s.lame_duck = std::chrono::seconds{n}; }));
  to.push_back(number("SHUTDOWN_SECS",
                      "longest time from SIGTERM to the end: LAME_DUCK_SECS, the drain and the close of the store",
                      shutdown_budget::total_least.count(), shutdown_max_s, std::to_string(d.shutdown.total.count()),
                      [](settings& s, long n) { s.shutdown.total = std::chrono::seconds{n}; }));
  to.push_back(number("MAX_CONNECTIONS", "open connections; one more is told 503", 1, 1'000'000,
                      std::to_string(d.max_connections),
                      [](settings& s, long n) { s.max_connections = static_cast<std::size_t>(n); }));
  to.push_back(number("IO_THREADS", "threads for sockets", 1, 64, "half the cores, 1 to 8",
                      [](settings& s, long n) { s.io_threads = static_cast<std::size_t>(n); }));
  to.push_back(number("WORKER_THREADS", "threads for actors", 1, 256, "half the cores",
                      [](settings& s, long n) { s.worker_threads = static_cast<std::size_t>(n); }));
}

void add_store(specs& to, const settings& d) {
  to.push_back(url("RUVECTOR_SERVICE_URL", "the store; unset in dev: an embedded one under DATA_DIR",
                   &settings::ruvector_url, "embedded in dev, required in staging and prod"));
  to.push_back(key("RUVECTOR_API_KEY", "key of the store", &settings::ruvector_api_key,
                   "none in dev, required in staging and prod"));
  to.push_back(without_effect("RUVECTOR_DATABASE_URL",
                              "accepted, has no effect: it is ruvector-service's, which RUVECTOR_SERVICE_URL names"));
  to.push_back(number("RUVECTOR_TIMEOUT_MS",
                      "longest time of a list of the store, and of any other call if it is below 3000", 100, 600'000,
                      std::to_string(d.ruvector_timeout.count()),
                      [](settings& s, long n) { s.ruvector_timeout = std::chrono::milliseconds{n}; }));
  to.push_back(
      folder("DATA_DIR", "where the embedded store keeps its database", &settings::data_dir, d.data_dir.string()));
  to.push_back(folder("POLICIES_DIR", "policies that an empty embedded store starts with", &settings::policies_dir,
                      "../share/llm-incident-manager/policies beside the program's folder"));
}

void add_incidents(specs& to, const settings& d) {
  to.push_back(number("PASSIVATE_AFTER_SECS", "an incident idle for so long leaves memory", 1, 86'400,
                      std::to_string(d.passivate_after.count()),
                      [](settings& s, long n) { s.passivate_after = std::chrono::seconds{n}; }));
  to.push_back(number("MAX_LIVE_INCIDENTS", "incidents in memory; beyond, the longest idle leave it", 100, 10'000'000,
                      std::to_string(d.max_live_incidents),
                      [](settings& s, long n) { s.max_live_incidents = static_cast<std::size_t>(n); }));
  to.push_back(id("ESCALATION_POLICY_ID", "policy of escalations", limits::name_chars, &settings::escalation_policy_id,
                  d.escalation_policy_id));
  to.push_back(id("APPROVAL_POLICY_ID", "policy of approval gates", limits::name_chars, &settings::approval_policy_id,
                  d.approval_policy_id));
  to.push_back(
      id("SLA_POLICY_ID", "policy of SLA deadlines", limits::name_chars, &settings::sla_policy_id, d.sla_policy_id));
  to.push_back(key("SENTINEL_WEBHOOK_SECRET", "key of X-Sentinel-Signature", &settings::sentinel_webhook_secret,
                   "none: signatures are not checked"));
}

void add_telemetry(specs& to, const settings& d) {
  to.push_back(url("TELEMETRY_ENDPOINT", "LLM-Observatory: where invocations, decisions, errors and figures are posted",
                   &settings::telemetry_endpoint, "none: nothing is sent"));
  to.push_back(key("TELEMETRY_API_KEY", "sent to it as a bearer token", &settings::telemetry_api_key, "none"));
  to.push_back(
      truth("TELEMETRY_ENABLED", "false: nothing is sent to it", &settings::telemetry_enabled, d.telemetry_enabled));
  // Before LOG_LEVEL, which wins.
  to.push_back({"RUST_LOG", "LOG_LEVEL by its old name; directives for other crates have no effect",
                "a level, or crate=level, or several with commas", "none", false, read_rust_log});
  to.push_back({"LOG_LEVEL", "least level that is logged", "trace, debug, info, warn, error or off",
                std::string{to_string(d.log_level)}, false, read_log_level});
  to.push_back({"LOG_FORMAT", "one JSON object a line, or text for eyes", "json or text",
                "text on a terminal, else json", false, read_log_format});
}

}  // namespace

const std::vector<setting_spec>& setting_list() {
  static const auto list = [] {
    const settings defaults;
    specs all;
    add_service(all, defaults);
    add_http(all, defaults);
    add_store(all, defaults);
    add_incidents(all, defaults);
    add_telemetry(all, defaults);
    return all;
  }();
  return list;
}

std::size_t default_io_threads(const machine& on) { return std::clamp<std::size_t>(on.cores / 2, 1, 8); }

std::size_t default_worker_threads(const machine& on) {
  // The other half is for sockets and the store: more of these only take turns with them.
  return std::clamp<std::size_t>(on.cores / 2, 1, 256);
}

}  // namespace im::detail
