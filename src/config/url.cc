#include "config/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/hex_digit.h"

namespace deadletter {
namespace {

struct UrlParts {
  std::optional<std::string_view> user_info;
  std::string_view hosts;
  std::string_view path;  // without its first "/"
  std::optional<std::string_view> query;
};

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ConsistsOf(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAlphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

bool PercentsAreWhole(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !HexDigit(text[at + 1]) || !HexDigit(text[at + 2])) return false;
  }
  return true;
}

// What stands behind "scheme://", taken apart.
UrlParts Split(std::string_view text) {
  UrlParts parts;
  text.remove_prefix(text.find("://") + 3);
  if (const size_t question = text.find('?'); question != std::string_view::npos) {
    parts.query = text.substr(question + 1);
    text = text.substr(0, question);
  }
  const size_t slash = std::min(text.find('/'), text.size());
  parts.path = text.substr(std::min(slash + 1, text.size()));
  text = text.substr(0, slash);
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    parts.user_info = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  parts.hosts = text;
  return parts;
}

Result<void> CheckCharacters(std::string_view text) {
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable) return Fail("a space, or a character beyond ASCII, must be percent-encoded");
  if (text.find('#') != std::string_view::npos) return Fail("\"#\" must be percent-encoded");
  if (!PercentsAreWhole(text)) return Fail("\"%\" must be followed by two hexadecimal digits");
  if (text.find("%00") != std::string_view::npos) return Fail("\"%00\" can stand nowhere");
  return {};
}

Result<void> CheckUserInfo(const std::optional<std::string_view>& user_info) {
  if (!user_info) return {};
  if (std::count(user_info->begin(), user_info->end(), ':') > 1 ||
      user_info->find_first_of("@[]") != std::string_view::npos) {
    return Fail(
        "\"@\", \":\", \"/\", \"?\", \"[\" and \"]\" in user or password must be percent-encoded");
  }
  if (user_info->empty() || user_info->starts_with(':')) return Fail("no user before \"@\"");
  return {};
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

struct HostAndPort {
  std::string_view host;  // without brackets
  bool in_brackets = false;
  std::optional<std::string_view> port;
};

Result<HostAndPort> SplitHost(std::string_view text) {
  HostAndPort result;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Fail("\"[\" without \"]\"");
    result.host = text.substr(1, end - 1);
    result.in_brackets = true;
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return Fail("after \"]\" comes \":PORT\" or nothing");
    if (!text.empty()) result.port = text.substr(1);
    return result;
  }
  const size_t colon = text.find(':');
  result.host = text.substr(0, colon);
  if (colon != std::string_view::npos) result.port = text.substr(colon + 1);
  return result;
}

bool IsIpv6(std::string_view host) {
  in6_addr address{};
  return host.find('\0') == std::string_view::npos &&  // C would end there
         inet_pton(AF_INET6, std::string(host).c_str(), &address) == 1;
}

bool IsIpv4(std::string_view host) {
  in_addr address{};
  return host.find('\0') == std::string_view::npos &&
         inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

Result<void> CheckHost(std::string_view text) {
  const auto parts = SplitHost(text);
  if (!parts) return Unexpected<Error>(parts.error());
  if (parts->host.empty()) return Fail("no host");
  if (parts->in_brackets ? !IsIpv6(parts->host) : !ConsistsOf(parts->host, "-._")) {
    return Fail("the host is neither a name nor an address");
  }
  if (parts->port && ParsePort(*parts->port).value_or(0) == 0) {
    return Fail("the port is no number from 1 to 65535");
  }
  return {};
}

// libpq takes several hosts, none at all, and percent-encoded socket folders.
Result<void> CheckLedgerHosts(std::string_view hosts) {
  while (!hosts.empty()) {
    const std::string_view host = hosts.substr(0, hosts.find(','));
    hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
    if (host.empty() || host.starts_with('%')) continue;
    if (host.starts_with(':')) {
      if (ParsePort(host.substr(1)).value_or(0) == 0) {
        return Fail("the port is no number from 1 to 65535");
      }
      continue;
    }
    if (auto checked = CheckHost(host); !checked) return checked;
  }
  return {};
}

// What libpq 15 takes in a URL. It would refuse any other one, but only when it connects.
constexpr std::string_view kLibpqParameters[] = {"application_name",
                                                 "channel_binding",
                                                 "client_encoding",
                                                 "connect_timeout",
                                                 "dbname",
                                                 "fallback_application_name",
                                                 "gsslib",
                                                 "gssencmode",
                                                 "host",
                                                 "hostaddr",
                                                 "keepalives",
                                                 "keepalives_count",
                                                 "keepalives_idle",
                                                 "keepalives_interval",
                                                 "krbsrvname",
                                                 "options",
                                                 "passfile",
                                                 "password",
                                                 "port",
                                                 "requirepeer",
                                                 "service",
                                                 "ssl",
                                                 "ssl_max_protocol_version",
                                                 "ssl_min_protocol_version",
                                                 "sslcert",
                                                 "sslcompression",
                                                 "sslcrl",
                                                 "sslcrldir",
                                                 "sslkey",
                                                 "sslmode",
                                                 "sslpassword",
                                                 "sslrootcert",
                                                 "sslsni",
                                                 "target_session_attrs",
                                                 "tcp_user_timeout",
                                                 "user"};
constexpr std::string_view kSslModes[] = {"disable", "allow",     "prefer",
                                          "require", "verify-ca", "verify-full"};
constexpr std::string_view kNumbers[] = {"connect_timeout",     "keepalives",
                                         "keepalives_count",    "keepalives_idle",
                                         "keepalives_interval", "tcp_user_timeout"};

template <std::size_t size>
bool IsOneOf(std::string_view text, const std::string_view (&words)[size]) {
  return std::ranges::find(words, text) != std::end(words);
}

// The value is not quoted: it may be a password.
Result<void> CheckParameter(std::string_view name, std::string_view value) {
  if (!IsOneOf(name, kLibpqParameters))
    return Fail("libpq knows no parameter \"" + std::string(name) + "\"");
  if (name == "sslmode" && !IsOneOf(value, kSslModes)) {
    return Fail("sslmode is one of disable, allow, prefer, require, verify-ca and verify-full");
  }
  // JDBC's word for it, and libpq's own reading of that.
  if (name == "ssl" && value != "true") return Fail("ssl can only be true; see sslmode");
  const bool digits =
      !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (IsOneOf(name, kNumbers) && !digits) return Fail(std::string(name) + " is a whole number");
  return {};
}

Result<void> CheckParameters(std::string_view query) {
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    const size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    if (equals == std::string_view::npos || name.empty() || !ConsistsOf(name, "_")) {
      return Fail("after \"?\" come parameters like sslmode=require, joined by \"&\"");
    }
    const std::string_view value = parameter.substr(equals + 1);
    if (value.find('=') != std::string_view::npos)
      return Fail("\"=\" in a parameter's value must be percent-encoded");
    if (auto checked = CheckParameter(name, value); !checked) return checked;
  }
  return {};
}

}  // namespace

