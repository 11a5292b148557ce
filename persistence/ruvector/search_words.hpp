#pragma once
/// The words that a search finds, the same in every database. Pure.
///
/// A word is a run of letters and digits of ASCII and of characters beyond it; all else is between words. Letters of ASCII are small.
/// So nothing that a user types is an operator in a database's own search language.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/incident.hpp"

namespace im::ruvector {

/// The different words of `text` in the order they come, at most `most`, each cut to `limits::search_word_bytes`.
[[nodiscard]] std::vector<std::string> words_in(std::string_view text, std::size_t most);

/// What an incident is found by: the words of its title, its source and the beginning of its description, with a space between them.
[[nodiscard]] std::string words_of(const incident& record);

}  // namespace im::ruvector
