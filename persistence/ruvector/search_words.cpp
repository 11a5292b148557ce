#include "persistence/ruvector/search_words.hpp"

#include <algorithm>

#include "persistence/ruvector/limits.hpp"

namespace im::ruvector {

namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool is_inside_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

/// How many bytes of punctuation beyond ASCII `text` begins with: U+0080–U+00BF, U+2000–U+206F, U+3000–U+303F.
std::size_t punctuation_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (byte(0) == 0xc2) return text.size() > 1 ? 2 : 1;
  if (byte(0) == 0xe2 && (byte(1) == 0x80 || (byte(1) == 0x81 && byte(2) <= 0xaf)) && text.size() > 2) return 3;
  if (byte(0) == 0xe3 && byte(1) == 0x80 && text.size() > 2) return 3;
  return 0;
}

/// `text` up to `most` bytes, not in the middle of a character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && is_inside_character(text[most])) --most;
  return text.substr(0, most);
}

void add_words(std::vector<std::string>& to, std::string_view text, std::size_t most) {
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    word.resize(cut(word, limits::search_word_bytes).size());
    if (to.size() < most && std::ranges::find(to, word) == to.end()) to.push_back(word);
    word.clear();
  };
  for (std::size_t i = 0; i < text.size() && to.size() < most;) {
    const char c = text[i];
    if (const auto between = punctuation_at(text.substr(i)); between != 0) {
      end_word();
      i += between;
      continue;
    }
    if (c >= 'A' && c <= 'Z')
      word += static_cast<char>(c - 'A' + 'a');
    else if (!is_ascii(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      word += c;
    else if (c != '\0')  // which lists leave out of a title, too
      end_word();
    ++i;
  }
  end_word();
}

}  // namespace

std::vector<std::string> words_in(std::string_view text, std::size_t most) {
  std::vector<std::string> words;
  add_words(words, text, most);
  return words;
}

std::string words_of(const incident& record) {
  std::vector<std::string> words;
  for (const std::string_view text : {std::string_view{record.title}, std::string_view{record.source},
                                      cut(record.description, limits::search_text_bytes)})
    add_words(words, text, limits::search_words);
  std::string all;
  for (const auto& word : words) all.append(all.empty() ? "" : " ").append(word);
  return all;
}

}  // namespace im::ruvector
