#include "broker/rabbitmq/url.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/hex_digit.h"

namespace deadletter::rabbitmq {

namespace {

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
    decoded.push_back(static_cast<char>(*high << 4 | *low));
    i += 2;
  }
  return decoded;
}

struct Scheme {
  std::string_view prefix;
  bool tls;
  std::uint16_t port;
};

// What both kinds of address have in common: [user[:password]@]host[:port] and the rest, still
// encoded.
struct Parts {
  Endpoint endpoint;
  std::string rest;  // from the first slash after the host, or empty
};

Result<void> ReadCredentials(std::string_view text, Endpoint& endpoint) {
  const auto colon = text.find(':');
  const auto user = PercentDecode(text.substr(0, colon));
  const auto password = colon == std::string_view::npos ? std::optional<std::string>("")
                                                        : PercentDecode(text.substr(colon + 1));
  if (!user || !password) return Fail("user or password is not percent-encoded");
  endpoint.user = *user;
  endpoint.password = *password;
  return {};
}

Result<void> ReadHostAndPort(std::string_view text, Endpoint& endpoint) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return Fail("'[' without ']'");
    endpoint.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return Fail("something between ']' and the port");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const auto colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (endpoint.host.empty()) return Fail("no host");
  if (port.empty()) return {};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size() || endpoint.port == 0) {
    return Fail("the port is not a number from 1 to 65535");
  }
  return {};
}

Result<Parts> Split(std::string_view url, std::initializer_list<Scheme> schemes) {
  for (const auto& scheme : schemes) {
    if (!url.starts_with(scheme.prefix)) continue;
    Parts parts;
    parts.endpoint.tls = scheme.tls;
    parts.endpoint.port = scheme.port;
    auto authority = url.substr(scheme.prefix.size());
    if (authority.find('?') != std::string_view::npos ||
        authority.find('#') != std::string_view::npos) {
      return Fail("parameters are not read from the URL; they have keys of their own in [broker]");
    }
    if (const auto slash = authority.find('/'); slash != std::string_view::npos) {
      parts.rest = authority.substr(slash);
      authority = authority.substr(0, slash);
    }
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
      if (auto read = ReadCredentials(authority.substr(0, at), parts.endpoint); !read) {
        return Fail(read.error().message);
      }
      authority = authority.substr(at + 1);
    }
    if (auto read = ReadHostAndPort(authority, parts.endpoint); !read)
      return Fail(read.error().message);
    return parts;
  }
  return Fail("it begins with none of the schemes allowed");
}

}  // namespace

std::string Endpoint::Shown() const {
  const bool bare_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}/{}", tls ? "amqps" : "amqp", bare_ipv6 ? "[" + host + "]" : host,
                     port, PercentEncode(path));
}

Result<Endpoint> ParseAmqpUrl(std::string_view url) {
  auto parts = Split(url, {{"amqps://", true, 5671}, {"amqp://", false, 5672}});
  if (!parts)
    return Fail("the broker's URL (amqp://user:password@host:port/vhost): " +
                parts.error().message);
  auto& endpoint = parts->endpoint;
  if (endpoint.user.empty()) endpoint.user = endpoint.password = "guest";
  endpoint.path = "/";
  if (parts->rest.size() > 1) {
    const auto vhost = PercentDecode(std::string_view(parts->rest).substr(1));
    if (!vhost || parts->rest.find('/', 1) != std::string::npos) {
      return Fail("the broker's URL: the virtual host is not percent-encoded (\"/\" is %2F)");
    }
    endpoint.path = *vhost;
  }
  return endpoint;
}

Result<Endpoint> ParseManagementUrl(std::string_view url) {
  auto parts = Split(url, {{"https://", true, 15671}, {"http://", false, 15672}});
  if (!parts)
    return Fail("management_url (http://user:password@host:15672): " + parts.error().message);
  auto path = parts->rest;
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with("/api")) path.resize(path.size() - 4);
  parts->endpoint.path = path;
  return parts->endpoint;
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace deadletter::rabbitmq
