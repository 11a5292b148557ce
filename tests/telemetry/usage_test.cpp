/// What is declared is used: an alert on a word or a metric that nobody writes would never fire.

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "telemetry/log_events.hpp"

using namespace im;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// All that the programs are made of, telemetry's own declarations apart. CTest starts us in the project's folder.
std::string sources() {
  std::string all;
  for (const auto* room : {"actors", "apps", "http", "persistence", "telemetry"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator{room})
      if (const auto end = entry.path().extension(); end == ".cpp" || end == ".hpp") all += text_of(entry.path());
  return all;
}

bool names(const std::string& text, const std::string& word) {
  return std::regex_search(text, std::regex{word + "[^a-z0-9_]"});
}

}  // namespace

TEST_CASE("every event that the log knows is logged somewhere") {
  const auto all = sources();
  for (const auto word : log::detail::event_names) {
    CAPTURE(word);
    CHECK(names(all, "event::" + std::string{word}));
  }
}

TEST_CASE("every metric is updated somewhere") {
  const auto all = sources();
  const auto declared = text_of("telemetry/metrics.hpp");
  const std::regex member{R"(\n  (?:counter|gauge|histogram|by<.*>|by_two<.*>) (\w+);)"};
  std::size_t found = 0;
  for (std::sregex_iterator it{declared.begin(), declared.end(), member}, end; it != end; ++it, ++found) {
    const auto name = (*it)[1].str();
    CAPTURE(name);
    // By its owners, or, where metrics does it itself, in a function of its own.
    CHECK((names(all, R"(metrics_?\.)" + name) || names(all, R"(\n  )" + name)));
  }
  CHECK(found > 25);
}
