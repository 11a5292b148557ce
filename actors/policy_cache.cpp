#include "actors/policy_cache.hpp"

#include <algorithm>

#include <caf/actor_cast.hpp>

#include "messages/assert.hpp"
#include "messages/json/codec.hpp"
#include "telemetry/log.hpp"

namespace im {

namespace {

constexpr const char* todays_key = "";

std::string key_of(const policy_refs& refs) {
  const auto part = [](const policy_ref& r) { return r.id + '@' + r.version + '|'; };
  return part(refs.escalation) + part(refs.approval) + part(refs.sla);
}

template <class Policy>
result<void> read_into(Policy& to, const std::string& document) {
  auto policy = json::decode<Policy>(document, json::read_bounds::stored());
  if (!policy) return std::unexpected{policy.error()};
  if (auto bad = check(*policy); !bad.empty()) return std::unexpected{json::validation_error(std::move(bad))};
  to = std::move(*policy);
  return {};
}

result<void> read_into(policy_set& set, policy_kind kind, const std::string& document) {
  switch (kind) {
    case policy_kind::escalation: return read_into(set.escalation, document);
    case policy_kind::approval: return read_into(set.approval, document);
    case policy_kind::sla: return read_into(set.sla, document);
  }
  return {};
}

std::string named(policy_kind kind, const policy_ref& which, const std::string& what) {
  auto name = "the " + std::string{to_string(kind)} + " policy '" + which.id + "'";
  if (!which.version.empty()) name += " in version " + which.version;
  return name + ": " + what;
}

}  // namespace

policy_cache_actor::behavior_type policy_cache_state::make_behavior() {
  log_what_it_throws(*self_);
  return {[this](policies_atom) { return todays(); },
          [this](policies_atom, const policy_refs& refs) { return frozen(refs); },
          [this](policies_atom, const policies_check& asked) { check(asked.caller); }};
}

void policy_cache_state::check(const std::shared_ptr<policies_caller>& caller) {
  send_request(self_, caf::actor_cast<policy_cache_actor>(self_), until_answered, policies_atom_v)
      .then([caller](const policy_set_ptr&) { caller->answer({}); },
            [caller](const caf::error& e) { caller->answer(std::unexpected{from_caf(e)}); });
}

caf::result<policy_set_ptr> policy_cache_state::todays() {
  if (todays_ && self_->clock().now() - refreshed_at_ < limits::policy_max_age) {
    env_.metrics.policy_lookups[telemetry::policy_lookup::hit].add();
    return todays_;
  }
  return join(todays_key, {{names_.escalation, {}}, {names_.approval, {}}, {names_.sla, {}}});
}

caf::result<policy_set_ptr> policy_cache_state::frozen(const policy_refs& refs) {
  const auto key = key_of(refs);
  if (const auto found = by_version_.find(key); found != by_version_.end()) {
    env_.metrics.policy_lookups[telemetry::policy_lookup::hit].add();
    found->second.used = ++uses_;
    return found->second.set;
  }
  return join(key, refs);
}

caf::result<policy_set_ptr> policy_cache_state::join(const std::string& key, const policy_refs& refs) {
  const auto [entry, fresh] = fetching_.try_emplace(key);
  if (entry->second.waiters.size() >= limits::policy_waiters)
    return caf::make_error(errc::overloaded, "too many requests wait for the policies");
  auto waiting = self_->make_response_promise<policy_set_ptr>();
  entry->second.waiters.push_back(waiting);
  if (fresh) {
    if (key == todays_key && todays_) entry->second.set = *todays_;
    ask(key, policy_kind::escalation, refs.escalation);
    ask(key, policy_kind::approval, refs.approval);
    ask(key, policy_kind::sla, refs.sla);
  }
  return waiting;
}

void policy_cache_state::ask(const std::string& key, policy_kind kind, const policy_ref& ref) {
  const bool revalidates = key == todays_key && todays_;
  policy_query query{kind, ref.id, ref.version, revalidates ? etags_[static_cast<std::size_t>(kind)] : std::string{}};
  send_request(self_, persistence_, until_answered, read_policy_atom_v, std::move(query))
      .then([this, key, kind, ref](const policy_answer& answer) { on_answer(key, kind, ref, answer); },
            [this, key, kind, ref](const caf::error& e) { on_failure(key, named(kind, ref, from_caf(e).message)); });
}

void policy_cache_state::on_answer(const std::string& key, policy_kind kind, const policy_ref& ref,
                                   const policy_answer& answer) {
  IM_ASSERT(fetching_.contains(key));
  auto& f = fetching_.at(key);
  f.etags[static_cast<std::size_t>(kind)] = answer.etag;
  if (!answer.unchanged) {
    f.changed = true;
    if (auto read = read_into(f.set, kind, answer.document); !read)
      return on_failure(key, named(kind, ref, "it is not valid: " + read.error().message));
  }
  finish_part(key);
}

void policy_cache_state::on_failure(const std::string& key, std::string why) {
  IM_ASSERT(fetching_.contains(key));
  fetching_.at(key).failure = std::move(why);
  finish_part(key);
}

void policy_cache_state::finish_part(const std::string& key) {
  const auto entry = fetching_.find(key);
  IM_ASSERT(entry != fetching_.end() && entry->second.left > 0);
  if (--entry->second.left > 0) return;
  auto done = std::move(entry->second);
  fetching_.erase(entry);
  finish(key, std::move(done));
}

void policy_cache_state::finish(const std::string& key, fetch done) {
  using telemetry::policy_lookup;
  policy_set_ptr set;
  if (!done.failure) {
    set = done.changed || !todays_ ? std::make_shared<const policy_set>(std::move(done.set)) : todays_;
    env_.metrics.policy_lookups[done.changed ? policy_lookup::fetched : policy_lookup::revalidated].add();
    if (key == todays_key) {
      todays_ = set;
      etags_ = done.etags;
      refreshed_at_ = self_->clock().now();
    } else {
      keep(key, set);
    }
    if (done.changed)
      log::info(
          log::event::policy_loaded, "policies loaded",
          {{"escalation", set->escalation.version}, {"approval", set->approval.version}, {"sla", set->sla.version}});
  } else if (key == todays_key && todays_) {
    set = todays_;  // known well enough; the store is away
    env_.metrics.policy_lookups[policy_lookup::stale].add();
  }
  IM_ASSERT(set || done.failure);
  if (!set) {
    env_.metrics.policy_lookups[policy_lookup::failed].add();
    log::warn(log::event::policy_unavailable, "no policy, no decision", {{"reason", *done.failure}});
  }
  for (auto& waiter : done.waiters) {
    if (set)
      waiter.deliver(set);
    else
      waiter.deliver(caf::make_error(errc::policy_unavailable, "nothing can be decided: " + *done.failure));
  }
}

/// The longest unused leaves, so that one more version costs one more read and no more.
void policy_cache_state::keep(const std::string& key, policy_set_ptr set) {
  if (by_version_.size() >= limits::policy_versions)
    by_version_.erase(std::ranges::min_element(by_version_, {}, [](const auto& entry) { return entry.second.used; }));
  by_version_.insert_or_assign(key, known_versions{std::move(set), ++uses_});
}

}  // namespace im
