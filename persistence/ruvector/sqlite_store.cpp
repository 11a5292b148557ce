#include "persistence/ruvector/sqlite_store.hpp"

#include <chrono>
#include <future>
#include <system_error>

#include "persistence/ruvector/sqlite_care.hpp"
#include "persistence/ruvector/sqlite_file.hpp"
#include "persistence/ruvector/sqlite_reader.hpp"
#include "persistence/ruvector/sqlite_schema.hpp"
#include "persistence/ruvector/sqlite_writer.hpp"

namespace im::ruvector {

namespace {

using sqlite::sqlite_failure;
using sqlite::write_tools;

/// The edge: what SQLite throws inside becomes an error.
template <class Read>
auto guarded(Read&& read) -> result<decltype(read())> {
  try {
    return read();
  } catch (const sqlite_failure& f) {
    return std::unexpected{f.to_error()};
  } catch (const std::exception& e) {
    return fail(errc::internal, e.what());
  }
}

/// A reader's find as a result.
template <class Find>
auto found_or(const char* what, Find&& find) -> result<typename decltype(find())::value_type> {
  auto found = guarded(std::forward<Find>(find));
  if (!found) return std::unexpected{std::move(found.error())};
  if (!*found) return fail(errc::not_found, std::string{"there is no such "} + what);
  return std::move(**found);
}

class append_job final : public sqlite::write_job {
public:
  append_job(std::vector<new_event> events, append_handler done) : events_{std::move(events)}, done_{std::move(done)} {}

  void run(write_tools& tools) override { results_ = tools.log.append(events_); }
  void succeed() noexcept override { done_(std::move(results_)); }
  void refuse(const error& why) noexcept override { done_(std::unexpected{why}); }
  [[nodiscard]] std::size_t events() const override { return events_.size(); }

private:
  std::vector<new_event> events_;
  append_handler done_;
  std::vector<append_result> results_;
};

/// Any other write: `work` gives the result, which leaves when it is durable.
template <class T>
class record_job final : public sqlite::write_job {
public:
  using work = std::move_only_function<result<T>(write_tools&)>;
  record_job(work w, std::move_only_function<void(result<T>)> done) : work_{std::move(w)}, done_{std::move(done)} {}

  void run(write_tools& tools) override { result_ = work_(tools); }
  void succeed() noexcept override { done_(std::move(result_)); }
  void refuse(const error& why) noexcept override { done_(std::unexpected{why}); }

private:
  work work_;
  std::move_only_function<void(result<T>)> done_;
  result<T> result_{};
};

template <class T>
std::unique_ptr<sqlite::write_job> make_job(typename record_job<T>::work w,
                                            std::move_only_function<void(result<T>)> done) {
  return std::make_unique<record_job<T>>(std::move(w), std::move(done));
}

}  // namespace

result<std::unique_ptr<sqlite_store>> sqlite_store::open(const std::filesystem::path& file, std::size_t readers) {
  std::error_code failed;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failed);
  if (failed)
    return fail(errc::store_unavailable,
                "cannot make the folder " + file.parent_path().string() + ": " + failed.message());
  return guarded([&] { return std::unique_ptr<sqlite_store>{new sqlite_store{file.string(), readers}}; });
}

sqlite_store::sqlite_store(std::string file, std::size_t readers) : file_{std::move(file)} {
  sqlite::make_or_examine(file_);
  // Held until the writer has the file open too: from here on nobody can put another one in its place.
  sqlite::connection db{file_, sqlite::open_mode::read_write, limits::page_cache_kb / 8};
  db.execute("PRAGMA journal_mode=WAL");
  db.execute("PRAGMA synchronous=FULL");
  if (db.has_moved())
    throw sqlite_failure{SQLITE_CANTOPEN, "the database file was replaced while it was being opened; start again"};
  sqlite::migrate(db);
  writer_ = std::make_unique<sqlite::group_writer>(file_);
  readers_ = std::make_unique<sqlite::reader_pool>(file_, readers);
}

sqlite_store::~sqlite_store() { close(); }

void sqlite_store::append(std::vector<new_event> events, append_handler done) {
  writer_->submit(std::make_unique<append_job>(std::move(events), std::move(done)));
}

result<std::string> sqlite_store::event(event_id id) {
  return found_or("DecisionEvent", [&] { return readers_->use([&](auto& r) { return r.event(id); }); });
}

result<event_page> sqlite_store::query(const event_query& what) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.query(what); }); });
}

result<log_page> sqlite_store::log(incident_id id, std::uint64_t after, std::size_t limit) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.log(id, after, limit); }); });
}

