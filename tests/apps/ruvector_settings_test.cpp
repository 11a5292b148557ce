#include <catch2/catch_test_macros.hpp>
#include <map>

#include "apps/ruvector_service/settings.hpp"

namespace {

using namespace im;

ruvector::settings read(std::map<std::string, std::string> environment, bool needs_key = true) {
  environment.emplace("RUVECTOR_POLICIES_DIR", "deploy/policies");
  return ruvector::read_settings(
      [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional{found->second};
      },
      "/somewhere/bin/ruvector-service", needs_key);
}

bool names(const ruvector::settings& s, std::string_view what) {
  return s.problems.size() == 1 && s.problems.front().find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("without a database URL the store is a file in DATA_DIR") {
  const auto s = read({{"RUVECTOR_API_KEY", "k"}, {"DATA_DIR", "/data"}});
  CHECK(s.problems.empty());
  CHECK(s.service.data_file == "/data/ruvector.db");
  CHECK(s.service.database_url.empty());
  CHECK(s.service.port == 8090);
}

TEST_CASE("a database URL is taken whole, with what it says of TLS") {
  const auto url = "postgresql://im@db.example/im?sslmode=verify-full&sslrootcert=/etc/ca.pem";
  const auto s = read({{"RUVECTOR_API_KEY", "k"}, {"RUVECTOR_DATABASE_URL", url}});
  CHECK(s.problems.empty());
  CHECK(s.service.database_url.reveal() == url);
  CHECK(s.service.data_file.empty());
}

TEST_CASE("what is no PostgreSQL URL is refused and not shown") {
  const auto s = read({{"RUVECTOR_API_KEY", "k"}, {"RUVECTOR_DATABASE_URL", "mysql://root:hunter2@db/im"}});
  CHECK(names(s, "RUVECTOR_DATABASE_URL"));
  CHECK_FALSE(names(s, "hunter2"));
}

TEST_CASE("a key is needed to serve, and not to look after the store") {
  CHECK(names(read({}), "RUVECTOR_API_KEY"));
  CHECK(read({}, false).problems.empty());
}

TEST_CASE("a port that is none is named") {
  CHECK(names(read({{"RUVECTOR_API_KEY", "k"}, {"RUVECTOR_PORT", "70000"}}), "70000"));
}
