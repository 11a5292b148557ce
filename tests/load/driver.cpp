#include "tests/load/driver.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <vector>

#include "tests/load/connection.hpp"

namespace im::load {

namespace asio = boost::asio;

namespace {

/// How exact ends are, and how long a player whose connection failed rests.
constexpr std::chrono::milliseconds tick{100};

microseconds in_us(clock::duration d) { return std::chrono::duration_cast<microseconds>(d); }

class driver;

/// A player at its connections.
class seat final : public hands {
public:
  seat(driver& at, asio::io_context& context, const asio::ip::tcp::endpoint& to, std::unique_ptr<player> who);

  void begin(std::uint64_t unit, clock::time_point since) {
    since_ = since;
    who_->begin(unit, *this);
  }
  void close() {
    for (auto& lane : lanes_) lane->close();
  }

  void send(std::size_t lane, std::string_view request) override { lanes_[lane]->send(request); }
  void acknowledged(std::uint64_t operation, const incident_id& to) override;
  void measured(measure what, clock::duration took) override;
  void done(std::uint64_t items) override;
  void item_refused(std::string_view what) override;
  void refused(const answer& heard) override;

private:
  void hear(std::size_t lane, const answer* heard);
  void end();

  driver& at_;
  std::unique_ptr<player> who_;
  std::vector<std::unique_ptr<connection>> lanes_;
  clock::time_point since_;
};

class driver {
public:
  driver(const plan& what, share mine, clock::time_point start, const player_factory& make, const pulse_listener& beat,
         const std::function<bool()>& stopped)
      : plan_{what},
        share_{mine},
        measured_from_{start + what.warmup},
        end_{what.duration > clock::duration{} ? measured_from_ + what.duration : clock::time_point::max()},
        schedule_{start, what.rate.value_or(1)},
        beat_{beat},
        stopped_{stopped} {
    const auto players = share_.of(what.players);
    for (std::uint64_t i = 0; i < players; ++i) {
      seats_.push_back(std::make_unique<seat>(*this, context_, what.to, make()));
      idle_.push_back(seats_.back().get());
    }
    if (what.count) mine_ = share_.of(*what.count);
    if (what.rate && what.duration > clock::duration{}) mine_ = std::min(mine_, share_.of(schedule_.due_by(end_)));
  }

  tally run() {
    next_pulse_ = clock::now() + pulse_interval;
    on_tick();
    context_.run();
    tally_.seconds = std::max(last_answer_, measured_from_) - measured_from_;
    return std::move(tally_);
  }

  // For the seats.

  tally& sums() { return tally_; }
  pulse& beat() { return pulse_; }
  [[nodiscard]] bool counts(clock::time_point since) const { return since >= measured_from_; }

  void heard(unsigned status) { ++tally_.answers[status]; }

  void over(seat& player, clock::time_point now) {
    --playing_;
    last_answer_ = now;
    idle_.push_back(&player);
    pump(now);
  }

  void failed(seat& player, const std::string& why) {
    ++tally_.failures[why];
    ++pulse_.failures;
    --playing_;
    resting_.push_back(&player);
  }

private:
  /// How many of our units may have begun by now.
  [[nodiscard]] std::uint64_t released(clock::time_point now) const {
    if (ended_) return begun_;
    if (!plan_.rate) return now >= end_ ? begun_ : mine_;
    return std::min(mine_, share_.of(schedule_.due_by(now)));
  }

  void pump(clock::time_point now) {
    const auto free_to_begin = released(now);
    while (begun_ < free_to_begin && !idle_.empty()) {
      auto* next = idle_.front();
      idle_.pop_front();
      const auto index = share_.index(begun_++);
      ++playing_;
      next->begin(plan_.first_unit + index, plan_.rate ? schedule_.due(index) : now);
    }
    if (plan_.rate && begun_ >= free_to_begin) wait_for_next();
    if (playing_ == 0 && (begun_ >= mine_ || ended_ || now >= end_)) finish();
  }

  void wait_for_next() {
    if (finished_ || begun_ >= mine_ || armed_for_ == begun_) return;
    armed_for_ = begun_;
    due_.expires_at(schedule_.due(share_.index(begun_)));
    due_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      armed_for_.reset();
      pump(clock::now());
    });
  }

