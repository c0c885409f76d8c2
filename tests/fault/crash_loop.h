// A letter that kills whoever reads it, on a dead letter queue with a delivery limit: the broker
// counts each return of each letter that was delivered, and destroys what was returned too often.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/system/world.h"

namespace deadletter::test {

class CrashLoop : public testing::TestWithParam<PairFactory> {};

TEST_P(CrashLoop, P1_OnALimitedQueueItCostsNoOtherLetterThanTheOneThatCrashes) {
  constexpr int kLetters = 30;
  constexpr std::int64_t kLimit = 3;
  World world(GetParam());
  BrokerUnderTest& broker = world.pair().broker();
  broker.DeleteQueue(kDeadLetterQueue);
  broker.DeclareQueue(kDeadLetterQueue, {.delivery_limit = kLimit});
  broker.Bind(kDeadLetterExchange, kDeadLetterQueue, "#");
  for (int number = 1; number <= kLetters; ++number) {
    world.AddExecution(number);
    world.PublishDead(world.Envelope(std::to_string(number)));
  }
  // More often than the queue allows: what was delivered each time is gone.
  for (std::int64_t crash = 0; crash <= kLimit; ++crash) {
    Server doomed = world.Serve({{"DEADLETTER_FAULT", "decode.after=kill"}});
    ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL) << doomed.process().output();
  }
  Server server = world.Serve();
  for (int number = 2; number <= kLetters; ++number) {
    ASSERT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{number}), "failed")) << number;
  }
}

}  // namespace deadletter::test
