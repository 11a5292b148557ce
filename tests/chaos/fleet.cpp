#include "tests/chaos/fleet.hpp"

#include <fstream>
#include <stdexcept>

namespace im::chaos {

namespace {

void write_policies(const std::filesystem::path& folder) {
  std::filesystem::create_directory(folder);
  const auto read = [](const char* name) {
    return js::parse(e2e::read_file(e2e::project() / "deploy/policies" / name)).as_object();
  };
  const auto made =
      short_policies(read("escalation-default.json"), read("approval-default.json"), read("sla-default.json"));
  std::ofstream{folder / "escalation-default.json"} << js::serialize(made.escalation);
  std::ofstream{folder / "approval-default.json"} << js::serialize(made.approval);
  std::ofstream{folder / "sla-default.json"} << js::serialize(made.sla);
}

/// A program on the port that it had: while it was away another process may have had that for a moment.
std::unique_ptr<e2e::running_program> start_again(const char* name, const e2e::environment_map& settings,
                                                  const std::filesystem::path& log) {
  constexpr int tries = 5;
  for (int made = 1;; ++made) {
    try {
      return std::make_unique<e2e::running_program>(name, settings, log);
    } catch (const std::runtime_error&) {
      if (made == tries) throw;
    }
  }
}

}  // namespace

trouble_counts& trouble_counts::operator+=(const trouble_counts& more) {
  kills += more.kills;
  drains += more.drains;
  freezes += more.freezes;
  cuts += more.cuts;
  ended_sessions += more.ended_sessions;
  for (std::size_t i = 0; i < spoiled.size(); ++i) spoiled[i] += more.spoiled[i];
  return *this;
}

fleet::fleet(const std::filesystem::path& folder, std::uint64_t seed, test::temporary_postgres* database)
    : folder_{folder}, journal_{folder / "troubles"}, database_{database} {
  if (database_ != nullptr) {
    database_->start();  // the run before may have left it down
    database_url_ = database_->create_database();
  }
  write_policies(folder / "policies");
  store_settings_ = {{"RUVECTOR_PORT", "0"},
                     {"RUVECTOR_API_KEY", store_key},
                     {"RUVECTOR_ADDRESS", "127.0.0.1"},
                     {"RUVECTOR_POLICIES_DIR", (folder / "policies").string()},
                     {"RUVECTOR_DATABASE_URL", database_url_},
                     {"DATA_DIR", (folder / "data").string()}};
  start_store();
  for (std::size_t i = 0; i < managers; ++i) {
    auto& place = places_.at(i);
    place.to_store = std::make_unique<test::fault_proxy>(store_port_, seed * 10 + i);
    start_manager(i);
    place.to_manager = std::make_unique<test::fault_proxy>(place.port, seed * 10 + managers + i);
  }
}

void fleet::start_store() {
  store_settings_["RUVECTOR_PORT"] = std::to_string(store_port_);
  store_ = start_again("ruvector-service", store_settings_, folder_ / "store-log");
  store_port_ = store_->port();
  store_is_down_ = false;
}

void fleet::start_manager(std::size_t which) {
  auto& place = places_.at(which);
  auto settings = e2e::own_settings(folder_);
  settings["PLATFORM_ENV"] = "prod";
  settings["HTTP_PORT"] = std::to_string(place.port);
  settings["RUVECTOR_SERVICE_URL"] = place.to_store->url();
  settings["RUVECTOR_API_KEY"] = store_key;
  settings["RUVECTOR_TIMEOUT_MS"] = "500";
  settings["REQUEST_TIMEOUT_SECS"] = "3";
  settings["PASSIVATE_AFTER_SECS"] = "1";
  settings["DATA_DIR"] = (folder_ / "not-the-store").string();
  place.process = start_again("llm-incident-manager", settings, folder_ / ("manager-log-" + std::to_string(which)));
  place.port = place.process->port();
  place.is_down = false;
}

test::fault_proxy& fleet::proxy(const trouble& of) {
  auto& place = places_.at(of.manager);
  return of.where == road::to_manager ? *place.to_manager : *place.to_store;
}

void fleet::make(const trouble& wanted) {
  using enum trouble::kind;
  journal_ << e2e::time_text() << ' ' << to_string(wanted.what) << ' ' << wanted.manager << ' '
           << (wanted.where == road::to_store ? "to the store " : "from the clients ") << to_string(wanted.rule.kind)
           << ' ' << wanted.rule.share << std::endl;  // a run that hangs is to show where
  switch (wanted.what) {
    case kill_manager:
    case drain_manager:
    case start_manager:
    case freeze_manager:
    case thaw_manager: return make_manager_trouble(wanted);
    case kill_store:
    case start_store:
    case freeze_store:
    case thaw_store: return make_store_trouble(wanted);
    case kill_database:
    case start_database:
    case end_sessions: return make_database_trouble(wanted);
    case cut: ++counts_.cuts; return proxy(wanted).cut_all();
    case spoil: return proxy(wanted).inject(wanted.rule);
    case heal: return proxy(wanted).heal();
  }
}

void fleet::make_manager_trouble(const trouble& wanted) {
  auto& place = places_.at(wanted.manager);
  if (wanted.what == trouble::kind::start_manager) return start_manager(wanted.manager);
  if (wanted.what == trouble::kind::thaw_manager) return place.process->thaw();
  if (wanted.what == trouble::kind::freeze_manager) {
    ++counts_.freezes;
    return place.process->freeze();
  }
  place.is_down = true;
  if (wanted.what == trouble::kind::kill_manager) {
    ++counts_.kills;
    return place.process->kill();
  }
  ++counts_.drains;
  if (place.process->stop() != 0) throw std::runtime_error{"a manager that was told to stop did not end with 0"};
}

void fleet::make_store_trouble(const trouble& wanted) {
  if (wanted.what == trouble::kind::start_store) return start_store();
  if (wanted.what == trouble::kind::thaw_store) return store_->thaw();
  if (wanted.what == trouble::kind::freeze_store) {
    ++counts_.freezes;
    return store_->freeze();
  }
  ++counts_.kills;
  store_is_down_ = true;
  store_->kill();
}

void fleet::make_database_trouble(const trouble& wanted) {
  if (database_ == nullptr) return;
  if (wanted.what == trouble::kind::start_database) return database_->start();
  if (wanted.what == trouble::kind::kill_database) {
    ++counts_.kills;
    return database_->kill();
  }
  ++counts_.ended_sessions;
  (void)test::run_sql(database_->url_of("postgres"),
                      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
}

void fleet::calm() {
  if (database_ != nullptr) database_->start();
  if (store_is_down_) start_store();
  store_->thaw();
  for (std::size_t i = 0; i < managers; ++i) {
    auto& place = places_.at(i);
    place.to_manager->heal();
    place.to_store->heal();
    if (place.is_down) start_manager(i);
    place.process->thaw();
  }
}

bool fleet::stop_managers() {
  bool clean = true;
  for (auto& place : places_) place.process->terminate();
  for (auto& place : places_) clean = place.process->ended() == 0 && clean;
  return clean;
}

trouble_counts fleet::counts() const {
  auto all = counts_;
  for (const auto& place : places_)
    for (const auto* proxy : {place.to_manager.get(), place.to_store.get()}) {
      const auto spoiled = proxy->spoiled();
      for (std::size_t i = 0; i < spoiled.size(); ++i) all.spoiled[i] += spoiled[i];
    }
  return all;
}

}  // namespace im::chaos
