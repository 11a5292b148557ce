#pragma once
/// What a test says to the service, and what it hears.

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/sync_client.hpp"

namespace im::e2e {

namespace js = boost::json;

struct answer {
  unsigned status = 0;
  std::string text;
  js::value body;  ///< null when the text is no JSON
  http::header_fields headers;

  /// The value at a JSON pointer, such as `/data/status`. Throws std::runtime_error, with the whole answer, when there is none.
  [[nodiscard]] const js::value& at(std::string_view pointer) const;
  [[nodiscard]] bool has(std::string_view pointer) const;
  /// The text at a pointer.
  [[nodiscard]] std::string str(std::string_view pointer) const;
  [[nodiscard]] std::int64_t number(std::string_view pointer) const;
  [[nodiscard]] bool flag(std::string_view pointer) const { return at(pointer).as_bool(); }
  [[nodiscard]] const js::array& list(std::string_view pointer) const { return at(pointer).as_array(); }
  /// `/error/code` of a failure in the AgentResult form, else empty.
  [[nodiscard]] std::string code() const;
  [[nodiscard]] bool replayed() const { return headers.get("Idempotent-Replayed") == "true"; }
};

/// Calls of one client. Its answers have any status; 0 stands for none at all.
class caller {
public:
  using header_list = http::sync_client::header_list;

  /// `longest` is how long it waits for an answer.
  explicit caller(const std::string& url, std::string bearer = {},
                  std::chrono::milliseconds longest = std::chrono::seconds{40});

  answer get(std::string_view target);
  answer post(std::string_view target, const js::value& body, header_list headers = {});
  answer send(http::verb method, std::string_view target, std::string body, header_list headers = {});

  /// Every DecisionEvent of an incident, in sequence.
  js::array log(std::string_view incident);
  /// The incident as it is now.
  js::object incident(std::string_view id);
  [[nodiscard]] std::size_t incident_count();

private:
  http::sync_client client_;
  std::string bearer_;
  std::chrono::milliseconds longest_;
};

/// A new UUID.
[[nodiscard]] std::string new_id();
/// `offset` from now, as the wire has it.
[[nodiscard]] std::string time_text(std::chrono::milliseconds offset = {});

/// A platform event; incidents are told apart by their title.
[[nodiscard]] js::object event(std::string_view id, std::string_view severity, std::string_view title);
[[nodiscard]] js::object vote(std::string_view gate, std::string_view id, std::string_view role,
                              std::string_view decision = "approved");

/// Sends an event that opens an incident; its id.
[[nodiscard]] std::string open_incident(caller& api, std::string_view severity, std::string_view title = "it broke");
/// Resolves an incident.
void resolve(caller& api, const std::string& incident);

/// How many events of a log record a fact of this kind; with a status, only those that lead to it.
[[nodiscard]] std::size_t count_facts(const js::array& log, std::string_view kind, std::string_view status = {});
/// Whether the sequences are 1, 2, 3 … and no event or request id stands there twice.
[[nodiscard]] bool is_whole(const js::array& log);
/// Whether a log covers this request id.
[[nodiscard]] bool covers(const js::array& log, std::string_view request);

/// The actions of the orchestrator's feed from `after` on; `after` goes on. Waits up to `wait_s` for the first.
[[nodiscard]] js::array next_actions(caller& api, std::string& after, int wait_s = 0);

}  // namespace im::e2e
