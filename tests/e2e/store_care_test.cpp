/// The store's care as its operator does it: check, verify, rebuild, backup and restore, by their words and exit codes.

#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "messages/json/node.hpp"
#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"
#include "tests/support/document_functions.hpp"

using namespace im;
using namespace im::e2e;

namespace {

namespace fs = std::filesystem;

struct outcome {
  int code = -1;
  std::string said;    ///< on stdout
  std::string logged;  ///< on stderr
  [[nodiscard]] bool says(std::string_view text) const { return said.find(text) != std::string::npos; }
  [[nodiscard]] bool logs(std::string_view text) const { return logged.find(text) != std::string::npos; }
};

/// Runs `ruvector-service` with these arguments to its end.
outcome care(const fs::path& data, std::vector<std::string> arguments, environment_map more = {}) {
  const temporary_folder folder{"im-e2e"};
  more.merge(environment_map{{"DATA_DIR", data.string()}, {"RUVECTOR_API_KEY", ""}});
  const auto said = folder.path() / "said";
  arguments.insert(arguments.begin(),
                   {"-c", "exec \"$@\" > \"$0\"", said.string(), program("ruvector-service").string()});
  child_process process{"/bin/sh", arguments, more, folder.path() / "log"};
  const auto code = process.wait(patience);
  return {code.value_or(-1), read_file(said), read_file(folder.path() / "log")};
}

/// A folder with a store that a manager filled: two incidents, one of them resolved.
class filled_store {
public:
  filled_store() {
    caller api{manager_->url()};
    first_ = open_incident(api, "high", "the first");
    second_ = open_incident(api, "low", "the second");
    REQUIRE(
        api.post("/api/v1/incidents/" + first_ + "/comments", {{"actor", "grace"}, {"comment", "looking"}}).status ==
        200);
    resolve(api, second_);
  }

  [[nodiscard]] manager& running() { return *manager_; }
  void stop() { REQUIRE(manager_->stop() == 0); }
  void start() { manager_->start(); }
  [[nodiscard]] fs::path data() const { return manager_->folder() / "data"; }
  [[nodiscard]] fs::path database() const { return data() / "ruvector.db"; }
  [[nodiscard]] std::string backup() const { return (manager_->folder() / "backup.db").string(); }
  [[nodiscard]] const std::string& first() const { return first_; }

  void tamper(const std::string& sql) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(database().c_str(), &db) == SQLITE_OK);
    im::test::add_document_functions(db);
    REQUIRE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
  }

private:
  std::unique_ptr<manager> manager_ = std::make_unique<manager>();
  std::string first_;
  std::string second_;
};

std::string digest_of(const outcome& verified) {
  const auto at = verified.said.find("digest ");
  return at == std::string::npos ? "" : verified.said.substr(at + 7, 64);
}

}  // namespace

TEST_CASE("check and verify pass over a store in use, and name what was changed behind its back") {
  filled_store store;
  const auto running = care(store.data(), {"check"});
  INFO(running.said << running.logged);
  CHECK(running.code == 0);
  CHECK(running.says("2 incidents, 0 problems"));
  CHECK(care(store.data(), {"verify"}).code == 0);
  store.stop();
  const auto verified = care(store.data(), {"verify"});
  CHECK(verified.code == 0);
  CHECK(verified.says("every link holds"));
  CHECK(digest_of(verified).size() == 64);

  store.tamper(
      "DROP TRIGGER decision_events_no_update;"
      "UPDATE decision_events SET doc = pack(replace(unpack(doc), 'the first', 'the worst')) WHERE sequence = 1");
  const auto broken = care(store.data(), {"verify"});
  INFO(broken.said);
  CHECK(broken.code == 1);
  CHECK(broken.says("broken link: incident " + store.first() + ", sequence 2, event "));
  CHECK(broken.says("expected previous_hash "));
}

TEST_CASE("export prints every decision as it was written, and says which one it could not read") {
  filled_store store;
  const auto running = care(store.data(), {"export"});
  CHECK(running.code == 0);
  std::istringstream lines{running.said};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto document = json::document::parse(line);
    REQUIRE(document);
    CHECK(document->root().find_string("decision_type"));
  }
  CHECK(count >= 4);  // two incidents, each opened and evaluated
  store.stop();
  store.tamper(
      "DROP TRIGGER decision_events_no_update; UPDATE decision_events SET doc = substr(doc, 1, length(doc) - 9)"
      " WHERE row = (SELECT min(row) FROM decision_events WHERE sequence = 2)");
  const auto damaged = care(store.data(), {"export"});
  CHECK(damaged.code == 1);
  CHECK(std::ranges::count(damaged.said, '\n') == static_cast<std::ptrdiff_t>(count) - 1);
  CHECK(damaged.logged.find("sequence 2") != std::string::npos);
  CHECK(damaged.logged.find("cannot be unpacked") != std::string::npos);
  CHECK(care(store.data(), {"check"}).says("sequence 2 cannot be unpacked"));
}

