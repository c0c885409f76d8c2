// SIGKILL at the places that are passed once in a while: in a migration, and in `submit`.
#pragma once

#include "tests/fault/kill.h"

namespace deadletter::test {

// While the ledger is migrated.
class KillInMigration : public testing::TestWithParam<KillCase> {};

TEST_P(KillInMigration, TheNextStartFinishesIt) {
  World world(GetParam().pair, {.ledger = {.migrated = false}});
  Server doomed = world.Serve({{"DEADLETTER_FAULT", GetParam().point + "=kill"}});
  ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL)
      << "the place was never reached:\n"
      << doomed.process().output();
  Server restarted = world.Serve();
  ASSERT_TRUE(restarted.WaitUntilReady()) << restarted.process().output();
  Account account;
  AddExecutions(world, account, 5, 5);
  SendRequests(world, account, 5, 5);
  EXPECT_EQ(CloseBooks(world, account, {&restarted}).failed, 1u);
}

// `submit` commits the execution and its message together, or neither.
class KillInSubmit : public testing::TestWithParam<KillCase> {
 protected:
  Finished Submit(World& world, const std::string& fault) {
    return world.Run({"submit", "--queue", kWorkerQueue, "--action", "core.echo"},
                     {{"DEADLETTER_FAULT", fault}});
  }
};

TEST_P(KillInSubmit, P1_AnExecutionHasItsMessageOrThereIsNeither) {
  World world(GetParam().pair);
  const bool committed = GetParam().point.ends_with("after");
  ASSERT_EQ(Submit(world, GetParam().point + "=kill").status, 128 + SIGKILL);
  EXPECT_EQ(world.pair().broker().ReadyMessages(kWorkerQueue), 0U);
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  const Finished second = Submit(world, "");
  ASSERT_EQ(second.status, 0) << second.output;
  const std::size_t wanted = committed ? 2 : 1;
  EXPECT_TRUE(
      WaitUntil([&] { return world.pair().broker().ReadyMessages(kWorkerQueue) >= wanted; }));
  EXPECT_EQ(world.pair().broker().ReadyMessages(kWorkerQueue), wanted);
  Account account;
  for (const RowFact& row : world.pair().ledger().ReadFacts().rows) {
    account.Row(ExecutionId(std::int64_t{std::stoll(row.id)}), "scheduled");
  }
  CloseBooks(world, account, {&server});
}

}  // namespace deadletter::test
