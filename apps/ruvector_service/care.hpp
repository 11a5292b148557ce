#pragma once
/// `ruvector-service check`, `verify` and `rebuild`: they read or mend the store that the configuration names, and their exit
/// code tells how it is.

#include "persistence/ruvector/service.hpp"

namespace im::ruvector {

[[nodiscard]] int check_command(const service_config& of);
[[nodiscard]] int verify_command(const service_config& of);
[[nodiscard]] int rebuild_command(const service_config& of);

}  // namespace im::ruvector
