// The syntax of addresses. Errors say what is wrong without showing any of the text, which may hold
// a password.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace deadletter {

[[nodiscard]] bool IsBrokerUrl(std::string_view text);  // begins with amqp:// or amqps://
[[nodiscard]] bool IsLedgerUrl(std::string_view text);  // begins with postgresql:// or postgres://

// amqp[s]://[USER[:PASSWORD]@]HOST[:PORT][/VHOST]
[[nodiscard]] Result<void> CheckBrokerUrl(std::string_view text);
// postgresql://[USER[:PASSWORD]@][HOST[:PORT][,…]][/DATABASE][?NAME=VALUE[&…]]
[[nodiscard]] Result<void> CheckLedgerUrl(std::string_view text);
// http[s]://[USER[:PASSWORD]@]HOST[:PORT][/PATH]
[[nodiscard]] Result<void> CheckManagementUrl(std::string_view text);

struct ListenAddress {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

// "127.0.0.1:8025", "[::1]:8025", "localhost:8025"
[[nodiscard]] Result<ListenAddress> ParseListenAddress(std::string_view text);
[[nodiscard]] std::string FormatListenAddress(std::string_view host, std::uint16_t port);
[[nodiscard]] bool IsLoopback(const std::string& host);

}  // namespace deadletter
