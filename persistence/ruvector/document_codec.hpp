#pragma once
/// Documents as a store keeps them: zstd frames under a dictionary of decisions, which each frame names by its id. A document of some
/// kilobytes becomes some hundred bytes. The hash chain is over the documents, so packing changes no hash.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace im::ruvector {

/// The bytes that are stored for a document. Not text, where a database tells text from bytes.
struct packed_document {
  std::string bytes;

  bool operator==(const packed_document&) const = default;
};

/// Packs with the newest dictionary. A document that a frame would not make smaller, and one larger than
/// `limits::packed_document_bytes`, is kept as it is: a JSON text never begins as a frame does. Any thread.
[[nodiscard]] packed_document pack(std::string_view document);

/// The document that `stored` was made from; a text that was stored unpacked is its own document. An error says why there is no
/// document: a frame that is damaged, that claims more than `limits::packed_document_bytes`, or whose dictionary is unknown. Any thread.
[[nodiscard]] std::expected<std::string, std::string> unpack(std::string_view stored);

/// The same for a frame; only where it cannot be unpacked is `name()` called, for the subject of the store_failure that is thrown.
template <class Name>
[[nodiscard]] std::string unpack_or_throw(std::string_view stored, Name&& name);

/// Ids of all dictionaries that `unpack` knows, the oldest first. `pack` uses the last.
[[nodiscard]] std::vector<std::uint32_t> dictionary_ids();

namespace detail {
[[noreturn]] void cannot_unpack(const std::string& what, const std::string& why);
}  // namespace detail

template <class Name>
std::string unpack_or_throw(std::string_view stored, Name&& name) {
  auto document = unpack(stored);
  if (!document) detail::cannot_unpack(name(), document.error());
  return std::move(*document);
}

}  // namespace im::ruvector
