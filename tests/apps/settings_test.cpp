#include "apps/settings/settings.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

using namespace im;

namespace {

using variables = std::map<std::string, std::string, std::less<>>;

auto read(const variables& given, const machine& on = {.cores = 4, .stderr_is_terminal = false}) {
  return read_settings(
      [&](std::string_view name) -> std::optional<std::string> {
        const auto found = given.find(name);
        return found == given.end() ? std::nullopt : std::optional{found->second};
      },
      on);
}

settings good(const variables& given) {
  auto found = read(given);
  if (!found)
    for (const auto& e : found.error()) UNSCOPED_INFO(to_string(e));
  REQUIRE(found);
  return std::move(*found);
}

std::vector<std::string> bad_names(const variables& given) {
  std::vector<std::string> names;
  if (const auto found = read(given); !found)
    for (const auto& e : found.error()) names.push_back(e.name);
  return names;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("an empty environment is a development service with the embedded store") {
  const auto s = good({});
  CHECK_FALSE(s.service_version.empty());
  CHECK(s.platform == platform_env::dev);
  CHECK(environment_of(s.platform) == environment::development);
  CHECK(s.http_address == "127.0.0.1");
  CHECK(s.lame_duck == std::chrono::seconds{0});
  CHECK(s.shutdown.total == std::chrono::seconds{10});
  CHECK(s.http_port == 8080);
  CHECK(s.metrics_port == 9090);
  CHECK(s.request_timeout == std::chrono::seconds{30});
  CHECK(s.max_connections == 10'000);
  CHECK(s.io_threads == 2);
  CHECK(s.worker_threads == 2);
  CHECK(s.embedded_store());
  CHECK(s.ruvector_api_key.empty());
  CHECK(s.ruvector_timeout == std::chrono::milliseconds{30'000});
  CHECK(s.data_dir == "./data");
  CHECK(s.policies_dir.empty());
  CHECK(s.passivate_after == std::chrono::seconds{300});
  CHECK(s.max_live_incidents == 50'000);
  CHECK(s.escalation_policy_id == "default-escalation-policy");
  CHECK(s.approval_policy_id == "default-approval-policy");
  CHECK(s.sla_policy_id == "default-sla-policy");
  CHECK(s.sentinel_webhook_secret.empty());
  CHECK(s.log_level == log::level::info);
  CHECK(s.log_format == log::format::json);
  CHECK(s.notices.empty());
}

TEST_CASE("the platform's own environment is accepted") {
  const auto s = good({{"SERVICE_NAME", "llm-incident-manager"},
                       {"SERVICE_VERSION", "3f2a9c1"},
                       {"PLATFORM_ENV", "prod"},
                       {"GOOGLE_CLOUD_PROJECT", "agentics-dev"},
                       {"GOOGLE_CLOUD_REGION", "us-central1"},
                       {"HTTP_PORT", "8080"},
                       {"GRPC_PORT", "9000"},
                       {"METRICS_PORT", "9090"},
                       {"REQUEST_TIMEOUT_SECS", "30"},
                       {"MAX_CONNECTIONS", "10000"},
                       {"RUVECTOR_SERVICE_URL", "https://ruvector-service-prod.agentics-dev.run.app"},
                       {"RUVECTOR_TIMEOUT_MS", "30000"},
                       {"RUVECTOR_API_KEY", "key-of-the-store\n"},
                       {"TELEMETRY_ENDPOINT", "https://llm-observatory-prod.agentics-dev.run.app/v1/ingest"},
                       {"TELEMETRY_ENABLED", "true"},
                       {"RUST_LOG", "info"},
                       {"LOG_FORMAT", "json"}});
  CHECK(s.platform == platform_env::prod);
  CHECK(environment_of(s.platform) == environment::production);
  CHECK(s.service_version == "3f2a9c1");
  REQUIRE(s.ruvector_url);
  CHECK(s.ruvector_url->tls);
  CHECK(s.ruvector_url->host == "ruvector-service-prod.agentics-dev.run.app");
  CHECK(s.ruvector_api_key.reveal() == "key-of-the-store");
  CHECK_FALSE(s.embedded_store());
  names noted;  // what has no effect is said
  for (const auto& notice : s.notices) noted.push_back(notice.substr(0, notice.find(' ')));
  CHECK(noted == names{"SERVICE_NAME", "GRPC_PORT"});
  REQUIRE(s.sends_telemetry());
  CHECK(s.telemetry_endpoint->base == "/v1/ingest");
  CHECK(s.region == "us-central1");
}

TEST_CASE("every bad setting is reported at once, in the order of the list") {
  const variables all_bad{{"SERVICE_VERSION", std::string(65, 'v')},
                          {"PLATFORM_ENV", "production"},
                          {"GOOGLE_CLOUD_REGION", "a b"},
                          {"HTTP_ADDRESS", "localhost"},
                          {"HTTP_PORT", "eighty"},
                          {"METRICS_PORT", "none"},
                          {"REQUEST_TIMEOUT_SECS", "0"},
                          {"MAX_CONNECTIONS", "-1"},
                          {"IO_THREADS", "65"},
                          {"WORKER_THREADS", "2.5"},
                          {"RUVECTOR_SERVICE_URL", "ftp://store"},
                          {"RUVECTOR_API_KEY", "two words"},
                          {"RUVECTOR_TIMEOUT_MS", "99999999999999999999999"},
                          {"PASSIVATE_AFTER_SECS", "1h"},
                          {"ESCALATION_POLICY_ID", "../x"},
                          {"APPROVAL_POLICY_ID", "a b"},
                          {"SLA_POLICY_ID", "ö"},
                          {"SENTINEL_WEBHOOK_SECRET", "a\tb"},
                          {"TELEMETRY_ENDPOINT", "nope"},
                          {"TELEMETRY_API_KEY", "two words"},
                          {"TELEMETRY_ENABLED", "maybe"},
                          {"RUST_LOG", "llm_incident_manager=loud"},
                          {"LOG_LEVEL", "loud"},
                          {"LOG_FORMAT", "xml"}};
  CHECK(bad_names(all_bad) == names{"SERVICE_VERSION",
                                    "PLATFORM_ENV",
                                    "GOOGLE_CLOUD_REGION",
                                    "HTTP_ADDRESS",
                                    "HTTP_PORT",
                                    "METRICS_PORT",
                                    "REQUEST_TIMEOUT_SECS",
                                    "MAX_CONNECTIONS",
                                    "IO_THREADS",
                                    "WORKER_THREADS",
                                    "RUVECTOR_SERVICE_URL",
                                    "RUVECTOR_API_KEY",
                                    "RUVECTOR_TIMEOUT_MS",
                                    "PASSIVATE_AFTER_SECS",
                                    "ESCALATION_POLICY_ID",
                                    "APPROVAL_POLICY_ID",
                                    "SLA_POLICY_ID",
                                    "SENTINEL_WEBHOOK_SECRET",
                                    "TELEMETRY_ENDPOINT",
                                    "TELEMETRY_API_KEY",
                                    "TELEMETRY_ENABLED",
                                    "RUST_LOG",
                                    "LOG_LEVEL",
                                    "LOG_FORMAT"});
}

TEST_CASE("an error names the setting, its value, what is wrong and what is allowed") {
  const auto found = read({{"HTTP_PORT", "eighty"}, {"LOG_LEVEL", std::string(200, 'x')}, {"IO_THREADS", "a\x1b[2J"}});
  REQUIRE_FALSE(found);
  REQUIRE(found.error().size() == 3);
  CHECK(to_string(found.error()[0]) ==
        "HTTP_PORT=\"eighty\" is not a whole number; allowed: a whole number from 0 to 65535");
  CHECK(found.error()[1].value == "a?[2J");
  CHECK(found.error()[2].value == std::string(limits::error_value_chars, 'x') + "...");
}

TEST_CASE("no error shows a secret") {
  const auto found = read({{"RUVECTOR_API_KEY", "hush hush"},
                           {"SENTINEL_WEBHOOK_SECRET", "hush\x7f"},
                           {"TELEMETRY_API_KEY", "hush hush"},
                           {"RUVECTOR_SERVICE_URL", "https://user:hush@store"}});
  REQUIRE_FALSE(found);
  CHECK(found.error().size() == 4);
  for (const auto& e : found.error()) {
    CHECK_FALSE(e.value);
    CHECK(to_string(e).find("hush") == std::string::npos);
  }
}

TEST_CASE("telemetry is sent where there is an endpoint and it is not switched off") {
  const std::string to = "http://observatory/v1/ingest";
  CHECK_FALSE(good({}).sends_telemetry());
  CHECK(good({{"TELEMETRY_ENDPOINT", to}}).sends_telemetry());
  for (const auto* yes : {"true", "True", "TRUE", "1"})
    CHECK(good({{"TELEMETRY_ENDPOINT", to}, {"TELEMETRY_ENABLED", yes}}).sends_telemetry());
  for (const auto* no : {"false", "False", "FALSE", "0"})
    CHECK_FALSE(good({{"TELEMETRY_ENDPOINT", to}, {"TELEMETRY_ENABLED", no}}).sends_telemetry());

  CHECK(good({{"TELEMETRY_API_KEY", "k"}}).notices ==
        names{"TELEMETRY_API_KEY has no effect: TELEMETRY_ENDPOINT is not set"});
  CHECK(good({{"TELEMETRY_ENDPOINT", to}, {"TELEMETRY_API_KEY", "k"}}).notices ==
        names{"TELEMETRY_ENDPOINT is not https: TELEMETRY_API_KEY travels in the clear"});
  CHECK(good({{"TELEMETRY_ENDPOINT", to}, {"TELEMETRY_API_KEY", "k"}, {"TELEMETRY_ENABLED", "false"}}).notices.empty());
}

TEST_CASE("outside dev the store and its key have to be named") {
  CHECK(bad_names({{"PLATFORM_ENV", "staging"}}) == names{"RUVECTOR_SERVICE_URL", "RUVECTOR_API_KEY"});
  CHECK(bad_names({{"PLATFORM_ENV", "prod"}}) == names{"RUVECTOR_SERVICE_URL", "RUVECTOR_API_KEY"});
  CHECK(bad_names({{"PLATFORM_ENV", "prod"}, {"RUVECTOR_API_KEY", "k"}}) == names{"RUVECTOR_SERVICE_URL"});
  CHECK(bad_names({{"PLATFORM_ENV", "prod"}, {"RUVECTOR_SERVICE_URL", "https://s"}, {"RUVECTOR_API_KEY", " \n"}}) ==
        names{"RUVECTOR_API_KEY"});
  CHECK(bad_names({{"PLATFORM_ENV", "dev"}, {"RUVECTOR_SERVICE_URL", "http://127.0.0.1:8081"}}).empty());
  const auto found = read({{"PLATFORM_ENV", "prod"}, {"RUVECTOR_SERVICE_URL", "https://s"}});
  REQUIRE_FALSE(found);
  CHECK(found.error()[0].problem == "is not set, and PLATFORM_ENV is prod");
}

TEST_CASE("a store that is named badly is reported once, along with the rest") {
  CHECK(bad_names({{"PLATFORM_ENV", "prod"}, {"RUVECTOR_SERVICE_URL", "nope"}, {"HTTP_PORT", "70000"}}) ==
        names{"HTTP_PORT", "RUVECTOR_SERVICE_URL", "RUVECTOR_API_KEY"});
}

TEST_CASE("ports may be 0, and the metrics' may be off, but the two may not be the same") {
  CHECK(good({{"HTTP_PORT", "0"}, {"METRICS_PORT", "0"}}).http_port == 0);
  CHECK(good({{"METRICS_PORT", "0"}}).metrics_port == 0);
  CHECK_FALSE(good({{"METRICS_PORT", "off"}}).metrics_port);
  CHECK(good({{"HTTP_PORT", "65535"}}).http_port == 65535);
  CHECK(bad_names({{"HTTP_PORT", "65536"}}) == names{"HTTP_PORT"});
  CHECK(bad_names({{"METRICS_PORT", "8080"}}) == names{"METRICS_PORT"});
  CHECK(bad_names({{"HTTP_PORT", "9090"}}) == names{"METRICS_PORT"});
}

TEST_CASE("numbers keep to their ranges, both ends included") {
  struct row {
    std::string name;
    std::string least, most, below, above;
  };
  static const std::array rows{row{"REQUEST_TIMEOUT_SECS", "1", "600", "0", "601"},
                               row{"LAME_DUCK_SECS", "0", "300", "-1", "301"},
                               row{"SHUTDOWN_SECS", "5", "3600", "4", "3601"},
                               row{"MAX_CONNECTIONS", "1", "1000000", "0", "1000001"},
                               row{"IO_THREADS", "1", "64", "0", "65"},
                               row{"WORKER_THREADS", "1", "256", "0", "257"},
                               row{"RUVECTOR_TIMEOUT_MS", "100", "600000", "99", "600001"},
                               row{"PASSIVATE_AFTER_SECS", "1", "86400", "0", "86401"}};
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(bad_names({{r.name, r.least}}).empty());
    CHECK(bad_names({{r.name, r.most}}).empty());
    CHECK(bad_names({{r.name, r.below}}) == names{r.name});
    CHECK(bad_names({{r.name, r.above}}) == names{r.name});
    for (const auto* wrong : {"", " ", "\n"}) CHECK(bad_names({{r.name, wrong}}).empty());  // as if unset
    for (const auto* wrong : {"1x", "0x10", "1 2", "1.0", "+5", "--1"})
      CHECK(bad_names({{r.name, wrong}}) == names{r.name});
  }
}

TEST_CASE("staging and prod listen on all addresses and have a lame-duck time, unless told otherwise") {
  for (const auto* platform : {"staging", "prod"}) {
    variables given{{"PLATFORM_ENV", platform}, {"RUVECTOR_SERVICE_URL", "https://store"}, {"RUVECTOR_API_KEY", "k"}};
    CHECK(good(given).http_address == "0.0.0.0");
    CHECK(good(given).lame_duck == std::chrono::seconds{5});
    given["HTTP_ADDRESS"] = "127.0.0.1";
    given["LAME_DUCK_SECS"] = "0";
    CHECK(good(given).http_address == "127.0.0.1");
    CHECK(good(given).lame_duck == std::chrono::seconds{0});
  }
  CHECK(good({{"PLATFORM_ENV", "dev"}}).http_address == "127.0.0.1");
}

TEST_CASE("a lame-duck time that leaves too little of the shutdown is told to the operator") {
  CHECK(good({{"LAME_DUCK_SECS", "5"}}).notices.empty());
  CHECK(good({{"LAME_DUCK_SECS", "20"}, {"SHUTDOWN_SECS", "30"}}).notices.empty());
  const auto cut = good({{"LAME_DUCK_SECS", "20"}, {"SHUTDOWN_SECS", "20"}}).notices;
  REQUIRE(cut.size() == 1);
  CHECK(cut[0].starts_with("LAME_DUCK_SECS is cut to 15: "));
}

TEST_CASE("addresses are of IP") {
  CHECK(good({{"HTTP_ADDRESS", "127.0.0.1"}}).http_address == "127.0.0.1");
  CHECK(good({{"HTTP_ADDRESS", "::"}}).http_address == "::");
  CHECK(bad_names({{"HTTP_ADDRESS", "1.2.3"}}) == names{"HTTP_ADDRESS"});
}

TEST_CASE("LOG_LEVEL wins over RUST_LOG, and the format follows the terminal") {
  CHECK(good({{"LOG_LEVEL", "DEBUG"}}).log_level == log::level::debug);
  CHECK(good({{"RUST_LOG", "warn"}}).log_level == log::level::warn);
  CHECK(good({{"RUST_LOG", "hyper=trace"}}).log_level == log::level::info);
  CHECK(good({{"RUST_LOG", "info,llm_incident_manager=trace"}}).log_level == log::level::trace);
  CHECK(good({{"RUST_LOG", "trace"}, {"LOG_LEVEL", "error"}}).log_level == log::level::error);
  CHECK(read({}, {.cores = 1, .stderr_is_terminal = true})->log_format == log::format::text);
  CHECK(read({{"LOG_FORMAT", "json"}}, {.cores = 1, .stderr_is_terminal = true})->log_format == log::format::json);
  CHECK(good({{"LOG_FORMAT", "text"}}).log_format == log::format::text);
}

TEST_CASE("threads follow the cores unless they are given") {
  CHECK(read({}, {.cores = 1})->io_threads == 1);
  CHECK(read({}, {.cores = 1})->worker_threads == 1);
  CHECK(read({}, {.cores = 64})->io_threads == 8);
  CHECK(read({}, {.cores = 64})->worker_threads == 32);
  CHECK(good({{"IO_THREADS", "3"}, {"WORKER_THREADS", "5"}}).io_threads == 3);
}

TEST_CASE("what has no effect, or one that surprises, is noticed") {
  CHECK(good({{"RUVECTOR_API_KEY", "k"}}).notices.size() == 1);
  CHECK(good({{"RUVECTOR_SERVICE_URL", "http://store:8081"}, {"RUVECTOR_API_KEY", "k"}}).notices.size() == 1);
  CHECK(good({{"RUVECTOR_SERVICE_URL", "http://127.0.0.1:8081"}, {"RUVECTOR_API_KEY", "k"}}).notices.empty());
  CHECK(good({{"RUVECTOR_SERVICE_URL", "https://store"}, {"RUVECTOR_API_KEY", "k"}}).notices.empty());
}

TEST_CASE("the documentation has every setting that is read, once, with a default that holds") {
  std::set<std::string> asked;
  CHECK(read_settings(
      [&](std::string_view name) -> std::optional<std::string> {
        CHECK(asked.insert(std::string{name}).second);
        return std::nullopt;
      },
      {}));
  const auto rows = setting_rows();
  const auto help = settings_help();
  const auto table = settings_markdown();
  CHECK(rows.size() == asked.size());
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(asked.contains(std::string{row.name}));
    CHECK_FALSE(row.fallback.empty());
    CHECK_FALSE(row.allowed.empty());
    CHECK_FALSE(row.meaning.empty());
    CHECK(help.find(row.name) != help.npos);
    CHECK(table.find("| `" + std::string{row.name} + "` |") != table.npos);
  }
  const auto http_port = std::ranges::find(rows, std::string_view{"HTTP_PORT"}, &setting_row::name);
  CHECK(http_port->fallback == "8080");
}
