// Submitting and being a worker over HTTP, with the program as users run it. The embedded pair
// only: what the other one answers is in work_servers_rmqtest.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "tests/system/embedded_pair.h"
#include "tests/system/work_calls.h"

namespace deadletter::test {
namespace {

using boost::json::parse;

const std::string kBeforeTheRow = "finish.before";

class WorkOverHttp : public testing::Test {
 protected:
  std::size_t Waiting() { return world_.pair().broker().ReadyMessages(kWorkerQueue); }

  World world_{EmbeddedPair()};
};

TEST_F(WorkOverHttp, WorkIsSubmittedGivenToWhoWaitsAndAcknowledgedWithItsResult) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  const std::string url = server.url();
  boost::json::array deliveries;
  std::jthread worker([&] { deliveries = TakeWork(url); });
  const ExecutionId id = Submit(url);
  worker.join();
  ASSERT_EQ(deliveries.size(), 1u);
  const auto& delivery = deliveries[0];
  EXPECT_EQ(delivery.at("execution_id"), boost::json::value(id.ToString()));
  EXPECT_EQ(delivery.at("execution_status"), "scheduled");
  EXPECT_EQ(delivery.at("action"), "core.echo");
  EXPECT_EQ(delivery.at("worker_id"), "7");
  EXPECT_EQ(delivery.at("queue"), kWorkerQueue);
  EXPECT_EQ(delivery.at("exchange"), "attune.executions");
  EXPECT_EQ(delivery.at("redelivered"), false);
  EXPECT_EQ(delivery.at("body").at("value").at("payload").at("config").at("text"), "hello");
  EXPECT_TRUE(delivery.at("attempt").is_string());

  const auto done = Post(url, CallOf(delivery, "ack"), R"({"result":{"said":"hello"}})");
  EXPECT_EQ(done.at("execution").at("moved"), true);
  const PlatformRow row = world_.Row(id);
  EXPECT_EQ(row.status, "completed");
  EXPECT_EQ(parse(row.result_json.value()), parse(R"({"said":"hello"})"));
  EXPECT_EQ(Waiting(), 0u);
  Post(url, CallOf(delivery, "ack"), "{}", 409);

