#include "apps/ruvector_service/settings.hpp"

#include <charconv>

namespace im::ruvector {

namespace {

constexpr std::uint16_t default_port = 8090;

std::optional<std::uint16_t> port_of(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

settings read_settings(const environment_lookup& environment, const std::filesystem::path& program, bool needs_key) {
  settings out;
  const auto given = [&](const char* name) {
    auto value = environment(name);
    return value && !value->empty() ? std::move(value) : std::nullopt;
  };
  auto& service = out.service;
  service.port = default_port;
  if (const auto text = given("RUVECTOR_PORT")) {
    if (const auto port = port_of(*text))
      service.port = *port;
    else
      out.problems.push_back("RUVECTOR_PORT must be a port number from 0 to 65535, not '" + *text + "'");
  }
  service.address = given("RUVECTOR_ADDRESS").value_or("127.0.0.1");
  if (auto key = given("RUVECTOR_API_KEY"))
    service.api_key = http::secret{std::move(*key)};
  else if (needs_key)
    out.problems.emplace_back("RUVECTOR_API_KEY must be set: the key that callers show as a Bearer token");
  if (auto url = given("RUVECTOR_DATABASE_URL")) {
    // Never shown: it may hold a password.
    if (!url->starts_with("postgresql://") && !url->starts_with("postgres://"))
      out.problems.emplace_back(
          "RUVECTOR_DATABASE_URL must be a postgresql:// URL; unset, the data is kept in DATA_DIR");
    service.database_url = http::secret{std::move(*url)};
  } else {
    service.data_file = std::filesystem::path{given("DATA_DIR").value_or("./data")} / "ruvector.db";
  }
  const auto beside = program.parent_path().parent_path() / "share" / "llm-incident-manager" / "policies";
  const auto policies = given("RUVECTOR_POLICIES_DIR");
  service.policies_dir = policies ? std::filesystem::path{*policies} : beside;
  std::error_code failed;
  if (needs_key && !std::filesystem::is_directory(service.policies_dir, failed))
    out.problems.push_back("RUVECTOR_POLICIES_DIR: there is no folder " + service.policies_dir.string());
  return out;
}

}  // namespace im::ruvector
