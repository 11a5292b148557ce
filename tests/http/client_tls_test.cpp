/// HTTPS: what is trusted, and what is not. The certificate is made here, for each run anew.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "http/sync_client.hpp"
#include "tests/http/support.hpp"

namespace {

using namespace im::http;
using namespace im::http::testing;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct certificate {
  std::string key_pem;
  std::string cert_pem;
};

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
  std::string out{data, static_cast<std::size_t>(size)};
  BIO_free(bio);
  return out;
}

/// A self-signed certificate for `name` (such as "DNS:localhost").
certificate make_certificate(const char* name) {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  auto* subject = X509_get_subject_name(cert);
  const auto* common_name = reinterpret_cast<const unsigned char*>("im test");
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(cert, subject);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name);
  X509_add_ext(cert, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(cert, key, EVP_sha256());
  BIO* key_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  BIO* cert_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(cert_bio, cert);
  X509_free(cert);
  EVP_PKEY_free(key);
  return {text_of(key_bio), text_of(cert_bio)};
}

/// Answers one request over TLS, on as many connections as come.
class tls_server {
public:
  explicit tls_server(const certificate& own) : acceptor_{io_, {asio::ip::address_v4::loopback(), 0}} {
    tls_.use_certificate_chain(asio::buffer(own.cert_pem));
    tls_.use_private_key(asio::buffer(own.key_pem), asio::ssl::context::pem);
    thread_ = std::jthread{[this](const std::stop_token& stop) {
      while (!stop.stop_requested()) serve();
    }};
  }
  ~tls_server() {
    thread_.request_stop();
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  }
  [[nodiscard]] std::uint16_t port() { return acceptor_.local_endpoint().port(); }

private:
  void serve() {
    boost::system::error_code ec;
    asio::ssl::stream<tcp::socket> stream{io_, tls_};
    acceptor_.accept(stream.next_layer(), ec);
    if (!ec) stream.handshake(asio::ssl::stream_base::server, ec);
    for (std::string buffer; !ec; buffer.clear()) {
      asio::read_until(stream, asio::dynamic_buffer(buffer), "\r\n\r\n", ec);
      const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
      if (!ec) asio::write(stream, asio::buffer(answer.data(), answer.size()), ec);
    }
  }

  asio::io_context io_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_;
  std::jthread thread_;
};

/// A file that is gone when the test is over.
class temporary_file {
public:
  explicit temporary_file(std::string_view text) {
    std::string name = (std::filesystem::temp_directory_path() / "im-ca-XXXXXX").string();
    ::close(::mkstemp(name.data()));
    path_ = name;
    std::ofstream{path_} << text;
  }
  ~temporary_file() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

origin https(std::string host, std::uint16_t port) {
  return {.tls = true, .host = std::move(host), .port = port, .base = {}};
}

TEST_CASE("a certificate is taken when its issuer is trusted and its name is the host's") {
  const auto own = make_certificate("DNS:localhost,IP:127.0.0.1");
  tls_server server{own};
  const temporary_file ca{own.cert_pem};
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    sync_client c{https(host, server.port()), {.ca_file = ca.path()}};
    for (int i = 0; i < 3; ++i) {
      const auto r = c.request(verb::get, "/");
      REQUIRE(r);
      CHECK(r->body == "secret");
    }
  }
}

TEST_CASE("a certificate of an unknown issuer is refused, and nothing is sent") {
  tls_server server{make_certificate("DNS:localhost")};
  sync_client c{https("localhost", server.port())};
  const auto r = c.request(verb::get, "/");
  REQUIRE_FALSE(r);
  CHECK(r.error().kind == client_error_kind::tls);
  CHECK_FALSE(r.error().maybe_sent);
}

TEST_CASE("a certificate for another name is refused") {
  const auto own = make_certificate("DNS:elsewhere.example");
  tls_server server{own};
  const temporary_file ca{own.cert_pem};
  sync_client c{https("localhost", server.port()), {.ca_file = ca.path()}};
  const auto r = c.request(verb::get, "/");
  REQUIRE_FALSE(r);
  CHECK(r.error().kind == client_error_kind::tls);
}

TEST_CASE("a CA file that cannot be read is an exception") {
  CHECK_THROWS_AS((sync_client{https("localhost", 1), {.ca_file = "/nowhere/ca.pem"}}), std::runtime_error);
}

TEST_CASE("a server that does not speak TLS is a tls error") {
  test_server plain;
  sync_client c{https("127.0.0.1", plain.port())};
  const auto r = c.request(verb::get, "/");
  REQUIRE_FALSE(r);
  CHECK(r.error().kind == client_error_kind::tls);
}

}  // namespace
