// Before anything is consumed the ledger must have the schema that this program knows.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "ledger/migrator.h"
#include "telemetry/health.h"

namespace deadletter {

enum class SchemaAnswer {
  kCurrent,
  kOld,      // and we may not migrate: `deadletter migrate` is a person's decision
  kNewer,    // made by a newer program: hands off
  kUnknown,  // the ledger does not answer
};

struct SchemaVerdict {
  SchemaAnswer answer = SchemaAnswer::kUnknown;
  std::string message;  // one line where it is not kCurrent
};

// Looks once; migrates where that is needed and allowed.
[[nodiscard]] SchemaVerdict CheckSchema(Migrator& migrator, bool may_migrate);

// Looks again, with back-off, until the schema is current (true) or `stop` (false); says through
// `health` what it waits for.
[[nodiscard]] bool AwaitSchema(Migrator& migrator, bool may_migrate, Health& health,
                               const std::stop_token& stop);

}  // namespace deadletter
