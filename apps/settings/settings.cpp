#include "apps/settings/settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "apps/settings/setting_list.hpp"
#include "im/version.hpp"
#include "messages/assert.hpp"

namespace im {
namespace {

/// Without the spaces and line breaks around it, which no value of ours needs.
std::string trimmed(const std::string& text) {
  static constexpr auto* blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  return first == text.npos ? std::string{} : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// What an error may repeat of a value: nothing of a secret, nor of a URL with a password in it.
std::optional<std::string> shown(const detail::setting_spec& spec, const std::string& value) {
  if (spec.secret || value.find('@') != value.npos) return std::nullopt;
  std::string out;
  for (const char c : value.substr(0, limits::error_value_chars)) out += c >= ' ' && c <= '~' ? c : '?';
  return value.size() > limits::error_value_chars ? out + "..." : out;
}

const detail::setting_spec& spec_of(std::string_view name) {
  const auto found = std::ranges::find(detail::setting_list(), name, &detail::setting_spec::name);
  IM_ASSERT(found != detail::setting_list().end());
  return *found;
}

bool failed(const std::vector<setting_error>& errors, std::string_view name) {
  return std::ranges::find(errors, name, &setting_error::name) != errors.end();
}

bool is_loopback(const http::origin& to) {
  return to.host == "localhost" || to.host == "::1" || to.host.starts_with("127.");
}

/// Whether it would be sent where others can read it.
bool shows_key(const std::optional<http::origin>& to, const http::secret& key) {
  return to && !to->tls && !key.empty() && !is_loopback(*to);
}

/// What no setting shows by itself.
void check_together(settings& s, std::vector<setting_error>& errors) {
  const auto require = [&](std::string_view name, bool is_set) {
    if (is_set || failed(errors, name)) return;
    errors.push_back({std::string{name},
                      {},
                      "is not set, and PLATFORM_ENV is " + std::string{to_string(s.platform)},
                      spec_of(name).allowed});
  };
  if (s.platform != platform_env::dev) {
    require("RUVECTOR_SERVICE_URL", s.ruvector_url.has_value());
    require("RUVECTOR_API_KEY", !s.ruvector_api_key.empty());
  }
  if (s.metrics_port && *s.metrics_port != 0 && *s.metrics_port == s.http_port && !failed(errors, "HTTP_PORT") &&
      !failed(errors, "METRICS_PORT"))
    errors.push_back({"METRICS_PORT", std::to_string(*s.metrics_port), "is HTTP_PORT, too", "another port, or off"});
  if (const auto longest = s.shutdown.lame_duck(s.lame_duck); longest < s.lame_duck)
    s.notices.push_back("LAME_DUCK_SECS is cut to " + std::to_string(longest.count()) +
                        ": SHUTDOWN_SECS leaves no more beside the drain and the close of the store");
  if (shows_key(s.ruvector_url, s.ruvector_api_key))
    s.notices.emplace_back("RUVECTOR_SERVICE_URL is not https: RUVECTOR_API_KEY travels in the clear");
  if (s.sends_telemetry() && shows_key(s.telemetry_endpoint, s.telemetry_api_key))
    s.notices.emplace_back("TELEMETRY_ENDPOINT is not https: TELEMETRY_API_KEY travels in the clear");
  if (!s.telemetry_endpoint && !s.telemetry_api_key.empty())
    s.notices.emplace_back("TELEMETRY_API_KEY has no effect: TELEMETRY_ENDPOINT is not set");
  if (!s.ruvector_url && !s.ruvector_api_key.empty() && s.platform == platform_env::dev)
    s.notices.emplace_back("RUVECTOR_API_KEY has no effect: RUVECTOR_SERVICE_URL is not set, the store is embedded");
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out{text};
  out.resize(std::max(out.size(), width), ' ');
  return out;
}

}  // namespace

std::string to_string(const setting_error& e) {
  std::string out = e.name;
  if (e.value) out += "=\"" + *e.value + "\"";
  return out + " " + e.problem + "; allowed: " + e.allowed;
}

std::expected<settings, std::vector<setting_error>> read_settings(const setting_lookup& lookup, const machine& on) {
  settings s;
  s.service_version = version;
  s.io_threads = detail::default_io_threads(on);
  s.worker_threads = detail::default_worker_threads(on);
  s.log_format = on.stderr_is_terminal ? log::format::text : log::format::json;
  std::vector<setting_error> errors;
  for (const auto& spec : detail::setting_list()) {
    const auto given = lookup(spec.name);
    const auto value = given ? trimmed(*given) : std::string{};
    if (value.empty()) continue;
    if (auto problem = spec.read(value, s))
      errors.push_back({std::string{spec.name}, shown(spec, value), std::move(*problem), spec.allowed});
  }
  check_together(s, errors);
  if (!errors.empty()) return std::unexpected{std::move(errors)};
  return s;
}

std::expected<settings, std::vector<setting_error>> read_settings() {
  const auto from_environment = [](std::string_view name) -> std::optional<std::string> {
    const char* const value = std::getenv(std::string{name}.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
  };
  return read_settings(from_environment, {.cores = std::max(1U, std::thread::hardware_concurrency()),
                                          .stderr_is_terminal = isatty(STDERR_FILENO) == 1});
}

std::vector<setting_row> setting_rows() {
  std::vector<setting_row> rows;
  for (const auto& spec : detail::setting_list())
    rows.push_back({spec.name, spec.fallback, spec.allowed, spec.meaning});
  return rows;
}

std::string settings_help() {
  const auto rows = setting_rows();
  const auto width = std::ranges::max(rows, {}, [](const auto& r) { return r.name.size(); }).name.size();
  std::string out = "Environment variables:\n";
  for (const auto& row : rows) {
    out += "  " + padded(row.name, width) + "  " + std::string{row.meaning} + "\n";
    out += "  " + padded("", width) + "  (" + row.allowed + "; default: " + row.fallback + ")\n";
  }
  return out;
}

std::string settings_markdown() {
  std::string out = "| Variable | Meaning | Allowed | Default |\n|---|---|---|---|\n";
  for (const auto& row : setting_rows())
    out += "| `" + std::string{row.name} + "` | " + std::string{row.meaning} + " | " + row.allowed + " | " +
           row.fallback + " |\n";
  return out;
}

}  // namespace im
