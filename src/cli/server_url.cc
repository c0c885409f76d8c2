#include "cli/server_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace deadletter::cli {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kTlsScheme = "https://";

constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
constexpr std::size_t kLongestName = 253;  // DNS's limits
constexpr std::size_t kLongestLabel = 63;

bool ConsistsOf(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

// "::1", or "fe80::1%eth0" with the interface that it is meant on.
bool IsIpv6(const std::string& host) {
  in6_addr address{};
  if (host.find('\0') != std::string::npos) return false;  // C would end there
  const std::size_t percent = host.find('%');
  const bool has_zone = percent != std::string::npos;
  const std::string_view zone = has_zone ? std::string_view(host).substr(percent + 1) : "";
  return inet_pton(AF_INET6, host.substr(0, percent).c_str(), &address) == 1 &&
         has_zone == !zone.empty() && ConsistsOf(zone, std::string(kNameCharacters) + ".");
}

// A name that some resolver may know, or an IPv4 address in any form that resolvers take ("127.1").
bool IsNameOrIpv4(const std::string& host) {
  in_addr address{};
  if (ConsistsOf(host, "0123456789.")) return inet_aton(host.c_str(), &address) == 1;
  std::string_view rest = host;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  if (rest.size() > kLongestName) return false;
  while (true) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > kLongestLabel || !ConsistsOf(label, kNameCharacters)) {
      return false;
    }
    if (label.size() == rest.size()) return true;
    rest.remove_prefix(label.size() + 1);
  }
}

// What a request line can hold.
bool IsPath(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] <= ' ' || text[at] >= 0x7f || text[at] == '?' || text[at] == '#') return false;
    if (text[at] != '%') continue;
    const std::string_view digits = text.substr(at + 1, 2);
    if (digits.size() != 2 || !ConsistsOf(digits, kHexDigits)) return false;
  }
  return true;
}

Unexpected<Error> Bad(std::string_view text) {
  // What stands before an "@" may be a password.
  if (text.find('@') != std::string_view::npos)
    return Fail("--server must be like http://127.0.0.1:8025, without a user");
  return Fail("--server must be like http://127.0.0.1:8025, not '" + std::string(text) + "'");
}

// "[::1]:8025" or "localhost:8025" or either without a port.
bool ReadAuthority(std::string_view authority, ServerUrl& url) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == std::string_view::npos) return false;
  url.host = authority.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
  if (host_end != std::string_view::npos)
    authority.remove_prefix(bracketed ? host_end + 1 : host_end);
  else
    authority = {};
  if (bracketed ? !IsIpv6(url.host) : !IsNameOrIpv4(url.host)) return false;
  if (authority.empty()) return true;
  url.port = authority.substr(1);
  return authority.front() == ':' && IsPort(url.port);
}

}  // namespace

Result<ServerUrl> ParseServerUrl(std::string_view text) {
  ServerUrl url;
  url.encrypted = text.starts_with(kTlsScheme);
  if (!url.encrypted && !text.starts_with(kScheme)) return Bad(text);
  if (url.encrypted) url.port = "443";
  const std::string_view rest = text.substr(url.encrypted ? kTlsScheme.size() : kScheme.size());
  const std::size_t slash = rest.find('/');
  url.authority = rest.substr(0, slash);
  if (!ReadAuthority(url.authority, url)) return Bad(text);
  if (slash != std::string_view::npos) url.base_path = rest.substr(slash);
  if (!IsPath(url.base_path)) return Bad(text);
  if (!url.base_path.ends_with('/')) url.base_path += '/';
  return url;
}

}  // namespace deadletter::cli
