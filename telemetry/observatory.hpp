#pragma once
/// Tells LLM-Observatory: `POST {"events":[…]}`, several observations together, one request at a time, each at least once. Where the
/// endpoint is away they wait, up to a bound, and the oldest are dropped and counted. Nobody else ever waits for it.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "http/auth.hpp"
#include "http/origin.hpp"
#include "telemetry/limits.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/observation.hpp"

namespace im::telemetry {

struct observatory_config {
  http::origin endpoint;      ///< with its path, which is where to post to (without a slash at its end)
  http::secret api_key = {};  ///< sent as a bearer token; empty: none is
  string_map tags = {};       ///< of all that is told
  /// Taken once every `figures_every`, and told as one `metric` observation; none: never.
  std::function<observation()> figures = {};
  std::size_t buffered = limits::observations_buffered;
  std::size_t batch = limits::observations_per_post;
  std::chrono::milliseconds age = limits::observation_age;  ///< so long a small batch waits for company
  std::chrono::milliseconds timeout = limits::observatory_timeout;
  std::chrono::milliseconds least_pause = limits::observatory_least_pause;  ///< after a failure; doubled with each
  std::chrono::milliseconds most_pause = limits::observatory_most_pause;
  std::chrono::milliseconds figures_every = limits::figures_every;
};

class observatory final : public observer {
public:
  /// `counted` outlives it.
  observatory(observatory_config config, const metrics& counted);
  observatory(const observatory&) = delete;
  observatory& operator=(const observatory&) = delete;
  /// What was not sent is gone.
  ~observatory() override;

  void tell(observation what) noexcept override;

  /// Sends what waits and returns when that is done, has failed, or has taken `within`: how many are left, or perhaps were not taken.
  std::size_t flush(std::chrono::milliseconds within);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::telemetry
