#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "messages/limits.hpp"
#include "telemetry/log.hpp"

namespace im::telemetry {

void counter::add(double n) const {
  if (of_) of_->Increment(n);
}
double counter::value() const { return of_ ? of_->Value() : 0; }

void gauge::set(double value) const {
  if (of_) of_->Set(value);
}
void gauge::add(double n) const {
  if (of_) of_->Increment(n);
}
double gauge::value() const { return of_ ? of_->Value() : 0; }

void histogram::observe(double value) const {
  if (of_) of_->Observe(value);
}

namespace {

using buckets = prometheus::Histogram::BucketBoundaries;

/// From a hit in memory to a long poll's end.
const buckets request_seconds{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60};
/// From one fsync to a store that is about to time out.
const buckets write_seconds{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
const buckets lag_seconds{.01, .05, .1, .5, 1, 2, 5, 10, 30, 60, 300, 900, 3600};
const buckets counts{1, 2, 4, 8, 16, 32, 64, 128, 256, static_cast<double>(limits::batch_events)};
const buckets bytes{1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, static_cast<double>(limits::batch_bytes)};

/// The metrics of one route, or of the requests that none took. A series appears with its first request, so that the text does
/// not list every status of every route; it is found by one atomic read.
class route_metrics {
public:
  route_metrics(std::string method, std::string route, prometheus::Family<prometheus::Counter>& requests,
                prometheus::Family<prometheus::Histogram>& seconds)
      : labels_{{"method", std::move(method)}, {"route", std::move(route)}}, requests_{&requests}, seconds_{&seconds} {}

  [[nodiscard]] std::string_view method() const { return labels_.at("method"); }

  void done(unsigned status_code, std::chrono::duration<double> duration) {
    counter_of(status_code).Increment();
    histogram_of().Observe(duration.count());
  }

private:
  static constexpr unsigned first_code = 100;
  static constexpr unsigned codes = 500;  // 100..599; anything else is 'other'

  prometheus::Counter& counter_of(unsigned status_code) {
    const bool known = status_code >= first_code && status_code - first_code < codes;
    auto& slot = by_code_[known ? status_code - first_code : codes];
    if (auto* found = slot.load(std::memory_order_acquire)) return *found;
    auto labels = labels_;
    labels["status"] = known ? std::to_string(status_code) : "other";
    auto& made = requests_->Add(labels);  // the same one, if another thread was first
    slot.store(&made, std::memory_order_release);
    return made;
  }

  prometheus::Histogram& histogram_of() {
    if (auto* found = histogram_.load(std::memory_order_acquire)) return *found;
    auto& made = seconds_->Add(labels_, request_seconds);
    histogram_.store(&made, std::memory_order_release);
    return made;
  }

  prometheus::Labels labels_;
  prometheus::Family<prometheus::Counter>* requests_;
  prometheus::Family<prometheus::Histogram>* seconds_;
  std::array<std::atomic<prometheus::Counter*>, codes + 1> by_code_{};
  std::atomic<prometheus::Histogram*> histogram_{nullptr};
};

/// Adds metrics to a registry under their full names.
class maker {
public:
  explicit maker(prometheus::Registry& into) : into_{into} {}

  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(prefixed(name)).Help(help).Register(into_);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(prefixed(name)).Help(help).Register(into_);
  }
  prometheus::Family<prometheus::Histogram>& histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(prefixed(name)).Help(help).Register(into_);
  }

  void one(counter& handle, const char* name, const char* help) { handle = counter{counters(name, help).Add({})}; }
  void one(gauge& handle, const char* name, const char* help) { handle = gauge{gauges(name, help).Add({})}; }
  void one(histogram& handle, const char* name, const char* help, const buckets& at) {
    handle = histogram{histograms(name, help).Add({}, at)};
  }
  /// Every word at once: an alert on a rate needs the zero before the first event.
  template <wire_enum E>
  void each(by<counter, E>& handles, const char* name, const char* help, const char* label) {
    auto& family = counters(name, help);
    for (std::size_t i = 0; i < by<counter, E>::size; ++i) {
      const auto word = static_cast<E>(i);
      handles.at(word) = counter{family.Add({{label, std::string{to_string(word)}}})};
    }
  }
  template <wire_enum E>
  void each(by<gauge, E>& handles, const char* name, const char* help, const char* label) {
    auto& family = gauges(name, help);
    for (std::size_t i = 0; i < by<gauge, E>::size; ++i) {
      const auto word = static_cast<E>(i);
      handles.at(word) = gauge{family.Add({{label, std::string{to_string(word)}}})};
    }
  }
  template <wire_enum E, wire_enum F>
  void each(by_two<counter, E, F>& handles, const char* name, const char* help, const char* first, const char* second) {
    auto& family = counters(name, help);
    for (std::size_t i = 0; i < by<counter, E>::size; ++i)
      for (std::size_t j = 0; j < by<counter, F>::size; ++j) {
        const auto a = static_cast<E>(i);
        const auto b = static_cast<F>(j);
        handles.at(a, b) =
            counter{family.Add({{first, std::string{to_string(a)}}, {second, std::string{to_string(b)}}})};
      }
  }

private:
  static std::string prefixed(const char* name) { return std::string{"llm_im_"} + name; }

