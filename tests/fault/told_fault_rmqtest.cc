// Faults that are told in a word of the log: each is said when it happens, costs nothing, and is
// over once it is mended.
#include <filesystem>

#include "tests/fault/fire.h"
#include "tests/folders.h"

namespace deadletter::test {
namespace {

using Told = Fire;

TEST_F(Told, P3_AnAcknowledgementThatIsLostIsSaidAndTheLettersComeAgain) {
  const std::string order_file = world_.folder() + "/stop_at";
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file}});
  ASSERT_TRUE(server.WaitUntilReady());
  StopAtNext(order_file, "ack.before");
  SendLetters(kFewLetters);
  ASSERT_TRUE(server.process().WaitForStop(kPatience)) << server.process().output();
  broker_gate().Reset();
  server.process().Signal(SIGCONT);
  const auto lost = server.process().WaitForLine("ack_lost", kPatience);
  ASSERT_TRUE(lost) << server.process().output();
  EXPECT_NE(lost->find(kDeadLetterQueue), std::string::npos) << *lost;
  EXPECT_TRUE(WaitUntil([&] {
    return server.GetText("/metrics").find("\ndeadletter_letters_redelivered_total 0\n") ==
           std::string::npos;
  })) << server.GetText("/metrics");
  ExpectAllIsWell(server);
}

// The same with letters that cannot be recognised: each is kept once more, and says so.
TEST_F(Told, P3_LettersWithoutAKeyThatComeAgainAreKeptMarkedAndCounted) {
  const std::string order_file = world_.folder() + "/stop_at";
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file}});
  ASSERT_TRUE(server.WaitUntilReady());
  Add(1, kFewLetters);
  StopAtNext(order_file, "ack.before");
  SendWithoutKeys(1, kFewLetters);
  ASSERT_TRUE(server.process().WaitForStop(kPatience)) << server.process().output();
  broker_gate().Reset();
  server.process().Signal(SIGCONT);
  ASSERT_TRUE(AwaitFailed(1, kFewLetters)) << server.process().output();
  EXPECT_TRUE(WaitUntil([&] {
    return FigureOf(server, "deadletter_letters_possible_duplicate_total") > 0;
  })) << server.GetText("/metrics");
  ExpectAllIsWell(server);
  const auto letters = world_.Letters();
  EXPECT_GT(std::ranges::count(letters, true, &LetterSummary::possible_duplicate), 0);
}

// Its row is held by a worker, and in the ledger, where it waits, somebody spoils it.
TEST_F(Told, P4_P5_ALetterThatTheLedgerCannotGiveBackIsRefusedAndSettledOnceItIsMended) {
  Add(1, 1);
  PlatformConnection worker = Platform();
  worker.Run("BEGIN; SELECT 1 FROM execution WHERE id = 1 FOR UPDATE");
  Server server = world_.Serve();
  SendFor(1, 1);
  const std::string outcome = "SELECT outcome FROM deadletter.letter WHERE execution_id = '1'";
  ASSERT_TRUE(WaitUntil([&] { return Platform().Value(outcome) == "deferred"; }));
  Platform().Run(
      "CREATE TABLE undamaged AS SELECT id, headers FROM deadletter.letter;"
      "UPDATE deadletter.letter SET headers = '{', try_again_at = now()");
  const auto unreadable = server.process().WaitForLine("letter_unreadable", kPatience);
  ASSERT_TRUE(unreadable) << server.process().output();
  EXPECT_NE(unreadable->find("a damaged message"), std::string::npos) << *unreadable;
  EXPECT_TRUE(WaitUntil([&] { return Platform().Value(outcome) == "refused"; }));
  EXPECT_NE(server.GetText("/v1/letters?outcome=refused").find("a damaged message"),
            std::string::npos);
  EXPECT_TRUE(AwaitMetric(server, R"(outcome="refused")"));
  SendLetters(kFewLetters);  // in nobody's way
  EXPECT_TRUE(AwaitFailed(2, letters())) << server.process().output();
  worker.Run("COMMIT");
  Platform().Run(
      "UPDATE deadletter.letter SET headers = undamaged.headers, try_again_at = now() "
      "FROM undamaged WHERE letter.id = undamaged.id");
  ExpectAllIsWell(server);
}

TEST_F(Told, P5_WithoutTheTokensFileNobodyIsKnownAndLettersAreHandled) {
  const std::string file = world_.folder() + "/tokens";
  const Finished made = RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "token", "new",
                                    "--tokens-file", file, "--name", "vera", "--role", "viewer"});
  ASSERT_EQ(made.status, 0) << made.output;
  const std::string token = made.standard_output.substr(0, made.standard_output.find('\n'));
  Server server = world_.Serve({{"DEADLETTER_AUTH_TOKENS_FILE", file}});
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  const auto ask = [&] {
    return RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "list", "--server", server.url()},
                      {{{"DEADLETTER_TOKEN", token}}, world_.folder()});
  };
  ASSERT_EQ(ask().status, 0) << ask().output;
  std::filesystem::rename(file, file + ".elsewhere");
  const Finished refused = ask();
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.output.find("503"), std::string::npos) << refused.output;
  const auto told = server.process().WaitForLine("tokens_unusable", kPatience);
  ASSERT_TRUE(told) << server.process().output();
  EXPECT_NE(told->find(file), std::string::npos) << *told;
  SendLetters(kFewLetters);
  EXPECT_TRUE(AwaitFailed(1, kFewLetters)) << server.process().output();
  EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
  EXPECT_EQ(HttpGet(server.url() + "/metrics").status, 200);
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 200);
  std::filesystem::rename(file + ".elsewhere", file);
  EXPECT_EQ(ask().status, 0) << ask().output;
  // A mistake in a line of its own locks nobody else out.
  const std::size_t lines = server.process().lines();
  std::ofstream(file, std::ios::app) << "mistyped\n";
  EXPECT_EQ(ask().status, 0) << ask().output;
  const auto mistake = server.process().WaitForLine("tokens_unusable", kPatience, lines);
  ASSERT_TRUE(mistake) << server.process().output();
  EXPECT_NE(mistake->find("\"why\":\"line "), std::string::npos) << *mistake;
  ExpectAllIsWell(server);
}

}  // namespace
}  // namespace deadletter::test
