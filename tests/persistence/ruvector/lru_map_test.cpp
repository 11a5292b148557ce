#include "persistence/ruvector/lru_map.hpp"

#include <catch2/catch_test_macros.hpp>

namespace im::ruvector {

TEST_CASE("what was not used for longest is forgotten first, and not before the map is told to") {
  lru_map<int, int> map{2};
  auto& first = map.add(1, 10);
  map.add(2, 20);
  map.add(3, 30);
  CHECK(map.size() == 3);
  CHECK(map.use(1) == &first);  // where it was

  map.trim();
  CHECK(map.size() == 2);
  CHECK_FALSE(map.contains(2));
  CHECK(map.use(2) == nullptr);
  CHECK(*map.use(1) == 10);
  CHECK(*map.use(3) == 30);
}

TEST_CASE("what is erased may be added again") {
  lru_map<int, int> map{2};
  map.add(1, 10);
  map.erase(1);
  map.erase(1);
  CHECK(map.use(1) == nullptr);
  map.add(1, 11);
  map.add(1, 12);
  CHECK(map.size() == 1);
  map.trim();
  CHECK(*map.use(1) == 12);
  map.clear();
  CHECK(map.size() == 0);
  CHECK_FALSE(map.contains(1));
}

}  // namespace im::ruvector
