#include "app/submission.h"

#include <gtest/gtest.h>

#include <utility>

namespace deadletter {
namespace {

// Gives `error` so many times, then ids.
class BusyLedger final : public Executions {
 public:
  BusyLedger(LedgerFault fault, int times) : fault_(fault), times_(times) {}

  LedgerResult<std::vector<ExecutionId>> Submit(std::span<const NewExecution>, Instant,
                                                const std::optional<AuditEntry>&) override {
    ++calls;
    if (calls <= times_) {
      return Unexpected<LedgerError>({fault_, "SQLITE_BUSY", "database is locked"});
    }
    return std::vector{ExecutionId(std::int64_t{7})};
  }
  LedgerResult<std::optional<ExecutionRow>> Find(const ExecutionId&) override {
    return std::nullopt;
  }
  LedgerResult<bool> FinishIfFailable(const ExecutionId&, const MessageAttempt&, const std::string&,
                                      const std::string&) override {
    return false;
  }
  void Abort() override {}

  int calls = 0;

 private:
  const LedgerFault fault_;
  const int times_;
};

LedgerResult<std::vector<ExecutionId>> Submit(BusyLedger& ledger,
                                              std::chrono::milliseconds patience) {
  const SystemClock clock;
  const std::vector<NewExecution> executions(1);
  return SubmitPatiently(ledger, executions, clock, patience);
}

TEST(SubmitPatiently, TriesAgainWhileSomebodyElseWrites) {
  for (const LedgerFault fault : {LedgerFault::kBusy, LedgerFault::kRowLocked}) {
    BusyLedger ledger(fault, 2);
    const auto ids = Submit(ledger, std::chrono::minutes(1));
    ASSERT_TRUE(ids) << ids.error().message;
    EXPECT_EQ(ids->size(), 1u);
    EXPECT_EQ(ledger.calls, 3);
  }
}

TEST(SubmitPatiently, P9_ItsPatienceEnds) {
  BusyLedger ledger(LedgerFault::kBusy, 1'000'000);
  const auto ids = Submit(ledger, std::chrono::milliseconds(100));
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().fault, LedgerFault::kBusy);
  EXPECT_GT(ledger.calls, 1);
}

TEST(SubmitPatiently, WhatMayHaveHappenedIsNotTriedAgain) {
  for (const LedgerFault fault :
       {LedgerFault::kInDoubt, LedgerFault::kUnavailable, LedgerFault::kStatement}) {
    BusyLedger ledger(fault, 1);
    EXPECT_FALSE(Submit(ledger, std::chrono::minutes(1)));
    EXPECT_EQ(ledger.calls, 1);
  }
}

}  // namespace
}  // namespace deadletter