  prometheus::Registry& into_;
};

}  // namespace

struct metrics::impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>* http_requests = nullptr;
  prometheus::Family<prometheus::Histogram>* http_request_seconds = nullptr;
  std::deque<route_metrics> routes;  // does not move what it has
  std::map<std::string, std::vector<route_metrics*>, std::less<>> by_pattern;
  route_metrics* unrouted = nullptr;
  by<gauge, breaker> breaker_state;
  std::mutex exposing;
  counter log_lines_dropped;
  std::uint64_t dropped_seen = 0;
};

namespace {

void make_http(maker make, metrics& m) {
  make.one(m.http_connections, "http_connections", "Open connections.");
  make.one(m.http_connections_opened, "http_connections_opened_total", "Connections accepted.");
  make.each(m.http_rejections, "http_rejections_total", "Connections and requests that the HTTP core refused.",
            "reason");
  make.one(m.http_received_bytes, "http_received_bytes_total", "Bytes of request bodies.");
  make.one(m.http_sent_bytes, "http_sent_bytes_total", "Bytes of response bodies.");
}

void make_incidents(maker make, metrics& m) {
  make.each(m.events, "events_total", "Events that incidents took, by what became of them.", "disposition");
  make.each(m.incidents_opened, "incidents_opened_total", "Incidents opened, by their first severity.", "severity");
  make.one(m.incidents_live, "incidents_live", "Incidents with an actor in memory.");
  make.one(m.incidents_passivated, "incidents_passivated_total", "Idle incidents that left memory.");
  make.one(m.incidents_awakened, "incidents_awakened_total", "Incidents folded from their log.");
  make.each(m.incident_transitions, "incident_transitions_total", "Changes of status, by the status that results.",
            "to");
  make.each(m.decisions, "decisions_total", "DecisionEvents stored.", "agent", "decision_type");
  make.one(m.decisions_retried, "decisions_retried_total", "Decisions taken anew because another instance was first.");
  make.one(m.commit_commands, "commit_commands", "Commands of one incident that were decided and written together.",
           counts);
  make.one(m.commit_seconds, "commit_seconds", "From the decision to the store's acknowledgement.", write_seconds);
}

void make_store(maker make, metrics& m) {
  make.one(m.store_batch_events, "store_batch_events", "DecisionEvents in one write to the store.", counts);
  make.one(m.store_batch_bytes, "store_batch_bytes", "Size of one write to the store.", bytes);
  make.one(m.store_write_seconds, "store_write_seconds", "Time of one write to the store.", write_seconds);
  make.one(m.store_pending_events, "store_pending_events", "DecisionEvents that wait to be written.");
  make.one(m.store_refused_events, "store_refused_events_total",
           "DecisionEvents refused because the bound was reached.");
  make.each(m.store_errors, "store_errors_total", "Calls of the store that failed.", "kind");
  make.one(m.store_retries, "store_retries_total", "Writes that were tried again.");
  make.each(m.store_troubles, "store_trouble", "1 while the embedded store is in this trouble.", "where");
  make.one(m.store_log_bytes, "store_log_bytes", "Bytes in the write-ahead log of the embedded store.");
}

void make_gates(maker make, metrics& m) {
  make.each(m.gates_opened, "gates_opened_total", "Workflows suspended on an approval gate.", "action_type");
  make.one(m.gates_held, "gates_held", "Gates that failed and hold; each needs an operator.");
  make.each(m.gate_verdicts, "gate_verdicts_total", "Gates that ended, by how.", "verdict");
  make.each(m.votes, "votes_total", "Votes that counted.", "decision");
}

void make_rest(maker make, metrics& m) {
  make.each(m.deadlines_fired, "deadlines_fired_total", "Deadlines that were due.", "kind");
  make.one(m.deadline_lag_seconds, "deadline_lag_seconds", "From when a deadline was due to when it fired.",
           lag_seconds);
  make.each(m.child_restarts, "child_restarts_total", "Supervised actors restarted from the folded state.", "child");
  make.each(m.child_failures, "child_failures_total", "Supervised actors given up: the restart budget was spent.",
            "child");
  make.each(m.policy_lookups, "policy_lookups_total", "How policies were had.", "outcome");
  make.one(m.observations_sent, "observations_sent_total", "What LLM-Observatory took.");
  make.one(m.observations_dropped, "observations_dropped_total", "What LLM-Observatory will never be told.");
  make.one(m.observatory_failures, "observatory_failures_total", "Posts that LLM-Observatory did not take.");
}

}  // namespace

