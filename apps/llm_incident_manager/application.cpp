#include "apps/llm_incident_manager/application.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/incident_house.hpp"
#include "actors/observations.hpp"
#include "apps/llm_incident_manager/observers.hpp"
#include "http/api/api.hpp"
#include "http/server.hpp"
#include "im/version.hpp"
#include "persistence/embedded/embedded_client.hpp"
#include "persistence/persistence_actor.hpp"
#include "persistence/ruvector/service.hpp"
#include "persistence/ruvector/store.hpp"
#include "persistence/ruvector_client.hpp"
#include "telemetry/log.hpp"
#include "telemetry/observatory.hpp"

namespace im {

namespace {

constexpr const char* store_file = "ruvector.db";
constexpr milliseconds last_writes{500};  // of a drain: for what its requests left to be written

/// Host and process: unique among the instances that share a store.
std::string instance_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return "unknown-" + std::to_string(getpid());
  return std::string{host.data()} + '-' + std::to_string(getpid());
}

/// The policies that lie beside the program: an empty embedded store starts with them.
std::filesystem::path shipped_policies() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  return program.parent_path().parent_path() / "share" / "llm-incident-manager" / "policies";
}

void teach_caf_our_types() {
  static const bool once = [] {
    caf::init_global_meta_objects<caf::id_block::im>();
    caf::core::init_global_meta_objects();
    return true;
  }();
  (void)once;
}

caf::actor_system_config& configure(caf::actor_system_config& config, std::size_t threads) {
  teach_caf_our_types();
  config.set("caf.scheduler.max-threads", threads);
  // One queue that idle threads sleep on: those that steal from each other look for work 20,000 times a second and find none.
  config.set("caf.scheduler.policy", "sharing");
  return config;
}

}  // namespace

class application::impl {
public:
  impl(settings with, const wall_clock& clock, std::function<void()> on_failed)
      : settings_{std::move(with)},
        clock_{clock},
        on_failed_{std::move(on_failed)},
        metrics_{{settings_.service_version, revision(), to_string(settings_.platform)}},
        env_{clock_,
             metrics_,
             {std::string{version}, instance_name(), environment_of(settings_.platform)},  // a decider has a semver
             settings_.passivate_after,
             settings_.max_live_incidents,
             {}} {
    env_.on_lost = [this](std::string_view actor) {
      log::error(log::event::service_failed, "nothing works without this actor; the service has to start again",
                 {{"actor", actor}});
      fail_for_good();
    };
  }

  result<void> start() {
    if (auto opened = open_store(); !opened) return opened;
    if (settings_.sends_telemetry()) tell_observatory();
    system_ = std::make_unique<caf::actor_system>(configure(caf_config_, settings_.worker_threads));
    persistence_ = persistence::spawn_persistence(*system_, client_, persistence_settings(metrics_));
    must_live(persistence_, "persistence_actor", env_);
    house_ = std::make_unique<incident_house>(
        *system_, env_, persistence_,
        policy_names{settings_.escalation_policy_id, settings_.approval_policy_id, settings_.sla_policy_id});
    if (auto listening = listen(); !listening) return listening;
    house_->start_clock();
    house_->check_policies([](const result<void>&) {});  // what they lack is in the log before the first event comes
    return {};
  }

  void leave() { leaving_ = true; }

  bool drain(milliseconds longest) {
    const auto until = std::chrono::steady_clock::now() + longest;
    draining_ = true;
    bool clean = !http_ || http_->drain(longest - last_writes);
    if (persistence_) {
      caf::scoped_actor self{*system_};
      const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
      send_request(self.ptr(), persistence_, std::max(left, last_writes), drain_atom_v)
          .receive([] {}, [&](const caf::error&) { clean = false; });
    }
    stop();
    take_leave();
    return clean;
  }

  /// In the order of who calls whom: nobody is called after its end.
  void stop() {
    if (http_) http_->stop();
    if (metrics_http_) metrics_http_->stop();
    house_.reset();
    if (persistence_) caf::anon_send_exit(std::exchange(persistence_, nullptr), caf::exit_reason::user_shutdown);
    system_.reset();
    client_.reset();
    if (store_) store_->drain();
    store_.reset();
  }

  [[nodiscard]] bool has_failed() const { return failed_; }

  [[nodiscard]] std::uint16_t http_port() const { return http_ ? http_->port() : 0; }
  [[nodiscard]] std::optional<std::uint16_t> metrics_port() const {
    return metrics_http_ ? std::optional{metrics_http_->port()} : std::nullopt;
  }
  [[nodiscard]] std::string store_address() const { return store_address_; }

private:
  /// Behind all others: the store is closed, and nothing waits for an endpoint that does not answer.
  void take_leave() const {
    if (!observatory_) return;
    if (const auto left = observatory_->flush(limits::observatory_farewell); left > 0)
      log::warn(log::event::observations_lost, "LLM-Observatory was not told all", {{"count", left}});
  }

  void fail_for_good() {
    failed_ = true;
    if (on_failed_) on_failed_();
  }

