#include "persistence/ruvector/service.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>
#include <system_error>
#include <vector>

#include "http/server.hpp"
#include "persistence/ruvector/api.hpp"
#include "persistence/ruvector/postgres_store.hpp"
#include "persistence/ruvector/sqlite_store.hpp"

namespace im::ruvector {

namespace {

/// `escalation-default.json` is of kind escalation: the word before the first dash.
std::optional<policy_kind> kind_of_file(const std::filesystem::path& file) {
  const auto name = file.stem().string();
  return from_string<policy_kind>(name.substr(0, name.find('-')));
}

result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in.good() && !in.eof()) return fail(errc::internal, "cannot read " + file.string());
  return text;
}

result<put_outcome> put_and_wait(store& into, policy_document policy) {
  std::promise<result<put_outcome>> promise;
  auto future = promise.get_future();
  into.put_policy(std::move(policy), [&](result<put_outcome> r) { promise.set_value(std::move(r)); });
  return future.get();
}

/// All of the folder or an error: half the policies would look like a working service.
result<std::size_t> load_policies(store& into, const std::filesystem::path& folder) {
  std::error_code failed;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder, failed})
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  if (failed) return fail(errc::internal, "cannot read the policies in " + folder.string() + ": " + failed.message());
  std::ranges::sort(files);
  std::vector<policy_document> policies;
  for (const auto& file : files) {
    const auto kind = kind_of_file(file);
    if (!kind) return fail(errc::internal, file.string() + ": its name must begin with escalation-, approval- or sla-");
    const auto text = read_file(file);
    if (!text) return std::unexpected{text.error()};
    auto policy = read_policy(*kind, *text);
    if (!policy) return fail(errc::internal, file.string() + ": " + policy.error().message);
    policies.push_back(std::move(*policy));
  }
  for (auto& policy : policies)
    if (const auto put = put_and_wait(into, std::move(policy)); !put) return std::unexpected{put.error()};
  return files.size();
}

}  // namespace

result<std::unique_ptr<store>> open_store(const service_config& config) {
  const read_settings reading{.readers = config.readers + 1,  // one for each thread of the pool, one for the feed
                              .list_readers = config.list_readers,
                              .list_time = config.list_time};
  if (config.database_url.empty()) return open_sqlite_store(config.data_file, reading);
  return open_postgres_store(std::string{config.database_url.reveal()}, reading);
}

class service::impl {
public:
  explicit impl(service_config config) : config_{std::move(config)} {}

  result<void> open() {
    auto opened = open_store(config_);
    if (!opened) return std::unexpected{opened.error()};
    store_ = std::move(*opened);
    store_->on_trouble([this](trouble where, std::string_view why) {
      log_trouble(where, why);
      if (config_.on_trouble) config_.on_trouble(where, why);
    });
    store_->on_stopped([this](const std::string& why) {
      say(log_level::error,
          "the store is stopped, nothing more is acknowledged; the next start recovers from its log: " + why);
      if (config_.on_stopped) config_.on_stopped();
    });
    if (auto ready = fill_policies(); !ready) return ready;
    readers_.emplace(config_.readers, limits::waiting_reads);
    feed_.emplace(*store_);
    lists_.emplace(config_.list_readers, limits::waiting_lists, "store.lists");
    api_.emplace(*store_, *readers_, list_lane{*lists_, config_.list_time}, *feed_, clock_, config_.api_key);
    api_->add_routes(routes_);
    return {};
  }

  result<void> start() {
    if (config_.api_key.empty()) return fail(errc::internal, "ruvector-service needs an API key");
    if (auto opened = open(); !opened) return opened;
    return listen();
  }

  void handle(http::request&& req, http::responder&& answer) {
    auto match = routes_.match(req.method, req.path);
    if (match.result != http::route_match::outcome::found)
      return answer(core_error_reply(http::status::not_found, "not_found", "there is no such route"));
    req.params = std::move(match.params);
    req.route = match.target->pattern;
    try {
      match.target->handle(std::move(req), std::move(answer));
    } catch (const std::exception& e) {
      handler_failed(req.correlation_id, e.what());  // the responder answers 500 when it is destroyed
    }
  }