  const auto audit = server.Get("/v1/audit");
  ASSERT_EQ(audit.at("items").as_array().size(), 1u) << "a worker's answers are none";
  EXPECT_EQ(audit.at("items").at(0).at("what"), "submit");
  EXPECT_EQ(audit.at("items").at(0).at("who"), "local");
  EXPECT_EQ(audit.at("items").at(0).at("subject"), kWorkerQueue);
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_F(WorkOverHttp, P6_ARejectedDeliveryFailsItsExecutionAndEveryoneHears) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  const ExecutionId id = Submit(url);
  const auto back = TakeWork(url).at(0);
  EXPECT_EQ(Post(url, CallOf(back, "reject"), R"({"requeue":true})").at("requeued"), true);
  const auto again = TakeWork(url).at(0);
  EXPECT_EQ(again.at("redelivered"), true);
  Post(url, CallOf(again, "reject"), "{}");
  ASSERT_TRUE(world_.WaitForStatus(id, "failed")) << server.process().output();
  EXPECT_EQ(world_.OnlyLetter().reason, Reason::kRejected);
  EXPECT_EQ(world_.WaitForEvents(1).size(), 1u);
}

TEST_F(WorkOverHttp, P1_ALeaseThatRunsOutGivesTheMessageToTheNextUnlessItIsExtended) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  const ExecutionId kept = Submit(url);
  const auto slow = TakeWork(url, R"(,"lease":1)").at(0);
  const auto extended = Post(url, CallOf(slow, "extend"), R"({"lease":600})");
  EXPECT_GT(extended.at("until").as_string(), slow.at("until").as_string());
  const ExecutionId lost = Submit(url);
  const auto dead = TakeWork(url, R"(,"lease":1)").at(0);
  const auto next = TakeWork(url, R"(,"max":10)");
  ASSERT_EQ(next.size(), 1u) << "the extended one is still somebody's";
  EXPECT_EQ(next[0].at("execution_id"), boost::json::value(lost.ToString()));
  EXPECT_EQ(next[0].at("redelivered"), true);
  EXPECT_EQ(next[0].at("delivery_count"), 1);
  for (const char* what : {"ack", "reject", "extend"}) Post(url, CallOf(dead, what), "", 409);
  Post(url, CallOf(dead, "ack"), R"({"result":1})", 409);
  EXPECT_EQ(world_.Row(lost).status, "scheduled");
  Post(url, CallOf(next[0], "ack"), R"({"result":2})");
  Post(url, CallOf(slow, "ack"), R"({"status":"completed"})");
  EXPECT_EQ(world_.Row(lost).result_json, "2");
  EXPECT_EQ(world_.Row(kept).status, "completed");
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(WorkOverHttp, EveryMistakeIsToldAndChangesNothing) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  Post(url, "/v1/executions", R"({"queue":"nowhere","action":"a"})", 404);
  Post(url, "/v1/executions", R"({"queue":"worker.7.executions","action":""})", 422);
  Post(url, "/v1/executions", R"({"queue":"worker.7.executions"})", 400);
  for (const std::string queue : {kDeadLetterQueue, "attune.dlx.unrouted.queue"}) {
    Post(url, "/v1/executions", R"({"action":"a","queue":")" + queue + "\"}", 422);
    const Finished submitted = world_.Run({"submit", "--queue", queue, "--action", "a"});
    EXPECT_EQ(submitted.status, 2);
    EXPECT_THAT(submitted.output, testing::HasSubstr("'" + queue + "' is a dead letter queue"));
  }
  Post(url, "/v1/queues/nowhere/lease", "{}", 404);
  Post(url, std::string("/v1/queues/") + kDeadLetterQueue + "/lease", "{}", 409);
  Post(url, "/v1/queues/attune.dlx.unrouted.queue/lease", "{}", 409);
  Post(url, kLeaseCall, R"({"wait":60})", 400);
  Post(url, "/v1/deliveries/1-1/ack", "{}", 409);
  Post(url, "/v1/deliveries/nobody/ack", "{}", 404);
  EXPECT_EQ(world_.pair().ledger().ReadFacts().rows.size(), 0u);
  EXPECT_TRUE(server.Get("/v1/audit").at("items").as_array().empty());
}

TEST_F(WorkOverHttp, WhoObservesTouchesNoExecution) {
  Server server = world_.Serve({{"DEADLETTER_EXECUTIONS_MODE", "observe"}});
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  world_.AddExecution(5);
  Post(url, "/v1/executions", kEcho, 409);
  world_.Publish({"", kWorkerQueue}, world_.Envelope("5"));
  const auto delivery = TakeWork(url).at(0);
  EXPECT_TRUE(delivery.at("execution_status").is_null());
  Post(url, CallOf(delivery, "ack"), R"({"result":1})", 409);
  Post(url, CallOf(delivery, "ack"), "");
  EXPECT_EQ(world_.Row(ExecutionId(5)).status, "scheduled");
}

TEST_F(WorkOverHttp, AStopWaitsForNobodyWhoWaits) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  std::vector<std::jthread> workers;
  std::mutex mutex;
  std::set<int> statuses;
  for (int count = 0; count < 4; ++count) {
    workers.emplace_back([&] {
      while (true) {
        const int status = HttpPost(url + kLeaseCall, R"({"wait":9})").status;
        if (status == 200) continue;
        const std::lock_guard lock(mutex);
        statuses.insert(status);
        return;
      }
    });
  }
  EXPECT_TRUE(server.StopsAsPromised());
  workers.clear();
  // 0: it came when nobody listened any more.
  for (const int status : statuses) EXPECT_TRUE(status == 0 || status == 503) << status;
}

