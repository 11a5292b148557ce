#include "http/client.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <stdexcept>

#include "http/client_connection.hpp"
#include "http/request_writer.hpp"
#include "http/run_logged.hpp"
#include "messages/assert.hpp"

namespace im::http {

namespace asio = boost::asio;

namespace {

/// A request on its way through the pool.
struct pending {
  pending(const asio::any_io_executor& strand, std::string text, const outgoing_request& req,
          client_completion completion)
      : wire{std::move(text)},
        to_head{req.method == verb::head},
        may_retry{req.retry_safe || is_idempotent(req.method)},
        done{std::move(completion)},
        timer{strand} {}

  std::string wire;
  bool to_head;
  bool may_retry;
  bool retried{false};  // also: not over a connection that was used before
  bool sent{false};
  client_completion done;  // empty once called
  asio::steady_timer timer;
};
using pending_ptr = std::shared_ptr<pending>;

struct pooled {
  std::shared_ptr<client_connection> connection;
  pending_ptr current;  // what it carries
};

std::unique_ptr<asio::ssl::context> make_tls(const origin& to, const client_config& config) {
  if (!to.tls) return nullptr;
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  if (config.ca_file.empty()) {
    tls->set_default_verify_paths();
  } else {
    boost::system::error_code ec;
    tls->load_verify_file(config.ca_file, ec);
    if (ec) throw std::runtime_error{"cannot read the CA file " + config.ca_file + ": " + ec.message()};
  }
  return tls;
}

}  // namespace

/// The pool. Everything but send() and cancel_all() runs on its strand.
class client::impl final : public connection_owner, public std::enable_shared_from_this<client::impl> {
public:
  impl(const asio::any_io_executor& executor, origin to, client_config config)
      : strand_{asio::make_strand(executor)},
        to_{std::move(to)},
        config_{std::move(config)},
        tls_{make_tls(to_, config_)} {
    config_.max_connections = std::max<std::size_t>(config_.max_connections, 1);
  }

  void send(outgoing_request&& req, std::chrono::milliseconds deadline, client_completion&& done);
  void cancel_all(bool for_good);
  [[nodiscard]] const origin& to() const noexcept { return to_; }

private:
  void enqueue(const pending_ptr& p, std::chrono::steady_clock::time_point due);
  void on_deadline(const pending_ptr& p);
  void pump();
  [[nodiscard]] pooled* take_idle(bool unused_only);
  void open();
  void pause_connects();
  void complete(const pending_ptr& p, client_result result);
  void fail(const pending_ptr& p, client_error_kind kind, std::string message);
  [[nodiscard]] pending_ptr remove(const client_connection& c);

  void connected(client_connection&) override { pump(); }
  void connect_failed(client_connection& c, client_error why) override;
  void answered(client_connection& c, client_response answer, bool reusable) override;
  void broke(client_connection& c, client_error why, bool answer_begun) override;
  void lost(client_connection& c) override;