  void on_tick() {
    const auto now = clock::now();
    for (auto* rested : resting_) idle_.push_back(rested);
    resting_.clear();
    if (now >= next_pulse_) tell(now);
    if (stopped_() || (end_ != clock::time_point::max() && now >= end_ + last_answers)) ended_ = true;
    pump(now);
    if (ended_ && !finished_ && (stopped_() || playing_ > 0)) give_up();
    if (finished_) return;
    tick_.expires_after(tick);
    tick_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) on_tick();
    });
  }

  void tell(clock::time_point now) {
    beat_(pulse_);
    pulse_.units = pulse_.items = pulse_.failures = 0;
    pulse_.latency.clear();
    next_pulse_ = now + pulse_interval;
  }

  void give_up() {
    if (playing_ > 0) tally_.failures["no answer before the end"] += playing_;
    finish();
  }

  void finish() {
    if (finished_) return;
    finished_ = true;
    ended_ = true;
    tally_.begun = begun_;
    if (plan_.rate) tally_.unsent = std::min(mine_, share_.of(schedule_.due_by(clock::now()))) - begun_;
    for (auto& player : seats_) player->close();
    due_.cancel();
    tick_.cancel();
    tell(clock::now());
  }

  const plan& plan_;
  share share_;
  clock::time_point measured_from_;
  clock::time_point end_;
  schedule schedule_;
  const pulse_listener& beat_;
  const std::function<bool()>& stopped_;
  asio::io_context context_{1};
  asio::steady_timer due_{context_};
  asio::steady_timer tick_{context_};
  std::vector<std::unique_ptr<seat>> seats_;
  std::deque<seat*> idle_;
  std::vector<seat*> resting_;
  tally tally_;
  pulse pulse_;
  clock::time_point next_pulse_;
  clock::time_point last_answer_;
  std::uint64_t mine_ = UINT64_MAX;
  std::uint64_t begun_ = 0;
  std::uint64_t playing_ = 0;
  std::optional<std::uint64_t> armed_for_;
  bool ended_ = false;
  bool finished_ = false;
};

seat::seat(driver& at, asio::io_context& context, const asio::ip::tcp::endpoint& to, std::unique_ptr<player> who)
    : at_{at}, who_{std::move(who)} {
  for (std::size_t lane = 0; lane < who_->lanes(); ++lane)
    lanes_.push_back(
        std::make_unique<connection>(context, to, [this, lane](const answer* heard) { hear(lane, heard); }));
}

void seat::hear(std::size_t lane, const answer* heard) {
  if (heard != nullptr) {
    at_.heard(heard->status);
    return who_->hear(lane, *heard, *this);
  }
  end();
  at_.failed(*this, lanes_[lane]->error().message());
}

void seat::acknowledged(std::uint64_t operation, const incident_id& to) {
  at_.sums().acknowledged.acknowledge(operation, to);
}

void seat::measured(measure what, clock::duration took) {
  if (at_.counts(since_)) at_.sums().latency[static_cast<std::size_t>(what)].record(in_us(took));
}

void seat::done(std::uint64_t items) {
  const auto now = clock::now();
  const auto took = now - since_;
  auto& beat = at_.beat();
  ++beat.units;
  beat.items += items;
  beat.latency.record(in_us(took));
  measured(measure::unit, took);
  if (at_.counts(since_)) {
    ++at_.sums().units;
    at_.sums().items += items;
  }
  end();
  at_.over(*this, now);
}

void seat::item_refused(std::string_view what) {
  ++at_.sums().refusals["item " + std::string{text_member(what, "\"code\"")}];
  ++at_.beat().failures;
}

void seat::refused(const answer& heard) {
  const auto code = text_member(heard.body, "\"code\"");
  ++at_.sums().refusals[std::to_string(heard.status) + (code.empty() ? "" : " ") + std::string{code}];
  ++at_.beat().failures;
  end();
  at_.over(*this, clock::now());
}

// What another connection of the same player still waits for is of no use to the next unit.
void seat::end() {
  for (auto& lane : lanes_)
    if (lane->busy()) lane->close();
}

}  // namespace

void tally::merge(const tally& other) {
  for (std::size_t i = 0; i < latency.size(); ++i) latency[i].merge(other.latency[i]);
  units += other.units;
  items += other.items;
  begun += other.begun;
  unsent += other.unsent;
  for (const auto& [status, count] : other.answers) answers[status] += count;
  for (const auto& [what, count] : other.refusals) refusals[what] += count;
  for (const auto& [why, count] : other.failures) failures[why] += count;
  seconds = std::max(seconds, other.seconds);
  acknowledged.merge(other.acknowledged);
}

std::uint64_t tally::failed() const {
  std::uint64_t sum = 0;
  for (const auto& [what, count] : refusals) sum += count;
  for (const auto& [why, count] : failures) sum += count;
  return sum;
}

tally drive(const plan& what, share mine, clock::time_point start, const player_factory& make,
            const pulse_listener& beat, const std::function<bool()>& stopped) {
  return driver{what, mine, start, make, beat, stopped}.run();
}

}  // namespace im::load