  void tell_observatory() {
    telemetry::observatory_config config{.endpoint = *settings_.telemetry_endpoint};
    config.api_key = settings_.telemetry_api_key;
    config.tags = {{"environment", std::string{to_string(env_.who.environment)}}};
    if (!settings_.region.empty()) config.tags.emplace("region", settings_.region);
    config.figures = [this, agent = logic::agent_id(agent::manager, env_.who), run = uuid::v7(clock_.now())] {
      return telemetry::observation{
          telemetry::observation_type::metric, agent, run, clock_.now(), {}, metrics_.totals()};
    };
    observatory_ = std::make_unique<telemetry::observatory>(std::move(config), metrics_);
    observe(env_, *observatory_);
  }

  result<void> open_store() {
    persistence::ruvector_config config;
    config.timeout = std::min(settings_.ruvector_timeout, limits::store_attempt);
    config.list_timeout = settings_.ruvector_timeout;
    config.observers = client_observers();
    if (!settings_.ruvector_url) return embed_store(config);
    config.service = *settings_.ruvector_url;
    config.api_key = settings_.ruvector_api_key;
    store_address_ = config.service.to_string();
    client_ = std::make_shared<persistence::ruvector_client>(std::move(config));
    return {};
  }

  result<void> embed_store(const persistence::ruvector_config& for_client) {
    ruvector::service_config config;
    config.data_file = settings_.data_dir / store_file;
    store_address_ = "embedded, " + config.data_file.string();
    config.policies_dir = settings_.policies_dir.empty() ? shipped_policies() : settings_.policies_dir;
    config.log = store_log();
    config.on_trouble = store_gauges(metrics_);
    config.on_stopped = [this] {
      log::error(log::event::service_failed, "the disk of the store failed; the service has to start again");
      fail_for_good();
    };
    store_ = std::make_unique<ruvector::service>(std::move(config));
    if (auto opened = store_->open(); !opened) return opened;
    client_ = std::make_shared<persistence::embedded_client>(*store_, for_client);
    return {};
  }

  result<void> listen() {
    api::dependencies ports{*house_, *client_, *client_, clock_, settings_.service_version};
    ports.instance = env_.who.instance;
    ports.environment = env_.who.environment;
    ports.sentinel_webhook_secret = settings_.sentinel_webhook_secret;
    ports.leaving = [this] { return leaving_.load(); };
    ports.draining = [this] { return draining_.load(); };
    ports.on_failed = log_failed_request;
    http::router routes;
    api::add_routes(routes, std::move(ports));
    prepare_routes(metrics_, routes);

    http::server_config config;
    config.address = settings_.http_address;
    config.port = settings_.http_port;
    config.io_threads = settings_.io_threads;
    config.max_connections = settings_.max_connections;
    config.request_timeout = settings_.request_timeout;
    try {
      http_ =
          std::make_unique<http::server>(config, std::move(routes), api::render_core_error, server_observers(metrics_));
      http_->start();
      if (settings_.metrics_port) listen_for_metrics();
    } catch (const std::system_error& e) {
      return fail(errc::internal, std::string{e.what()} + "; look at HTTP_ADDRESS, HTTP_PORT and METRICS_PORT");
    }
    return {};
  }

  void listen_for_metrics() {
    http::router routes;
    routes.add(http::verb::get, "/metrics", [this](http::request&&, http::responder&& answer) {
      http::response r;
      r.content_type = "text/plain; version=0.0.4; charset=utf-8";
      if (store_) metrics_.store_log_bytes.set(static_cast<double>(store_->data().log_bytes()));
      r.body = metrics_.expose();
      answer(std::move(r));
    });
    http::server_config config;
    config.address = settings_.http_address;
    config.port = *settings_.metrics_port;
    metrics_http_ = std::make_unique<http::server>(config, std::move(routes), api::render_core_error);
    metrics_http_->start();
  }

  settings settings_;
  const wall_clock& clock_;
  std::function<void()> on_failed_;
  telemetry::metrics metrics_;
  actor_environment env_;
  std::atomic<bool> leaving_ = false;
  std::atomic<bool> draining_ = false;
  std::atomic<bool> failed_ = false;
  std::string store_address_;
  std::unique_ptr<telemetry::observatory> observatory_;
  std::unique_ptr<ruvector::service> store_;
  std::shared_ptr<persistence::ruvector_client> client_;
  caf::actor_system_config caf_config_;
  std::unique_ptr<caf::actor_system> system_;
  persistence_actor persistence_;
  std::unique_ptr<incident_house> house_;
  std::unique_ptr<http::server> http_;
  std::unique_ptr<http::server> metrics_http_;
};

application::application(settings with, const wall_clock& clock, std::function<void()> on_failed)
    : impl_{std::make_unique<impl>(std::move(with), clock, std::move(on_failed))} {}

application::~application() { impl_->stop(); }

result<void> application::start() { return impl_->start(); }
void application::leave() { impl_->leave(); }
bool application::drain(milliseconds longest) { return impl_->drain(longest); }
bool application::has_failed() const { return impl_->has_failed(); }
std::uint16_t application::http_port() const { return impl_->http_port(); }
std::optional<std::uint16_t> application::metrics_port() const { return impl_->metrics_port(); }
std::string application::store_address() const { return impl_->store_address(); }

}  // namespace im
