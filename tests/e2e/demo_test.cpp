/// `./run demo`, as the program behind it.

#include <catch2/catch_test_macros.hpp>
#include <charconv>

#include "tests/e2e/programs.hpp"

using namespace im;
using namespace im::e2e;

namespace {

/// How many processes were started with `text` in their environment: a demo's children inherit its own.
std::size_t processes_with(std::string_view text) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (read_file(entry.path() / "environ").find(text) != std::string::npos) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("the demo walks an incident to its end, exits 0 and leaves nothing behind") {
  const temporary_folder folder{"im-e2e"};
  const auto scratch = folder.path() / "scratch-of-the-demo";
  std::filesystem::create_directory(scratch);
  child_process demo{program("llm-im-demo"), {}, {{"TMPDIR", scratch.string()}}, folder.path() / "log"};
  CHECK(demo.wait_for_line("Nothing is left running", std::chrono::seconds{60}));
  const auto code = demo.wait(patience);
  INFO(read_file(folder.path() / "log"));
  CHECK(code == 0);
  CHECK(std::filesystem::is_empty(scratch));
  CHECK(processes_with(scratch.string()) == 0);
}
