#include "persistence/ruvector/page_cache.hpp"

#include <catch2/catch_test_macros.hpp>
#include <iterator>
#include <random>
#include <set>

namespace im::ruvector::sqlite {

namespace {

constexpr unsigned beyond_all = 262'145;  // that of the byte at 1 GB, with pages of 4 KB

/// As SQLite exchanges the numbers of two pages.
void exchange(page_numbers& numbers, unsigned a, unsigned b) {
  numbers.renumber(a, beyond_all);
  numbers.renumber(b, a);
  numbers.renumber(beyond_all, b);
}

}  // namespace

TEST_CASE("an exchange of two numbers by way of one beyond all leaves nothing there") {
  page_numbers numbers;
  for (const unsigned n : {1U, 2U, 3U}) numbers.add(n);
  exchange(numbers, 2, 3);
  CHECK(numbers.may_reach(3));
  CHECK_FALSE(numbers.may_reach(4));
}

TEST_CASE("a page whose number is on loan may lie anywhere until it is given back or cut off") {
  page_numbers numbers;
  numbers.add(2);
  numbers.renumber(2, beyond_all);
  CHECK(numbers.may_reach(beyond_all));
  SECTION("given back") { numbers.renumber(beyond_all, 2); }
  SECTION("cut off") { numbers.cut(3); }
  CHECK_FALSE(numbers.may_reach(3));
}

TEST_CASE("pages that a transaction added and took back are looked for once") {
  page_numbers numbers;
  for (unsigned n = 1; n <= 9; ++n) numbers.add(n);
  CHECK(numbers.may_reach(5));
  numbers.cut(5);
  CHECK_FALSE(numbers.may_reach(5));
  CHECK(numbers.may_reach(4));
}

TEST_CASE("no page that is there is ever denied") {
  std::mt19937 random{20261129};
  const auto below = [&](std::size_t n) { return static_cast<unsigned>(random() % n); };
  for (int round = 0; round < 200; ++round) {
    page_numbers numbers;
    std::set<unsigned> pages;
    const auto any = [&] { return *std::next(pages.begin(), below(pages.size())); };
    for (int step = 0; step < 100; ++step) {
      const unsigned most = pages.empty() ? 0 : *pages.rbegin();
      switch (pages.empty() ? 0 : below(5)) {
        case 0: {
          const auto added = 1 + below(40);
          numbers.add(added);
          pages.insert(added);
          break;
        }
        case 1: {  // to another number, one beyond all or not; who has that number already is thrown out first, untold
          const auto from = any();
          const auto to = below(2) == 0 ? 1 + below(60) : beyond_all;
          pages.erase(from);
          pages.insert(to);
          numbers.renumber(from, to);
          break;
        }
        case 2: pages.erase(any()); break;  // to make room, untold
        case 3:
          if (pages.size() > 1 && most < beyond_all) exchange(numbers, any(), any());
          break;
        default: {
          const auto first = 1 + below(40);
          numbers.cut(first);
          pages.erase(pages.lower_bound(first), pages.end());
        }
      }
      if (!pages.empty()) CHECK(numbers.may_reach(*pages.rbegin()));
    }
  }
}

}  // namespace im::ruvector::sqlite
