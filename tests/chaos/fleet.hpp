#pragma once
/// The processes of a run and the roads between them: ruvector-service, two managers, and a fault proxy on each road.

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "tests/chaos/plan.hpp"
#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"
#include "tests/support/fault_proxy.hpp"
#include "tests/support/temporary_postgres.hpp"

namespace im::chaos {

inline constexpr const char* store_key = "the-key-of-the-chaos-runs";

/// What was done to the processes and the roads.
struct trouble_counts {
  std::size_t kills = 0;
  std::size_t drains = 0;
  std::size_t freezes = 0;
  std::size_t cuts = 0;
  std::size_t ended_sessions = 0;  ///< times that all sessions of the database were ended
  test::fault_proxy::fault_counts spoiled{};

  trouble_counts& operator+=(const trouble_counts& more);
};

/// Its troubles are made one at a time.
class fleet {
public:
  /// Everything is under `folder`. With a `database` the store keeps it there, in a new one, else in SQLite. Throws
  /// std::runtime_error when something does not start.
  fleet(const std::filesystem::path& folder, std::uint64_t seed, test::temporary_postgres* database = nullptr);

  void make(const trouble& wanted);
  /// Everything runs and every road is open.
  void calm();

  /// Where the clients reach a manager: through its proxy, and so always the same.
  [[nodiscard]] std::string manager_url(std::size_t which) const { return front(which).url(); }
  [[nodiscard]] std::string store_url() const { return store_->url(); }
  [[nodiscard]] const e2e::environment_map& store_settings() const { return store_settings_; }

  /// SIGTERM; whether each of them ended with 0.
  [[nodiscard]] bool stop_managers();
  [[nodiscard]] bool stop_store() { return store_->stop() == 0; }

  [[nodiscard]] trouble_counts counts() const;

private:
  struct manager_place {
    std::unique_ptr<e2e::running_program> process;
    std::unique_ptr<test::fault_proxy> to_manager;
    std::unique_ptr<test::fault_proxy> to_store;
    std::uint16_t port = 0;
    bool is_down = false;
  };

  void make_manager_trouble(const trouble& wanted);
  void make_store_trouble(const trouble& wanted);
  void make_database_trouble(const trouble& wanted);
  void start_store();
  void start_manager(std::size_t which);
  [[nodiscard]] test::fault_proxy& proxy(const trouble& of);
  [[nodiscard]] const test::fault_proxy& front(std::size_t which) const { return *places_.at(which).to_manager; }

  std::filesystem::path folder_;
  std::ofstream journal_;
  test::temporary_postgres* database_;
  std::string database_url_;
  e2e::environment_map store_settings_;
  std::unique_ptr<e2e::running_program> store_;
  std::uint16_t store_port_ = 0;
  bool store_is_down_ = false;
  std::array<manager_place, managers> places_;
  trouble_counts counts_;
};

}  // namespace im::chaos
