#include "tests/e2e/raw_connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "http/uri.hpp"

namespace im::e2e {

namespace {

using clock = std::chrono::steady_clock;

std::chrono::milliseconds left_until(clock::time_point until) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now());
}

/// The header fields between the status line and the empty line.
void read_fields(std::string_view head, http::header_fields& into) {
  auto line_end = head.find("\r\n");
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    const auto line = head.substr(0, line_end);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) into.add(line.substr(0, colon), http::trim(line.substr(colon + 1)));
  }
}

std::size_t body_size(const http::header_fields& fields) {
  const auto given = fields.get("Content-Length");
  return given ? std::stoul(std::string{*given}) : 0;
}

}  // namespace

raw_connection::raw_connection(std::uint16_t port) : socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::system_error{errno, std::generic_category(), "connect"};
}

raw_connection::~raw_connection() { close(socket_); }

bool raw_connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void raw_connection::finish_sending() { shutdown(socket_, SHUT_WR); }

bool raw_connection::receive(std::chrono::milliseconds longest) {
  pollfd waiting{socket_, POLLIN, 0};
  if (longest.count() <= 0 || poll(&waiting, 1, static_cast<int>(longest.count())) <= 0) return false;
  std::array<char, 16384> buffer{};
  const auto got = recv(socket_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  unread_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<answer> raw_connection::read(std::chrono::milliseconds longest) {
  const auto until = clock::now() + longest;
  for (;;) {
    const auto head_end = unread_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      answer heard;
      const auto head = std::string_view{unread_}.substr(0, head_end);
      heard.status = static_cast<unsigned>(std::stoul(std::string{head.substr(head.find(' ') + 1, 3)}));
      read_fields(head, heard.headers);
      const auto size = body_size(heard.headers);
      if (unread_.size() >= head_end + 4 + size) {
        heard.text = unread_.substr(head_end + 4, size);
        unread_.erase(0, head_end + 4 + size);
        if (heard.status == 100) continue;
        boost::system::error_code failed;
        heard.body = js::parse(heard.text, failed);
        return heard;
      }
    }
    if (!receive(left_until(until))) return std::nullopt;
  }
}

bool raw_connection::is_ended(std::chrono::milliseconds longest) {
  if (!unread_.empty()) return false;
  pollfd waiting{socket_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(longest.count())) <= 0) return false;
  char byte = 0;
  return recv(socket_, &byte, 1, 0) <= 0;
}

std::string raw_request(std::string_view method, std::string_view target, std::string_view body,
                        std::string_view content_type) {
  std::string text{method};
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  if (!content_type.empty()) text.append("Content-Type: ").append(content_type).append("\r\n");
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return text;
}

}  // namespace im::e2e
