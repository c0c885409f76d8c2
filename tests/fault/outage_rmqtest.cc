// RabbitMQ or PostgreSQL goes away and comes back: intake pauses without a nack and goes on by
// itself (P5), and the account afterwards says that no promise was broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <future>

#include "tests/account/books.h"
#include "tests/support/http_get.h"
#include "tests/support/platform_connection.h"
#include "tests/system/figures.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {
namespace {

class Outage : public testing::Test {
 protected:
  static constexpr int kLetters = 50;

  void Publish(int from, int until) { SendRequests(world_, account_, from, until); }
  void AddExecutions(int count) { test::AddExecutions(world_, account_, 1, count); }
  void Close(Server& server) { CloseBooks(world_, account_, {&server}); }
  bool AllFailed(int count) {
    return WaitUntil([&] {
      for (int number = 1; number <= count; ++number) {
        if (world_.Row(ExecutionId(std::int64_t{number})).status != "failed") return false;
      }
      return true;
    });
  }

  // Waits until /readyz says so, with a message.
  static bool IsMissing(Server& server, const std::string& part) {
    const auto says_so = testing::ContainsRegex("\"part\":\"" + part +
                                                "\",\"state\":\"missing\",\"message\":\"[^\"]");
    return WaitUntil(
        [&] { return testing::Matches(says_so)(HttpGet(server.url() + "/readyz").body); });
  }

  World world_{ServersPair()};
  Account account_;
};

TEST_F(Outage, P5_IntakePausesWhileTheLedgerIsAwayAndGoesOnByItself) {
  AddExecutions(2 * kLetters);
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  Publish(1, kLetters);
  ASSERT_TRUE(AllFailed(kLetters));
  world_.pair().StopLedger();
  Publish(kLetters + 1, 2 * kLetters);
  EXPECT_TRUE(server.process().WaitForLine("intake_paused", kPatience))
      << server.process().output();
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
  EXPECT_TRUE(IsMissing(server, "ledger") && IsMissing(server, "intake of attune.dlx.queue"))
      << HttpGet(server.url() + "/readyz").body;
  EXPECT_TRUE(WaitUntil([&] {
    const std::string metrics = server.GetText("/metrics");
    return metrics.find("deadletter_ledger_connected 0\n") != std::string::npos &&
           testing::Matches(testing::ContainsRegex(
               "\ndeadletter_intake_paused\\{[^}]*unavailable[^}]*\\} 1\n"))(metrics);
  })) << server.GetText("/metrics");
  world_.pair().StartLedger();
  EXPECT_TRUE(AllFailed(2 * kLetters)) << server.process().output();
  EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
  const auto letters = world_.Letters();
  EXPECT_EQ(letters.size(), static_cast<std::size_t>(2 * kLetters));
  for (const LetterSummary& letter : letters) EXPECT_FALSE(letter.redelivered) << "given back";
  Close(server);
}

TEST_F(Outage, P5_TheBrokerIsRestartedAndConsumingGoesOnByItself) {
  AddExecutions(2 * kLetters);
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  Publish(1, kLetters);
  world_.pair().StopBroker();
  EXPECT_TRUE(server.process().WaitForLine("queue_not_consumed", kPatience))
      << server.process().output();
  EXPECT_TRUE(server.process().WaitForLine("broker_away", kPatience)) << server.process().output();
  EXPECT_TRUE(IsMissing(server, "broker")) << HttpGet(server.url() + "/readyz").body;
  EXPECT_EQ(FigureOf(server, "deadletter_broker_connected"), 0);
  world_.pair().StartBroker();
  Publish(kLetters + 1, 2 * kLetters);
  EXPECT_TRUE(AllFailed(2 * kLetters)) << server.process().output();
  EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
  Close(server);
}

TEST_F(Outage, AStopInAnOutageEndsInTimeAndNothingIsLost) {
  AddExecutions(kLetters);
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  world_.pair().StopLedger();
  Publish(1, kLetters);
  EXPECT_TRUE(server.process().WaitForLine("intake_paused", kPatience))
      << server.process().output();
  EXPECT_TRUE(server.StopsAsPromised());
  EXPECT_FALSE(server.process().WaitForLine("intake_resumed", std::chrono::milliseconds(0)));
  world_.pair().StartLedger();
  Server again = world_.Serve();
  EXPECT_TRUE(AllFailed(kLetters)) << again.process().output();
  Close(again);
}

// Nothing closes a connection and nothing answers: worse than being away. Each part is interrupted
// where it waits, a request of the HTTP interface included.
TEST_F(Outage, AStopWhileNeitherBrokerNorLedgerAnswersEndsInOrder) {
  AddExecutions(kLetters);
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  const std::string url = server.url();
  world_.pair().Freeze();
  auto request =
      std::async(std::launch::async, [&] { return HttpGet(url + "/v1/letters").status; });
  EXPECT_TRUE(server.StopsAsPromised());
  world_.pair().Thaw();
  EXPECT_NE(request.get(), 200);
  Publish(1, kLetters);
  Server again = world_.Serve();
  EXPECT_TRUE(AllFailed(kLetters)) << again.process().output();
  Close(again);
}

TEST_F(Outage, WhoDoesNotAnswerIsNamedByReadinessUntilHeDoes) {
  AddExecutions(2 * kLetters);
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  Publish(1, kLetters);
  const auto names = [&](const std::string& part) {
    return HttpGet(server.url() + "/readyz").body.find(part) != std::string::npos;
  };
  world_.pair().Freeze();
  EXPECT_TRUE(WaitUntil([&] { return names("the ledger's server does not answer"); }))
      << HttpGet(server.url() + "/readyz").body;
  EXPECT_TRUE(IsMissing(server, "ledger") && IsMissing(server, "broker"))
      << HttpGet(server.url() + "/readyz").body;
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  world_.pair().Thaw();
  EXPECT_TRUE(server.WaitUntilReady()) << HttpGet(server.url() + "/readyz").body;
  Publish(kLetters + 1, 2 * kLetters);
  EXPECT_TRUE(AllFailed(2 * kLetters)) << server.process().output();
  Close(server);
}

TEST_F(Outage, ServeStartsWithoutBothAndWaitsForThem) {
  AddExecutions(1);
  Publish(1, 1);
  world_.pair().StopLedger();
  world_.pair().StopBroker();
  Server server = world_.Serve();
  ASSERT_TRUE(WaitUntil([&] { return HttpGet(server.url() + "/readyz").status == 503; }));
  world_.pair().StartBroker();
  world_.pair().StartLedger();
  EXPECT_TRUE(AllFailed(1)) << server.process().output();
  Close(server);
}

TEST_F(Outage, P5_ADeletedQueueIsConsumedAgainOnceItIsBack) {
  AddExecutions(1);
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  world_.pair().broker().DeleteQueue(kDeadLetterQueue);
  EXPECT_TRUE(IsMissing(server, "queue attune.dlx.queue"))
      << HttpGet(server.url() + "/readyz").body;
  for (const char* cause : {"cancelled", "queue_missing"}) {
    const auto told = server.process().WaitForLine(R"("cause":")" + std::string(cause), kPatience);
    ASSERT_TRUE(told) << cause << server.process().output();
    EXPECT_THAT(*told, testing::HasSubstr("queue_not_consumed"));
  }
  ASSERT_EQ(world_.Run({"topology", "apply"}).status, 0);
  EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
  Publish(1, 1);
  EXPECT_TRUE(AllFailed(1)) << server.process().output();
  Close(server);
}

TEST_F(Outage, P5_ARowLockedByAWorkerDefersItsLetterAndNotTheOthers) {
  AddExecutions(2);
  PlatformConnection worker(world_.pair().LedgerUrl());
  worker.Run("BEGIN; SELECT 1 FROM execution WHERE id = 1 FOR UPDATE");
  Server server = world_.Serve();
  Publish(1, 2);
  EXPECT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{2}), "failed"))
      << server.process().output();
  EXPECT_TRUE(WaitUntil([&] {
    for (const LetterSummary& letter : world_.Letters()) {
      if (letter.execution_id == "1")
        return letter.outcome == Outcome::kDeferred && letter.state == LetterState::kWaiting;
    }
    return false;
  })) << server.process().output();
  worker.Run("COMMIT");
  EXPECT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{1}), "failed"))
      << server.process().output();
  Close(server);
}

