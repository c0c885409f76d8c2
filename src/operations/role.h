// Who may do what. Each role may do all that the one before it may.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deadletter {

enum class Role {
  kViewer,    // reads
  kOperator,  // changes: notes, tags, and whatever else is done to letters
  kAdmin,     // reads what is redacted, and the audit
};

[[nodiscard]] std::string_view RoleName(Role role);  // "viewer", "operator", "admin"
[[nodiscard]] std::optional<Role> RoleFromName(std::string_view name);

[[nodiscard]] constexpr bool Includes(Role role, Role needed) {
  return role >= needed;
}

// Whoever asks us for something; what the audit calls `who`.
struct Caller {
  std::string name;
  Role role = Role::kViewer;
};

// Without tokens whoever reaches the loopback address may do all, under this name, which no token
// can have.
inline constexpr std::string_view kLocalCaller = "local";

}  // namespace deadletter
