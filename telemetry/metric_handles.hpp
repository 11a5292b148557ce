#pragma once
/// Handles on metrics: found once, then updated with an atomic add (a histogram: a short lock). They live as long as the `metrics`
/// that they came from, and are used from any thread. An empty handle does nothing.

#include <array>
#include <chrono>
#include <cstddef>

#include "messages/enums.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace im::telemetry {

/// Only ever grows.
class counter {
public:
  counter() = default;
  explicit counter(prometheus::Counter& of) : of_{&of} {}
  void add(double n = 1) const;
  [[nodiscard]] double value() const;

private:
  prometheus::Counter* of_ = nullptr;
};

/// Goes up and down.
class gauge {
public:
  gauge() = default;
  explicit gauge(prometheus::Gauge& of) : of_{&of} {}
  void set(double value) const;
  void add(double n = 1) const;
  void subtract(double n = 1) const { add(-n); }
  [[nodiscard]] double value() const;

private:
  prometheus::Gauge* of_ = nullptr;
};

/// How often which size was seen.
class histogram {
public:
  histogram() = default;
  explicit histogram(prometheus::Histogram& of) : of_{&of} {}
  void observe(double value) const;
  /// A duration, in seconds.
  void observe(std::chrono::duration<double> value) const { observe(value.count()); }

private:
  prometheus::Histogram* of_ = nullptr;
};

/// One handle for each word of an enum.
template <class Handle, wire_enum E>
class by {
public:
  [[nodiscard]] const Handle& operator[](E word) const { return handles_[static_cast<std::size_t>(word)]; }
  [[nodiscard]] Handle& at(E word) { return handles_[static_cast<std::size_t>(word)]; }
  static constexpr std::size_t size = enum_names<E>::names.size();

private:
  std::array<Handle, size> handles_;
};

/// One handle for each pair of words of two enums.
template <class Handle, wire_enum E, wire_enum F>
class by_two {
public:
  [[nodiscard]] const Handle& operator()(E first, F second) const {
    return rows_[static_cast<std::size_t>(first)][second];
  }
  [[nodiscard]] Handle& at(E first, F second) { return rows_[static_cast<std::size_t>(first)].at(second); }

private:
  std::array<by<Handle, F>, enum_names<E>::names.size()> rows_;
};

}  // namespace im::telemetry
