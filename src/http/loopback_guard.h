// What stands between a web page somewhere and a server without tokens on the same machine. A
// browser sends what any page tells it to, but it names the page's origin and the name that it
// looked up: neither may be somebody else's (DNS rebinding, cross-site requests), and a body that a
// plain form could send is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/message.h"

namespace deadletter::http {

class LoopbackGuard {
 public:
  // The address that is listened on, and how.
  LoopbackGuard(const std::string& host, std::uint16_t port, bool encrypted = false);

  // The refusal (400, 421, 403 or 415); nothing where the request may pass.
  [[nodiscard]] std::optional<Response> Refuse(const Request& request) const;

  // Of these only what holds for every server, wherever it listens: 400 or 415.
  [[nodiscard]] static std::optional<Response> RefuseForm(const Request& request);

 private:
  [[nodiscard]] bool IsOurs(std::string_view authority, bool port_needed) const;

  std::string host_;
  std::uint16_t port_;
  bool encrypted_;
};

}  // namespace deadletter::http