// The row is free; what the platform's trigger wants is not.
TEST_F(Outage, P5_ALockThatATriggerMeetsDefersItsLetterAndNotTheOthers) {
  AddExecutions(3);
  PlatformConnection(world_.pair().LedgerUrl())
      .Run(
          "CREATE TABLE counter (failures int); INSERT INTO counter VALUES (0);"
          "CREATE FUNCTION count_failure() RETURNS trigger LANGUAGE plpgsql AS $$"
          "BEGIN UPDATE counter SET failures = failures + 1; RETURN NEW; END $$;"
          "CREATE TRIGGER counting BEFORE UPDATE ON execution FOR EACH ROW WHEN (NEW.id = 2) "
          "EXECUTE FUNCTION count_failure()");
  PlatformConnection somebody(world_.pair().LedgerUrl());
  somebody.Run("BEGIN; UPDATE counter SET failures = 7");
  Publish(1, 3);
  Server server = world_.Serve();
  for (const std::int64_t other : {1, 3}) {
    EXPECT_TRUE(world_.WaitForStatus(ExecutionId(other), "failed")) << server.process().output();
  }
  EXPECT_TRUE(WaitUntil([&] {
    const auto letters = world_.Letters();
    return std::ranges::any_of(letters, [](const LetterSummary& letter) {
      return letter.execution_id == "2" && letter.outcome == Outcome::kDeferred &&
             letter.detail.find("55P03") != std::string::npos;
    });
  })) << server.process().output();
  somebody.Run("COMMIT");
  EXPECT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{2}), "failed"))
      << server.process().output();
  Close(server);
}

}  // namespace
}  // namespace deadletter::test