  asio::any_io_executor strand_;
  const origin to_;
  client_config config_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::atomic<std::size_t> outstanding_{0};
  std::deque<pending_ptr> queue_;
  std::vector<pooled> pool_;  // the most recently used last
  asio::steady_timer pause_{strand_};
  std::chrono::steady_clock::time_point no_connect_before_{};
  bool closed_{false};
};

// ---- Requests

void client::impl::send(outgoing_request&& req, std::chrono::milliseconds deadline, client_completion&& done) {
  const auto due = std::chrono::steady_clock::now() + deadline;
  const auto refuse = [&](client_error_kind kind, std::string message) {
    asio::post(strand_, [d = std::move(done), e = client_error{kind, std::move(message), false}]() mutable {
      d(std::unexpected{std::move(e)});
    });
  };
  auto wire = write_request(to_, req);
  if (!wire) return refuse(client_error_kind::malformed, std::move(wire.error()));
  const auto bound = config_.max_connections + config_.max_queued_requests;
  if (outstanding_.fetch_add(1, std::memory_order_relaxed) >= bound) {
    outstanding_.fetch_sub(1, std::memory_order_relaxed);
    return refuse(client_error_kind::queue_full, "too many requests wait for " + to_.authority());
  }
  auto p = std::make_shared<pending>(strand_, std::move(*wire), req, std::move(done));
  asio::post(strand_, [self = shared_from_this(), p = std::move(p), due] { self->enqueue(p, due); });
}

void client::impl::enqueue(const pending_ptr& p, std::chrono::steady_clock::time_point due) {
  if (closed_) return fail(p, client_error_kind::cancelled, "the client is closed");
  p->timer.expires_at(due);
  p->timer.async_wait([self = shared_from_this(), p](const boost::system::error_code& ec) {
    if (!ec) self->on_deadline(p);
  });
  queue_.push_back(p);
  pump();
}

void client::impl::on_deadline(const pending_ptr& p) {
  if (!p->done) return;
  std::erase(queue_, p);
  // An answer for it may still come: the connection cannot be used again.
  for (auto& entry : pool_) {
    if (entry.current != p) continue;
    entry.connection->close();
    std::ignore = remove(*entry.connection);
    break;
  }
  fail(p, client_error_kind::timeout, "no answer in time");
  pump();
}

void client::impl::complete(const pending_ptr& p, client_result result) {
  if (!p->done) return;
  outstanding_.fetch_sub(1, std::memory_order_relaxed);
  p->timer.cancel();
  auto done = std::exchange(p->done, nullptr);
  // Against its contract; the pool goes on.
  run_caught("the completion of a request threw", [&] { done(std::move(result)); });
}

void client::impl::fail(const pending_ptr& p, client_error_kind kind, std::string message) {
  complete(p, std::unexpected{client_error{kind, std::move(message), p->sent}});
}

void client::impl::cancel_all(bool for_good) {
  asio::post(strand_, [self = shared_from_this(), for_good] {
    self->closed_ = self->closed_ || for_good;
    auto all = std::move(self->queue_);
    self->queue_.clear();
    for (auto& entry : self->pool_) {
      entry.connection->close();
      if (entry.current) all.push_back(std::move(entry.current));
    }
    self->pool_.clear();
    self->pause_.cancel();
    self->no_connect_before_ = {};
    for (const auto& p : all) self->fail(p, client_error_kind::cancelled, "cancelled");
  });
}

// ---- Connections

/// Gives waiting requests to idle connections, and opens as many as still wait, up to the bound.
void client::impl::pump() {
  while (!queue_.empty()) {
    auto* entry = take_idle(queue_.front()->retried);
    if (entry == nullptr) break;
    IM_ASSERT(!entry->current);
    entry->current = std::move(queue_.front());
    queue_.pop_front();
    entry->current->sent = true;
    entry->connection->exchange(entry->current->wire, entry->current->to_head);
  }
  auto connecting = static_cast<std::size_t>(
      std::count_if(pool_.begin(), pool_.end(), [](const pooled& entry) { return entry.connection->connecting(); }));
  if (!pool_.empty() && std::chrono::steady_clock::now() < no_connect_before_) return;
  for (; connecting < queue_.size() && pool_.size() < config_.max_connections; ++connecting) open();
}

/// An idle connection, the warmest first. When only an unused one will do, the used ones are closed: they are of the age of the one
/// that the server has just closed.
pooled* client::impl::take_idle(bool unused_only) {
  if (unused_only) {
    std::erase_if(pool_, [](const pooled& entry) {
      const bool stale = entry.connection->idle() && entry.connection->used();
      if (stale) entry.connection->close();
      return stale;
    });
  }
  const auto found =
      std::find_if(pool_.rbegin(), pool_.rend(), [](const pooled& entry) { return entry.connection->idle(); });
  return found == pool_.rend() ? nullptr : &*found;
}

void client::impl::open() {
  auto& entry = pool_.emplace_back(
      std::make_shared<client_connection>(strand_, weak_from_this(), to_, config_, tls_.get()), nullptr);
  entry.connection->connect();
}

/// Takes a connection out of the pool; what it carried.
pending_ptr client::impl::remove(const client_connection& c) {
  const auto found =
      std::find_if(pool_.begin(), pool_.end(), [&](const pooled& entry) { return entry.connection.get() == &c; });
  if (found == pool_.end()) return nullptr;
  auto current = std::move(found->current);
  pool_.erase(found);
  return current;
}

void client::impl::connect_failed(client_connection& c, client_error why) {
  std::ignore = remove(c);
  if (!pool_.empty()) return pause_connects();  // another connection will serve what waits, or its deadline ends it
  const auto unserved = std::exchange(queue_, {});
  for (const auto& p : unserved) {
    why.maybe_sent = p->sent;
    complete(p, std::unexpected{why});
  }
  pump();
}

/// The next connect would most likely fail at once, too.
void client::impl::pause_connects() {
  no_connect_before_ = std::chrono::steady_clock::now() + limits::client_connect_pause;
  pause_.expires_at(no_connect_before_);
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (!ec) self->pump();
  });
}

void client::impl::answered(client_connection& c, client_response answer, bool reusable) {
  pending_ptr p;
  if (reusable) {
    const auto found =
        std::find_if(pool_.begin(), pool_.end(), [&](const pooled& entry) { return entry.connection.get() == &c; });
    if (found == pool_.end()) return;
    p = std::move(found->current);
    found->current = nullptr;
    std::rotate(found, found + 1, pool_.end());
  } else {
    p = remove(c);
  }
  if (p) complete(p, std::move(answer));
  pump();
}

void client::impl::broke(client_connection& c, client_error why, bool answer_begun) {
  const auto p = remove(c);
  if (p && p->done) {
    if (why.kind == client_error_kind::reset && !answer_begun && c.reused() && p->may_retry && !p->retried) {
      p->retried = true;
      queue_.push_front(p);
    } else {
      complete(p, std::unexpected{std::move(why)});
    }
  }
  pump();
}

void client::impl::lost(client_connection& c) {
  std::ignore = remove(c);
  pump();
}

// ---- The handle

client::client(asio::any_io_executor executor, origin to, client_config config)
    : impl_{std::make_shared<impl>(executor, std::move(to), std::move(config))} {}

client::~client() { impl_->cancel_all(true); }

void client::send(outgoing_request req, std::chrono::milliseconds deadline, client_completion done) {
  impl_->send(std::move(req), deadline, std::move(done));
}

void client::cancel_all() { impl_->cancel_all(false); }

const origin& client::to() const noexcept { return impl_->to(); }

std::string_view to_string(client_error_kind kind) noexcept {
  switch (kind) {
    case client_error_kind::connect: return "connect";
    case client_error_kind::timeout: return "timeout";
    case client_error_kind::reset: return "reset";
    case client_error_kind::queue_full: return "queue_full";
    case client_error_kind::too_large: return "too_large";
    case client_error_kind::tls: return "tls";
    case client_error_kind::cancelled: return "cancelled";
    case client_error_kind::malformed: return "malformed";
  }
  return "unknown";
}

}  // namespace im::http