// Its lease ends and its execution dies and is brought back between the look whether it is leased
// and the write. Another server, on the same two files, does that meanwhile.
TEST_F(WorkOverHttp, P2_AnAcknowledgementThatComesTooLateEndsNoLaterAttempt) {
  Server other = world_.Serve();
  ASSERT_TRUE(other.WaitUntilReady());
  bool is_proven = false;
  for (int round = 0; round < 20 && !is_proven; ++round) {
    Server late = world_.Serve({{"DEADLETTER_FAULT", kBeforeTheRow + "=stop"}});
    ASSERT_TRUE(late.WaitUntilReady());
    const std::size_t letters = world_.Letters().size();
    const ExecutionId id = Submit(other.url());
    const auto delivery = TakeWork(other.url()).at(0);
    HttpAnswer answer;
    const std::string call = late.url() + CallOf(delivery, "ack");
    std::jthread worker([&] { answer = HttpPost(call, R"({"result":"late"})", {}, kPatience); });
    ASSERT_TRUE(late.process().WaitForStop(kPatience));
    // It may have been stopped while another of its threads was writing to a file.
    if (world_.IsLocked()) {
      late.process().Signal(SIGCONT);
      worker.join();
      EXPECT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(world_.Row(id).result_json, "\"late\"");
      continue;
    }
    Post(other.url(), CallOf(delivery, "reject"), "{}");
    ASSERT_TRUE(world_.WaitForStatus(id, "failed")) << other.process().output();
    const std::string letter = FormatUuid(world_.WaitForLetters(letters + 1).at(0).id.value());
    Post(other.url(), "/v1/replays", R"({"ids":[")" + letter + "\"]}", 201);
    const auto again = TakeWork(other.url()).at(0);
    EXPECT_EQ(again.at("execution_id"), boost::json::value(id.ToString()));
    late.process().Signal(SIGCONT);
    worker.join();
    EXPECT_EQ(answer.status, 409) << answer.body;
    EXPECT_THAT(answer.body, testing::HasSubstr("the execution was not moved, it is 'scheduled'"));
    EXPECT_EQ(world_.Row(id).status, "scheduled") << "another is working on it";
    const auto done = Post(other.url(), CallOf(again, "ack"), R"({"result":"in time"})");
    EXPECT_EQ(done.at("execution").at("moved"), true);
    EXPECT_EQ(world_.Row(id).result_json, "\"in time\"");
    is_proven = true;
  }
  EXPECT_TRUE(is_proven);
}

// As by a worker that marks its row before it begins.
TEST_F(WorkOverHttp, P5_AResultWhoseRowWasRenewedIsRefusedAndItsMessageKept) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  const ExecutionId id = Submit(url);
  const auto delivery = TakeWork(url).at(0);
  const auto sent = world_.Row(id).updated;
  while (world_.Row(id).updated == sent) world_.pair().ledger().SetStatus(id, "running");
  for (int time = 0; time < 2; ++time) {
    const HttpAnswer refused = HttpPost(url + CallOf(delivery, "ack"), R"({"result":{"ok":true}})");
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_THAT(refused.body,
                testing::HasSubstr("was renewed after this message was sent (status 'running'): "
                                   "nothing was moved, and the message is still leased"));
  }
  EXPECT_EQ(Post(url, CallOf(delivery, "extend"), "{}").as_object().count("until"), 1u);
  Post(url, CallOf(delivery, "reject"), "{}");
  ASSERT_EQ(world_.WaitForLetters(1).size(), 1u) << server.process().output();
  ASSERT_TRUE(WaitUntil([&] { return world_.OnlyLetter().outcome == Outcome::kStaleAttempt; }));
  EXPECT_EQ(world_.OnlyLetter().state, LetterState::kOpen);
  EXPECT_EQ(world_.OnlyLetter().reason, Reason::kRejected);
  EXPECT_EQ(world_.Row(id).status, "running");

  // Without a result no row is asked for.
  const ExecutionId other = Submit(url);
  const auto own = TakeWork(url).at(0);
  const auto before = world_.Row(other).updated;
  while (world_.Row(other).updated == before) world_.pair().ledger().SetStatus(other, "running");
  Post(url, CallOf(own, "ack"), "{}");
  EXPECT_EQ(Waiting(), 0u);
}

