// Who may come in: the host that a request names, whose token it carries, and how often. What the
// caller may then do is the route's business.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "http/loopback_guard.h"
#include "http/message.h"
#include "http/rate_limiter.h"
#include "operations/role.h"
#include "operations/tokens.h"

namespace deadletter::http {

// Safe from any thread.
class Gate {
 public:
  // Without `tokens` (null) only the loopback guard stands here and everybody is `local`, an admin.
  // They outlive the gate.
  Gate(LoopbackGuard guard, Tokens* tokens, RateLimit limit);

  // What is wrong with a request whoever sends it: its Host, its Origin, its Content-Type.
  [[nodiscard]] std::optional<Response> RefuseForm(const Request& request) const;

  // For what needs no token: 429 where the address asks too often.
  [[nodiscard]] std::optional<Response> RefuseFlood(const Request& request);

  // Whose request it is: else 401 (none that we know; counted against the address), 429 (too many
  // from that caller), 400 (two tokens) or 503 (the tokens cannot be read).
  [[nodiscard]] Result<Caller, Response> Identify(const Request& request);

  // Of a request that Identify() has let in: whose it is, and whether its token is still somebody's
  // who has that role. The token itself is not kept. Outlived by the gate.
  [[nodiscard]] Following MayStay(const Request& request, const Caller& caller, Role needed) const;

  // 403 where the caller's role is too small.
  [[nodiscard]] static std::optional<Response> RefuseRole(const Caller& caller, Role needed);

 private:
  [[nodiscard]] Response Unknown(const Request& request, std::string_view detail,
                                 std::string_view error);

  const LoopbackGuard guard_;
  Tokens* const tokens_;
  RateLimiter rates_;
};

}  // namespace deadletter::http
