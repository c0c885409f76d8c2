#include "http/gate.h"

#include <fmt/format.h>

#include <utility>

#include "http/problem.h"
#include "telemetry/log.h"

namespace deadletter::http {
namespace {

constexpr unsigned kTokensRetrySeconds = 5;
constexpr std::string_view kScheme = "bearer ";
constexpr std::string_view kRealm = R"(Bearer realm="deadletter")";

Response TooMany(unsigned seconds) {
  Response response =
      Problem(429, fmt::format("too many requests: the next one is answered in {} s at the latest "
                               "(http.requests_per_second)",
                               seconds));
  response.headers.emplace_back("Retry-After", fmt::to_string(seconds));
  return response;
}

// Whoever holds an IPv6 address holds the 2^64 beside it.
std::string Neighbourhood(const std::string& address) {
  if (address.find(':') == std::string::npos) return address;
  int groups = 0;
  std::size_t end = 0;
  while (end < address.size() && (address[end] != ':' || ++groups < 4)) ++end;
  return address.substr(0, end);
}

// The scheme's name in any case, as RFC 9110 has it.
std::optional<std::string_view> TokenIn(std::string_view authorization) {
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  for (std::size_t at = 0; at < kScheme.size(); ++at) {
    const char c = authorization[at];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != kScheme[at]) return std::nullopt;
  }
  return authorization.substr(kScheme.size());
}

}  // namespace

Gate::Gate(LoopbackGuard guard, Tokens* tokens, RateLimit limit)
    : guard_(std::move(guard)), tokens_(tokens), rates_(limit) {}

std::optional<Response> Gate::RefuseForm(const Request& request) const {
  // A page somewhere can make a browser send a request, but not one with our token in it.
  return tokens_ == nullptr ? guard_.Refuse(request) : LoopbackGuard::RefuseForm(request);
}

std::optional<Response> Gate::RefuseFlood(const Request& request) {
  const auto seconds = rates_.Refuse("address " + Neighbourhood(request.address));
  if (!seconds) return std::nullopt;
  return TooMany(*seconds);
}

Response Gate::Unknown(const Request& request, std::string_view detail, std::string_view error) {
  if (auto flood = RefuseFlood(request)) return std::move(*flood);
  LogWarning("access_refused", {{"address", request.address}, {"why", std::string(detail)}});
  Response response = Problem(401, detail);
  response.headers.emplace_back("WWW-Authenticate", fmt::format("{}{}", kRealm, error));
  return response;
}

Result<Caller, Response> Gate::Identify(const Request& request) {
  Caller caller{.name = std::string(kLocalCaller), .role = Role::kAdmin};
  if (tokens_ != nullptr) {
    if (request.authorizations.size() > 1)
      return Unexpected<Response>(Problem(400, "a request has one Authorization header at most"));
    const auto token =
        request.authorizations.empty() ? std::nullopt : TokenIn(request.authorizations.front());
    if (!token) {
      return Unexpected<Response>(
          Unknown(request, "this needs a token: send 'Authorization: Bearer TOKEN'", ""));
    }
    auto found = tokens_->Find(*token);
    if (!found) {
      // Which file and why is for the log: nobody knows who asks.
      return Unexpected<Response>(
          Unavailable("the server cannot read its tokens now", kTokensRetrySeconds));
    }
    if (!*found) {
      return Unexpected<Response>(
          Unknown(request, "nobody has this token (any more)", R"(, error="invalid_token")"));
    }
    caller = std::move(**found);
  }
  if (const auto seconds = rates_.Refuse("token " + caller.name))
    return Unexpected<Response>(TooMany(*seconds));
  return caller;
}

Following Gate::MayStay(const Request& request, const Caller& caller, Role needed) const {
  if (tokens_ == nullptr)
    return {.who = "address " + Neighbourhood(request.address), .may = [] { return true; }};
  const auto token =
      request.authorizations.empty() ? std::nullopt : TokenIn(request.authorizations.front());
  return {.who = "token " + caller.name,
          .may = [this, needed, digest = DigestOfSecret(token.value_or(""))] {
            const auto found = tokens_->Find(digest);
            return found && *found && Includes((*found)->role, needed);
          }};
}

std::optional<Response> Gate::RefuseRole(const Caller& caller, Role needed) {
  if (Includes(caller.role, needed)) return std::nullopt;
  LogWarning("access_refused", {{"who", caller.name},
                                {"why", fmt::format("it needs the role {}", RoleName(needed))}});
  Response response =
      Problem(403, fmt::format("this needs the role {}, and '{}' is {}", RoleName(needed),
                               caller.name, RoleName(caller.role)));
  response.headers.emplace_back("WWW-Authenticate",
                                fmt::format(R"({}, error="insufficient_scope")", kRealm));
  return response;
}

}  // namespace deadletter::http
