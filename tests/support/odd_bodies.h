// Bodies that no honest sender sends, and what must become of each: for the letter reader's own
// test and for the road from end to end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace deadletter::test {

struct OddBody {
  std::string name;  // what is odd about it, in snake_case; unique
  std::string body;
  // What the default rules make of it, read by the default letter format (16 MiB at most, integer
  // ids): `malformed`, `unexpected_type`, `not_found` (an id that nobody may have) or `failed`,
  // provided that the row `execution_id` is scheduled.
  std::string outcome;
  std::string detail;  // why it is malformed; else empty
  std::optional<std::int64_t> execution_id;
};

// More than a hundred; those that can fail an execution name ids from `first_execution_id` up, each
// its own.
[[nodiscard]] std::vector<OddBody> OddBodies(std::int64_t first_execution_id);

}  // namespace deadletter::test
