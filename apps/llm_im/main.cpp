/// Runs the command line; see cli.hpp.

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "apps/llm_im/cli.hpp"

int main(int count, char** values) try {
  std::signal(SIGPIPE, SIG_IGN);
  const auto env = [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
  };
  return static_cast<int>(im::cli::run({values + 1, values + count}, {std::cout, std::cerr, env}));
} catch (const std::exception& e) {
  std::cerr << "llm-im: " << e.what() << '\n';
  return static_cast<int>(im::cli::exit_code::refused);
}