bool IsBrokerUrl(std::string_view text) {
  return text.starts_with("amqp://") || text.starts_with("amqps://");
}

bool IsLedgerUrl(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

Result<void> CheckBrokerUrl(std::string_view text) {
  if (auto checked = CheckCharacters(text); !checked) return checked;
  const UrlParts parts = Split(text);
  if (auto checked = CheckUserInfo(parts.user_info); !checked) return checked;
  if (auto checked = CheckHost(parts.hosts); !checked) return checked;
  if (parts.path.find_first_of("/:@[]") != std::string_view::npos) {
    return Fail("\"/\", \":\", \"@\", \"[\" and \"]\" in the virtual host must be percent-encoded");
  }
  if (parts.query) return Fail("parameters after \"?\" are not supported");
  return {};
}

Result<void> CheckLedgerUrl(std::string_view text) {
  if (auto checked = CheckCharacters(text); !checked) return checked;
  const UrlParts parts = Split(text);
  if (auto checked = CheckUserInfo(parts.user_info); !checked) return checked;
  if (auto checked = CheckLedgerHosts(parts.hosts); !checked) return checked;
  if (parts.path.find_first_of("/@") != std::string_view::npos) {
    return Fail("\"/\" and \"@\" in the database's name must be percent-encoded");
  }
  // Up to an "@" that no "/" stands before libpq takes all for user and password, a "?" or not.
  const std::string_view behind_scheme = text.substr(text.find("://") + 3);
  const size_t end_of_user = behind_scheme.find_first_of("@/");
  if (end_of_user != std::string_view::npos && behind_scheme[end_of_user] == '@' &&
      behind_scheme.find('?') < end_of_user) {
    return Fail("\"?\" in user or password, and \"@\" in a parameter, must be percent-encoded");
  }
  return CheckParameters(parts.query.value_or(""));
}

Result<void> CheckManagementUrl(std::string_view text) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return Fail("it begins with neither http:// nor https://");
  }
  if (auto checked = CheckCharacters(text); !checked) return checked;
  const UrlParts parts = Split(text);
  if (auto checked = CheckUserInfo(parts.user_info); !checked) return checked;
  if (parts.path.find('@') != std::string_view::npos) {
    return Fail("\"@\" in the path must be percent-encoded");
  }
  if (parts.query) return Fail("parameters after \"?\" are not supported");
  return CheckHost(parts.hosts);
}

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const auto parts = SplitHost(text);
  if (!parts) return Unexpected<Error>(parts.error());
  if (!parts->port) return Fail("no port");
  const auto port = ParsePort(*parts->port);
  if (!port) return Fail("the port is no number from 0 to 65535");
  const bool is_address =
      parts->in_brackets ? IsIpv6(parts->host) : IsIpv4(parts->host) || parts->host == "localhost";
  if (!is_address) return Fail("the host is no IP address");
  return ListenAddress{std::string(parts->host), *port};
}

std::string FormatListenAddress(std::string_view host, std::uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace deadletter