// Another copy of the message has died, and was brought back.
TEST_F(WorkOverHttp, P2_AMessageWhoseExecutionWasReplayedMeanwhileIsAcknowledgedAndEndsNothing) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  const ExecutionId id = Submit(url);
  const auto earlier = TakeWork(url).at(0);
  world_.PublishDead(boost::json::serialize(earlier.at("body").at("value")));
  ASSERT_TRUE(world_.WaitForStatus(id, "failed")) << server.process().output();
  const std::string letter = FormatUuid(world_.OnlyLetter().id.value());
  Post(url, "/v1/replays", R"({"ids":[")" + letter + "\"]}", 201);
  const auto later = TakeWork(url).at(0);
  EXPECT_EQ(later.at("execution_id"), boost::json::value(id.ToString()));
  const auto done = Post(url, CallOf(earlier, "ack"), R"({"result":"earlier"})");
  EXPECT_EQ(done.at("acknowledged"), true);
  EXPECT_EQ(done.at("execution").at("moved"), false);
  EXPECT_EQ(done.at("execution").at("status"), "scheduled");
  EXPECT_EQ(world_.Row(id).status, "scheduled") << "the later message's";
  EXPECT_EQ(Post(url, CallOf(later, "ack"), R"({"result":"later"})").at("execution").at("moved"),
            true);
  EXPECT_EQ(world_.Row(id).result_json, "\"later\"");
  EXPECT_EQ(Waiting(), 0u);
}

// ---- kills