TEST_CASE("what check finds in the projections, rebuild mends, but not beside the service") {
  filled_store store;
  const auto in_use = care(store.data(), {"rebuild"});
  CHECK(in_use.code == 1);
  CHECK(in_use.logs("stop ruvector-service"));
  store.stop();
  store.tamper("UPDATE incidents SET severity = 0; DELETE FROM requests");
  const auto found = care(store.data(), {"check"});
  INFO(found.said);
  CHECK(found.code == 1);
  CHECK(found.says("differs from the fold"));
  CHECK(found.says("ruvector-service rebuild"));
  CHECK_FALSE(found.says("ruvector-service restore"));
  const auto rebuilt = care(store.data(), {"rebuild"});
  CHECK(rebuilt.code == 0);
  CHECK(rebuilt.says("2 incidents, 0 problems"));
  CHECK(care(store.data(), {"check"}).code == 0);
  store.start();
  caller api{store.running().url()};
  CHECK(api.incident_count() == 2);
}

TEST_CASE("a gap in a log is refused by rebuild and mended by a backup") {
  filled_store store;
  REQUIRE(care(store.data(), {"backup", store.backup()}).code == 0);
  store.stop();
  store.tamper(
      "DROP TRIGGER decision_events_no_delete;"
      "DELETE FROM decision_events WHERE row IN (SELECT min(row) FROM decision_events WHERE sequence = 1)");
  const auto found = care(store.data(), {"check"});
  CHECK(found.code == 1);
  CHECK(found.says("gap after sequence 0"));
  CHECK(found.says("ruvector-service restore --force FILE"));
  CHECK_FALSE(found.says("ruvector-service rebuild"));
  const auto refused = care(store.data(), {"rebuild"});
  CHECK(refused.code == 1);
  CHECK(refused.logs("gap"));
  const auto restored = care(store.data(), {"restore", "--force", store.backup()});
  INFO(restored.said << restored.logged);
  CHECK(restored.code == 0);
  CHECK(restored.says("ruvector.db.kept-"));
  CHECK(care(store.data(), {"check"}).code == 0);
  CHECK(care(store.data(), {"verify"}).code == 0);
}

TEST_CASE("a backup is taken while the service runs, and brings back what there was") {
  filled_store store;
  const auto made = care(store.data(), {"backup", "--verify", store.backup()});
  INFO(made.said << made.logged);
  CHECK(made.code == 0);
  CHECK(made.says("it restores: "));
  const auto trial = care(store.data(), {"backup", "--verify"});
  CHECK(trial.code == 0);
  CHECK(trial.says("a trial backup"));
  const auto again = care(store.data(), {"backup", store.backup()});
  CHECK(again.code == 1);
  CHECK(again.logs("--force"));
  CHECK(care(store.data(), {"backup", "--force", store.backup()}).code == 0);
  CHECK(care(store.data(), {"check", store.backup()}).code == 0);

  caller api{store.running().url()};
  const auto log = api.log(store.first());
  (void)open_incident(api, "medium", "after the backup");
  const auto in_use = care(store.data(), {"restore", "--force", store.backup()});
  CHECK(in_use.code == 1);
  CHECK(in_use.logs("stop ruvector-service"));
  store.stop();
  const auto cautious = care(store.data(), {"restore", store.backup()});
  CHECK(cautious.code == 1);
  CHECK(cautious.logs("--force keeps it"));
  CHECK(care(store.data(), {"restore", "--force", store.backup()}).code == 0);
  store.start();
  caller restored{store.running().url()};
  CHECK(restored.incident_count() == 2);
  CHECK(restored.log(store.first()) == log);
  const auto next = restored.post("/api/v1/incidents/" + store.first() + "/comments",
                                  {{"actor", "grace"}, {"comment", "still looking"}});
  CHECK(next.status == 200);
}

TEST_CASE("a service does not start on a damaged database, and its last words say what to do") {
  filled_store store;
  store.stop();
  fs::resize_file(store.database(), fs::file_size(store.database()) / 2);
  const auto refused = care(store.data(), {"serve"}, {{"RUVECTOR_API_KEY", "a key"}, {"RUVECTOR_PORT", "0"}});
  INFO(refused.logged);
  CHECK(refused.code == 1);
  CHECK(refused.logs("ruvector-service check"));
  CHECK(refused.logs("ruvector-service restore"));
  const auto checked = care(store.data(), {"check"});
  CHECK(checked.code == 1);
}

TEST_CASE("care of what is not there, and of a PostgreSQL, fails and says why") {
  const temporary_folder folder{"im-e2e"};
  for (const auto* command : {"check", "verify", "rebuild"}) {
    const auto refused = care(folder.path(), {command});
    CHECK(refused.code == 1);
    CHECK(refused.logs("there is no database"));
  }
  CHECK(care(folder.path(), {"backup"}).code == 1);
  CHECK(care(folder.path(), {"restore", "no-such-file"}).logs("there is no database"));
  CHECK(fs::is_empty(folder.path()));
  const environment_map postgres{{"RUVECTOR_DATABASE_URL", "postgresql://someone:secret@db.example/ruvector"}};
  const auto backup = care(folder.path(), {"backup", "file"}, postgres);
  CHECK(backup.code == 1);
  CHECK(backup.says("pg_dump --format=custom"));
  const auto restore = care(folder.path(), {"restore", "file"}, postgres);
  CHECK(restore.code == 1);
  CHECK(restore.says("pg_restore"));
  CHECK_FALSE(restore.says("secret"));
  CHECK_FALSE(restore.logs("secret"));
}
