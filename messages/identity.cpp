#include "messages/identity.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <utility>

#include "messages/assert.hpp"

namespace im {

namespace {

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && (c < 'A' || c > 'Z'); });
}

std::string case_folded(std::string_view text) {
  UErrorCode failed = U_ZERO_ERROR;
  const auto* form = icu::Normalizer2::getNFKCCasefoldInstance(failed);
  std::string folded;
  icu::StringByteSink<std::string> sink{&folded};
  if (U_SUCCESS(failed))
    form->normalizeUTF8(0, {text.data(), static_cast<std::int32_t>(text.size())}, sink, nullptr, failed);
  IM_ASSERT(U_SUCCESS(failed));  // its tables are part of the library, and what is malformed is replaced
  return folded;
}

/// Without control characters, and with one blank for each run of white space between others.
std::string closed_up(std::string_view text) {
  const auto letters = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  icu::UnicodeString out;
  bool gap = false;
  for (std::int32_t i = 0; i < letters.length(); i = letters.moveIndex32(i, 1)) {
    const auto letter = letters.char32At(i);
    if (u_isUWhiteSpace(letter) != 0) {
      gap = !out.isEmpty();
    } else if (u_charType(letter) != U_CONTROL_CHAR) {
      if (std::exchange(gap, false)) out.append(u' ');
      out.append(letter);
    }
  }
  std::string utf8;
  return out.toUTF8String(utf8);
}

}  // namespace

std::string canonical_identity(std::string_view given) {
  if (is_plain(given)) return std::string{given};
  return closed_up(case_folded(given));
}

bool is_same_identity(std::string_view a, std::string_view b) {
  return a == b || canonical_identity(a) == canonical_identity(b);
}

}  // namespace im
