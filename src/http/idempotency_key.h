// The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): by which a client that
// lost an answer asks again without having the thing done twice. Internal to http/.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "operations/operation_error.h"

namespace deadletter::http {

inline constexpr std::size_t kMaxIdempotencyKeyBytes = 255;

// A string as RFC 9651 writes it, "…", or the same without the quotes where it has no spaces: both
// are one key. Nothing: no such header. kBadRequest: several, or no such thing.
[[nodiscard]] OperationResult<std::optional<std::string>> ReadIdempotencyKey(
    const std::vector<std::string>& headers);

// For calls that change something and know no keys: to pass over one would let its sender believe
// that it may ask again. kBadRequest: there is one.
[[nodiscard]] OperationResult<void> RefuseIdempotencyKey(const std::vector<std::string>& headers);

}  // namespace deadletter::http
