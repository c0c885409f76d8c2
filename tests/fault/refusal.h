// A trigger of the platform's raises for some executions and for no others, and one day for none.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/account/books.h"

namespace deadletter::test {

class Refusal : public testing::TestWithParam<PairFactory> {};

TEST_P(Refusal, P2_P5_ItsLettersAreKeptAndSettledOnceThePlatformAllowsIt) {
  constexpr int kLetters = 40;
  World world(GetParam());
  Account account;
  AddExecutions(world, account, 1, kLetters);
  const std::vector<ExecutionId> refused = {
      ExecutionId(std::int64_t{1}), ExecutionId(std::int64_t{17}), ExecutionId(std::int64_t{18})};
  for (const ExecutionId& id : refused) {
    world.pair().ledger().Refuse(id);
    account.Refuses(id);
  }
  {
    Server server = world.Serve();
    SendRequests(world, account, 1, kLetters);
    const Balance balance = CloseBooks(world, account, {&server});
    EXPECT_EQ(balance.failed, kLetters - refused.size());
    EXPECT_EQ(balance.became.at("refused"), refused.size());
  }
  world.pair().ledger().RefuseNobody();
  for (const ExecutionId& id : refused) account.Frees(id);
  // As if an hour had gone by.
  world.pair().ledger().Meddle(
      "UPDATE {{letter}} SET try_again_at = received_at WHERE try_again_at IS NOT NULL");
  Server server = world.Serve();
  const Balance balance = CloseBooks(world, account, {&server});
  EXPECT_EQ(balance.failed, static_cast<std::size_t>(kLetters));
  EXPECT_EQ(balance.events, static_cast<std::size_t>(kLetters));
}

}  // namespace deadletter::test
