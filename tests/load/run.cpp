#include "tests/load/run.hpp"

#include <exception>
#include <mutex>
#include <thread>

#include "tests/load/process_memory.hpp"

namespace im::load {

namespace {

/// Puts the threads' pulses together: a moment is told when each thread has told its own.
class watcher {
public:
  watcher(const watch& watching, std::size_t threads, clock::time_point start)
      : watching_{watching}, threads_{threads}, start_{start} {}

  void hear(const pulse& beat) {
    const std::scoped_lock guard{mutex_};
    sum_.units += beat.units;
    sum_.items += beat.items;
    sum_.failures += beat.failures;
    sum_.latency.merge(beat.latency);
    if (++heard_ < threads_) return;
    heard_ = 0;
    moment now{std::chrono::duration<double>(clock::now() - start_).count(),
               sum_.units,
               sum_.items,
               sum_.failures,
               sum_.latency.percentile(50),
               sum_.latency.percentile(99),
               watching_.pid ? resident_bytes(*watching_.pid) : std::nullopt};
    sum_ = {};
    timeline_.push_back(now);
    if (watching_.tell) watching_.tell(now);
  }

  [[nodiscard]] std::vector<moment> take() { return std::move(timeline_); }

private:
  const watch& watching_;
  std::size_t threads_;
  clock::time_point start_;
  std::mutex mutex_;
  pulse sum_;
  std::size_t heard_ = 0;
  std::vector<moment> timeline_;
};

}  // namespace

phase_result run_phase(const plan& what, std::size_t threads, const player_factory& make, const watch& watching) {
  const auto start = clock::now();
  watcher seen{watching, threads, start};
  const pulse_listener beat = [&](const pulse& p) { seen.hear(p); };
  std::vector<tally> sums(threads);
  std::vector<std::exception_ptr> broken(threads);
  {
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < threads; ++i)
      running.emplace_back([&, i] {
        try {
          sums[i] = drive(what, {i, threads}, start, make, beat, watching.stopped);
        } catch (...) {
          broken[i] = std::current_exception();
        }
      });
  }
  for (const auto& failed : broken)
    if (failed) std::rethrow_exception(failed);
  phase_result result{std::move(sums.front()), seen.take()};
  for (std::size_t i = 1; i < threads; ++i) result.sum.merge(sums[i]);
  return result;
}

}  // namespace im::load
