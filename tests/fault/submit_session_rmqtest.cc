// `submit` is the one part of us that holds a transaction open between two answers. It stands still
// there, and the database, or its administrator, has no patience.
#include "tests/fault/fire.h"
#include "tests/folders.h"

namespace deadletter::test {
namespace {

class SubmitSession : public Fire {
 protected:
  // In its transaction, until SIGCONT.
  ChildProcess SubmitAndStop() {
    return ChildProcess({DEADLETTER_BINARY_DIR "/deadletter-faults", "submit", "--queue",
                         kWorkerQueue, "--action", "core.echo", "--config", world_.config_file()},
                        {{{"DEADLETTER_FAULT", "submit.before=stop"}}, world_.folder()});
  }
  static std::string Idle(const std::string& select) {
    return "SELECT " + select +
           " FROM pg_stat_activity WHERE datname = current_database() AND "
           "application_name = 'deadletter' AND state = 'idle in transaction'";
  }
  // Its execution has its message, once, and nothing else was done.
  void ExpectAllIsWell(const std::string& said) {
    const std::string words = "submitted execution ";
    const std::size_t begin = said.find(words);
    ASSERT_NE(begin, std::string::npos) << said;
    const std::string id = std::to_string(std::stoll(said.substr(begin + words.size())));
    EXPECT_EQ(Executions(), "1");
    EXPECT_EQ(world_.pair().broker().ReadyMessages(kWorkerQueue), 1U);
    EXPECT_THAT(MessagesByExecution(world_, kWorkerQueue),
                testing::ElementsAre(testing::Pair(id, testing::SizeIs(1))));
    Account account;
    account.Row(ExecutionId(std::int64_t{std::stoll(id)}), "scheduled");
    CloseBooks(world_, account, {});
  }
  std::string Executions() { return Platform().Value("SELECT count(*) FROM execution"); }
};

// Ours is the minute that we ask for ourselves, whatever is set for everybody else: one of theirs
// that came after us, and as idle, is ended first.
TEST_F(SubmitSession, P5_ATimeoutForIdleTransactionsThatIsNotOursDoesNotEndIt) {
  Platform().Run(
      "DO $$ BEGIN EXECUTE format("
      "'ALTER DATABASE %I SET idle_in_transaction_session_timeout = 300', current_database());"
      "END $$");
  ChildProcess submit = SubmitAndStop();
  ASSERT_TRUE(submit.WaitForStop(kPatience)) << submit.output();
  PlatformConnection admin = Platform();
  ASSERT_EQ(admin.Value(Idle("count(*)")), "1");
  PlatformConnection theirs = Platform();
  theirs.Run("BEGIN");
  const std::string backend = std::to_string(theirs.backend());
  ASSERT_TRUE(WaitUntil([&] {
    return admin.Value("SELECT count(*) FROM pg_stat_activity WHERE pid = " + backend) == "0";
  }));
  EXPECT_EQ(admin.Value(Idle("count(*)")), "1");
  submit.Signal(SIGCONT);
  EXPECT_EQ(submit.WaitForExit(kPatience), 0) << submit.output();
  ExpectAllIsWell(submit.standard_output());
}

TEST_F(SubmitSession, P1_ATransactionThatIsEndedWhileItIsIdleLeavesNothingAndSaysSo) {
  ChildProcess submit = SubmitAndStop();
  ASSERT_TRUE(submit.WaitForStop(kPatience)) << submit.output();
  EXPECT_EQ(Platform().Value(Idle("count(pg_terminate_backend(pid, 60000))")), "1");
  Platform().Run("BEGIN; LOCK TABLE execution IN ACCESS EXCLUSIVE MODE NOWAIT; ROLLBACK");
  submit.Signal(SIGCONT);
  EXPECT_EQ(submit.WaitForExit(kPatience), 1) << submit.output();
  EXPECT_NE(submit.output().find("nothing was recorded"), std::string::npos) << submit.output();
  EXPECT_EQ(Executions(), "0");
  const Finished again = world_.Run({"submit", "--queue", kWorkerQueue, "--action", "core.echo"});
  EXPECT_EQ(again.status, 0) << again.output;
  ExpectAllIsWell(again.output);
}

}  // namespace
}  // namespace deadletter::test
