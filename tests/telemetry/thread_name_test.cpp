#include "telemetry/thread_name.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <string>
#include <thread>

TEST_CASE("a thread is called what it calls itself, and no other is") {
  const auto own_name = [] {
    std::string name;
    std::getline(std::ifstream{"/proc/thread-self/comm"}, name);
    return name;
  };
  const auto before = own_name();
  std::string named;
  std::thread{[&] {
    im::name_this_thread("store.writer");
    named = own_name();
  }}.join();
  CHECK(named == "store.writer");
  CHECK(own_name() == before);
}
