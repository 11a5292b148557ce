#include "telemetry/log_line.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "messages/json/writer.hpp"
#include "telemetry/limits.hpp"

namespace im::log {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// Length of the well-formed UTF-8 sequence that `text` starts with; 0 if there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && at(1) < 0xA0;
    const bool surrogate = lead == 0xED && at(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && at(1) < 0x90;
    const bool beyond = lead == 0xF4 && at(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// DEL and the C1 controls, which some terminals obey; those below the space are for the JSON writer to escape.
bool is_hidden_control(std::string_view sequence) {
  if (sequence.size() == 1) return sequence[0] == '\x7F';
  return sequence.size() == 2 && sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

bool is_plain(char c) { return c >= ' ' && c <= '~'; }

/// `text`, or where it has more than plain ASCII or is too long, a clean and short copy of it in `store`.
std::string_view clean(std::string_view text, std::string& store) {
  if (text.size() <= limits::log_text_bytes && std::ranges::all_of(text, is_plain)) return text;
  store.clear();
  while (!text.empty()) {
    const auto length = sequence_length(text);
    const auto sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (store.size() + sequence.size() > limits::log_text_bytes) {
      store += "…";
      break;
    }
    store += length == 0 || is_hidden_control(sequence) ? replacement : sequence;
    text.remove_prefix(sequence.size());
  }
  return store;
}

std::string render_json(const line& what) {
  std::string store;
  json::writer out;
  out.begin_object();
  out.key("ts");
  out.string(im::to_string(what.at));
  out.key("level");
  out.string(im::to_string(what.severity));
  out.key("event");
  out.string(to_string(what.event));
  out.key("msg");
  out.string(clean(what.message, store));
  for (const auto& f : what.fields.first(std::min(what.fields.size(), limits::log_fields))) {
    out.key(f.name());
    std::visit(
        [&]<class T>(const T& value) {
          if constexpr (std::is_same_v<T, std::string_view>)
            out.string(clean(value, store));
          else if constexpr (std::is_same_v<T, uuid>)
            out.string(value.str());
          else if constexpr (std::is_same_v<T, bool>)
            out.boolean(value);
          else
            out.number(value);
        },
        f.value());
  }
  out.end_object();
  return out.take();
}

std::string quoted(std::string_view text) {
  json::writer out;
  out.string(text);
  return out.take();
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \"=\\") != text.npos || has_control(text);
}

std::string text_of(const field::value_type& value, std::string& store) {
  return std::visit(
      [&]<class T>(const T& v) -> std::string {
        if constexpr (std::is_same_v<T, std::string_view>) {
          const auto text = clean(v, store);
          return needs_quotes(text) ? quoted(text) : std::string{text};
        } else if constexpr (std::is_same_v<T, uuid>) {
          return v.str();
        } else if constexpr (std::is_same_v<T, bool>) {
          return v ? "true" : "false";
        } else {
          json::writer number;
          number.number(v);
          return number.take();
        }
      },
      value);
}

std::string render_text(const line& what) {
  static constexpr std::array<std::string_view, 6> labels{"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "OFF  "};
  std::string store;
  std::string out = im::to_string(what.at);
  out.append(" ").append(labels[static_cast<std::size_t>(what.severity)]);
  out.append(" ").append(to_string(what.event)).append(": ");
  const auto message = clean(what.message, store);
  out += has_control(message) ? quoted(message) : message;
  for (const auto& f : what.fields.first(std::min(what.fields.size(), limits::log_fields)))
    out.append(" ").append(f.name()).append("=").append(text_of(f.value(), store));
  return out;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The parts between commas that stand in no brackets, as in `a[span{x=1,y=2}]=debug`.
std::vector<std::string_view> split_directives(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (i < text.size() && (c != ',' || depth > 0)) continue;
    if (const auto part = trimmed(text.substr(begin, i - begin)); !part.empty()) parts.push_back(part);
    begin = i + 1;
  }
  return parts;
}

/// Whether `named` is our target or one of its modules; a crate's name has '_' where a package's has '-'.
bool names_us(std::string_view named, std::string_view target) {
  const auto same = [](char a, char b) { return a == b || (a == '_' && b == '-') || (a == '-' && b == '_'); };
  if (named.size() < target.size() || !std::ranges::equal(named.substr(0, target.size()), target, same)) return false;
  const auto rest = named.substr(target.size());
  return rest.empty() || rest.starts_with("::");
}

struct directive {
  std::string_view target;  ///< empty: everything
  level says = level::trace;
  bool of_a_span = false;
};

/// One directive of env_logger or tracing's EnvFilter: `level`, `target`, `target=level`, `target[span]=level`.
std::expected<directive, std::string> parse_directive(std::string_view text) {
  directive found;
  const auto bracket = text.find_last_of(']');
  found.of_a_span = bracket != text.npos;
  const auto equals = text.find('=', found.of_a_span ? bracket : 0);
  if (equals == text.npos) {
    if (const auto says = parse_level(text))
      found.says = *says;
    else
      found.target = text;  // a target alone: all that it says
    return found;
  }
  const auto word = trimmed(text.substr(equals + 1));
  const auto says = word.empty() ? std::optional{level::trace} : parse_level(word);
  if (!says) return std::unexpected{"`" + std::string{word} + "` is not a level"};
  found.target = trimmed(text.substr(0, equals));
  found.says = *says;
  return found;
}

}  // namespace

std::string render(format as, const line& what) {
  switch (as) {
    case format::text: return render_text(what);
    case format::json: return render_json(what);
  }
  return {};
}

std::optional<level> parse_level(std::string_view word) {
  const auto small = lower(trimmed(word));
  if (small == "warning") return level::warn;
  return from_string<level>(small);
}

std::expected<std::optional<level>, std::string> parse_rust_log(std::string_view directives, std::string_view target) {
  directives = directives.substr(0, directives.find('/'));  // env_logger's filter of messages, which we do not have
  const auto parts = split_directives(directives);
  if (parts.size() > limits::rust_log_directives) return std::unexpected{"has too many directives"};
  std::optional<level> ours;
  std::optional<level> everybody;
  for (const auto part : parts) {
    const auto found = parse_directive(part);
    if (!found) return std::unexpected{found.error()};
    if (found->of_a_span) continue;
    if (found->target.empty())
      everybody = found->says;
    else if (names_us(found->target, target))
      ours = std::min(ours.value_or(level::off), found->says);
  }
  return ours ? ours : everybody;
}

}  // namespace im::log
