#include "telemetry/observatory.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <exception>
#include <iterator>
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

enum class verdict_of_post : std::uint8_t { taken, too_large, unreadable, away };

verdict_of_post judge(const http::client_result& got) {
  if (!got) return verdict_of_post::away;
  if (got->status_code >= 200 && got->status_code < 300) return verdict_of_post::taken;
  if (got->status_code == 413) return verdict_of_post::too_large;
  // However often these are sent.
  if (got->status_code == 400 || got->status_code == 422) return verdict_of_post::unreadable;
  return verdict_of_post::away;
}

std::string told_by(const http::client_result& got) {
  return got ? "it answered " + std::to_string(got->status_code) : got.error().message;
}

}  // namespace

/// All but what `mutex_` guards belongs to the thread of `io_`.
class observatory::impl {
public:
  impl(observatory_config config, const metrics& counted)
      : config_{std::move(config)}, metrics_{counted}, buffer_{config_.buffered}, batch_{config_.batch} {
    auto to = config_.endpoint;
    path_ = to.base.empty() ? "/" : std::exchange(to.base, {});
    http::client_config one{};
    one.max_connections = 1;
    one.max_response_bytes = limits::observatory_answer_bytes;
    client_.emplace(io_.executor(), std::move(to), std::move(one));
    departure_.emplace(io_.executor());
    figures_timer_.emplace(io_.executor());
    if (config_.figures) on_thread([this] { wait_for_figures(); });
  }

  ~impl() {
    on_thread([this] {
      closed_ = true;
      departure_.reset();
      figures_timer_.reset();
      client_.reset();
    });
  }

  void tell(observation what) {
    what.tags.insert(config_.tags.begin(), config_.tags.end());
    std::size_t waiting = 0;
    {
      const std::lock_guard lock{mutex_};
      count_dropped(buffer_.add(std::move(what)));
      waiting = buffer_.size();
    }
    // The first of a batch sets its departure, the last brings it forward.
    if (waiting == 1 || waiting == config_.batch) on_thread([this] { plan(); });
  }

  std::size_t flush(std::chrono::milliseconds within) {
    std::unique_lock lock{mutex_};
    is_flushing_ = true;
    on_thread([this] { send(); });
    flushed_.wait_for(lock, within, [this] { return !is_flushing_; });
    is_flushing_ = false;
    return buffer_.size() + in_flight_;
  }

private:
  enum class departure : std::uint8_t { unplanned, by_age, after_a_pause };

  template <class Task>
  void on_thread(Task task) {
    boost::asio::post(io_.executor(), std::move(task));
  }

  void plan() {
    if (closed_ || sending_ || departure_is_ == departure::after_a_pause) return;
    const auto waiting = size();
    if (waiting >= batch_) return send();
    if (waiting > 0 && departure_is_ == departure::unplanned) depart_in(config_.age, departure::by_age);
  }

  void depart_in(std::chrono::milliseconds wait, departure why) {
    departure_is_ = why;
    departure_->expires_after(wait);
    departure_->async_wait([this](const boost::system::error_code& ec) {
      if (!ec) send();
    });
  }

  void send() {
    if (closed_ || sending_) return;
    departure_is_ = departure::unplanned;
    auto taken = take();
    if (taken.empty()) return end_flush();
    sending_ = true;
    http::outgoing_request request{.method = http::verb::post, .target = path_, .body = body_of(taken)};
    request.retry_safe = true;  // they are told at least once as it is
    if (!config_.api_key.empty())
      request.headers.emplace_back("Authorization", "Bearer " + std::string{config_.api_key.reveal()});
    client_->send(std::move(request), config_.timeout,
                  [this, sent = std::move(taken)](http::client_result got) mutable {
                    if (!closed_) on_answer(std::move(sent), got);
                  });
  }

