// What `deadletter doctor` asks of a ledger, whichever it is, and how it judges the answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "ledger/execution_table.h"
#include "ledger/migrator.h"
#include "ledger/outbox.h"

namespace deadletter {

struct LedgerExpectations {
  bool auto_migrate = true;
  ExecutionsMode mode = ExecutionsMode::kFail;
  std::chrono::milliseconds overdue_after{360'000};
  std::size_t queues = 1;  // that a server consumes
};

// Executions that wait for longer than they should, counted up to kMostOverdue.
inline constexpr std::int64_t kMostOverdue = 1'000;
struct OverdueFacts {
  std::optional<std::int64_t> count;  // nothing: could not be counted
  std::string why_not;
};

// `may_migrate`: whether our role could do what a migration does.
[[nodiscard]] Diagnosis JudgeSchema(const LedgerResult<SchemaStatus>& status, bool auto_migrate,
                                    bool may_migrate);
[[nodiscard]] Diagnosis JudgeBacklog(const LedgerResult<OutboxBacklog>& backlog);
[[nodiscard]] Diagnosis JudgeOverdue(const OverdueFacts& facts, const LedgerExpectations& wanted);
// `ahead`: how much the ledger's clock is ahead of ours; `within`: how exactly that is known.
[[nodiscard]] Diagnosis JudgeClock(std::chrono::milliseconds ahead,
                                   std::chrono::milliseconds within);

}  // namespace deadletter
