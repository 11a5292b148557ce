#include <array>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>

#include "telemetry/log_line.hpp"

using namespace im::log;
using enum im::log::level;

namespace {

std::optional<level> reduced(std::string_view text) {
  INFO(text);
  const auto found = parse_rust_log(text);
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("a level is read in any case of letters") {
  CHECK(parse_level("info") == info);
  CHECK(parse_level("WARN") == warn);
  CHECK(parse_level("Warning") == warn);
  CHECK(parse_level(" error ") == error);
  CHECK(parse_level("off") == off);
  CHECK_FALSE(parse_level("loud"));
  CHECK_FALSE(parse_level(""));
}

TEST_CASE("RUST_LOG comes down to one level") {
  struct row {
    std::string_view text;
    std::optional<im::log::level> level;
  };
  static constexpr std::array rows{
      row{"info", info},
      row{"DEBUG", debug},
      row{" warn ", warn},
      row{"off", off},
      row{"llm_incident_manager=debug", debug},
      row{"llm-incident-manager=trace", trace},
      row{"info,llm_incident_manager=debug", debug},
      row{"llm_incident_manager=error,debug", error},
      row{"llm_incident_manager::http=debug,llm_incident_manager=warn", debug},
      row{"llm_incident_manager", trace},
      row{"llm_incident_manager=", trace},
      row{"llm_incident_manager_other=trace,warn", warn},
      row{"hyper=warn,tower_http=debug,info", info},
      row{"hyper=warn", std::nullopt},
      row{"hyper", std::nullopt},
      row{"", std::nullopt},
      row{",,", std::nullopt},
      row{"info,debug", debug},
      row{"info,[request{id=1,level=trace}]=trace", info},
      row{"hyper[span]=trace,error", error},
      row{"debug/some.*regex", debug},
  };
  for (const auto& [text, level] : rows) CHECK(reduced(text) == level);
}

TEST_CASE("a level that is none is told") {
  CHECK(parse_rust_log("llm_incident_manager=loud").error() == "`loud` is not a level");
  CHECK(parse_rust_log("info,hyper=7x").error() == "`7x` is not a level");
  std::string many = "info";
  for (int i = 0; i < 100; ++i) many += ",info";
  CHECK_FALSE(parse_rust_log(many));
}
