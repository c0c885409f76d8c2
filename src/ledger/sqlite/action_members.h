// What an event says of its execution's action, as the row has it.
#pragma once

#include <string>

#include "sqlite/statement.h"

namespace deadletter {

// The columns are those of sql/moved_execution.sql.
[[nodiscard]] std::string ActionMembersOf(const sqlite::Statement& row);

}  // namespace deadletter
