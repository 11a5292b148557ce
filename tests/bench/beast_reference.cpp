/// beast_reference PORT STATUS FILE [DATABASE [STORE]]: a bare Beast server on one thread of the loopback that answers every request
/// with the same bytes. What HTTP alone costs, beside which the service's own figures stand. With DATABASE each body is a row of an
/// SQLite table with nothing but its row number, and is answered when it is durable (WAL, full synchronisation, one transaction for
/// all that wait): the least that any service does that answers after it has stored, so the most that ours could reach. With STORE
/// the rows are those that the service wrote for such a request there, in the tables of a store of their own: what remains of the
/// service without JSON, decisions and memory.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <cstddef>
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
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/sqlite_rows.hpp"

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

  /// `store`: whose rows are written; null: the bodies.
  log_table(const char* file, const char* store, handler durable) : durable_{std::move(durable)} {
    if (store != nullptr) {
      replay_.emplace(store, file);
    } else {
      db_ = im::bench::open_target(file);
      im::bench::execute(db_.get(), "CREATE TABLE log (row INTEGER PRIMARY KEY, body TEXT)");
      insert_ = im::bench::prepare(db_.get(), "INSERT INTO log (body) VALUES (?)");
    }
    thread_ = std::jthread{[this](const std::stop_token& ended) {
      while (!ended.stop_requested()) write(take(ended));
    }};
  }
  log_table(const log_table&) = delete;
  log_table& operator=(const log_table&) = delete;
  ~log_table() { thread_ = {}; }

  void add(stored_body body) {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(body));
    wake_.notify_one();
  }

private:
  std::vector<stored_body> take(const std::stop_token& ended) {
    std::unique_lock lock{mutex_};
    wake_.wait(lock, ended, [this] { return !waiting_.empty(); });
    return std::exchange(waiting_, {});
  }

  void write(std::vector<stored_body> bodies) {
    if (bodies.empty()) return;
    if (replay_) {
      replay_->begin();
      for (std::size_t answered = 0; answered < bodies.size();) answered += replay_->write_next().requests;
      replay_->commit();
    } else {
      im::bench::execute(db_.get(), "BEGIN IMMEDIATE");
      for (auto& body : bodies) im::bench::run(db_.get(), insert_.get(), {std::move(body.text)});
      im::bench::execute(db_.get(), "COMMIT");
    }
    durable_(std::move(bodies));
  }

  std::optional<im::bench::store_replay> replay_;
  im::bench::database db_{nullptr, sqlite3_close};
  im::bench::query insert_{nullptr, sqlite3_finalize};
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
  if (argc < 4 || argc > 6) {
    std::fprintf(stderr, "usage: beast_reference PORT STATUS FILE [DATABASE [STORE]]\n");
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
    log.emplace(argv[4], argc == 6 ? argv[5] : nullptr, [&context](std::vector<stored_body> durable) {
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
