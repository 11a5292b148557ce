#include "persistence/ruvector_logs.hpp"

#include <map>
#include <optional>
#include <utility>

#include "messages/json/writer.hpp"
#include "persistence/ruvector_answers.hpp"
#include "persistence/ruvector_target.hpp"

namespace im::persistence {

namespace {

constexpr std::size_t query_pages = 64;  // of one log: 64,000 events

/// Collects a log from a query's pages, which come newest first, until nothing is missing or nothing is left.
class plain_log : public std::enable_shared_from_this<plain_log> {
public:
  plain_log(std::shared_ptr<ruvector_transport> transport, incident_id id, std::uint64_t after, std::size_t limit,
            store_handler<std::string> done)
      : transport_{std::move(transport)}, id_{id}, after_{after}, limit_{limit}, done_{std::move(done)} {}

  void next_page() {
    json::writer body;
    body.begin_object();
    body.key("incident_id");
    body.string(id_.str());
    body.key("limit");
    body.number(limits::page_max);
    body.key("offset");
    body.number(offset_);
    body.end_object();
    transport_->fetch<query_page>(
        {.name = "query_events",
         .method = http::verb::post,
         .target = ruvector_target{"decision-events"}.part("query").take(),
         .body = body.take(),
         .deadline = transport_->config().timeout},
        [](const std::string& text) { return parse_query(text); },
        [self = shared_from_this()](auto page) { self->on_page(std::move(page)); });
  }

private:
  void on_page(store_result<query_page> page) {
    if (!page) return done_(std::unexpected{std::move(page.error())});
    if (repeats(*page))
      return done_(std::unexpected{transport_->garbled("query_events", "a page that was answered before")});
    offset_ += page->size;
    events_.merge(page->events);
    events_.erase(events_.begin(), events_.upper_bound(after_));
    const bool whole = !events_.empty() && events_.rbegin()->first - after_ == events_.size();
    if (whole || page->size < limits::page_max || offset_ >= query_pages * limits::page_max)
      return done_(log_of(events_, limit_));
    next_page();
  }

  std::shared_ptr<ruvector_transport> transport_;
  incident_id id_;
  std::uint64_t after_;
  std::size_t limit_;
  store_handler<std::string> done_;
  /// What an offset further answers the same page will answer it at every offset.
  [[nodiscard]] bool repeats(const query_page& page) {
    if (page.events.empty()) return false;
    return std::exchange(newest_of_page_, page.events.rbegin()->first) == page.events.rbegin()->first;
  }

  std::optional<std::uint64_t> newest_of_page_;
  std::size_t offset_ = 0;
  std::map<std::uint64_t, std::string> events_;
};

}  // namespace

void fetch_log(const std::shared_ptr<ruvector_transport>& transport, const incident_id& id, std::uint64_t after,
               std::size_t limit, store_handler<std::string> done) {
  ruvector_call call{
      .name = "read_log",
      .target =
          ruvector_target{"incidents"}.part(id.str()).part("log").with("after", after).with("limit", limit).take(),
      .deadline = transport->config().timeout};
  const auto as_it_is = [](std::string body) -> result<std::string> { return body; };
  transport->fetch<std::string>(
      std::move(call), as_it_is, [transport, id, after, limit, done = std::move(done)](auto got) mutable {
        if (got || got.error().why.code != errc::not_found) return done(std::move(got));
        std::make_shared<plain_log>(transport, id, after, limit, std::move(done))->next_page();
      });
}

void fetch_log_page(const std::shared_ptr<ruvector_transport>& transport, const incident_id& id, std::uint64_t after,
                    std::size_t limit, store_handler<log_page> done) {
  fetch_log(transport, id, after, limit,
            [own = transport, id, after, limit, done = std::move(done)](store_result<std::string> got) mutable {
              if (!got) return done(std::unexpected{std::move(got.error())});
              auto page = parse_log(*got, limit);
              if (!page) return done(std::unexpected{own->garbled("read_log", page.error().message)});
              if (const auto fits = page_follows(*page, id, after); !fits)
                return done(std::unexpected{own->garbled("read_log", fits.error().message)});
              done(std::move(*page));
            });
}

}  // namespace im::persistence
