#include "tests/chaos/storm.hpp"

#include <algorithm>
#include <stdexcept>

#include "tests/chaos/clients.hpp"

namespace im::chaos {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds calm_after{20'000};  // the longest until everything serves again
constexpr milliseconds catch_up{15'000};    // and from then until what was due has been done
constexpr milliseconds agree_after{5'000};  // and until both managers say the same
constexpr milliseconds between_looks{200};
constexpr std::size_t page_events = 500;

milliseconds since(clock::time_point start) { return std::chrono::duration_cast<milliseconds>(clock::now() - start); }

/// Asks until it holds; false when `longest` is over first.
template <class Question>
bool eventually(milliseconds longest, Question holds) {
  const auto start = clock::now();
  for (;;) {
    if (holds()) return true;
    if (since(start) > longest) return false;
    e2e::wait_until(system_wall_clock{}.now() + between_looks);
  }
}

/// The log as ruvector-service gives it, byte for byte.
incident_log read_log(e2e::caller& store, const std::string& id) {
  incident_log log{id, {}, {}};
  for (;;) {
    const auto page = store.get("/api/v1/incidents/" + id + "/log?limit=" + std::to_string(page_events) +
                                "&after=" + std::to_string(log.events.size()));
    if (page.status != 200) throw std::runtime_error{"the store gives no log of " + id + ": " + page.text};
    const auto texts = elements_of(page.text, "events");
    for (const auto& text : texts) {
      log.texts.push_back(text);
      log.events.push_back(js::parse(text));
    }
    if (texts.size() < page_events) return log;
  }
}

std::vector<incident_log> read_logs(e2e::caller& store) {
  const auto page = store.get("/api/v1/incidents?limit=1000");
  if (page.status != 200) throw std::runtime_error{"the store gives no incidents: " + page.text};
  std::vector<incident_log> logs;
  for (const auto& item : page.list("/items")) logs.push_back(read_log(store, std::string{item.at("id").as_string()}));
  return logs;
}

/// Both managers say of every incident what its log says; those that are at rest are compared at rest.
std::vector<std::string> differences(std::array<e2e::caller, managers>& to, e2e::caller& store) {
  std::vector<std::string> found;
  for (const auto& log : read_logs(store)) {
    std::string said;
    for (std::size_t i = 0; i < managers; ++i) {
      const auto heard = to.at(i).get("/api/v1/incidents/" + log.id);
      const auto now = heard.status == 200 ? std::to_string(heard.number("/data/sequence")) + ' ' +
                                                 heard.str("/data/status") + (heard.has("/stale") ? " stale" : "")
                                           : std::to_string(heard.status) + ' ' + heard.text;
      if (i > 0 && now != said) found.push_back(log.id + ": one manager says " + said + ", the other " + now);
      said = now;
    }
    // What nobody touched while both were asked has the sequence that they say.
    const auto head = std::to_string(log.events.size()) + ' ';
    if (!said.starts_with(head) && read_log(store, log.id).events.size() == log.events.size())
      found.push_back(log.id + ": the managers say " + said + ", and the log has " + head + "events");
  }
  return found;
}

class storm {
public:
  storm(std::uint64_t seed, const std::filesystem::path& folder, test::temporary_postgres* database)
      : folder_{folder}, plan_{make_plan(seed)}, fleet_{folder, seed, database}, clients_{fleet_, plan_} {
    result_.seed = seed;
  }

  storm_result run() {
    const auto start = clock::now();
    clients_.run();
    fleet_.calm();
    come_to_rest();
    if (!fleet_.stop_managers()) wrong("a manager did not stop with 0");
    {
      e2e::caller store{fleet_.store_url(), store_key};
      result_.logs = read_logs(store);
    }
    if (!fleet_.stop_store()) wrong("ruvector-service did not stop with 0");
    for (const auto* command : {"check", "verify"}) care(command);
    judge();
    result_.troubles = fleet_.counts();
    result_.lasted = since(start);
    return std::move(result_);
  }

private:
  void wrong(std::string what) { result_.found.push_back({{}, std::move(what)}); }

  void come_to_rest() {
    std::array<e2e::caller, managers> to{e2e::caller{fleet_.manager_url(0)}, e2e::caller{fleet_.manager_url(1)}};
    e2e::caller store{fleet_.store_url(), store_key};
    const bool ready = eventually(calm_after, [&] {
      return std::ranges::all_of(to, [](e2e::caller& one) { return one.get("/health/ready").status == 200; });
    });
    if (!ready) return wrong("the managers do not serve again");
    const auto all_run_since = clock::now();
    const auto moment = e2e::time_text();
    clients_.settle();
    std::vector<std::string> late;
    (void)eventually(catch_up, [&] {
      late.clear();
      for (const auto& log : read_logs(store))
        for (const auto& due : overdue(log, moment)) late.push_back(log.id + ": " + due);
      return late.empty();
    });
    result_.to_catch_up = since(all_run_since);
    for (const auto& missed : late) wrong("a deadline is missed, " + missed);
    std::vector<std::string> told;
    (void)eventually(agree_after, [&] {
      told = differences(to, store);
      return told.empty();
    });
    for (const auto& difference : told) wrong(difference);
  }

  /// ruvector-service looks at its own store, stopped; what it says first when it finds fault.
  void care(const char* command) {
    child_process process{e2e::program("ruvector-service"), {command}, fleet_.store_settings(), folder_ / "care-log"};
    const auto told = process.wait_for_line("", e2e::patience);
    if (process.wait(e2e::patience) != 0)
      wrong(std::string{"ruvector-service "} + command + " finds fault: " + told.value_or("it says nothing"));
  }

  void judge() {
    auto& found = result_.found;
    const auto policy = js::parse(e2e::read_file(folder_ / "policies" / "approval-default.json")).as_object();
    result_.entries = clients_.outcomes();
    const auto& entries = result_.entries;
    judge_requests(result_.logs, entries, result_.counted, found);
    judge_openings(result_.logs, found);
    for (const auto& log : result_.logs) {
      judge_chain(log, found);
      judge_gates(log, policy, result_.counted, found);
      judge_clock(log, found);
    }
    for (const auto& entry : entries) {
      result_.refused += entry.end == ending::refused ? 1 : 0;
      result_.unknown += entry.end == ending::unknown ? 1 : 0;
    }
  }

  std::filesystem::path folder_;
  plan plan_;
  fleet fleet_;
  clients clients_;
  storm_result result_;
};

}  // namespace

storm_result run_storm(std::uint64_t seed, const std::filesystem::path& folder, test::temporary_postgres* database) {
  return storm{seed, folder, database}.run();
}

}  // namespace im::chaos
