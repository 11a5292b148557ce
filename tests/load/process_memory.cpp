#include "tests/load/process_memory.hpp"

#include <fstream>
#include <string>

namespace im::load {

std::optional<std::uint64_t> resident_bytes(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  std::string name;
  std::uint64_t kilobytes = 0;
  while (status >> name) {
    if (name == "VmRSS:" && status >> kilobytes) return kilobytes * 1024;
    status.ignore(1 << 16, '\n');
  }
  return std::nullopt;
}

}  // namespace im::load
