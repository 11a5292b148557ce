#include "persistence/ruvector_failures.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "messages/json/node.hpp"

namespace im::persistence {

namespace {

constexpr std::size_t told_chars = 512;  // how much of an answer goes to the log

using fault = store_failure::fault;

/// `Retry-After` in seconds; its date form is not used between our services.
std::optional<int> retry_after(const http::client_response& answer) {
  const auto text = answer.header("Retry-After");
  int seconds = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), seconds).ec != std::errc{} || seconds < 0)
    return std::nullopt;
  return seconds;
}

/// The code of an error that our own store answers; empty: it is none.
std::string word_in(std::string_view body) {
  const auto document = json::document::parse(body);
  const auto why = document ? document->root().find("error") : std::nullopt;
  const auto word = why ? why->find_string("code") : std::nullopt;
  return std::string{word.value_or("")};
}

}  // namespace

store_failure ruvector_failures::unanswered(std::string_view call, const http::client_error& why) const {
  using kind = http::client_error_kind;
  const auto unreached = [&] {
    return store_failure{{why.maybe_sent ? errc::timeout : errc::store_unavailable, "the store does not answer"},
                         fault::away,
                         why.maybe_sent};
  };
  const auto of_kind = [&]() -> store_failure {
    switch (why.kind) {
      case kind::connect:
      case kind::tls:
      case kind::reset: return unreached();
      case kind::timeout: {
        auto failure = unreached();
        failure.timed_out = true;
        return failure;
      }
      case kind::cancelled:
        return {{errc::store_unavailable, "the client of the store was closed"}, fault::busy, why.maybe_sent};
      case kind::queue_full: return {{errc::overloaded, "too many calls wait for the store"}, fault::busy};
      case kind::too_large: return {{errc::internal, "the store's answer is too large"}, fault::refused, true};
      case kind::malformed:
        if (why.maybe_sent) return unreached();
        return {{errc::internal, "a call to the store could not be written"}, fault::refused};
    }
    return unreached();
  };
  return told(call, std::string{http::to_string(why.kind)} + ": " + why.message, of_kind());
}

store_failure ruvector_failures::not_done(std::string_view call, const http::client_response& answer) const {
  return is_unavailable(answer.status_code) ? unavailable(call, answer) : unexpected_status(call, answer);
}

/// 429 and 503 say that nothing was done, but for the word TIMEOUT; behind a proxy's 502 or 504, or a 500, something may have been.
/// What is damaged stays so, and says nothing of the rest.
store_failure ruvector_failures::unavailable(std::string_view call, const http::client_response& answer) const {
  const auto word = word_in(answer.body);
  if (word == to_string(errc::damaged))
    return told(
        call, std::to_string(answer.status_code) + " " + answer.body,
        {{errc::damaged, "what is stored of this is damaged; an operator must look at the store"}, fault::refused});
  const bool untouched = answer.status_code == 429 || (answer.status_code == 503 && word != to_string(errc::timeout));
  store_failure failure{{errc::store_unavailable, "the store is not available"}, fault::away, !untouched};
  failure.why.retry_after_s = retry_after(answer);
  failure.overloaded = word == to_string(errc::overloaded);
  return told(call, std::to_string(answer.status_code) + " " + answer.body, std::move(failure));
}

store_failure ruvector_failures::unexpected_status(std::string_view call, const http::client_response& answer) const {
  if (answer.status_code == 404) return {{errc::not_found, "the store does not know it"}, fault::refused};
  const std::string detail = std::to_string(answer.status_code) + " " + answer.body;
  if (answer.status_code == 401 || answer.status_code == 403)
    return told(call, "the store refuses our key, look at RUVECTOR_API_KEY: " + detail,
                {{errc::store_unavailable, "the store does not take this service's credentials; nothing was done"},
                 fault::refused});
  return told(call, detail, {{errc::internal, "the store refused a call"}, fault::refused});
}

store_failure ruvector_failures::garbled(std::string_view call, const std::string& what) const {
  return told(call, "not what was asked for: " + what,
              {{errc::store_unavailable, "the store's answer cannot be read"}, fault::away, true});
}

store_failure ruvector_failures::told(std::string_view call, std::string_view detail, store_failure failure) const {
  if (observers_.on_trouble) observers_.on_trouble(call, detail.substr(0, told_chars));
  return failure;
}

}  // namespace im::persistence
