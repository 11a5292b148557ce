#include "persistence/ruvector_lookups.hpp"

#include <mutex>
#include <span>
#include <utility>

#include "messages/assert.hpp"
#include "messages/json/writer.hpp"
#include "persistence/ruvector_answers.hpp"
#include "persistence/ruvector_logs.hpp"
#include "persistence/ruvector_target.hpp"

namespace im::persistence {

namespace {

constexpr std::chrono::minutes lookup_recheck{5};

template <class Texts, class Text>
std::string body_of(std::string_view name, const Texts& values, Text text) {
  json::writer out;
  out.begin_object();
  out.key(name);
  out.begin_array();
  for (const auto& value : values) out.string(text(value));
  out.end_array();
  out.end_object();
  return out.take();
}

/// Several answers that are told as one, or the first failure. Any thread.
template <class All>
class gathered {
public:
  gathered(std::size_t asked, All start, store_handler<All> done)
      : left_{asked}, all_{std::move(start)}, done_{std::move(done)} {}

  /// `put(all, answer)`, when there is one.
  template <class One>
  void add(store_result<One> answer, const auto& put) {
    {
      const std::lock_guard lock{mutex_};
      if (!answer) {
        if (all_) all_ = std::unexpected{std::move(answer.error())};
      } else if (all_) {
        put(*all_, std::move(*answer));
      }
      IM_ASSERT(left_ > 0);
      if (--left_ != 0) return;
    }
    done_(std::move(all_));
  }

private:
  std::mutex mutex_;
  std::size_t left_;
  store_result<All> all_;
  store_handler<All> done_;
};

}  // namespace

bool ruvector_lookups::may_ask_together(std::size_t count) const {
  return count > 1 && count <= limits::fingerprints_looked_for &&
         clock::now().time_since_epoch().count() >= absent_until_.load(std::memory_order_relaxed);
}

template <class T, class Parse, class Singly>
void ruvector_lookups::ask(std::string_view name, std::string body, Parse parse, Singly singly, store_handler<T> done) {
  ruvector_call call{.name = name,
                     .method = http::verb::post,
                     .target = ruvector_target{"incidents"}.part("lookup").take(),
                     .body = std::move(body),
                     .deadline = transport_->config().timeout};
  transport_->send(std::move(call), [self = shared_from_this(), name, parse = std::move(parse),
                                     singly = std::move(singly), done = std::move(done)](auto answer) mutable {
    if (!answer) return done(std::unexpected{std::move(answer.error())});
    const auto status = answer->status_code;
    if (status == 404 || status == 405 || status == 501)
      self->absent_until_.store((clock::now() + lookup_recheck).time_since_epoch().count(), std::memory_order_relaxed);
    // A refusal may be about one of many: asked alone, the others get their answers.
    if (status != 200) return singly(std::move(done));
    result<T> found = parse(answer->body);
    if (!found) return done(std::unexpected{self->transport_->garbled(name, found.error().message)});
    done(std::move(*found));
  });
}

void ruvector_lookups::find_logs(incident_list among, store_handler<incident_list> done) {
  if (among.ids.empty()) return done(incident_list{});
  if (!may_ask_together(among.ids.size())) return find_logs_singly(among, std::move(done));
  auto body = body_of("incident_ids", among.ids, [](const incident_id& id) { return id.str(); });
  ask<incident_list>(
      "find_logs", std::move(body), &parse_found_logs,
      [self = shared_from_this(), among = std::move(among)](store_handler<incident_list> then) {
        self->find_logs_singly(among, std::move(then));
      },
      std::move(done));
}

void ruvector_lookups::find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done) {
  const auto count = asked.fingerprints.size();
  if (count == 0) return done(fingerprint_lookups{});
  if (!may_ask_together(count)) return find_fingerprints_singly(asked, std::move(done));
  auto body = body_of("fingerprints", asked.fingerprints, [](const std::string& text) { return text; });
  ask<fingerprint_lookups>(
      "find_fingerprints", std::move(body), [count](const std::string& text) { return parse_newest(text, count); },
      [self = shared_from_this(), asked = std::move(asked)](store_handler<fingerprint_lookups> then) {
        self->find_fingerprints_singly(asked, std::move(then));
      },
      std::move(done));
}

void ruvector_lookups::find_logs_singly(const incident_list& among, store_handler<incident_list> done) {
  const auto held = std::make_shared<gathered<incident_list>>(among.ids.size(), incident_list{}, std::move(done));
  for (const auto& id : among.ids)
    fetch_log_page(transport_, id, 0, 1, [held, id](store_result<log_page> got) {
      held->add(std::move(got), [id](incident_list& all, const log_page& page) {
        if (!page.events.empty()) all.ids.push_back(id);
      });
    });
}

void ruvector_lookups::find_fingerprints_singly(const fingerprint_list& asked,
                                                store_handler<fingerprint_lookups> done) {
  const auto count = asked.fingerprints.size();
  fingerprint_lookups start{std::vector<result<fingerprint_lookup>>(count)};
  const auto lookups = std::make_shared<gathered<fingerprint_lookups>>(count, std::move(start), std::move(done));
  for (std::size_t i = 0; i < count; ++i)
    transport_->fetch<fingerprint_lookup>(
        {.name = "find_fingerprints",
         .target = ruvector_target{"incidents"}.with("fingerprint", asked.fingerprints[i]).with("limit", 1).take(),
         .deadline = transport_->config().timeout},
        [](const std::string& body) { return parse_fingerprint(body); },
        [lookups, i](store_result<fingerprint_lookup> got) {
          // What the store will never answer is this one's own failure; the others are not asked for again.
          store_result<result<fingerprint_lookup>> own;
          if (got)
            own = *got;
          else if (got.error().kind == store_failure::fault::refused)
            own = result<fingerprint_lookup>{std::unexpected{std::move(got.error().why)}};
          else
            own = std::unexpected{std::move(got.error())};
          lookups->add(std::move(own), [i](fingerprint_lookups& all, result<fingerprint_lookup> one) {
            IM_ASSERT(i < all.found.size());
            all.found[i] = std::move(one);
          });
        });
}

}  // namespace im::persistence
