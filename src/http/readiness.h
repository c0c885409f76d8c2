// GET /readyz: 200 where the service can do its work, else 503; either way with the pair that it
// runs on and what each part says of itself.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "telemetry/health.h"

namespace deadletter::http {

// The same as GET /v1/events tells it: {"ready","pair","parts"}.
[[nodiscard]] std::string ReadinessJson(const Health& health, std::string_view pair_name);

[[nodiscard]] Response Readiness(const Health& health, std::string_view pair_name);

}  // namespace deadletter::http
