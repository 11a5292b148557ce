#include "http/uri.hpp"
#include "messages/hash.hpp"
#include "messages/json/codec.hpp"
#include "messages/policies.hpp"
#include "persistence/ruvector/api.hpp"
#include "persistence/ruvector/api_params.hpp"

namespace im::ruvector {

namespace {

template <class P>
result<policy_document> read_as(policy_kind kind, const json::node& from) {
  const auto policy = json::decode<P>(from);
  if (!policy) return std::unexpected{policy.error()};
  auto bad = check(*policy);
  for (const auto& [name, value] : {std::pair{"policy_id", &policy->id}, std::pair{"policy_version", &policy->version}})
    if (value->empty() || value->size() > limits::policy_id_chars)
      bad.push_back({name,
                     field_error::kind::invalid_value,
                     std::string{name} + " must have 1 to " + std::to_string(limits::policy_id_chars) + " bytes",
                     {}});
  if (!bad.empty()) return std::unexpected{json::validation_error(std::move(bad))};
  auto text = from.canonical();
  auto etag = '"' + sha256_hex(text).substr(0, 32) + '"';
  return policy_document{kind, policy->id, policy->version, std::move(etag), std::move(text)};
}

/// RFC 9110: `*`, or a list of tags; a weak one compares like a strong one here.
bool none_match_holds(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const auto comma = header.find(',');
    auto tag = http::trim(header.substr(0, comma));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag) return false;
    header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
  }
  return true;
}

http::response policy_reply(policy_document policy, const std::string& if_none_match) {
  auto out = none_match_holds(if_none_match, policy.etag) ? json_reply(std::move(policy.document))
                                                          : json_reply({}, http::status::not_modified);
  out.headers.emplace_back("ETag", policy.etag);
  out.headers.emplace_back("Cache-Control", "no-cache");
  return out;
}

http::response put_reply(const policy_document& policy, put_outcome outcome) {
  json::writer out;
  out.begin_object();
  json::object_writer members{out};
  members.required("kind", policy.kind);
  members.required("policy_id", policy.id);
  members.required("policy_version", policy.version);
  members.required("etag", policy.etag);
  out.end_object();
  auto reply = json_reply(out.take(), outcome == put_outcome::created ? http::status::created : http::status::ok);
  reply.headers.emplace_back("ETag", policy.etag);
  return reply;
}

std::optional<policy_kind> kind_of(const http::request& req) {
  return from_string<policy_kind>(req.params.get("kind").value_or(""));
}

error no_such_kind() { return {errc::not_found, "policies are of kind escalation, approval or sla"}; }

}  // namespace

result<policy_document> read_policy(policy_kind kind, std::string_view body) {
  const auto doc = json::document::parse(body, im::limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  switch (kind) {
    case policy_kind::escalation: return read_as<escalation_policy>(kind, doc->root());
    case policy_kind::approval: return read_as<approval_policy>(kind, doc->root());
    case policy_kind::sla: return read_as<sla_policy>(kind, doc->root());
  }
  return std::unexpected{no_such_kind()};
}

void api::get_policy(http::request&& req, http::responder&& answer) {
  const auto kind = kind_of(req);
  if (!kind) return answer(error_reply(no_such_kind()));
  later(std::move(answer), [this, kind = *kind, id = std::string{req.params.get("id").value_or("")},
                            version = param_reader{req}.text("version"),
                            if_none_match = std::string{req.header("If-None-Match").value_or("")}] {
    auto policy = store_.policy(kind, id, version);
    return policy ? policy_reply(std::move(*policy), if_none_match) : error_reply(policy.error());
  });
}

void api::put_policy(http::request&& req, http::responder&& answer) {
  const auto kind = kind_of(req);
  if (!kind) return answer(error_reply(no_such_kind()));
  auto policy = read_policy(*kind, req.body);
  if (!policy) return answer(error_reply(policy.error()));
  if (policy->id != req.params.get("id").value_or(""))
    return answer(error_reply(json::validation_error(
        {{"policy_id", field_error::kind::invalid_value, "policy_id must be the one in the path", policy->id}})));
  auto copy = *policy;
  store_.put_policy(std::move(*policy),
                    [answer = std::move(answer), policy = std::move(copy)](result<put_outcome> r) mutable {
                      answer(r ? put_reply(policy, *r) : error_reply(r.error()));
                    });
}

}  // namespace im::ruvector
