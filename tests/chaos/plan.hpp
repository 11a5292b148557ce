#pragma once
/// What a run does, all of it from its seed: requests to be sent and troubles to be made, in one order. Clients take the next
/// act as soon as they are free, so the order in which things are begun is the seed's, and only the rest is the machine's.

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fault_proxy.hpp"

namespace im::chaos {

namespace js = boost::json;

inline constexpr std::size_t managers = 2;
inline constexpr std::size_t topics = 6;  ///< what events are about; each is an incident at a time

/// Where a proxy stands.
enum class road : std::uint8_t {
  to_manager,  ///< between the clients and a manager
  to_store,    ///< between a manager and ruvector-service
};

struct trouble {
  enum class kind : std::uint8_t {
    kill_manager,
    drain_manager,
    start_manager,
    freeze_manager,
    thaw_manager,
    kill_store,
    start_store,
    freeze_store,
    thaw_store,
    kill_database,  ///< and, as the next two, nothing where the store has none
    start_database,
    end_sessions,  ///< of the database
    cut,           ///< every connection of a proxy, once
    spoil,         ///< a proxy's exchanges, until it is healed
    heal
  };
  kind what = kind::cut;
  std::size_t manager = 0;
  road where = road::to_store;
  test::fault_rule rule = {};
};

/// A request whose gaps are filled when it is sent: `{incident}` and `{gate}` in its target, and what stands below.
struct request_plan {
  std::string what;    ///< for people who read a failure
  std::string id;      ///< its execution id
  std::string target;  ///< path of a POST
  js::object body;
  std::size_t topic = 0;
  std::size_t manager = 0;                   ///< who is asked first
  bool opens_topic = false;                  ///< its answer names the topic's incident
  bool names_incident = false;               ///< by `incident_id`
  std::optional<std::size_t> any_gate = {};  ///< about one of the incident's pending gates: by this number
  std::optional<std::chrono::milliseconds> deadline = {};  ///< `approval_deadline`, from when it is sent
};

struct act {
  std::optional<trouble> make_trouble = {};
  std::size_t trouble_number = 0;  ///< 0, 1, 2 … over a plan
  request_plan send = {};
  std::chrono::milliseconds pause{0};  ///< of the client, after it
};

struct plan {
  std::uint64_t seed = 0;
  std::vector<act> acts;
};

[[nodiscard]] plan make_plan(std::uint64_t seed);

/// The policies of a run: those of deploy/policies with deadlines of seconds, so that they fall within it.
struct policy_documents {
  js::object escalation;
  js::object approval;
  js::object sla;
};
[[nodiscard]] policy_documents short_policies(js::object escalation, js::object approval, js::object sla);

}  // namespace im::chaos

namespace im {

IM_WIRE_WORDS(chaos::trouble::kind, heal, "kill_manager", "drain_manager", "start_manager", "freeze_manager",
              "thaw_manager", "kill_store", "start_store", "freeze_store", "thaw_store", "kill_database",
              "start_database", "end_sessions", "cut", "spoil", "heal");

}  // namespace im