  /// As many of them as a post may hold, at least one; the others are given back.
  std::string body_of(std::vector<observation>& events) {
    json::writer out;
    out.begin_object();
    out.key("events");
    out.begin_array();
    auto next = events.begin();
    for (; next != events.end() && (next == events.begin() || out.str().size() < limits::observatory_post_bytes);
         ++next)
      json::write(out, *next);
    out.end_array();
    out.end_object();
    give_back({std::make_move_iterator(next), std::make_move_iterator(events.end())});
    events.erase(next, events.end());
    set_in_flight(events.size());
    return out.take();
  }

  void on_answer(std::vector<observation> sent, const http::client_result& got) {
    sending_ = false;
    set_in_flight(0);
    const auto count = sent.size();
    const auto verdict = judge(got);
    if (verdict == verdict_of_post::away) return on_away(std::move(sent), told_by(got));
    if (verdict == verdict_of_post::taken) {
      metrics_.observations_sent.add(static_cast<double>(count));
      batch_ = std::min(config_.batch, 2 * batch_);
    } else {
      metrics_.observatory_failures.add();
      if (verdict == verdict_of_post::too_large && count > 1) {
        batch_ = count / 2;
        give_back(std::move(sent));
      } else
        drop(count, told_by(got));
    }
    if (std::exchange(failures_, 0) > 0) {
      reason_.clear();
      log::info(log::event::observatory_returned, "LLM-Observatory takes our telemetry again");
    }
    if (is_flushing()) return send();
    plan();
  }

  void on_away(std::vector<observation> sent, std::string reason) {
    metrics_.observatory_failures.add();
    ++failures_;
    if (std::exchange(reason_, reason) != reason)
      log::warn(log::event::observatory_away,
                "LLM-Observatory does not take our telemetry; the oldest of it will be dropped", {{"reason", reason}});
    give_back(std::move(sent));
    end_flush();
    depart_in(pause(), departure::after_a_pause);
  }

  void drop(std::size_t count, std::string_view reason) {
    count_dropped(count);
    log::warn(log::event::observations_refused, "LLM-Observatory cannot read what it was told; that is dropped",
              {{"count", count}, {"reason", reason}});
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
      if (ec || closed_) return;
      tell(config_.figures());
      wait_for_figures();
    });
  }

  void count_dropped(std::size_t count) const {
    if (count > 0) metrics_.observations_dropped.add(static_cast<double>(count));
  }

  // Under the lock

  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock{mutex_};
    return buffer_.size();
  }
  [[nodiscard]] std::vector<observation> take() {
    const std::lock_guard lock{mutex_};
    return buffer_.take(batch_);
  }
  void give_back(std::vector<observation> taken) {
    const std::lock_guard lock{mutex_};
    count_dropped(buffer_.give_back(std::move(taken)));
  }
  void set_in_flight(std::size_t count) {
    const std::lock_guard lock{mutex_};
    in_flight_ = count;
  }
  [[nodiscard]] bool is_flushing() {
    const std::lock_guard lock{mutex_};
    return is_flushing_;
  }
  void end_flush() {
    {
      const std::lock_guard lock{mutex_};
      is_flushing_ = false;
    }
    flushed_.notify_all();
  }

  observatory_config config_;
  const metrics& metrics_;
  std::mutex mutex_;
  observation_buffer buffer_;  // under the lock, with the next three
  std::size_t in_flight_ = 0;  ///< taken from the buffer
  bool is_flushing_ = false;
  std::condition_variable flushed_;

  std::string path_;
  std::size_t batch_;  ///< what a post holds now: less than configured after one was too large
  bool closed_ = false;
  bool sending_ = false;
  departure departure_is_ = departure::unplanned;
  int failures_ = 0;    ///< in a row
  std::string reason_;  ///< of the last
  std::optional<http::client> client_;
  std::optional<boost::asio::steady_timer> departure_;
  std::optional<boost::asio::steady_timer> figures_timer_;
  http::io_thread io_;  // its end comes first, and waits until all that runs there is over
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

std::size_t observatory::flush(std::chrono::milliseconds within) { return impl_->flush(within); }

}  // namespace im::telemetry
