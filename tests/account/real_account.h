// The account of a real run, and what it says once somebody has meddled with the ledger.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/account/books.h"

namespace deadletter::test {

class RealAccount : public testing::TestWithParam<PairFactory> {
 protected:
  // Three failed executions, a completed one, and something malformed.
  RealAccount() : world_(GetParam()) {
    AddExecutions(world_, account_, 1, 3);
    account_.Row(world_.AddExecution(4, "completed"), "completed");
    Server server = world_.Serve();
    SendRequests(world_, account_, 1, 4);
    SendRequests(world_, account_, 3, 3);
    const Message malformed = AsPublished(World::DeadMessage("no json"));
    account_.Sends(malformed, Nature::kMalformed, std::nullopt);
    world_.PublishDead(malformed);
    account_.Sent(malformed);
    honest_ = CloseBooks(world_, account_, {&server});
  }

  void ExpectNamed(Promise promise) {
    const Balance balance = account_.Strike(TakeStock(world_, account_));
    EXPECT_GT(balance.Broken(promise), 0u) << PromiseName(promise) << "\n" << balance.Text();
  }
  void Meddle(const std::string& sql) { world_.pair().ledger().Meddle(sql); }

  World world_;
  Account account_;
  Balance honest_;
};

TEST_P(RealAccount, HoldsUntilSomebodyMeddles) {
  EXPECT_EQ(honest_.messages, 6u);
  EXPECT_EQ(honest_.letters, 6u);
  EXPECT_EQ(honest_.failed, 3u);
  EXPECT_EQ(honest_.events, 3u);
  Meddle("DELETE FROM {{letter}} WHERE outcome = 'not_failable'");
  ExpectNamed(Promise::kP1);
  world_.pair().ledger().SetStatus(ExecutionId(std::int64_t{4}), "failed");
  ExpectNamed(Promise::kP2);
  Meddle("DELETE FROM {{letter_key}}");
  ExpectNamed(Promise::kP3);
  Meddle("UPDATE {{letter}} SET state = 'closed' WHERE outcome = 'malformed'");
  ExpectNamed(Promise::kP4);
  account_.Hears({"11111111-1111-1111-1111-111111111111", "4", "failed", ""});
  world_.pair().ledger().SetStatus(ExecutionId(std::int64_t{4}), "completed");
  ExpectNamed(Promise::kP6);
}

TEST_P(RealAccount, P2_P4_WhatIsChangedInARowOrALetterIsNamed) {
  const auto expect = [&](const std::string& what) {
    EXPECT_THAT(account_.Strike(TakeStock(world_, account_)).Text(), testing::HasSubstr(what));
  };
  Meddle("UPDATE {{letter}} SET headers = '{}' WHERE outcome = 'malformed'");
  expect(": its headers or properties are not");
  Meddle("UPDATE {{letter}} SET reason = 'rejected' WHERE outcome = 'not_failable'");
  expect(": died in worker.7.executions, rejected, as the ledger has it");
  Meddle("UPDATE {{letter}} SET state = 'closed' WHERE outcome = 'failed'");
  expect("(failed, closed): closed, where open was due");
  world_.AddExecution(50, "failed");
  expect("execution 50: failed, and nobody sent its letter");
}

TEST_P(RealAccount, WhatIsStillInTheBrokerIsSeenAndLeftThere) {
  SendRequests(world_, account_, 4, 4);
  for (int look = 0; look < 2; ++look) {
    const Balance balance = account_.Strike(TakeStock(world_, account_));
    EXPECT_TRUE(balance.Holds()) << balance.Text();
    EXPECT_EQ(balance.on_their_way.size(), 1u) << balance.Text();
  }
}

}  // namespace deadletter::test
