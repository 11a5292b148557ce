#include <catch2/catch_test_macros.hpp>
#include <map>
#include <sstream>

#include "apps/llm_im/cli.hpp"
#include "http/server.hpp"
#include "messages/json/node.hpp"

using namespace im;
using cli::exit_code;

namespace {

struct outcome {
  exit_code code;
  std::string out;
  std::string err;
};

outcome llm_im(std::vector<std::string> arguments, const std::map<std::string, std::string>& env = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const auto code =
      cli::run(std::move(arguments), {out, err, [&](const std::string& name) -> std::optional<std::string> {
                                        const auto found = env.find(name);
                                        return found == env.end() ? std::nullopt : std::optional{found->second};
                                      }});
  return {code, out.str(), err.str()};
}

/// A service that answers its two health routes like this.
class fake_service {
public:
  fake_service(http::status health, std::string health_body, http::status ready, std::string ready_body)
      : server_{{}, routes(health, std::move(health_body), ready, std::move(ready_body))} {
    server_.start();
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

private:
  static http::router routes(http::status health, std::string health_body, http::status ready, std::string ready_body) {
    http::router r;
    const auto answer = [](http::status code, std::string body) {
      return [=](http::request&&, http::responder&& respond) { respond({.code = code, .body = body, .headers = {}}); };
    };
    r.add(http::verb::get, "/health", answer(health, std::move(health_body)));
    r.add(http::verb::get, "/health/ready", answer(ready, std::move(ready_body)));
    return r;
  }

  http::server server_;
};

constexpr auto ok = http::status::ok;
constexpr auto away = http::status::service_unavailable;

}  // namespace

TEST_CASE("version tells a version, as text and as JSON") {
  const auto text = llm_im({"version"});
  CHECK(text.code == exit_code::ok);
  CHECK(text.out.starts_with("llm-im 0."));
  const auto as_json = llm_im({"version", "--json"});
  const auto document = json::document::parse(as_json.out);
  REQUIRE(document);
  CHECK(document->root().find_string("name") == "llm-im");
  CHECK(document->root().find("revision"));
  CHECK(llm_im({"--version"}).code == exit_code::ok);
}

TEST_CASE("a wrong command line ends with 2 and says why") {
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {}, {"dance"}, {"health", "--loud"}, {"health", "--timeout", "0"}, {"health", "--url", "nonsense"}}) {
    const auto told = llm_im(wrong);
    CHECK(told.code == exit_code::usage);
    CHECK_FALSE(told.err.empty());
    CHECK(told.out.empty());
  }
  CHECK(llm_im({"--help"}).code == exit_code::ok);
  CHECK(llm_im({"health", "--help"}).out.find("--url") != std::string::npos);
}

TEST_CASE("health of a ready service ends with 0") {
  const fake_service service{ok, R"({"status":"healthy","version":"9.8.7"})", ok, R"({"status":"ready"})"};
  const auto told = llm_im({"health", "--url", service.url()});
  CHECK(told.code == exit_code::ok);
  CHECK(told.out == "healthy and ready: " + service.url() + ", version 9.8.7\n");
  CHECK(llm_im({"health"}, {{"LLM_IM_SERVICE_URL", service.url()}}).code == exit_code::ok);
  CHECK(llm_im({"health"}, {{"LLM_IM_SERVICE_URL", service.url() + "/"}}).code == exit_code::ok);
}

TEST_CASE("health of a service that is up but not ready ends with 1 and tells what it said") {
  const fake_service service{ok, R"({"status":"healthy"})", away, R"({"status":"not_ready","reason":"store"})"};
  const auto told = llm_im({"health", "--url", service.url()});
  CHECK(told.code == exit_code::refused);
  CHECK(told.err.find("not ready (503)") != std::string::npos);
  CHECK(told.err.find("store") != std::string::npos);
  const auto as_json = llm_im({"health", "--json", "--url", service.url()});
  CHECK(as_json.code == exit_code::refused);
  const auto document = json::document::parse(as_json.out);
  REQUIRE(document);
  CHECK(document->root().find_string("status") == "not_ready");
  CHECK(document->root().find("ready")->find_string("reason") == "store");
}

TEST_CASE("something else that answers is not taken for the service") {
  const fake_service other{http::status::not_found, "<h1>no</h1>", ok, "<h1>no</h1>"};
  const auto told = llm_im({"health", "--json", "--url", other.url()});
  CHECK(told.code == exit_code::refused);
  const auto document = json::document::parse(told.out);
  REQUIRE(document);
  CHECK(document->root().find_string("health") == "not JSON");
}

TEST_CASE("nobody at the address ends with 3 and a sentence that helps") {
  std::string url;
  {
    const fake_service gone{ok, "{}", ok, "{}"};
    url = gone.url();
  }
  const auto told = llm_im({"health", "--url", url});
  CHECK(told.code == exit_code::unreachable);
  CHECK(told.err.find("Is the service running") != std::string::npos);
  CHECK(told.err.find(url) != std::string::npos);
  const auto as_json = llm_im({"health", "--json"}, {{"LLM_IM_SERVICE_URL", url}});
  CHECK(as_json.code == exit_code::unreachable);
  const auto document = json::document::parse(as_json.out);
  REQUIRE(document);
  CHECK(document->root().find_string("status") == "unreachable");
}