metrics::metrics(const identity& who) : impl_{std::make_unique<impl>()} {
  maker make{impl_->registry};
  make.gauges("build_info", "What runs; always 1.")
      .Add({{"version", std::string{who.version}},
            {"revision", std::string{who.revision}},
            {"environment", std::string{who.environment}}})
      .Set(1);
  gauge started;
  make.one(started, "start_time_seconds", "When the process began to count, in Unix time.");
  started.set(std::chrono::duration<double>(system_wall_clock{}.now().time_since_epoch()).count());

  impl_->http_requests = &make.counters("http_requests_total", "Requests answered.");
  impl_->http_request_seconds =
      &make.histograms("http_request_seconds", "From the last byte of the headers to the answer.");
  impl_->unrouted = &impl_->routes.emplace_back("other", "none", *impl_->http_requests, *impl_->http_request_seconds);
  make_http(make, *this);
  make_incidents(make, *this);
  make_store(make, *this);
  auto& states = make.gauges("store_breaker_state", "1 for the state that the circuit breaker is in.");
  for (const auto state : {breaker::closed, breaker::open, breaker::half_open})
    impl_->breaker_state.at(state) = gauge{states.Add({{"state", std::string{to_string(state)}}})};
  set_breaker(breaker::closed);
  make_gates(make, *this);
  make_rest(make, *this);
  make.one(impl_->log_lines_dropped, "log_lines_dropped_total", "Log lines dropped because stderr was too slow.");
}

metrics::~metrics() = default;

void metrics::prepare_routes(std::span<const route_name> routes) {
  for (const auto& [method, pattern] : routes) {
    auto& made = impl_->routes.emplace_back(std::string{method}, std::string{pattern}, *impl_->http_requests,
                                            *impl_->http_request_seconds);
    impl_->by_pattern[std::string{pattern}].push_back(&made);
  }
}

void metrics::request_done(std::string_view method, std::string_view pattern, unsigned status_code,
                           std::chrono::nanoseconds duration, std::size_t bytes_in, std::size_t bytes_out) {
  auto* of = impl_->unrouted;
  if (const auto found = impl_->by_pattern.find(pattern); found != impl_->by_pattern.end()) {
    const auto wanted = method == "HEAD" ? "GET" : method;  // the router answers it by GET's route
    const auto same = [&](const route_metrics* r) { return r->method() == wanted; };
    const auto& methods = found->second;
    if (const auto route = std::ranges::find_if(methods, same); route != methods.end()) of = *route;
  }
  of->done(status_code, duration);
  http_received_bytes.add(static_cast<double>(bytes_in));
  http_sent_bytes.add(static_cast<double>(bytes_out));
}

void metrics::set_breaker(breaker state) {
  for (const auto each : {breaker::closed, breaker::open, breaker::half_open})
    impl_->breaker_state[each].set(each == state ? 1 : 0);
}

std::string metrics::expose() {
  {
    const std::lock_guard lock{impl_->exposing};
    const auto dropped = log::dropped_lines();
    impl_->log_lines_dropped.add(static_cast<double>(dropped - impl_->dropped_seen));
    impl_->dropped_seen = dropped;
  }
  return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

std::map<std::string, double> metrics::totals() const {
  std::map<std::string, double> all;
  for (const auto& family : impl_->registry.Collect())
    for (const auto& one : family.metric) {
      if (family.type == prometheus::MetricType::Histogram) {
        all[family.name + "_count"] += static_cast<double>(one.histogram.sample_count);
        all[family.name + "_sum"] += one.histogram.sample_sum;
      } else
        all[family.name] += family.type == prometheus::MetricType::Counter ? one.counter.value : one.gauge.value;
    }
  return all;
}

}  // namespace im::telemetry
