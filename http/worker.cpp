#include "http/worker.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <ctime>

#include "http/run_logged.hpp"
#include "http/session.hpp"
#include "messages/assert.hpp"
#include "telemetry/thread_name.hpp"

namespace im::http {

namespace asio = boost::asio;

worker::worker(server_core& core)
    : core_{core}, inbox_{std::make_shared<answer_inbox>(context_)}, work_{context_.get_executor()}, tick_{context_} {
  write_date();
}

worker::~worker() { stop(); }

void worker::start() {
  arm_tick();
  thread_ = std::thread{[this] {
    name_this_thread("http.worker");
    inbox_->bind_to_this_thread();
    run();
  }};
}

/// Sessions catch what they throw; whatever else does must not end the process.
void worker::run() noexcept { run_logged(context_); }

void worker::drain() {
  asio::post(context_, [this] {
    draining_ = true;
    const auto all = sessions_;  // a session that closes leaves the list
    for (const auto& s : all) s->guarded([&] { s->drain(); });
  });
}

void worker::stop() {
  if (thread_.joinable()) {
    asio::post(context_, [this] {
      close_all();
      context_.stop();
    });
    thread_.join();
  }
  inbox_->close();
  close_all();
}

void worker::adopt(tcp_socket socket, bool refused) noexcept {
  std::shared_ptr<session> s;
  const bool adopted = run_caught("a connection could not be adopted and is closed", [&] {
    s = std::make_shared<session>(*this, std::move(socket));
    s->index = sessions_.size();
    sessions_.push_back(s);
  });
  if (!adopted) return core_.connection_closed();
  s->guarded([&] {
    if (core_.observers.on_connection_opened) core_.observers.on_connection_opened();
    if (refused) {
      s->refuse();
    } else {
      s->start();
      if (draining_) s->drain();
    }
  });
}

void worker::forget(session& s) noexcept {
  IM_ASSERT(s.index < sessions_.size() && sessions_[s.index].get() == &s);
  const auto alive = std::move(sessions_[s.index]);
  if (s.index + 1 != sessions_.size()) {
    sessions_[s.index] = std::move(sessions_.back());
    sessions_[s.index]->index = s.index;
  }
  sessions_.pop_back();
  core_.connection_closed();
  run_caught("the observer of closed connections threw", [&] {
    if (core_.observers.on_connection_closed) core_.observers.on_connection_closed();
  });
}

void worker::close_all() noexcept {
  while (!sessions_.empty()) sessions_.back()->abort();
}

void worker::arm_tick() {
  tick_.expires_after(core_.config.tick);
  tick_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) on_tick();
  });
}

void worker::on_tick() {
  arm_tick();  // first, so that whatever fails below does not end the ticks
  write_date();
  const auto now = std::chrono::steady_clock::now();
  // Backwards: a session that closes is replaced by one that was looked at already.
  for (auto i = sessions_.size(); i-- > 0;) {
    if (i >= sessions_.size()) continue;
    const auto s = sessions_[i];
    s->guarded([&] { s->tick(now); });
  }
}

void worker::write_date() {
  const auto now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text{};
  date_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
}

}  // namespace im::http
