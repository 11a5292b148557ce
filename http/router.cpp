#include "http/router.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>

#include "http/limits.hpp"

namespace im::http {

namespace {

/// A path's segments; a bound keeps the search shallow and the memory on the stack.
struct segments {
  std::array<std::string_view, limits::path_segments> parts{};
  std::size_t count{0};
  [[nodiscard]] std::span<const std::string_view> all() const noexcept { return {parts.data(), count}; }
};

/// Nothing if the path does not start with '/' or has too many segments. "/" has none.
std::optional<segments> split(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  segments out;
  path.remove_prefix(1);
  if (path.empty()) return out;
  for (;;) {
    if (out.count == out.parts.size()) return std::nullopt;
    const auto slash = path.find('/');
    out.parts[out.count++] = path.substr(0, slash);
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::string join_allow(std::vector<std::string_view> methods) {
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string out;
  for (const auto method : methods) {
    if (!out.empty()) out += ", ";
    out += method;
  }
  return out;
}

std::string_view name_of(verb method) {
  const auto text = boost::beast::http::to_string(method);
  return {text.data(), text.size()};
}

}  // namespace

struct router::node {
  std::vector<std::pair<std::string, std::unique_ptr<node>>> literals;  // few: a linear search beats a hash
  std::unique_ptr<node> parameter;
  std::vector<const route*> routes;

  [[nodiscard]] node* literal(std::string_view segment) const noexcept {
    for (const auto& [text, child] : literals)
      if (text == segment) return child.get();
    return nullptr;
  }

  [[nodiscard]] const route* find(verb method) const noexcept {
    for (const auto* r : routes)
      if (r->method == method) return r;
    return nullptr;
  }

  /// The node of the path, a literal segment before a parameter. Visits no node twice, so a request costs no more than the table.
  [[nodiscard]] const node* descend(std::span<const std::string_view> path) const noexcept {
    if (path.empty()) return routes.empty() ? nullptr : this;
    if (const auto* child = literal(path.front()))
      if (const auto* found = child->descend(path.subspan(1))) return found;
    if (parameter && !path.front().empty()) return parameter->descend(path.subspan(1));
    return nullptr;
  }

  [[nodiscard]] std::string allow() const {
    std::vector<std::string_view> methods{"OPTIONS"};
    for (const auto* r : routes) {
      methods.push_back(name_of(r->method));
      if (r->method == verb::get) methods.emplace_back("HEAD");
    }
    return join_allow(std::move(methods));
  }
};

bool route::accepts(std::string_view content_type) const noexcept {
  const auto type = media_type(content_type);
  return type.empty() || std::any_of(options.content_types.begin(), options.content_types.end(),
                                     [&](const std::string& known) { return known == "*/*" || iequals(known, type); });
}

router::router() : root_{std::make_unique<node>()} {}
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;
router::~router() = default;

void router::add(verb method, std::string_view pattern, handler handle, route_options options) {
  const auto parts = split(pattern);
  if (!parts || !handle) throw std::invalid_argument{"malformed route: " + std::string{pattern}};
  auto* at = root_.get();
  for (const auto part : parts->all()) {
    if (is_parameter(part)) {
      if (!at->parameter) at->parameter = std::make_unique<node>();
      at = at->parameter.get();
    } else if (part.empty() || part.find_first_of("{}%") != std::string_view::npos) {
      throw std::invalid_argument{"malformed route: " + std::string{pattern}};
    } else if (auto* known = at->literal(part)) {
      at = known;
    } else {
      at = at->literals.emplace_back(part, std::make_unique<node>()).second.get();
    }
  }
  if (at->find(method) != nullptr) throw std::invalid_argument{"route given twice: " + std::string{pattern}};
  routes_.push_back(
      std::make_unique<route>(route{method, std::string{pattern}, std::move(handle), std::move(options)}));
  at->routes.push_back(routes_.back().get());
}

route_match router::match(verb method, std::string_view path) const {
  using outcome = route_match::outcome;
  if (path == "*" && method == verb::options) {
    std::vector<std::string_view> methods{"OPTIONS"};
    for (const auto& r : routes_) methods.push_back(name_of(r->method));
    return {.result = outcome::options, .allow = join_allow(std::move(methods))};
  }
  auto parts = split(path);
  if (!parts) return {.result = outcome::not_found};
  std::array<std::optional<std::string>, limits::path_segments> decoded;
  for (std::size_t i = 0; i < parts->count; ++i) {
    auto& part = parts->parts[i];
    if (part.find('%') == std::string_view::npos) continue;
    decoded[i] = percent_decode(part);
    if (!decoded[i]) return {.result = outcome::malformed};
    part = *decoded[i];
  }
  const auto* found = root_->descend(parts->all());
  if (found == nullptr) return {.result = outcome::not_found};
  const auto* target = found->find(method);
  if (target == nullptr && method == verb::head) target = found->find(verb::get);
  if (target == nullptr)
    return {.result = method == verb::options ? outcome::options : outcome::method_not_allowed,
            .allow = found->allow()};

  route_match match{.result = outcome::found, .target = target};
  const auto pattern = split(target->pattern);
  for (std::size_t i = 0; i < pattern->count; ++i) {
    const auto name = pattern->parts[i];
    if (!is_parameter(name)) continue;
    if (parts->parts[i].size() > limits::path_param_bytes) return {.result = outcome::malformed};
    match.params.add(std::string{name.substr(1, name.size() - 2)}, std::string{parts->parts[i]});
  }
  return match;
}

std::vector<std::pair<verb, std::string_view>> router::routes() const {
  std::vector<std::pair<verb, std::string_view>> out;
  for (const auto& r : routes_) out.emplace_back(r->method, r->pattern);
  return out;
}

}  // namespace im::http
