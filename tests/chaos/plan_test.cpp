#include "tests/chaos/plan.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

using namespace im::chaos;

namespace {

std::string written(const plan& made) {
  std::string text;
  for (const auto& one : made.acts) {
    text.append(one.send.target).append(js::serialize(one.send.body)).append(std::to_string(one.pause.count()));
    if (one.make_trouble)
      text.append(im::to_string(one.make_trouble->what)).append(std::to_string(one.make_trouble->manager));
  }
  return text;
}

}  // namespace

TEST_CASE("a plan is its seed's, and another seed's is another") {
  CHECK(written(make_plan(7)) == written(make_plan(7)));
  CHECK(written(make_plan(7)) != written(make_plan(8)));
}

TEST_CASE("whatever a plan breaks it mends, one trouble at a time for each thing that can break") {
  using enum trouble::kind;
  const std::map<trouble::kind, trouble::kind> ends{{kill_manager, start_manager},  {drain_manager, start_manager},
                                                    {freeze_manager, thaw_manager}, {kill_store, start_store},
                                                    {freeze_store, thaw_store},     {spoil, heal},
                                                    {kill_database, start_database}};
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::multiset<std::string> broken;
    std::size_t number = 0;
    for (const auto& one : make_plan(seed).acts) {
      if (!one.make_trouble) continue;
      const auto& made = *one.make_trouble;
      CHECK(one.trouble_number == number++);
      const auto named = [&](trouble::kind kind) {
        const bool of_road = kind == heal;
        const bool is_single = kind == start_store || kind == thaw_store || kind == start_database;
        return std::string{im::to_string(kind)} + (is_single ? "" : std::to_string(made.manager)) +
               (of_road ? std::to_string(static_cast<int>(made.where)) : "");
      };
      if (const auto end = ends.find(made.what); end != ends.end()) {
        CHECK_FALSE(broken.contains(named(end->second)));
        broken.insert(named(end->second));
      } else if (made.what != cut && made.what != end_sessions) {
        CHECK(broken.erase(named(made.what)) == 1);
      }
    }
    CHECK(broken.empty());
  }
}

TEST_CASE("every request has an id of its own, but for those that are told to both managers") {
  std::map<std::string, std::set<std::size_t>> asked;
  for (const auto& one : make_plan(3).acts)
    if (!one.make_trouble) CHECK(asked[one.send.id].insert(one.send.manager).second);
  CHECK(std::ranges::any_of(asked, [](const auto& entry) { return entry.second.size() == managers; }));
}