TEST_F(WorkOverHttp, P1_AKillBeforeTheRowIsWrittenLeavesTheWorkToTheNext) {
  ExecutionId id(0);
  {
    Server server = world_.Serve({{"DEADLETTER_FAULT", kBeforeTheRow + "=kill"}});
    const std::string url = server.url();
    ASSERT_TRUE(server.WaitUntilReady());
    id = Submit(url);
    const auto delivery = TakeWork(url, R"(,"lease":1)").at(0);
    EXPECT_EQ(HttpPost(url + CallOf(delivery, "ack"), R"({"result":"first"})").status, 0);
    EXPECT_EQ(server.process().WaitForExit(kPatience), kKilledByTest);
  }
  EXPECT_EQ(world_.Row(id).status, "scheduled");
  Server server = world_.Serve();
  const auto delivery = TakeWork(server.url()).at(0);
  EXPECT_EQ(delivery.at("execution_status"), "scheduled");
  Post(server.url(), CallOf(delivery, "ack"), R"({"result":"second"})");
  EXPECT_EQ(world_.Row(id).result_json, "\"second\"");
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(WorkOverHttp, P3_WhatIsSubmittedAgainWithItsKeyAfterALostAnswerIsThereOnce) {
  const auto submit = [](const std::string& url, const std::string& body) {
    return HttpPost(url + "/v1/executions", body, {"Idempotency-Key: \"8e03978e-40d5\""});
  };
  {
    Server server = world_.Serve({{"DEADLETTER_FAULT", "submit.before=kill"}});
    ASSERT_TRUE(server.WaitUntilReady());
    EXPECT_EQ(submit(server.url(), kEcho).status, 0);
    EXPECT_EQ(server.process().WaitForExit(kPatience), kKilledByTest);
    EXPECT_EQ(world_.pair().ledger().ReadFacts().rows.size(), 0u);
  }
  {
    Server server = world_.Serve({{"DEADLETTER_FAULT", "submit.after=kill"}});
    ASSERT_TRUE(server.WaitUntilReady());
    EXPECT_EQ(submit(server.url(), kEcho).status, 0);
    EXPECT_EQ(server.process().WaitForExit(kPatience), kKilledByTest);
  }
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  const HttpAnswer first = submit(server.url(), kEcho);
  EXPECT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(submit(server.url(), kEcho).body, first.body);
  EXPECT_EQ(submit(server.url(), kEcho + " ").status, 422);
  EXPECT_EQ(world_.pair().ledger().ReadFacts().rows.size(), 1u);
  const auto delivery = TakeWork(server.url()).at(0);
  Post(server.url(), CallOf(delivery, "ack"), R"({"result":1})");
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_EQ(server.Get("/v1/audit").at("items").as_array().size(), 1u);
}

TEST_F(WorkOverHttp, P1_AKillBeforeTheAnswerOfALeaseCostsALeaseAndNoMessage) {
  {
    Server server = world_.Serve({{"DEADLETTER_FAULT", "take.after=kill"}});
    const std::string url = server.url();
    ASSERT_TRUE(server.WaitUntilReady());
    Submit(url);
    (void)WaitUntil(
        [&] { return HttpPost(url + kLeaseCall, R"({"lease":1,"wait":5})").status == 0; });
    EXPECT_EQ(server.process().WaitForExit(kPatience), kKilledByTest);
  }
  Server server = world_.Serve();
  const auto delivery = TakeWork(server.url()).at(0);
  EXPECT_EQ(delivery.at("redelivered"), true);
  Post(server.url(), CallOf(delivery, "ack"), R"({"result":1})");
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(WorkOverHttp, P1_P3_AKillBetweenTheRowAndTheAcknowledgementDoesNothingTwice) {
  ExecutionId id(0);
  {
    Server server = world_.Serve({{"DEADLETTER_FAULT", "answer.before=kill"}});
    const std::string url = server.url();
    ASSERT_TRUE(server.WaitUntilReady());
    id = Submit(url);
    const auto delivery = TakeWork(url, R"(,"lease":1)").at(0);
    EXPECT_EQ(HttpPost(url + CallOf(delivery, "ack"), R"({"result":"first"})").status, 0);
    EXPECT_EQ(server.process().WaitForExit(kPatience), kKilledByTest);
  }
  EXPECT_EQ(world_.Row(id).status, "completed");
  Server server = world_.Serve();
  const auto delivery = TakeWork(server.url()).at(0);
  EXPECT_EQ(delivery.at("redelivered"), true);
  EXPECT_EQ(delivery.at("execution_status"), "completed") << "so that nobody does it again";
  const auto done = Post(server.url(), CallOf(delivery, "ack"), R"({"result":"second"})");
  EXPECT_EQ(done.at("execution").at("moved"), false);
  EXPECT_EQ(world_.Row(id).result_json, "\"first\"");
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_TRUE(world_.Letters().empty());
}

TEST_F(WorkOverHttp, P1_WhatWasSubmittedIsSentThoughItsAnswerIsLost) {
  {
    Server server = world_.Serve({{"DEADLETTER_FAULT", "submit.after=kill"}});
    const std::string url = server.url();
    ASSERT_TRUE(server.WaitUntilReady());
    EXPECT_EQ(HttpPost(url + "/v1/executions", kEcho).status, 0);
    EXPECT_EQ(server.process().WaitForExit(kPatience), kKilledByTest);
  }
  Server server = world_.Serve();
  const auto delivery = TakeWork(server.url()).at(0);
  Post(server.url(), CallOf(delivery, "ack"), R"({"result":1})");
  const auto audit = server.Get("/v1/audit");
  EXPECT_EQ(audit.at("items").as_array().size(), 1u);
}

}  // namespace
}  // namespace deadletter::test
