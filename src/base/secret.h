// What access tokens are made of: random bytes, their digest, and a comparison that does not tell
// by its duration how much was right.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace deadletter {

// From the system's cryptographic source, base64url without padding: 32 bytes are 43 characters.
[[nodiscard]] std::string RandomText(std::size_t bytes);

using SecretDigest = std::array<std::uint8_t, 32>;

// SHA-256 of the bytes and nothing else: what `printf %s TEXT | sha256sum` prints.
[[nodiscard]] SecretDigest DigestOfSecret(std::string_view bytes);

[[nodiscard]] bool EqualInConstantTime(const SecretDigest& one, const SecretDigest& other);

}  // namespace deadletter
