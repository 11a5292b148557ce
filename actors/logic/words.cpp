#include "actors/logic/words.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace im::logic {

std::string shown(double value) {
  std::array<char, 32> text{};
  const double rounded = std::round(value * 100) / 100;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), rounded == 0 ? 0.0 : rounded).ptr;
  return {text.data(), end};
}

std::string shown_duration(double seconds) {
  constexpr double minute = 60;
  constexpr double hour = 60 * minute;
  const double size = std::abs(seconds);
  if (size < 2 * minute) return shown(std::round(seconds)) + " s";
  if (size < 2 * hour) return shown(std::round(seconds / minute)) + " min";
  return shown(std::round(seconds / hour * 10) / 10) + " h";
}

std::string counted(std::size_t count, std::string_view noun) { return say(count, " ", noun, count == 1 ? "" : "s"); }

std::string shortened(std::string_view text, std::size_t bound) {
  if (text.size() <= bound) return std::string{text};
  auto end = bound;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)  // not inside a character
    --end;
  return say(text.substr(0, end), "...");
}

}  // namespace im::logic
