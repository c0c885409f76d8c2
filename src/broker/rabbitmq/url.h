// Addresses of brokers and of their management, taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace deadletter::rabbitmq {

struct Endpoint {
  bool tls = false;
  std::string host;
  std::uint16_t port = 0;
  std::string user;
  std::string password;
  std::string path;  // of AMQP: the virtual host, decoded; of HTTP: what stands before /api,
                     // without a slash at its end

  // "amqps://host:5671/vhost": fit for messages, never with a password.
  [[nodiscard]] std::string Shown() const;
};

// amqp://user:password@host:port/vhost with everything but the host optional; user, password and
// vhost percent-encoded; no vhost, or an empty one after a lone slash, is "/". Errors never hold
// the password.
[[nodiscard]] Result<Endpoint> ParseAmqpUrl(std::string_view url);

// http:// or https://; a path before /api is possible.
[[nodiscard]] Result<Endpoint> ParseManagementUrl(std::string_view url);

// RFC 3986: everything but unreserved characters as %XX, for a path segment.
[[nodiscard]] std::string PercentEncode(std::string_view text);

}  // namespace deadletter::rabbitmq