result<covered_by> sqlite_store::request(std::string_view id) {
  return found_or("request", [&] { return readers_->use([&](auto& r) { return r.request(id); }); });
}

result<std::string> sqlite_store::incident_state_record(incident_id id) {
  return found_or("incident", [&] { return readers_->use([&](auto& r) { return r.incident_state_record(id); }); });
}

result<std::string> sqlite_store::escalation_record(incident_id id) {
  return found_or("incident", [&] { return readers_->use([&](auto& r) { return r.escalation_record(id); }); });
}

result<list_page> sqlite_store::incidents(const list_filter& filter) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.incidents(filter); }); });
}

result<list_page> sqlite_store::escalations(const list_filter& filter) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.escalations(filter); }); });
}

result<list_page> sqlite_store::approvals(const list_filter& filter) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.approvals(filter); }); });
}

result<std::string> sqlite_store::approval(approval_id id) {
  return found_or("approval request", [&] { return readers_->use([&](auto& r) { return r.approval(id); }); });
}

result<list_page> sqlite_store::postmortems(const list_filter& filter) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.postmortems(filter); }); });
}

result<std::string> sqlite_store::postmortem(postmortem_id id) {
  return found_or("post-mortem", [&] { return readers_->use([&](auto& r) { return r.postmortem(id); }); });
}

result<std::vector<due_incident>> sqlite_store::deadlines(time_point before, std::optional<list_cursor> after,
                                                          std::size_t limit) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.deadlines(before, after, limit); }); });
}

result<feed_page> sqlite_store::actions(feed_cursor after, std::size_t limit) {
  return guarded([&] { return readers_->use([&](auto& r) { return r.actions(after, limit); }); });
}

std::int64_t sqlite_store::committed_row() const { return writer_->committed_row(); }

void sqlite_store::on_commit(std::function<void()> notify) { writer_->on_commit(std::move(notify)); }

void sqlite_store::patch_incident_state(incident_id id, std::string patch, time_point now, text_handler done) {
  writer_->submit(make_job<std::string>(
      [=, patch = std::move(patch)](write_tools& tools) { return tools.records.patch_state(id, patch, now); },
      std::move(done)));
}

void sqlite_store::patch_escalation(incident_id id, std::string patch, time_point now, text_handler done) {
  writer_->submit(make_job<std::string>(
      [=, patch = std::move(patch)](write_tools& tools) { return tools.records.patch_escalation(id, patch, now); },
      std::move(done)));
}

result<policy_document> sqlite_store::policy(policy_kind kind, std::string_view id,
                                             std::optional<std::string> version) {
  return found_or("policy", [&] { return readers_->use([&](auto& r) { return r.policy(kind, id, version); }); });
}

void sqlite_store::put_policy(policy_document policy, put_handler done) {
  writer_->submit(make_job<put_outcome>(
      [policy = std::move(policy)](write_tools& tools) { return tools.records.put(policy); }, std::move(done)));
}

result<std::uint64_t> sqlite_store::policy_count() {
  return guarded([&] { return readers_->use([](auto& r) { return r.policy_count(); }); });
}

std::vector<health_check> sqlite_store::health() {
  const auto begun = std::chrono::steady_clock::now();
  health_check reading{"database_read", check_status::pass, {}, 0};
  if (const auto count = policy_count(); !count) {
    reading.status = check_status::fail;
    reading.message = count.error().message;
  }
  reading.duration_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  health_check writing{"database_write", check_status::pass, writer_->last_failure(), 0};
  if (!writing.message.empty()) writing.status = check_status::fail;
  health_check queue{"write_queue", check_status::pass, {}, 0};
  if (const auto waiting = writer_->waiting(); waiting > limits::waiting_writes / 2) {
    queue.status = check_status::warn;
    queue.message = std::to_string(waiting) + " writes wait";
  }
  return {std::move(reading), std::move(writing), std::move(queue)};
}

result<check_report> sqlite_store::rebuild_projections() {
  std::promise<result<check_report>> promise;
  auto future = promise.get_future();
  writer_->submit(make_job<check_report>(
      [](write_tools& tools) -> result<check_report> {
        tools.log.forget();
        return sqlite::rebuild(tools.db);
      },
      [&](result<check_report> report) { promise.set_value(std::move(report)); }));
  return future.get();
}

result<check_report> sqlite_store::check() {
  return guarded([&] {
    sqlite::connection db{file_, sqlite::open_mode::read_only, limits::page_cache_kb / 8};
    return sqlite::check(db);
  });
}

void sqlite_store::close() { writer_->close(); }

std::uint64_t sqlite_store::commits() const { return writer_->commits(); }

}  // namespace im::ruvector
