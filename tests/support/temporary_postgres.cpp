#include "tests/support/temporary_postgres.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <vector>

namespace im::test {

namespace {

constexpr std::chrono::seconds patience{60};
constexpr std::chrono::milliseconds look_again{20};
constexpr const char* user = "im";

struct connection_closer {
  void operator()(PGconn* c) const noexcept { PQfinish(c); }
};
struct result_clearer {
  void operator()(PGresult* r) const noexcept { PQclear(r); }
};
using connection = std::unique_ptr<PGconn, connection_closer>;
using answer = std::unique_ptr<PGresult, result_clearer>;

/// Debian keeps each major version in a folder of its number; outside of PATH.
std::filesystem::path newest_binaries() {
  std::filesystem::path found;
  int newest = 0;
  std::error_code failed;
  for (const auto& version : std::filesystem::directory_iterator{"/usr/lib/postgresql", failed}) {
    const int number = std::atoi(version.path().filename().c_str());
    if (number > newest && std::filesystem::exists(version.path() / "bin" / "initdb")) {
      newest = number;
      found = version.path() / "bin";
    }
  }
  if (newest == 0)
    throw std::runtime_error{"there is no PostgreSQL server here; deploy/setup/setup --tests installs it"};
  return found;
}

/// PostgreSQL refuses to run as root.
const passwd* unprivileged() {
  if (geteuid() != 0) return nullptr;
  for (const char* name : {"postgres", "nobody"})
    if (const auto* entry = getpwnam(name)) return entry;
  throw std::runtime_error{"there is no user 'postgres' or 'nobody' to run PostgreSQL as"};
}

/// A child that dies with us, as another user if we are root. It keeps its process id.
std::unique_ptr<child_process> spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                                     const std::filesystem::path& log) {
  std::vector<std::string> words{"--pdeathsig", "QUIT"};
  if (const auto* as = unprivileged()) {
    words.insert(words.end(),
                 {"--reuid", std::to_string(as->pw_uid), "--regid", std::to_string(as->pw_gid), "--clear-groups"});
  }
  words.insert(words.end(), {"--", program.string()});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return std::make_unique<child_process>("/usr/bin/setpriv", words,
                                         std::map<std::string, std::string>{{"LC_ALL", "C.UTF-8"}}, log);
}

answer execute(const std::string& url, const std::string& text, std::string& said) {
  const connection db{PQconnectdb(url.c_str())};
  if (PQstatus(db.get()) != CONNECTION_OK) {
    said = PQerrorMessage(db.get());
    return nullptr;
  }
  answer got{PQexec(db.get(), text.c_str())};
  said = PQresultErrorMessage(got.get());
  return got;
}

}  // namespace

std::string run_sql(const std::string& url, const std::string& text) {
  std::string said;
  (void)execute(url, text, said);
  return said;
}

std::string query_value(const std::string& url, const std::string& text) {
  std::string said;
  const auto got = execute(url, text, said);
  if (!said.empty()) throw std::runtime_error{said};
  return PQntuples(got.get()) == 0 ? std::string{} : PQgetvalue(got.get(), 0, 0);
}

temporary_postgres::temporary_postgres() : folder_{"im-postgres-"}, binaries_{newest_binaries()} {
  if (const auto* as = unprivileged(); as != nullptr && chown(folder_.path().c_str(), as->pw_uid, as->pw_gid) != 0)
    throw std::runtime_error{"cannot give the folder to the user of PostgreSQL"};
  // Making a cluster need not be durable; what the server does afterwards is.
  auto init = spawn(binaries_ / "initdb",
                    {"--pgdata", folder_.path() / "data", "--auth", "trust", "--username", user, "--encoding", "UTF8",
                     "--locale", "C.UTF-8", "--no-sync"},
                    folder_.path() / "initdb.log");
  (void)init->wait_for_line("Success.", patience);
  if (init->wait(patience) != 0) throw std::runtime_error{"initdb failed:\n" + log_tail()};
  start();
}

temporary_postgres::~temporary_postgres() {
  try {
    end(SIGQUIT);
  } catch (...) {  // its destructor kills it
  }
}

std::string temporary_postgres::url_of(const std::string& database) const {
  return std::string{"postgresql://"} + user + "@/" + database + "?host=" + folder_.path().string();
}

void temporary_postgres::start() {
  if (server_) return;
  const auto folder = folder_.path().string();
  server_ = spawn(binaries_ / "postgres",
                  {"-D", folder + "/data", "-c", "listen_addresses=", "-c", "unix_socket_directories=" + folder, "-c",
                   "max_connections=100", "-c", "shared_buffers=64MB"},
                  folder_.path() / "postgres.log");
  const auto end = std::chrono::steady_clock::now() + patience;
  while (PQping(url_of("postgres").c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > end || server_->wait(look_again)) {
      server_.reset();
      throw std::runtime_error{"PostgreSQL does not start:\n" + log_tail()};
    }
  }
}

void temporary_postgres::stop() { end(SIGINT); }
void temporary_postgres::kill() { end(SIGQUIT); }

void temporary_postgres::end(int signal) {
  if (!server_) return;
  server_->signal(signal);
  const bool ended = server_->wait(patience).has_value();
  server_.reset();
  if (!ended) throw std::runtime_error{"PostgreSQL does not stop:\n" + log_tail()};
}

std::string temporary_postgres::create_database() {
  const auto name = "test_" + std::to_string(++made_);
  if (const auto said = run_sql(url_of("postgres"), "CREATE DATABASE " + name); !said.empty())
    throw std::runtime_error{said};
  return url_of(name);
}

std::string temporary_postgres::create_schema() {
  const auto name = "test_" + std::to_string(++made_);
  if (const auto said = run_sql(url_of("postgres"), "CREATE SCHEMA " + name); !said.empty())
    throw std::runtime_error{said};
  return url_of("postgres") + "&options=-csearch_path%3D" + name;
}

std::string temporary_postgres::log_tail() const {
  std::string all;
  for (const char* name : {"initdb.log", "postgres.log"}) {
    std::ifstream in{folder_.path() / name};
    all.append(std::istreambuf_iterator<char>{in}, {});
  }
  return all.size() > 4000 ? all.substr(all.size() - 4000) : all;
}

}  // namespace im::test
