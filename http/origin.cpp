#include "http/origin.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace im::http {

std::expected<origin, std::string> origin::parse(std::string_view url) {
  const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
  if (!parsed) return std::unexpected{"not an absolute URL"};
  const auto& u = *parsed;
  const bool tls = u.scheme_id() == boost::urls::scheme::https;
  if (!tls && u.scheme_id() != boost::urls::scheme::http) return std::unexpected{"neither http nor https"};
  if (u.has_userinfo()) return std::unexpected{"a URL with a user or a password is not taken"};
  if (u.host_address().empty()) return std::unexpected{"no host"};
  if (u.has_query() || u.has_fragment()) return std::unexpected{"a query or a fragment has no place here"};
  origin out{.tls = tls, .host = u.host_address(), .port = static_cast<std::uint16_t>(tls ? 443 : 80)};
  if (u.has_port() && !u.port().empty()) {
    const auto port = u.port();
    const auto read = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (read.ec != std::errc{} || out.port == 0) return std::unexpected{"not a port"};
  }
  const auto path = u.encoded_path();
  out.base.assign(path.data(), path.size());
  while (out.base.ends_with('/')) out.base.pop_back();
  return out;
}

std::string origin::authority() const {
  auto text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::string origin::to_string() const { return (tls ? "https://" : "http://") + authority() + base; }

}  // namespace im::http
