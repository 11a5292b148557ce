#include "telemetry/observatory.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "http/client.hpp"
#include "http/io_thread.hpp"
#include "messages/json/codec.hpp"
#include "telemetry/log.hpp"
#include "telemetry/observation_buffer.hpp"

namespace im::telemetry {

namespace {

std::string body_of(const std::vector<observation>& events) {
  json::writer out;
  out.begin_object();
  out.key("events");
  json::write(out, events);
  out.end_object();
  return out.take();
}

bool is_taken(unsigned status) { return status >= 200 && status < 300; }

/// It will not take these however often they are sent: others shall not wait behind them.
bool is_unreadable(unsigned status) { return status == 400 || status == 413 || status == 422; }

}  // namespace

/// All but the buffer belongs to the thread of `io_`.
class observatory::impl {
public:
  impl(observatory_config config, const metrics& counted)
      : config_{std::move(config)}, metrics_{counted}, buffer_{config_.buffered} {
    auto to = config_.endpoint;
    path_ = to.base.empty() ? "/" : std::exchange(to.base, {});
    http::client_config one{};
    one.max_connections = 1;
    client_.emplace(io_->executor(), std::move(to), std::move(one));
    departure_.emplace(io_->executor());
    figures_timer_.emplace(io_->executor());
    if (config_.figures) on_thread([this] { wait_for_figures(); });
  }

  ~impl() {
    on_thread([this] {
      closed_ = true;
      departure_.reset();
      figures_timer_.reset();
      client_.reset();
    });
    io_.reset();  // ends when all of that has happened
  }

  void tell(observation what) {
    what.tags.insert(config_.tags.begin(), config_.tags.end());
    std::size_t waiting = 0;
    {
      const std::lock_guard lock{mutex_};
      if (const auto dropped = buffer_.add(std::move(what)))
        metrics_.observations_dropped.add(static_cast<double>(dropped));
      waiting = buffer_.size();
    }
    // The first of a batch sets its departure, the last brings it forward.
    if (waiting == 1 || waiting == config_.batch) on_thread([this] { plan(); });
  }

  bool flush(std::chrono::milliseconds within) {
    std::unique_lock lock{mutex_};
    flush_ = flush_state::running;
    on_thread([this] { send(); });
    flushed_.wait_for(lock, within, [this] { return flush_ != flush_state::running; });
    return std::exchange(flush_, flush_state::none) == flush_state::done;
  }

private:
  enum class flush_state : std::uint8_t { none, running, done, failed };

  template <class Task>
  void on_thread(Task task) {
    boost::asio::post(io_->executor(), std::move(task));
  }

  void plan() {
    if (closed_ || sending_ || failures_ > 0) return;
    const auto waiting = size();
    if (waiting >= config_.batch) return send();
    if (waiting > 0 && !std::exchange(is_departure_set_, true)) depart_in(config_.age);
  }

  void depart_in(std::chrono::milliseconds wait) {
    departure_->expires_after(wait);
    departure_->async_wait([this](const boost::system::error_code& ec) {
      if (!ec) send();
    });
  }

  void send() {
    if (closed_ || sending_) return;
    is_departure_set_ = false;
    auto taken = take();
    if (taken.empty()) return end_flush(flush_state::done);
    sending_ = true;
    http::outgoing_request request{.method = http::verb::post, .target = path_, .body = body_of(taken)};
    if (!config_.api_key.empty())
      request.headers.emplace_back("Authorization", "Bearer " + std::string{config_.api_key.reveal()});
    client_->send(
        std::move(request), config_.timeout, [this, sent = std::move(taken)](http::client_result got) mutable {
          if (closed_) return;
          sending_ = false;
          if (got && is_taken(got->status_code)) return on_taken(sent.size());
          on_failed(std::move(sent), got ? "it answered " + std::to_string(got->status_code) : got.error().message,
                    got && is_unreadable(got->status_code));
        });
  }

  void on_taken(std::size_t count) {
    metrics_.observations_sent.add(static_cast<double>(count));
    if (std::exchange(failures_, 0) > 0)
      log::info(log::event::observatory_returned, "LLM-Observatory takes our telemetry again");
    if (is_flushing()) return send();
    plan();
  }

  void on_failed(std::vector<observation> sent, std::string_view why, bool unreadable) {
    metrics_.observatory_failures.add();
    if (failures_++ == 0)
      log::warn(log::event::observatory_away,
                "LLM-Observatory does not take our telemetry; the oldest of it will be dropped", {{"reason", why}});
    const auto dropped = unreadable ? sent.size() : give_back(std::move(sent));
    if (dropped > 0) metrics_.observations_dropped.add(static_cast<double>(dropped));
    end_flush(flush_state::failed);
    depart_in(pause());
  }

  /// Doubled with each failure in a row.
  [[nodiscard]] std::chrono::milliseconds pause() const {
    auto wait = config_.least_pause;
    for (int i = 1; i < failures_ && wait < config_.most_pause; ++i) wait *= 2;
    return std::min(wait, config_.most_pause);
  }

  void wait_for_figures() {
    if (closed_) return;
    figures_timer_->expires_after(config_.figures_every);
    figures_timer_->async_wait([this](const boost::system::error_code& ec) {
      if (ec) return;
      tell(config_.figures());
      wait_for_figures();
    });
  }

  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock{mutex_};
    return buffer_.size();
  }
  [[nodiscard]] std::vector<observation> take() {
    const std::lock_guard lock{mutex_};
    return buffer_.take(config_.batch);
  }
  [[nodiscard]] std::size_t give_back(std::vector<observation> taken) {
    const std::lock_guard lock{mutex_};
    return buffer_.give_back(std::move(taken));
  }
  [[nodiscard]] bool is_flushing() {
    const std::lock_guard lock{mutex_};
    return flush_ == flush_state::running;
  }
  void end_flush(flush_state how) {
    {
      const std::lock_guard lock{mutex_};
      if (flush_ != flush_state::running) return;
      flush_ = how;
    }
    flushed_.notify_all();
  }

  observatory_config config_;
  const metrics& metrics_;
  std::mutex mutex_;  // of the buffer and of the flush
  observation_buffer buffer_;
  flush_state flush_ = flush_state::none;
  std::condition_variable flushed_;

  std::string path_;
  bool closed_ = false;
  bool sending_ = false;
  bool is_departure_set_ = false;
  int failures_ = 0;  ///< in a row
  std::unique_ptr<http::io_thread> io_ = std::make_unique<http::io_thread>();
  std::optional<http::client> client_;
  std::optional<boost::asio::steady_timer> departure_;  ///< of the next batch, or of the next attempt after a failure
  std::optional<boost::asio::steady_timer> figures_timer_;
};

observatory::observatory(observatory_config config, const metrics& counted)
    : impl_{std::make_unique<impl>(std::move(config), counted)} {}

observatory::~observatory() = default;

void observatory::tell(observation what) noexcept {
  try {
    impl_->tell(std::move(what));
  } catch (const std::exception&) {  // no memory: this one is lost, and nothing else
  }
}

bool observatory::flush(std::chrono::milliseconds within) { return impl_->flush(within); }

}  // namespace im::telemetry
