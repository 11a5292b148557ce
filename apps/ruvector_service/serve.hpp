#pragma once
/// `ruvector-service serve`.

#include "persistence/ruvector/service.hpp"

namespace im::ruvector {

/// Serves until SIGTERM or SIGINT, then drains. The exit code. Call it before any other thread is started.
[[nodiscard]] int serve(service_config config);

}  // namespace im::ruvector
