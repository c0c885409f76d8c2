// A letter that kills whoever reads it, on a dead letter queue with a delivery limit: the broker
// counts each return of each letter that was delivered, and destroys what was returned too often.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/account/books.h"

namespace deadletter::test {

class CrashLoop : public testing::TestWithParam<PairFactory> {};

TEST_P(CrashLoop, P1_OnALimitedQueueItCostsNoOtherLetterThanTheOneThatCrashes) {
  constexpr int kLetters = 30;
  constexpr std::int64_t kLimit = 3;
  constexpr std::int64_t kOften = 3;  // returns, from which on it is said
  World world(GetParam());
  BrokerUnderTest& broker = world.pair().broker();
  broker.DeleteQueue(kDeadLetterQueue);
  broker.DeclareQueue(kDeadLetterQueue, {.delivery_limit = kLimit});
  broker.Bind(kDeadLetterExchange, kDeadLetterQueue, "#");
  Account account;
  AddExecutions(world, account, 1, kLetters);
  SendRequests(world, account, 1, kLetters);
  // More often than the queue allows: what was delivered each time is gone.
  for (std::int64_t crash = 0; crash <= kLimit; ++crash) {
    Server doomed = world.Serve({{"DEADLETTER_FAULT", "decode.after=kill"}});
    ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL) << doomed.process().output();
    const bool said = doomed.process().output().find("letter_delivered_often") != std::string::npos;
    EXPECT_EQ(said, crash >= kOften) << crash << " returns\n" << doomed.process().output();
  }
  Server server = world.Serve();
  // The first one it was that killed us, and that the queue destroyed.
  account.MayLose(ExecutionId(std::int64_t{1}));
  const Balance balance = CloseBooks(world, account, {&server});
  EXPECT_EQ(balance.failed, static_cast<std::size_t>(kLetters - 1));
  EXPECT_EQ(world.Row(ExecutionId(std::int64_t{1})).status, "scheduled");
}

}  // namespace deadletter::test
