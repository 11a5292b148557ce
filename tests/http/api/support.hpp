#pragma once
/// Handlers under test without a socket: routes are matched and called as the server does it, over ports that tests script.

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/api/api.hpp"
#include "messages/json/codec.hpp"
#include "messages/store_pages.hpp"

namespace im::api::test {

inline constexpr std::string_view now_text = "2026-11-22T01:00:00.000Z";
inline constexpr std::string_view some_incident = "0193502a-7c00-7000-8000-000000000001";
inline constexpr std::string_view some_gate = "0193502a-7c00-7000-8000-0000000000a1";
inline constexpr std::string_view some_postmortem = "0193502a-7c00-7000-8000-0000000000b1";

[[nodiscard]] time_point at(std::string_view text);

/// A value of a document by its path: `error.details.errors.0.field`. Text for strings, JSON for others, `(none)` for nothing.
[[nodiscard]] std::string value_at(const json::node& root, std::string_view path);

struct answer {
  http::response raw;
  json::document document;

  [[nodiscard]] unsigned code() const { return static_cast<unsigned>(raw.code); }
  [[nodiscard]] std::string at(std::string_view path) const { return value_at(document.root(), path); }
  /// The bad fields of an error: `field CODE`, in their order.
  [[nodiscard]] std::vector<std::string> bad_fields() const;
};

class fake_incidents final : public incident_service {
public:
  using script = std::function<result<reply>(const command&)>;

  [[nodiscard]] result<admission::ticket> admit(std::size_t wanted) override {
    if (auto admitted = under_way->enter(wanted)) return std::move(*admitted);
    return fail(errc::overloaded, "too much is under way");
  }
  void submit(command c, reply_handler done) override {
    commands.push_back(c);
    if (holds) return held.push_back(std::move(done));
    done(answers(c));
  }
  void submit_all(std::vector<std::pair<command, reply_handler>> all) override;
  void await_verdict(incident_id incident, approval_id request, milliseconds wait, reply_handler done) override;
  void check_policies(check_handler done) override { done(policies); }

  [[nodiscard]] const command& last() const { return commands.back(); }
  template <class Command>
  [[nodiscard]] const Command& last_as() const {
    return std::get<Command>(commands.back().body);
  }

  script answers;
  std::vector<command> commands;
  result<void> policies;
  bool holds = false;  ///< answers nothing by itself
  std::vector<reply_handler> held;
  std::shared_ptr<admission> under_way = admission::of(100'000);
  std::size_t hand_overs = 0;  ///< calls of submit_all
  std::vector<std::pair<approval_id, milliseconds>> waits;
};

class fake_store final : public store_queries, public store_health {
public:
  void list(view which, const string_map& filters, text_handler done) override;
  void get(view which, const uuid& id, text_handler done) override;
  void incident_log(incident_id id, std::uint64_t after, std::size_t limit, text_handler done) override;
  void orchestrator_actions(std::string after, seconds wait, text_handler done) override;
  void check(handler done) override;

  std::map<uuid, std::string> documents;
  std::string page = write_list_page({});
  std::string log = write_log_page({}, 0);
  std::deque<std::string> pages;  ///< of the action feed, in turn; then it is at its end
  store_condition condition;
  std::optional<error> broken;  ///< what every call fails with
  view listed = view::incidents;
  string_map filters;
  std::vector<std::string> asked;  ///< `log 5 100`, `actions c7 30`
};

class fixed_clock final : public wall_clock {
public:
  [[nodiscard]] time_point now() const override { return at(text); }
  std::string_view text = now_text;
};

/// An incident that was opened; its state as replies carry it.
[[nodiscard]] incident_state some_state();
/// A reply with a decision whose outputs are this text.
[[nodiscard]] reply decided(std::string outputs = "{}", incident_state state = some_state());
[[nodiscard]] gate_state some_pending_gate(gate_purpose purpose = gate_purpose::action);

using header_list = std::vector<std::pair<std::string, std::string>>;

/// All routes over fakes. A command is answered with `decided()` unless the test says otherwise.
class surface {
public:
  surface();
  explicit surface(const std::function<void(dependencies&)>& adjust);

  /// `hear` gets the answer when it comes.
  void send(http::verb method, std::string_view target, std::string body, const header_list& headers,
            std::function<void(http::response&&)> hear);
  /// The answer, which must have come when the handler returns.
  [[nodiscard]] http::response call(http::verb method, std::string_view target, std::string body = {},
                                    const header_list& headers = {});
  [[nodiscard]] answer get(std::string_view target, const header_list& headers = {});
  [[nodiscard]] answer post(std::string_view target, std::string body = {}, const header_list& headers = {});
  [[nodiscard]] answer patch(std::string_view target, std::string body);

  fake_incidents incidents;
  fake_store store;
  fixed_clock clock;
  std::vector<std::string> failures;  ///< what `on_failed` was told
  http::router routes;
};

[[nodiscard]] answer parsed(http::response raw);

}  // namespace im::api::test
