#pragma once
/// Every environment variable of the service, read at once; all that are bad are reported together.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/settings/shutdown_budget.hpp"
#include "http/auth.hpp"
#include "http/origin.hpp"
#include "messages/enums.hpp"
#include "messages/limits.hpp"
#include "telemetry/log_line.hpp"

namespace im {

/// `PLATFORM_ENV`.
enum class platform_env : std::uint8_t { dev, staging, prod };
IM_WIRE_WORDS(platform_env, prod, "dev", "staging", "prod");

/// What DecisionEvents call the environment.
[[nodiscard]] constexpr environment environment_of(platform_env e) {
  switch (e) {
    case platform_env::dev: return environment::development;
    case platform_env::staging: return environment::staging;
    case platform_env::prod: return environment::production;
  }
  return environment::development;
}

struct settings {
  std::string service_version;  ///< the build's, unless SERVICE_VERSION says another
  platform_env platform = platform_env::dev;

  std::string http_address = "127.0.0.1";            ///< all addresses in staging and prod
  std::uint16_t http_port = 8080;                    ///< 0: one that is free
  std::optional<std::uint16_t> metrics_port = 9090;  ///< 0: one that is free; nothing: `off`
  std::chrono::seconds request_timeout = limits::request_timeout;
  std::chrono::seconds lame_duck{0};  ///< after SIGTERM: not ready, but requests are taken; longer in staging and prod
  shutdown_budget shutdown;           ///< cuts `lame_duck` where it leaves too little
  std::size_t max_connections = limits::connections;
  std::size_t io_threads = 1;
  std::size_t worker_threads = 1;  ///< CAF's

  std::optional<http::origin> ruvector_url;  ///< nothing: the store is embedded
  http::secret ruvector_api_key;             ///< may be empty in dev
  std::chrono::milliseconds ruvector_timeout = limits::store_timeout;
  std::filesystem::path data_dir = "./data";  ///< of the embedded store
  std::filesystem::path policies_dir;         ///< seeds an empty embedded store; empty: those beside the program
  std::chrono::seconds passivate_after = limits::passivate_after;
  std::size_t max_live_incidents = limits::live_incidents;

  std::string escalation_policy_id = "default-escalation-policy";
  std::string approval_policy_id = "default-approval-policy";
  std::string sla_policy_id = "default-sla-policy";
  http::secret sentinel_webhook_secret;  ///< empty: signatures are not asked for

  std::optional<http::origin> telemetry_endpoint;  ///< LLM-Observatory; nothing: it is told nothing
  http::secret telemetry_api_key;                  ///< may be empty
  bool telemetry_enabled = true;                   ///< false: nothing is sent, whatever the endpoint
  std::string region;                              ///< a tag of telemetry; may be empty

  log::level log_level = log::level::info;
  log::format log_format = log::format::json;

  /// What was accepted but has no effect, a sentence each, for the log.
  std::vector<std::string> notices;

  [[nodiscard]] bool embedded_store() const { return !ruvector_url; }
  [[nodiscard]] bool sends_telemetry() const { return telemetry_enabled && telemetry_endpoint; }
};

/// One bad setting.
struct setting_error {
  std::string name;
  std::optional<std::string> value;  ///< as given, shortened; nothing if unset or secret
  std::string problem;               ///< "is not a number", "is missing"
  std::string allowed;               ///< "a whole number from 0 to 65535"

  bool operator==(const setting_error&) const = default;
};

/// `HTTP_PORT="eighty" is not a number; allowed: a whole number from 0 to 65535`.
[[nodiscard]] std::string to_string(const setting_error& e);

/// What the process runs on, where it decides about a default.
struct machine {
  unsigned cores = 1;
  bool stderr_is_terminal = false;
};

/// The value of an environment variable; nothing if unset.
using setting_lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Reads all. An empty value counts as unset. Pure.
[[nodiscard]] std::expected<settings, std::vector<setting_error>> read_settings(const setting_lookup& lookup,
                                                                                const machine& on);

/// Reads the process' environment.
[[nodiscard]] std::expected<settings, std::vector<setting_error>> read_settings();

/// One row of the documentation; made from the list that read_settings() reads by.
struct setting_row {
  std::string_view name;
  std::string fallback;  ///< what holds when it is unset
  std::string allowed;
  std::string_view meaning;
};
[[nodiscard]] std::vector<setting_row> setting_rows();

/// The rows as text for `--help`.
[[nodiscard]] std::string settings_help();

/// The rows as a Markdown table for the README.
[[nodiscard]] std::string settings_markdown();

}  // namespace im