  [[nodiscard]] store& data() { return *store_; }
  [[nodiscard]] work_pool& readers() { return *readers_; }

  [[nodiscard]] std::uint16_t port() const noexcept { return server_ ? server_->port() : std::uint16_t{0}; }

  bool drain(std::chrono::milliseconds patience) {
    if (feed_) feed_->close();
    const bool whole = !server_ || server_->drain(patience);
    stop();
    return whole;
  }

  void stop() {
    // Who calls stops before who is called; the store's last answers go to a server that drops them.
    if (server_) server_->stop();
    if (feed_) feed_->close();
    if (readers_) readers_->close();
    if (lists_) lists_->close();
    if (store_) store_->close();
  }

private:
  void log_trouble(trouble where, std::string_view why) const {
    const bool is_over = why.empty();
    const auto level = is_over ? log_level::info : where == trouble::writes ? log_level::error : log_level::warn;
    switch (where) {
      case trouble::writes:
        return say(level, is_over ? "the store takes writes again" : "the store refuses writes: " + std::string{why});
      case trouble::checkpoint:
        return say(level, is_over ? std::string{"checkpoints succeed again"} : std::string{why});
      case trouble::log_size:
        return say(level, is_over ? std::string{"the write-ahead log started over"} : std::string{why});
      case trouble::damage: return say(level, "the store met damage: " + std::string{why});
    }
  }

  result<void> fill_policies() {
    const auto there = store_->policy_count();
    if (!there) return std::unexpected{there.error()};
    if (*there != 0 || config_.policies_dir.empty()) return {};
    const auto loaded = load_policies(*store_, config_.policies_dir);
    if (!loaded) return std::unexpected{loaded.error()};
    say(*loaded == 0 ? log_level::warn : log_level::info,
        std::to_string(*loaded) + " policies loaded from " + config_.policies_dir.string());
    return {};
  }

  result<void> listen() {
    http::server_config settings;
    settings.address = config_.address;
    settings.port = config_.port;
    settings.io_threads = config_.io_threads;
    settings.max_connections = config_.max_connections;
    settings.request_timeout = config_.request_timeout;
    http::server_observers observers;
    observers.on_handler_failed = [this](std::string_view id, std::string_view what) { handler_failed(id, what); };
    server_.emplace(
        settings, std::move(routes_),
        [](http::status code, std::string_view word, std::string_view message, std::string_view) {
          return core_error_reply(code, word, message);
        },
        std::move(observers));
    try {
      server_->start();
    } catch (const std::system_error& e) {
      return fail(errc::internal, e.what());
    }
    return {};
  }

  void handler_failed(std::string_view id, std::string_view what) const {
    say(log_level::error, "a handler failed, correlation " + std::string{id} + ": " + std::string{what});
  }

  void say(log_level level, std::string_view text) const {
    if (config_.log) config_.log(level, text);
  }

  service_config config_;
  system_wall_clock clock_;
  std::unique_ptr<store> store_;
  std::optional<work_pool> readers_;
  std::optional<work_pool> lists_;
  std::optional<action_feed> feed_;
  std::optional<api> api_;
  http::router routes_;  // the server's, once it serves
  std::optional<http::server> server_;
};

service::service(service_config config) : impl_{std::make_unique<impl>(std::move(config))} {}
service::~service() { stop(); }
result<void> service::open() { return impl_->open(); }
void service::handle(http::request&& req, http::responder&& answer) {
  impl_->handle(std::move(req), std::move(answer));
}
store& service::data() { return impl_->data(); }
work_pool& service::readers() { return impl_->readers(); }
result<void> service::start() { return impl_->start(); }
std::uint16_t service::port() const noexcept { return impl_->port(); }
bool service::drain(std::chrono::milliseconds patience) { return impl_->drain(patience); }
void service::stop() { impl_->stop(); }

}  // namespace im::ruvector
