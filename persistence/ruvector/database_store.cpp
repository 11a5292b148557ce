#include "persistence/ruvector/database_store.hpp"

#include <chrono>
#include <future>

#include "persistence/ruvector/care.hpp"
#include "persistence/ruvector/postgres.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector {

namespace {

/// A reader's find as a result.
template <class Find>
auto found_or(const char* what, Find&& find) -> result<typename decltype(find())::value_type> {
  auto found = guarded(std::forward<Find>(find));
  if (!found) return std::unexpected{std::move(found.error())};
  if (!*found) return fail(errc::not_found, std::string{"there is no such "} + what);
  return std::move(**found);
}

class append_job final : public write_job {
public:
  append_job(std::vector<new_event> events, append_handler done) : events_{std::move(events)}, done_{std::move(done)} {}

  void run(write_tools& tools) override { results_ = tools.log.append(events_); }
  void succeed() noexcept override { done_(std::move(results_)); }
  void refuse(const error& why) noexcept override { done_(std::unexpected{why}); }
  [[nodiscard]] std::span<const new_event> events() const override { return events_; }

private:
  std::vector<new_event> events_;
  append_handler done_;
  std::vector<append_result> results_;
};

/// Any other write: `work` gives the result, which leaves when it is durable.
template <class T>
class record_job final : public write_job {
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
std::unique_ptr<write_job> make_job(typename record_job<T>::work w, std::move_only_function<void(result<T>)> done) {
  return std::make_unique<record_job<T>>(std::move(w), std::move(done));
}

}  // namespace

template <class Driver>
database_store<Driver>::database_store(source from, std::unique_ptr<write_session> session,
                                       const read_settings& reading)
    : from_{std::move(from)},
      writer_{std::move(session)},
      readers_{reading.readers, [this] { return std::make_unique<reader<Driver>>(from_); }},
      lists_{reading.list_readers,
             [this, time = reading.list_time] { return std::make_unique<list_reader<Driver>>(from_, time); }} {
  const auto report = [this](const std::string& what) { writer_.troubles().report(trouble::damage, what); };
  readers_.on_damage(report);
  lists_.on_damage(report);
}

template <class Driver>
database_store<Driver>::~database_store() {
  close();
}

template <class Driver>
void database_store<Driver>::append(std::vector<new_event> events, append_handler done) {
  writer_.submit(std::make_unique<append_job>(std::move(events), std::move(done)));
}

template <class Driver>
result<std::string> database_store<Driver>::event(event_id id) {
  return found_or("DecisionEvent", [&] { return readers_.use([&](auto& r) { return r.event(id); }); });
}

template <class Driver>
result<event_page> database_store<Driver>::query(const event_query& what) {
  return list([&](auto& r) { return r.query(what); });
}

template <class Driver>
result<log_page> database_store<Driver>::log(incident_id id, std::uint64_t after, std::size_t limit) {
  return guarded([&] { return readers_.use([&](auto& r) { return r.log(id, after, limit); }); });
}

template <class Driver>
result<std::vector<incident_id>> database_store<Driver>::with_log(std::span<const incident_id> among) {
  return guarded([&] { return readers_.use([&](auto& r) { return r.with_log(among); }); });
}

template <class Driver>
result<std::vector<std::optional<newest_incident>>> database_store<Driver>::newest_of(
    std::span<const std::string> fingerprints) {
  return guarded([&] { return readers_.use([&](auto& r) { return r.newest_of(fingerprints); }); });
}

template <class Driver>
result<covered_by> database_store<Driver>::request(std::string_view id) {
  return found_or("request", [&] { return readers_.use([&](auto& r) { return r.request(id); }); });
}

template <class Driver>
result<std::string> database_store<Driver>::incident_state_record(incident_id id) {
  return found_or("incident", [&] { return readers_.use([&](auto& r) { return r.incident_state_record(id); }); });
}

template <class Driver>
result<std::string> database_store<Driver>::escalation_record(incident_id id) {
  return found_or("incident", [&] { return readers_.use([&](auto& r) { return r.escalation_record(id); }); });
}

template <class Driver>
result<list_page> database_store<Driver>::incidents(const list_filter& filter) {
  if (filter.is_lookup())
    return guarded([&] { return readers_.use([&](auto& r) { return r.newest_page(*filter.fingerprint); }); });
  return list([&](auto& r) { return r.incidents(filter); });
}

template <class Driver>
result<list_page> database_store<Driver>::escalations(const list_filter& filter) {
  return list([&](auto& r) { return r.escalations(filter); });
}

template <class Driver>
result<list_page> database_store<Driver>::approvals(const list_filter& filter) {
  return list([&](auto& r) { return r.approvals(filter); });
}

template <class Driver>
result<std::string> database_store<Driver>::approval(approval_id id) {
  return found_or("approval request", [&] { return readers_.use([&](auto& r) { return r.approval(id); }); });
}

template <class Driver>
result<list_page> database_store<Driver>::postmortems(const list_filter& filter) {
  return list([&](auto& r) { return r.postmortems(filter); });
}

template <class Driver>
result<std::string> database_store<Driver>::postmortem(postmortem_id id) {
  return found_or("post-mortem", [&] { return readers_.use([&](auto& r) { return r.postmortem(id); }); });
}

template <class Driver>
result<std::vector<due_incident>> database_store<Driver>::deadlines(time_point before, std::optional<list_cursor> after,
                                                                    std::size_t limit) {
  return guarded([&] { return readers_.use([&](auto& r) { return r.deadlines(before, after, limit); }); });
}

template <class Driver>
result<feed_page> database_store<Driver>::actions(feed_cursor after, std::size_t limit) {
  return guarded([&] { return readers_.use([&](auto& r) { return r.actions(after, limit); }); });
}

template <class Driver>
std::int64_t database_store<Driver>::committed_row() const {
  return writer_.committed_row();
}

template <class Driver>
result<std::int64_t> database_store<Driver>::newest_row() {
  return guarded([&] { return readers_.use([](auto& r) { return r.newest_row(); }); });
}

template <class Driver>
void database_store<Driver>::on_trouble(trouble_handler tell) {
  writer_.troubles().on_trouble(std::move(tell));
}

template <class Driver>
void database_store<Driver>::on_stopped(std::function<void(const std::string& why)> tell) {
  writer_.on_stopped(std::move(tell));
}

template <class Driver>
void database_store<Driver>::on_commit(std::function<void()> notify) {
  writer_.on_commit(std::move(notify));
}

template <class Driver>
void database_store<Driver>::patch_incident_state(incident_id id, std::string patch, time_point now,
                                                  text_handler done) {
  writer_.submit(make_job<std::string>(
      [=, patch = std::move(patch)](write_tools& tools) { return tools.session.records().patch_state(id, patch, now); },
      std::move(done)));
}

template <class Driver>
void database_store<Driver>::patch_escalation(incident_id id, std::string patch, time_point now, text_handler done) {
  writer_.submit(make_job<std::string>(
      [=, patch = std::move(patch)](write_tools& tools) {
        return tools.session.records().patch_escalation(id, patch, now);
      },
      std::move(done)));
}

template <class Driver>
result<policy_document> database_store<Driver>::policy(policy_kind kind, std::string_view id,
                                                       std::optional<std::string> version) {
  return found_or("policy", [&] { return readers_.use([&](auto& r) { return r.policy(kind, id, version); }); });
}

template <class Driver>
void database_store<Driver>::put_policy(policy_document policy, put_handler done) {
  writer_.submit(make_job<put_outcome>(
      [policy = std::move(policy)](write_tools& tools) { return tools.session.records().put(policy); },
      std::move(done)));
}

template <class Driver>
result<std::uint64_t> database_store<Driver>::policy_count() {
  return guarded([&] { return readers_.use([](auto& r) { return r.policy_count(); }); });
}

template <class Driver>
std::vector<health_check> database_store<Driver>::health() {
  const auto begun = std::chrono::steady_clock::now();
  health_check reading{"database_read", check_status::pass, {}, 0};
  if (const auto count = policy_count(); !count) {
    reading.status = check_status::fail;
    reading.message = count.error().message;
  }
  reading.duration_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  const auto& troubles = writer_.troubles();
  health_check writing{"database_write", check_status::pass, troubles.why(trouble::writes), 0};
  if (!writing.message.empty()) {
    writing.status = check_status::fail;
    probe();
  }
  std::vector<health_check> checks{std::move(reading), std::move(writing)};
  const auto warn = [&](std::string name, std::string what) {
    const auto status = what.empty() ? check_status::pass : check_status::warn;
    checks.push_back({std::move(name), status, std::move(what), 0});
  };
  const auto waiting = writer_.waiting();
  warn("write_queue", waiting > limits::waiting_writes / 2 ? std::to_string(waiting) + " writes wait" : std::string{});
  warn("database_checkpoint", troubles.why(trouble::checkpoint));
  warn("database_log_size", troubles.why(trouble::log_size));
  warn("database_damage", troubles.why(trouble::damage));
  return checks;
}

/// Whoever is sent here only while this store is healthy would never write again: so while writes fail, the question itself has
/// the next one tried. Its answer is in the next health.
template <class Driver>
void database_store<Driver>::probe() {
  if (probing_.exchange(true)) return;
  writer_.submit(make_job<bool>(
      [](write_tools& tools) -> result<bool> {
        tools.session.probe();
        return true;
      },
      [this](const result<bool>&) { probing_ = false; }));
}

template <class Driver>
result<check_report> database_store<Driver>::rebuild_projections() {
  std::promise<result<check_report>> promise;
  auto future = promise.get_future();
  writer_.submit(make_job<check_report>(
      [](write_tools& tools) -> result<check_report> {
        tools.log.forget();
        return tools.session.rebuild();
      },
      [&](result<check_report> report) { promise.set_value(std::move(report)); }));
  return future.get();
}

template <class Driver>
result<check_report> database_store<Driver>::check() {
  return guarded([&] {
    auto db = Driver::connect_checker(from_);
    return ruvector::check<Driver>(db);
  });
}

template <class Driver>
result<verify_report> database_store<Driver>::verify() {
  return guarded([&] {
    auto db = Driver::connect_checker(from_);
    return ruvector::verify<Driver>(db);
  });
}

template <class Driver>
result<void> database_store<Driver>::export_events(const document_taker& take, const document_taker& damage) {
  const auto done = guarded([&] {
    auto db = Driver::connect_checker(from_);
    ruvector::export_events<Driver>(db, take, damage);
    return true;
  });
  if (!done) return std::unexpected{done.error()};
  return {};
}

template <class Driver>
void database_store<Driver>::close() {
  writer_.close();
}

template class database_store<postgres::driver>;
template class database_store<sqlite::driver>;

}  // namespace im::ruvector
