#include "messages/keyed_hash.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

#include "messages/ids.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;

/// The fullest of 1,024 buckets, which a table would choose by the low bits, and the same by the high bits.
template <class Ids, class Hash>
std::size_t fullest_bucket(const Ids& ids, const Hash& hash) {
  std::array<std::size_t, 1024> low{};
  std::array<std::size_t, 1024> high{};
  for (const auto& id : ids) {
    const auto value = hash(id);
    ++low[value & 1023U];
    ++high[value >> 54U];
  }
  return std::max(*std::ranges::max_element(low), *std::ranges::max_element(high));
}

}  // namespace

TEST_CASE("ids that a caller made equal in one half do not meet in one bucket") {
  for (const std::size_t changed : {std::size_t{0}, std::size_t{8}}) {
    std::set<incident_id> ids;
    for (unsigned i = 0; i < 10'240; ++i) {
      auto bytes = uuid::v5({}, "the same").bytes();
      bytes[changed] = static_cast<std::uint8_t>(i);
      bytes[changed + 1] = static_cast<std::uint8_t>(i >> 8U);
      ids.insert(incident_id{uuid{bytes}});
    }
    REQUIRE(ids.size() == 10'240);
    CHECK(fullest_bucket(ids, std::hash<incident_id>{}) < 40);  // 10 on average
  }
}

TEST_CASE("texts that differ in one place do not meet in one bucket, whatever their length") {
  for (const std::size_t length : {std::size_t{4}, std::size_t{16}, std::size_t{17}, std::size_t{100}}) {
    std::set<std::string> texts;
    for (unsigned i = 0; i < 10'240; ++i) {
      std::string text(length, 'a');
      text[0] = static_cast<char>(i);
      text[length / 2] = static_cast<char>(i >> 8U);
      texts.insert(std::move(text));
    }
    REQUIRE(texts.size() == 10'240);
    CHECK(fullest_bucket(texts, keyed_hash<std::string>{}) < 40);
  }
}

TEST_CASE("a hash is the same for the same value, and another where only the end differs") {
  const keyed_hash<std::string> hash;
  CHECK(hash(std::string{"one fingerprint"}) == hash(std::string{"one fingerprint"}));
  CHECK(hash(std::string{"ab"}) != hash(std::string{"ab\0", 3}));
  CHECK(hash("") == hash(std::string{}));
  const auto id = incident_id::mint(t0);
  CHECK(std::hash<incident_id>{}(id) == std::hash<uuid>{}(id.value()));
  CHECK(shard_of(mint_incident_id(t0, "fp"), 4) == shard_of_fingerprint("fp", 4));  // no hash of a process
}
