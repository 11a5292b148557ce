#include "tests/load/summary.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "im/version.hpp"
#include "messages/json/writer.hpp"

namespace im::load {

namespace {

constexpr std::array percents{50.0, 90.0, 99.0, 99.9};
constexpr std::array percent_names{"p50", "p90", "p99", "p99_9"};

std::string_view name_of(measure what) {
  switch (what) {
    case measure::unit: return "latency";
    case measure::resume: return "resume";
  }
  return {};
}

std::string duration_text(microseconds d) {
  const auto us = static_cast<double>(d.count());
  if (us < 1000) return fmt::format("{} µs", d.count());
  if (us < 1e6) return fmt::format("{:.2f} ms", us / 1e3);
  return fmt::format("{:.2f} s", us / 1e6);
}

/// 1234567 → 1,234,567
std::string grouped(std::uint64_t n) {
  auto text = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

double per_second(std::uint64_t count, const tally& of) {
  return of.seconds.count() > 0 ? static_cast<double>(count) / of.seconds.count() : 0;
}

std::string loop_text(const options& asked) {
  if (asked.rate) return fmt::format("open loop at {:g} a second", *asked.rate);
  return "closed loop";
}

void add_latencies(std::string& out, const tally& sum) {
  for (std::size_t i = 0; i < measures; ++i) {
    const auto& h = sum.latency[i];
    if (h.empty()) continue;
    out += fmt::format("  {:<11}p50 {}  p90 {}  p99 {}  p99.9 {}  max {}\n", name_of(static_cast<measure>(i)),
                       duration_text(h.percentile(50)), duration_text(h.percentile(90)),
                       duration_text(h.percentile(99)), duration_text(h.percentile(99.9)), duration_text(h.max()));
  }
}

template <class Map>
std::string counts_text(const Map& counts) {
  std::string text;
  for (const auto& [what, count] : counts)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, grouped(count));
  return text;
}

std::string verdict_text(const reconciliation& r, double seconds) {
  auto text = fmt::format("{} acknowledged, {} missing, {} doubled", grouped(r.acknowledged), grouped(r.missing),
                          grouped(r.doubled));
  if (r.misplaced != 0) text += fmt::format(", {} in another incident than was told", grouped(r.misplaced));
  if (r.extra != 0) text += fmt::format(", {} stored whose answer did not arrive", grouped(r.extra));
  if (r.unread != 0) text += fmt::format(", {} logs could not be read", grouped(r.unread));
  return text + fmt::format(" ({} logs read in {:.1f} s)", grouped(r.incidents), seconds);
}

void member(json::writer& out, std::string_view name, auto value) {
  out.key(name);
  if constexpr (std::convertible_to<decltype(value), std::string_view>)
    out.string(value);
  else if constexpr (std::same_as<decltype(value), bool>)
    out.boolean(value);
  else
    out.number(value);
}

template <class Map>
void write_counts(json::writer& out, std::string_view name, const Map& counts) {
  out.key(name);
  out.begin_object();
  for (const auto& [what, count] : counts) member(out, fmt::format("{}", what), count);
  out.end_object();
}

void write_histogram(json::writer& out, const histogram& h) {
  out.begin_object();
  member(out, "count", h.count());
  member(out, "mean", h.mean_us());
  for (std::size_t i = 0; i < percents.size(); ++i) member(out, percent_names[i], h.percentile(percents[i]).count());
  member(out, "max", h.max().count());
  out.end_object();
}

void write_options(json::writer& out, const options& asked) {
  out.key("options");
  out.begin_object();
  member(out, "url", std::string_view{asked.url});
  member(out, "connections", asked.connections);
  member(out, "threads", asked.threads);
  if (asked.rate) member(out, "rate", *asked.rate);
  if (asked.duration_s) member(out, "duration_s", *asked.duration_s);
  if (asked.count) member(out, "count", *asked.count);
  member(out, "warmup_s", asked.warmup_s.value_or(0));
  member(out, "seed", asked.seed);
  member(out, "batch", asked.events.batch);
  member(out, "ndjson", asked.events.ndjson);
  out.end_object();
}

void write_checked(json::writer& out, const report& found) {
  if (!found.checked) return;
  const auto& r = *found.checked;
  out.key("reconciliation");
  out.begin_object();
  member(out, "holds", r.holds());
  member(out, "acknowledged", r.acknowledged);
  member(out, "missing", r.missing);
  member(out, "doubled", r.doubled);
  member(out, "misplaced", r.misplaced);
  member(out, "extra", r.extra);
  member(out, "incidents", r.incidents);
  member(out, "unread", r.unread);
  member(out, "seconds", found.checked_s);
  out.end_object();
}

void write_timeline(json::writer& out, const std::vector<moment>& timeline) {
  out.key("timeline");
  out.begin_array();
  for (const auto& m : timeline) {
    out.begin_object();
    member(out, "seconds", m.seconds);
    member(out, "units", m.units);
    member(out, "items", m.items);
    member(out, "failures", m.failures);
    member(out, "p50_us", m.p50.count());
    member(out, "p99_us", m.p99.count());
    if (m.resident_bytes) member(out, "resident_bytes", *m.resident_bytes);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

std::string as_text(const options& asked, const report& found) {
  const auto& sum = found.measured.sum;
  auto out = fmt::format("{}: {} connections, {}, {:.1f} s after {:g} s of warm-up\n", name_of(asked.kind),
                         asked.connections, loop_text(asked), sum.seconds.count(), asked.warmup_s.value_or(0));
  out += fmt::format("  {:<11}{}, {:.0f} a second\n", "units", grouped(sum.units), per_second(sum.units, sum));
  if (sum.items != sum.units)
    out += fmt::format("  {:<11}{}, {:.0f} a second\n", "items", grouped(sum.items), per_second(sum.items, sum));
  add_latencies(out, sum);
  out += fmt::format("  {:<11}{}\n", "answers", counts_text(sum.answers));
  if (!sum.refusals.empty()) out += fmt::format("  {:<11}{}\n", "refused", counts_text(sum.refusals));
  if (!sum.failures.empty()) out += fmt::format("  {:<11}{}\n", "failed", counts_text(sum.failures));
  if (sum.unsent != 0)
    out += fmt::format("  {:<11}{}: due, but no connection became free; the latencies above do not have them\n",
                       "unsent", grouped(sum.unsent));
  for (const auto& [name, value] : found.figures) out += fmt::format("  {:<11}{:.6g}\n", name + ' ', value);
  if (const auto moved = drift_of(found.measured.timeline)) {
    out += fmt::format("  {:<11}p99 of the last quarter × {:.2f} of the first's", "drift", moved->p99_ratio);
    if (moved->resident_ratio) out += fmt::format(", memory × {:.3f}", *moved->resident_ratio);
    out += '\n';
  }
  if (found.checked) out += fmt::format("  {:<11}{}\n", "read back", verdict_text(*found.checked, found.checked_s));
  return out;
}

std::string as_json(const options& asked, const report& found) {
  const auto& sum = found.measured.sum;
  json::writer out;
  out.begin_object();
  member(out, "version", std::string_view{version});
  member(out, "workload", name_of(asked.kind));
  write_options(out, asked);
  member(out, "seconds", sum.seconds.count());
  member(out, "units", sum.units);
  member(out, "units_per_second", per_second(sum.units, sum));
  member(out, "items", sum.items);
  member(out, "items_per_second", per_second(sum.items, sum));
  member(out, "unsent", sum.unsent);
  for (std::size_t i = 0; i < measures; ++i) {
    if (sum.latency[i].empty()) continue;
    out.key(fmt::format("{}_us", name_of(static_cast<measure>(i))));
    write_histogram(out, sum.latency[i]);
  }
  write_counts(out, "answers", sum.answers);
  write_counts(out, "refusals", sum.refusals);
  write_counts(out, "failures", sum.failures);
  out.key("figures");
  out.begin_object();
  for (const auto& [name, value] : found.figures) member(out, name, value);
  out.end_object();
  if (const auto moved = drift_of(found.measured.timeline)) {
    out.key("drift");
    out.begin_object();
    member(out, "p99_ratio", moved->p99_ratio);
    if (moved->resident_ratio) member(out, "resident_ratio", *moved->resident_ratio);
    out.end_object();
  }
  write_checked(out, found);
  write_timeline(out, found.measured.timeline);
  out.end_object();
  return out.take();
}

std::string live_line(const moment& now) {
  auto line = fmt::format("{:6.0f} s  {:>9} units  {:>9} items  p50 {:>9}  p99 {:>9}", now.seconds, grouped(now.units),
                          grouped(now.items), duration_text(now.p50), duration_text(now.p99));
  if (now.failures != 0) line += fmt::format("  {} failed", grouped(now.failures));
  if (now.resident_bytes) line += fmt::format("  {:.1f} MB", static_cast<double>(*now.resident_bytes) / 1e6);
  return line;
}

std::optional<drift> drift_of(const std::vector<moment>& timeline) {
  constexpr std::size_t least_s = 40;
  if (timeline.size() < least_s) return std::nullopt;
  const auto quarter = timeline.size() / 4;
  // The median second of a quarter: one slow second is no drift.
  const auto median = [&](std::size_t from, auto figure) {
    std::vector<double> values;
    for (std::size_t i = from; i < from + quarter; ++i) values.push_back(figure(timeline[i]));
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(quarter / 2));
    return values[quarter / 2];
  };
  const auto ratio = [&](auto figure) {
    const auto first = median(0, figure);
    return first > 0 ? median(timeline.size() - quarter, figure) / first : 1;
  };
  drift found{.p99_ratio = ratio([](const moment& m) { return static_cast<double>(m.p99.count()); }),
              .resident_ratio = {}};
  if (timeline.front().resident_bytes && timeline.back().resident_bytes)
    found.resident_ratio = ratio([](const moment& m) { return static_cast<double>(m.resident_bytes.value_or(0)); });
  return found;
}

}  // namespace im::load
