// The platforms that the tests pretend to have: jobs tables of several shapes, and how the product
// is told of them.
#pragma once

#include <string>
#include <string_view>

#include "ledger/execution_table.h"

namespace deadletter::test {

enum class PlatformShape {
  kAttune,     // the first platform's `execution`: bigint ids, statuses of an enum, a trigger that
               // sets `updated`
  kTextIds,    // the same columns with text ids and text statuses, no trigger: `updated` is ours to
               // set
  kUuidIds,    // the same with UUIDs
  kPlainJobs,  // `jobs`: other names and words, an error text and an end, neither result,
               // `updated`, worker nor action
};

// The configuration for that shape. kTextIds is "text_execution", kUuidIds "uuid_execution".
[[nodiscard]] ExecutionTable TableOf(PlatformShape shape);

// PostgreSQL's statements that make the table, its types, trigger and indexes in the search path's
// first schema.
[[nodiscard]] std::string_view PostgresTable(PlatformShape shape);

}  // namespace deadletter::test
