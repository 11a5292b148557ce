#include "tests/chaos/clients.hpp"

#include <stdexcept>
#include <thread>

namespace im::chaos {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t threads = 5;
constexpr milliseconds answer_timeout{500};  // of one attempt
constexpr milliseconds give_up_after{800};   // all attempts of one request together
constexpr milliseconds between_attempts{60};
constexpr milliseconds settle_timeout{5000};

void replace(std::string& text, std::string_view gap, std::string_view value) {
  if (const auto at = text.find(gap); at != std::string::npos) text.replace(at, gap.size(), value);
}

bool says_nothing_was_done(const e2e::answer& heard) {
  return heard.status == 429 || heard.text.find("nothing was done") != std::string::npos;
}

bool is_worth_repeating(const e2e::answer& heard) {
  return heard.status == 0 || heard.status == 429 || heard.status >= 500;
}

/// The incident that a success is about, where it says so.
std::string incident_in(const e2e::answer& heard) {
  for (const auto* pointer : {"/decision_event/incident_id", "/incident_id"})
    if (heard.has(pointer)) return heard.str(pointer);
  return {};
}

/// What one more answer makes of a request that is under way.
void take_answer(entry& so_far, const e2e::answer& heard) {
  ++so_far.attempts;
  so_far.status = heard.status;
  so_far.text = heard.status < 300 && heard.status != 0 ? std::string{} : heard.text;
  const bool left_open = so_far.attempts > 1 && so_far.end == ending::unknown;
  if (heard.status >= 200 && heard.status < 300) {
    const bool recorded = !heard.has("/persisted") || heard.flag("/persisted");
    so_far.end = recorded ? ending::acknowledged : ending::unchanged;
    so_far.incident = incident_in(heard);
  } else if (left_open || (is_worth_repeating(heard) && !says_nothing_was_done(heard))) {
    so_far.end = ending::unknown;  // what an earlier attempt left open, a later no does not settle
  } else {
    so_far.end = ending::refused;
    so_far.by_rule = !is_worth_repeating(heard);
  }
}

}  // namespace

/// One thread's client.
class clients::one {
public:
  explicit one(clients& all)
      : all_{all},
        managers_{e2e::caller{all.fleet_.manager_url(0), {}, answer_timeout},
                  e2e::caller{all.fleet_.manager_url(1), {}, answer_timeout}} {}

  void run() {
    for (auto next = all_.next_++; next < all_.plan_.acts.size(); next = all_.next_++) {
      const auto& wanted = all_.plan_.acts[next];
      if (wanted.make_trouble)
        all_.ask_for_trouble(*wanted.make_trouble, wanted.trouble_number);
      else
        send(wanted.send);
      e2e::wait_until(system_wall_clock{}.now() + wanted.pause);
    }
  }

private:
  void send(const request_plan& wanted) {
    open_request made{{.id = wanted.id, .what = wanted.what}, wanted.manager, wanted.target, wanted.body};
    if (!fill(wanted, made)) return;  // nothing to be about yet
    const auto until = std::chrono::steady_clock::now() + give_up_after;
    for (auto asked = wanted.manager;; asked = 1 - asked) {
      const auto heard = managers_.at(asked).post(made.target, made.body);
      take_answer(made.so_far, heard);
      if (wanted.opens_topic && !made.so_far.incident.empty()) {
        const std::lock_guard lock{all_.mutex_};
        all_.incidents_.at(wanted.topic) = made.so_far.incident;
      }
      if (!is_worth_repeating(heard) || std::chrono::steady_clock::now() >= until) break;
      e2e::wait_until(system_wall_clock{}.now() + between_attempts);
    }
    if (made.so_far.end != ending::unknown) return all_.ledger_.add(std::move(made.so_far));
    const std::lock_guard lock{all_.mutex_};
    all_.open_.push_back(std::move(made));
  }

  bool fill(const request_plan& wanted, open_request& made) {
    std::string incident;
    {
      const std::lock_guard lock{all_.mutex_};
      incident = all_.incidents_.at(wanted.topic);
    }
    if (incident.empty() && !wanted.opens_topic) return false;
    replace(made.target, "{incident}", incident);
    if (wanted.names_incident) made.body["incident_id"] = incident;
    if (wanted.opens_topic) made.body["timestamp"] = e2e::time_text();
    if (wanted.deadline) made.body["approval_deadline"] = e2e::time_text(*wanted.deadline);
    if (!wanted.any_gate) return true;
    const auto gate = some_gate(incident, *wanted.any_gate, wanted.manager);
    made.body["approval_request_id"] = gate;
    return !gate.empty();
  }

  /// One of the gates that an incident waits for; empty when there is none, or nobody says.
  std::string some_gate(const std::string& incident, std::size_t number, std::size_t manager) {
    const auto page = managers_.at(manager).get("/api/v1/agents/hitl/list?limit=50&incident_id=" + incident);
    if (page.status != 200 || !page.has("/data/items") || page.list("/data/items").empty()) return {};
    const auto& items = page.list("/data/items");
    const auto& item = items[number % items.size()];
    const auto* id = item.is_object() ? item.get_object().if_contains("approval_request_id") : nullptr;
    return id != nullptr && id->is_string() ? std::string{id->get_string()} : std::string{};
  }

  clients& all_;
  std::array<e2e::caller, managers> managers_;
};

/// Troubles are made in the plan's order, whoever comes to them: what thaws a process must not come before what freezes it.
/// All are made on one thread, which outlives them: PostgreSQL ends with the thread that started it.
void clients::ask_for_trouble(const trouble& wanted, std::size_t number) {
  std::unique_lock lock{turn_mutex_};
  turn_changed_.wait(lock, [&] { return turn_ == number; });
  wanted_ = &wanted;
  turn_changed_.notify_all();
  turn_changed_.wait(lock, [&] { return turn_ > number; });
}

void clients::make_troubles() {
  std::unique_lock lock{turn_mutex_};
  for (;;) {
    turn_changed_.wait(lock, [&] { return wanted_ != nullptr || running_ == 0; });
    if (wanted_ == nullptr) return;
    try {
      fleet_.make(*wanted_);
    } catch (const std::exception& e) {
      fail(e.what());  // the others go on, so that nobody waits for ever
    }
    wanted_ = nullptr;
    ++turn_;
    turn_changed_.notify_all();
  }
}

void clients::fail(std::string_view why) {
  const std::lock_guard lock{mutex_};
  failure_ = why;
}

void clients::run() {
  running_ = threads;
  std::vector<std::jthread> senders;
  for (std::size_t i = 0; i < threads; ++i)
    senders.emplace_back([this] {
      try {
        one{*this}.run();
      } catch (const std::exception& e) {
        fail(e.what());
      }
      const std::lock_guard lock{turn_mutex_};
      --running_;
      turn_changed_.notify_all();
    });
  make_troubles();
  senders.clear();
  if (!failure_.empty()) throw std::runtime_error{failure_};
}

void clients::settle() {
  std::array<e2e::caller, managers> to{e2e::caller{fleet_.manager_url(0), {}, settle_timeout},
                                       e2e::caller{fleet_.manager_url(1), {}, settle_timeout}};
  for (auto& left : std::exchange(open_, {})) {
    take_answer(left.so_far, to.at(1 - left.manager).post(left.target, left.body));
    ledger_.add(std::move(left.so_far));
  }
}

}  // namespace im::chaos
