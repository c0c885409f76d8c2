#include "http/loopback_guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/problem.h"

namespace deadletter::http {
namespace {

constexpr std::uint16_t kDefaultPort = 80;
constexpr std::uint16_t kDefaultTlsPort = 443;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// "application/json; charset=utf-8" is application/json.
bool IsJsonType(const std::optional<std::string>& content_type) {
  if (!content_type) return false;
  std::string type = Lower(content_type->substr(0, content_type->find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  return type == "application/json";
}

}  // namespace

LoopbackGuard::LoopbackGuard(const std::string& host, std::uint16_t port, bool encrypted)
    : host_(host.find(':') == std::string::npos ? Lower(host) : "[" + Lower(host) + "]"),
      port_(port),
      encrypted_(encrypted) {}

bool LoopbackGuard::IsOurs(std::string_view authority, bool port_needed) const {
  const std::string lower = Lower(authority);
  const std::size_t bracket = lower.rfind(']');
  const std::size_t colon = lower.find(':', bracket == std::string::npos ? 0 : bracket);
  const std::string name = lower.substr(0, colon);
  const bool known = name == "127.0.0.1" || name == "localhost" || name == "[::1]" || name == host_;
  if (colon == std::string::npos)
    return known && (!port_needed || port_ == (encrypted_ ? kDefaultTlsPort : kDefaultPort));
  return known && lower.substr(colon + 1) == fmt::to_string(port_);
}

std::optional<Response> LoopbackGuard::RefuseForm(const Request& request) {
  if (request.hosts.size() != 1) return Problem(400, "a request needs one Host header");
  if (request.has_body && !IsJsonType(request.content_type)) {
    return Problem(415, "a body must be application/json and say so in Content-Type");
  }
  return std::nullopt;
}

std::optional<Response> LoopbackGuard::Refuse(const Request& request) const {
  if (request.hosts.size() != 1) return RefuseForm(request);
  if (!IsOurs(request.hosts.front(), false)) {
    return Problem(
        421,
        fmt::format("this server answers to localhost:{0} and 127.0.0.1:{0} only, not to '{1}'",
                    port_, request.hosts.front()));
  }
  if (request.origin) {
    const std::string_view origin = *request.origin;
    const std::string_view scheme = encrypted_ ? "https://" : "http://";
    if (!origin.starts_with(scheme) || !IsOurs(origin.substr(scheme.size()), true)) {
      return Problem(403, fmt::format("requests from the pages of '{}' are not served", origin));
    }
  }
  return RefuseForm(request);
}

}  // namespace deadletter::http
