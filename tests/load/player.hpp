#pragma once
/// What one simulated caller does: a unit of work after another, each one request or several that follow from their answers.

#include <cstdint>
#include <memory>
#include <string_view>

#include "messages/ids.hpp"
#include "tests/load/answer_parser.hpp"
#include "tests/load/schedule.hpp"

namespace im::load {

/// What a run measures. Each has a histogram of its own.
enum class measure : std::uint8_t {
  unit,    ///< from the moment a unit was due (open loop) or begun (closed loop) to its end
  resume,  ///< from the deciding vote to the answer of who waits for the verdict
};
inline constexpr std::size_t measures = 2;

/// What a player may do; the driver does it.
class hands {
public:
  /// Sends over one of the player's connections; the bytes stay until the answer.
  virtual void send(std::size_t lane, std::string_view request) = 0;
  /// The answer acknowledged an operation: it will be looked for.
  virtual void acknowledged(std::uint64_t operation, const incident_id& to) = 0;
  virtual void measured(measure what, clock::duration took) = 0;
  /// The unit is over and did `items` things.
  virtual void done(std::uint64_t items) = 0;
  /// One thing of a unit that does many was not taken, by what its part of the answer says.
  virtual void item_refused(std::string_view what) = 0;
  /// The unit is over: this answer is not what it needed.
  virtual void refused(const answer& heard) = 0;

protected:
  hands() = default;
  hands(const hands&) = default;
  hands& operator=(const hands&) = default;
  ~hands() = default;
};

class player {
public:
  virtual ~player() = default;

  /// How many connections it needs.
  [[nodiscard]] virtual std::size_t lanes() const { return 1; }
  virtual void begin(std::uint64_t unit, hands& to) = 0;
  virtual void hear(std::size_t lane, const answer& heard, hands& to) = 0;
};

}  // namespace im::load
