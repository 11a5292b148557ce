#include "messages/time.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace im {

namespace {

/// Reads digits from the front of a text.
class digit_reader {
public:
  explicit digit_reader(std::string_view text) : rest_{text} {}

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// `.123456…` as milliseconds; 0 when there is no fraction.
  std::optional<int> fraction_ms() {
    if (!skip('.')) return 0;
    int value = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count, rest_.remove_prefix(1))
      if (count < 3) value = value * 10 + (rest_.front() - '0');
    if (count == 0) return std::nullopt;
    for (; count < 3; ++count) value *= 10;
    return value;
  }

  /// `Z` or `±hh:mm` at the end, in minutes east of UTC.
  std::optional<int> offset_min() {
    if (skip('Z') || skip('z')) return rest_.empty() ? std::optional{0} : std::nullopt;
    const bool east = skip('+');
    if (!east && !skip('-')) return std::nullopt;
    const auto hours = digits(2);
    const bool colon = skip(':');
    const auto minutes = digits(2);
    if (!hours || !minutes || !colon || *hours > 23 || *minutes > 59 || !rest_.empty()) return std::nullopt;
    return (east ? 1 : -1) * (*hours * 60 + *minutes);
  }

private:
  std::string_view rest_;
};

}  // namespace

/// Every event has several, so their text is put together digit by digit.
std::string to_string(time_point given) {
  const auto at = std::clamp(given, first_time, last_time);
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&](std::size_t place, std::size_t digits, std::int64_t value) {
    for (; digits > 0; value /= 10) text[place + --digits] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, int{date.year()});
  put(5, 2, unsigned{date.month()});
  put(8, 2, unsigned{date.day()});
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  put(20, 3, clock.subseconds().count());
  return text;
}

std::optional<time_point> parse_time(std::string_view text) {
  using namespace std::chrono;
  digit_reader in{text};
  const auto y = in.digits(4);
  if (!y || !in.skip('-')) return std::nullopt;
  const auto mo = in.digits(2);
  if (!mo || !in.skip('-')) return std::nullopt;
  const auto d = in.digits(2);
  if (!d || !(in.skip('T') || in.skip('t') || in.skip(' '))) return std::nullopt;
  const auto h = in.digits(2);
  if (!h || !in.skip(':')) return std::nullopt;
  const auto mi = in.digits(2);
  if (!mi || !in.skip(':')) return std::nullopt;
  const auto s = in.digits(2);
  const auto ms = in.fraction_ms();
  const auto offset = in.offset_min();
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!s || !ms || !offset || !date.ok() || *y < 1970 || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  const time_point at = sys_days{date} + hours{*h} + minutes{*mi} + seconds{*s} + milliseconds{*ms} - minutes{*offset};
  return readable(at) ? std::optional{at} : std::nullopt;  // an offset may lead over either end
}

time_point later(time_point from, double wait_s) {
  const auto begin = std::clamp(from, first_time, last_time);
  const double wait_ms = std::ceil(wait_s * 1000);
  // Compared before it is made a whole number, which not every `double` can be; what is no number counts as too late.
  if (!(wait_ms < static_cast<double>((last_time - begin).count()))) return last_time;
  if (wait_ms <= static_cast<double>((first_time - begin).count())) return first_time;
  return begin + milliseconds{static_cast<std::int64_t>(wait_ms)};
}

time_point system_wall_clock::now() const { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

}  // namespace im
