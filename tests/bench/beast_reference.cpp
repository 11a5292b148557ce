/// beast_reference PORT STATUS FILE [DATABASE [keys]]: a bare Beast server on one thread of the loopback that answers every request with the
/// same bytes. What HTTP alone costs, beside which the service's own figures stand. With DATABASE each body is a row of an SQLite
/// table with nothing but its row number, and is answered when it is durable (WAL, full synchronisation, one transaction for all that
/// wait): the least that any service does that answers after it has stored, so the most that ours could reach. With `keys` each row
/// also has what the store's laws ask for, as if each body were an event about one of 1,000 incidents.

#include <sqlite3.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/law_keys.hpp"

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using response = http::response<http::string_body>;

class session;

struct stored_body {
  std::string text;
  std::shared_ptr<session> from;
};

/// Writes what waits, on a thread of its own.
class log_table {
public:
  using handler = std::function<void(std::vector<stored_body>)>;

  log_table(const char* file, bool keys, handler durable) : durable_{std::move(durable)} {
    if (sqlite3_open(file, &db_) != SQLITE_OK) fail();
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("CREATE TABLE log (row INTEGER PRIMARY KEY, id BLOB, incident BLOB, sequence INTEGER, body TEXT)");
    insert_ = prepare("INSERT INTO log (body, id, incident, sequence) VALUES (?, ?, ?, ?)");
    if (keys) {
      execute(im::bench::law_keys);
      insert_request_ = prepare(im::bench::insert_request);
    }
    thread_ = std::jthread{[this](const std::stop_token& ended) {
      while (!ended.stop_requested()) write(take(ended));
    }};
  }
  log_table(const log_table&) = delete;
  log_table& operator=(const log_table&) = delete;
  ~log_table() {
    thread_ = {};
    sqlite3_finalize(insert_);
    sqlite3_finalize(insert_request_);
    sqlite3_close(db_);
  }

  void add(stored_body body) {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(body));
    wake_.notify_one();
  }

private:
  [[noreturn]] void fail() const { throw std::runtime_error{sqlite3_errmsg(db_)}; }

  void execute(const char* sql) const {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }

  sqlite3_stmt* prepare(const char* sql) const {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &made, nullptr) != SQLITE_OK) fail();
    return made;
  }

  void run(sqlite3_stmt* what) const {
    if (sqlite3_step(what) != SQLITE_DONE) fail();
    sqlite3_reset(what);
  }

  std::vector<stored_body> take(const std::stop_token& ended) {
    std::unique_lock lock{mutex_};
    wake_.wait(lock, ended, [this] { return !waiting_.empty(); });
    return std::exchange(waiting_, {});
  }

  /// 16 bytes that grow with `number`, as ids that begin with the time do.
  using id = std::array<unsigned char, 16>;
  static id id_of(std::uint64_t number) {
    id out{};
    for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<unsigned char>(number >> (56U - 8U * i));
    return out;
  }
  static void bind(sqlite3_stmt* to, int at, const id& value) {
    sqlite3_bind_blob(to, at, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  }

  void bind_keys() {
    const auto number = ++rows_;
    bind(insert_, 2, id_of(number));
    bind(insert_, 3, id_of(number * 2'654'435'761U % incidents));
    sqlite3_bind_int64(insert_, 4, static_cast<sqlite3_int64>(number));
    bind(insert_request_, 1, id_of(number));
  }

  void write(std::vector<stored_body> bodies) {
    if (bodies.empty()) return;
    execute("BEGIN IMMEDIATE");
    for (const auto& body : bodies) {
      sqlite3_bind_text(insert_, 1, body.text.data(), static_cast<int>(body.text.size()), SQLITE_STATIC);
      if (insert_request_ != nullptr) bind_keys();
      run(insert_);
      if (insert_request_ != nullptr) run(insert_request_);
    }
    execute("COMMIT");
    durable_(std::move(bodies));
  }

  static constexpr std::uint64_t incidents = 1000;

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* insert_request_ = nullptr;
  std::uint64_t rows_ = 0;
  handler durable_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<stored_body> waiting_;
  std::jthread thread_;
};

class session : public std::enable_shared_from_this<session> {
public:
  session(tcp::socket socket, const response& answer, log_table* log)
      : socket_{std::move(socket)}, answer_{answer}, log_{log} {}

  void read() {
    request_ = {};
    http::async_read(socket_, input_, request_, [self = shared_from_this()](const error_code& ended, std::size_t) {
      if (ended) return;
      if (self->log_ == nullptr) return self->write();
      self->log_->add({std::move(self->request_.body()), self});
    });
  }

  void write() {
    http::async_write(socket_, answer_, [self = shared_from_this()](const error_code& ended, std::size_t) {
      if (!ended && self->request_.keep_alive()) self->read();
    });
  }

private:
  tcp::socket socket_;
  const response& answer_;
  log_table* log_;
  boost::beast::flat_buffer input_;
  http::request<http::string_body> request_;
};

void accept(tcp::acceptor& at, const response& answer, log_table* log) {
  at.async_accept([&at, &answer, log](const error_code& failed, tcp::socket socket) {
    if (failed) return;
    socket.set_option(tcp::no_delay{true});
    std::make_shared<session>(std::move(socket), answer, log)->read();
    accept(at, answer, log);
  });
}

}  // namespace

int main(int argc, char** argv) try {
  const bool keys = argc == 6 && std::string_view{argv[5]} == "keys";
  if (argc != 4 && argc != 5 && !keys) {
    std::fprintf(stderr, "usage: beast_reference PORT STATUS FILE [DATABASE [keys]]\n");
    return 2;
  }
  std::ifstream file{argv[3], std::ios::binary};
  response answer{http::int_to_status(static_cast<unsigned>(std::stoul(argv[2]))), 11};
  answer.set(http::field::server, "beast_reference");
  answer.set(http::field::content_type, "application/json");
  answer.body().assign(std::istreambuf_iterator<char>{file}, {});
  answer.prepare_payload();
  asio::io_context context{1};
  std::optional<log_table> log;
  if (argc > 4)
    log.emplace(argv[4], keys, [&context](std::vector<stored_body> durable) {
      asio::post(context, [durable = std::move(durable)] {
        for (const auto& body : durable) body.from->write();
      });
    });
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoul(argv[1]))}};
  accept(acceptor, answer, log ? &*log : nullptr);
  context.run();
} catch (const std::exception& e) {
  std::fprintf(stderr, "beast_reference: %s\n", e.what());
  return 1;
}
