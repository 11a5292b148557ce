#include "telemetry/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>

#include "messages/assert.hpp"

namespace im::log {
namespace detail {

std::atomic<level> threshold{level::off};

}  // namespace detail

namespace {

/// What a session holds. Shared locks to log, a unique one to start and to stop.
struct state {
  std::shared_mutex mutex;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger;
  const wall_clock* clock = nullptr;
  format as = format::text;
  std::uint64_t dropped_before = 0;  ///< by sessions that are over
};

/// Never destroyed: whoever logs while the process ends still finds it.
state& global() {
  static auto& the_state = *new state;
  return the_state;
}

class function_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  explicit function_sink(std::function<void(std::string_view)> to) : to_{std::move(to)} {}

private:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    spdlog::memory_buf_t text;
    formatter_->format(msg, text);
    to_({text.data(), text.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> to_;
};

/// The program's signals are not for the log's thread.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

std::shared_ptr<spdlog::sinks::sink> make_sink(config& with) {
  if (with.sink) return std::make_shared<function_sink>(std::move(with.sink));
  return std::make_shared<spdlog::sinks::stderr_sink_st>();
}

/// Ends the log once what is queued was written. What other threads would still log is dropped.
void end_session(std::unique_lock<std::shared_mutex> lock) noexcept {
  auto& log = global();
  IM_ASSERT(lock.owns_lock());
  log.dropped_before += log.pool->overrun_counter();
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger;
  pool.swap(log.pool);
  logger.swap(log.logger);
  lock.unlock();
  pool.reset();  // writes what is queued, then joins; the logger must live until then
}

/// As end_session, but gives up after a while: whoever fails an assertion may hold the lock itself.
bool try_end_session() noexcept {
  constexpr int tries = 10'000;  // other holders let go within microseconds, unless they are not run
  auto& log = global();
  detail::threshold = level::off;
  std::unique_lock lock{log.mutex, std::defer_lock};
  for (int i = 0; i < tries && !lock.try_lock(); ++i) std::this_thread::yield();
  if (!lock || !log.logger) return false;
  end_session(std::move(lock));
  return true;
}

assertion_reporter reporter_before = nullptr;  // guarded by the log's mutex

constexpr std::chrono::milliseconds assertion_log_wait{2'000};  // for what is queued, before a failed assertion aborts

/// Ends the log with the failure as its last line, on a thread of its own: the log's thread may be stuck in a write that nobody reads,
/// or the caller may hold the log's mutex. False if that takes too long, or could not begin. The texts are static.
bool end_with_assertion(std::string_view condition, std::string_view file, unsigned line) noexcept try {
  std::promise<bool> ended;
  auto outcome = ended.get_future();
  std::thread{[condition, file, line, ended = std::move(ended)]() mutable {
    write(level::error, event::assertion_failed, "assertion failed",
          {{"condition", condition}, {"file", file}, {"line", std::uint64_t{line}}});
    ended.set_value(try_end_session());
  }}.detach();
  return outcome.wait_for(assertion_log_wait) == std::future_status::ready && outcome.get();
} catch (const std::exception&) {
  return false;  // no memory, or no thread
}

void log_assertion(std::string_view condition, std::string_view file, unsigned line) noexcept {
  if (!end_with_assertion(condition, file, line)) reporter_before(condition, file, line);
}

}  // namespace

session::session(config with) {
  auto& log = global();
  const std::unique_lock lock{log.mutex};
  if (log.logger) throw std::logic_error{"the log is started already"};
  auto pool = std::make_shared<spdlog::details::thread_pool>(with.queue_lines, 1, block_signals);
  // The line is whole when it comes here; the pattern only adds the line break.
  auto sink = make_sink(with);
  sink->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
  auto logger = std::make_shared<spdlog::async_logger>("log", std::move(sink), pool,
                                                       spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(spdlog::level::trace);  // ours decides
  log.pool = std::move(pool);
  log.logger = std::move(logger);
  log.clock = with.clock;
  log.as = with.as;
  detail::threshold = with.threshold;
  reporter_before = set_assertion_reporter(&log_assertion);
}

session::~session() {
  set_assertion_reporter(reporter_before);
  detail::threshold = level::off;  // first: nobody comes between who waits for the lock and the lock
  end_session(std::unique_lock{global().mutex});
}

void set_threshold(level threshold) noexcept {
  const std::shared_lock lock{global().mutex};
  if (global().logger) detail::threshold = threshold;
}

std::uint64_t dropped_lines() noexcept {
  auto& log = global();
  const std::shared_lock lock{log.mutex};
  return log.dropped_before + (log.pool ? log.pool->overrun_counter() : 0);
}

namespace detail {

void emit(level severity, event what, std::string_view message, std::span<const field> fields) noexcept try {
  auto& log = global();
  const std::shared_lock lock{log.mutex};
  if (!log.logger) return;
  const auto now = log.clock ? log.clock->now() : system_wall_clock{}.now();
  const auto text = render(log.as, {now, severity, what, message, fields});
  log.logger->log(spdlog::level::info, spdlog::string_view_t{text.data(), text.size()});
} catch (...) {
  // Out of memory: the line is lost, the decision is not.
}

}  // namespace detail
}  // namespace im::log
