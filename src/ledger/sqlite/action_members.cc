#include "ledger/sqlite/action_members.h"

#include <optional>

#include "base/text.h"
#include "letter/failure.h"

namespace deadletter {
namespace {

constexpr std::size_t kMaxActionBytes =
    10'000;  // of a text that stands where an action's id is expected

// The action's id in its own JSON type; columns are those of moved_execution.
std::optional<std::string> ActionIdJson(const sqlite::Statement& row) {
  const std::string type = row.Text(2);
  if (type == "integer" || type == "real") return row.Text(1);
  if (type == "text") return JsonString(DisplayText(row.Text(1), kMaxActionBytes));
  return std::nullopt;
}

}  // namespace

std::string ActionMembersOf(const sqlite::Statement& row) {
  std::optional<std::string> action_ref = row.OptionalText(3);
  if (action_ref) action_ref = DisplayText(*action_ref, kMaxActionBytes);
  return ActionMembers(ActionIdJson(row), action_ref);
}

}  // namespace deadletter
