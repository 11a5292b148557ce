/// The writer's thread over a session that does as a test wants: what it reports, and how it ends.

#include "persistence/ruvector/group_writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <future>

using namespace im;
using namespace im::ruvector;

namespace {

[[noreturn]] void not_used() { throw store_failure{error{errc::internal, "not of this test"}}; }

struct no_tables final : log_tables, record_writer {
  std::optional<stored_event> find_event(event_id) override { not_used(); }
  std::optional<covered_by> find_request(text_key) override { not_used(); }
  std::optional<incident_id> open_incident(text_key) override { not_used(); }
  loaded_state load(incident_id) override { not_used(); }
  void insert_event(const new_event&, std::int64_t, std::optional<std::int64_t>) override { not_used(); }
  void cover(text_key, std::int64_t, disposition) override { not_used(); }
  void insert(const incident_row&) override { not_used(); }
  void update(const incident_row&, const incident_row&) override { not_used(); }
  void write(incident_id, const side_changes&) override { not_used(); }
  void write_snapshot(const incident_state&) override { not_used(); }
  result<std::string> patch_state(incident_id, std::string_view, time_point) override { not_used(); }
  result<std::string> patch_escalation(incident_id, std::string_view, time_point) override { not_used(); }
  result<put_outcome> put(const policy_document&) override { not_used(); }
};

/// What the test and the session share; it outlives the writer.
struct script {
  session_observer observer;
  std::function<void()> on_begin = [] {};
  std::function<void()> on_commit = [] {};
  bool closed = false;
};

class scripted_session final : public write_session {
public:
  explicit scripted_session(script& by) : script_{by} {}
  void start(session_observer observer) override { script_.observer = std::move(observer); }
  std::optional<std::int64_t> begin() override {
    script_.on_begin();
    return 0;
  }
  void commit() override { script_.on_commit(); }
  void rollback() noexcept override {}
  log_tables& log() override { return tables_; }
  record_writer& records() override { return tables_; }
  check_report rebuild() override { not_used(); }
  void probe() override {}
  void close() override { script_.closed = true; }

private:
  script& script_;
  no_tables tables_;
};

class empty_job final : public write_job {
public:
  explicit empty_job(std::promise<bool>& done) : done_{done} {}
  void run(write_tools&) override {}
  void succeed() noexcept override { done_.set_value(true); }
  void refuse(const error&) noexcept override { done_.set_value(false); }

private:
  std::promise<bool>& done_;
};

bool commit_one(group_writer& to) {
  std::promise<bool> done;
  to.submit(std::make_unique<empty_job>(done));
  return done.get_future().get();
}

}  // namespace

TEST_CASE("a store that is stopped while a commit ends reports no write that succeeds") {
  script by;
  group_writer writer{std::make_unique<scripted_session>(by)};
  std::vector<std::string> told;
  writer.troubles().on_trouble([&](trouble where, std::string_view why) {
    if (where == trouble::writes) told.emplace_back(why);
  });
  // A checkpoint's thread does so between the end of the commit and the writer's report of it.
  by.on_commit = [&] { by.observer.stop("the disk failed"); };
  CHECK(commit_one(writer));
  CHECK(writer.troubles().why(trouble::writes).find("the disk failed") != std::string::npos);
  CHECK_FALSE(commit_one(writer));
  by.observer.report(trouble::writes, {});
  CHECK(writer.troubles().why(trouble::writes).find("the disk failed") != std::string::npos);
  writer.close();
  CHECK(told.size() == 1);
}

TEST_CASE("a writer that cannot begin closes its session, whose threads report to it") {
  script by;
  by.on_begin = [] { throw store_failure{error{errc::store_unavailable, "no transaction"}}; };
  CHECK_THROWS_AS(group_writer{std::make_unique<scripted_session>(by)}, store_failure);
  CHECK(by.closed);
}
