#include "persistence/ruvector/document_codec.hpp"

#include <zstd.h>

#include <algorithm>
#include <memory>
#include <new>

#include "messages/assert.hpp"
#include "persistence/ruvector/dictionaries.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/limits.hpp"

namespace im::ruvector {

namespace {

/// Level 1 leaves a twentieth more bytes, level 6 takes four times as long.
constexpr int level = 3;
constexpr std::string_view frame_begin{"\x28\xB5\x2F\xFD", 4};

struct freer {
  void operator()(ZSTD_CDict* d) const noexcept { ZSTD_freeCDict(d); }
  void operator()(ZSTD_DDict* d) const noexcept { ZSTD_freeDDict(d); }
  void operator()(ZSTD_CCtx* c) const noexcept { ZSTD_freeCCtx(c); }
  void operator()(ZSTD_DCtx* c) const noexcept { ZSTD_freeDCtx(c); }
};
template <class T>
using owned = std::unique_ptr<T, freer>;

template <class T>
owned<T> made(T* thing) {
  if (thing == nullptr) throw std::bad_alloc{};
  return owned<T>{thing};
}

struct known_dictionary {
  std::uint32_t id = 0;
  owned<ZSTD_DDict> reading;
};

/// Read by all threads, and changed by none.
class dictionary_table {
public:
  dictionary_table() {
    const auto all = dictionaries();
    IM_ASSERT(!all.empty());
    for (const auto bytes : all) {
      auto reading = made(ZSTD_createDDict(bytes.data(), bytes.size()));
      const auto id = ZSTD_getDictID_fromDDict(reading.get());
      IM_ASSERT(id != 0 && (known_.empty() || id > known_.back().id));
      known_.push_back({id, std::move(reading)});
    }
    writing_ = made(ZSTD_createCDict(all.back().data(), all.back().size(), level));
  }

  [[nodiscard]] const ZSTD_CDict* newest() const { return writing_.get(); }
  [[nodiscard]] const ZSTD_DDict* find(std::uint32_t id) const {
    const auto found = std::ranges::find(known_, id, &known_dictionary::id);
    return found == known_.end() ? nullptr : found->reading.get();
  }
  [[nodiscard]] std::vector<std::uint32_t> ids() const {
    std::vector<std::uint32_t> out;
    for (const auto& d : known_) out.push_back(d.id);
    return out;
  }

private:
  std::vector<known_dictionary> known_;
  owned<ZSTD_CDict> writing_;
};

const dictionary_table& table() {
  static const dictionary_table all;
  return all;
}

/// A context is some hundred kilobytes, which a thread keeps.
ZSTD_CCtx* packing() {
  thread_local const auto context = [] {
    auto made_now = made(ZSTD_createCCtx());
    const auto set = ZSTD_CCtx_setParameter(made_now.get(), ZSTD_c_checksumFlag, 1);
    const auto referred = ZSTD_CCtx_refCDict(made_now.get(), table().newest());
    IM_ASSERT(ZSTD_isError(set) == 0 && ZSTD_isError(referred) == 0);
    return made_now;
  }();
  return context.get();
}

ZSTD_DCtx* unpacking() {
  thread_local const auto context = made(ZSTD_createDCtx());
  return context.get();
}

std::unexpected<std::string> broken(std::string why) { return std::unexpected{std::move(why)}; }

}  // namespace

packed_document pack(std::string_view document) {
  packed_document kept{std::string{document}};
  if (document.empty() || document.size() > limits::packed_document_bytes) return kept;
  std::string frame(ZSTD_compressBound(document.size()), '\0');
  const auto size = ZSTD_compress2(packing(), frame.data(), frame.size(), document.data(), document.size());
  if (ZSTD_isError(size) != 0) throw std::bad_alloc{};  // there is room for every frame, so memory alone can fail
  IM_ASSERT(size <= frame.size());
  if (size >= document.size() && !document.starts_with(frame_begin)) return kept;
  kept.bytes.assign(frame, 0, size);
  return kept;
}

std::expected<std::string, std::string> unpack(std::string_view stored) {
  if (!stored.starts_with(frame_begin)) return std::string{stored};
  const auto claimed = ZSTD_getFrameContentSize(stored.data(), stored.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN)
    return broken("its frame has no readable header");
  if (claimed > limits::packed_document_bytes)
    return broken("its frame claims " + std::to_string(claimed) + " bytes, and a document has at most " +
                  std::to_string(limits::packed_document_bytes));
  const auto id = ZSTD_getDictID_fromFrame(stored.data(), stored.size());
  const auto* dictionary = table().find(id);
  if (dictionary == nullptr)
    return broken("its frame names dictionary " + std::to_string(id) + ", which this program does not have");
  std::string document(static_cast<std::size_t>(claimed), '\0');
  const auto size = ZSTD_decompress_usingDDict(unpacking(), document.data(), document.size(), stored.data(),
                                               stored.size(), dictionary);
  if (ZSTD_isError(size) != 0) return broken(std::string{"its frame is damaged: "} + ZSTD_getErrorName(size));
  if (size != document.size()) return broken("its frame is shorter than it claims");
  return document;
}

std::vector<std::uint32_t> dictionary_ids() { return table().ids(); }

void detail::cannot_unpack(const std::string& what, const std::string& why) {
  damaged(what + " cannot be unpacked: " + why);
}

}  // namespace im::ruvector
