// The file that says which access tokens there are (docs/operations.md): a line a token,
//
//   NAME ROLE sha256:DIGEST CREATED
//
// of which DIGEST is the SHA-256 of the token in hexadecimal digits and CREATED a time (RFC 3339)
// for people. Empty lines and those that begin with # mean nothing. The tokens themselves are
// nowhere: who reads the file can use none of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "operations/role.h"

namespace deadletter {

inline constexpr std::size_t kMaxTokenNameBytes = 64;
inline constexpr std::size_t kMaxTokens = 1'000;
inline constexpr std::size_t kMaxTokenFileBytes = std::size_t{256} << 10;

struct TokenEntry {
  Caller caller;
  SecretDigest digest{};
};

struct TokenList {
  std::vector<TokenEntry> entries;
  std::vector<std::string> problems;  // one line each; what they tell of counts for no token
};

// Letters, digits and . _ - @, 1 to 64 of them, and not "local".
[[nodiscard]] bool IsTokenName(std::string_view name);

// Total. A line that cannot be read, or whose name or digest an earlier one has, is a problem.
[[nodiscard]] TokenList ParseTokenFile(std::string_view text);

// What tells one state of a file from another, also where it was replaced or is as long as before.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Nothing where there is no such file.
[[nodiscard]] std::optional<FileStamp> StampOf(const std::string& path);

// The text. Refuses what is no regular file, is too large, or may be written by others than its
// owner: they could give themselves any role.
[[nodiscard]] Result<std::string> ReadTokenFile(const std::string& path);

// Makes a token, adds its line, and gives the token, which is told this once. The file is replaced
// as a whole, on disk before this returns, with mode 0600 (an existing one keeps its owner);
// several of us at once take turns.
[[nodiscard]] Result<std::string> AddToken(const std::string& path, const Caller& caller,
                                           Instant now);

}  // namespace deadletter
