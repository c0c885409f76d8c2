// Errors as RFC 9457 has them: {"type","title","status","detail"}, application/problem+json.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "operations/operation_error.h"

namespace deadletter::http {

// `detail` is one line that says what to do; it may quote the request.
[[nodiscard]] Response Problem(unsigned status, std::string_view detail);

// 503 with the seconds after which asking again makes sense.
[[nodiscard]] Response Unavailable(std::string_view detail, unsigned retry_after_seconds);

[[nodiscard]] Response ProblemFrom(const OperationError& error);

[[nodiscard]] std::string_view StatusTitle(unsigned status);

}  // namespace deadletter::http
