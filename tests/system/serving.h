// The running server as its users see it: what it says of itself, how it waits and how it stops.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/folders.h"
#include "tests/support/http_get.h"
#include "tests/system/world.h"

namespace deadletter::test {

class Serving : public testing::TestWithParam<PairFactory> {};

// ---- submitting
TEST_P(Serving, ASubmittedExecutionTravelsTheWholeRoad) {
  World world(GetParam(), {.worker_ttl = std::chrono::milliseconds(300)});
  Server server = world.Serve();
  const Finished submitted = world.Run({"submit", "--queue", "worker.7.executions", "--action",
                                        "core.echo", "--count", "3", "--output", "json"});
  ASSERT_EQ(submitted.status, 0) << submitted.output;
  const auto letters = world.WaitForLetters(3);
  ASSERT_EQ(letters.size(), 3u) << server.process().output();
  for (const LetterSummary& letter : letters) {
    EXPECT_EQ(letter.outcome, Outcome::kFailed);  // its attempt stamp is the row's
    EXPECT_EQ(letter.worker_id, "7");
    EXPECT_EQ(letter.action, "core.echo");
  }
}

// ---- starting and stopping

TEST_P(Serving, P1_AStopFinishesTheBatchAndLeavesTheRestInTheQueue) {
  World world(GetParam());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  std::vector<Message> messages;
  for (int number = 1; number <= 2000; ++number) {
    messages.push_back(World::DeadMessage(world.Envelope(std::to_string(number))));
  }
  world.Publish({kDeadLetterExchange, "any"}, messages);
  EXPECT_TRUE(server.StopsAsPromised());
  const std::size_t recorded = world.Letters().size();
  EXPECT_EQ(world.pair().broker().ReadyMessages(kDeadLetterQueue) + recorded, messages.size());

  Server again = world.Serve();
  const auto letters = world.WaitForLetters(messages.size());
  EXPECT_EQ(letters.size(), messages.size());
}

// What docs/platforms.md says of the day of watching.
TEST_P(Serving, WhatWasObservedIsNotFailedLaterAndCanBeFound) {
  World world(GetParam());
  world.AddExecution(5);
  {
    Server watching = world.Serve({{"DEADLETTER_EXECUTIONS_MODE", "observe"}});
    world.PublishDead(world.Envelope("5"));
    ASSERT_EQ(world.OnlyLetter().detail, "observed");
    EXPECT_TRUE(watching.StopsAsPromised());
  }
  world.AddExecution(6);
  Server failing = world.Serve();
  world.PublishDead(world.Envelope("6"));
  ASSERT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{6}), "failed"));
  EXPECT_EQ(world.Row(ExecutionId(std::int64_t{5})).status, "scheduled");
  const Finished found =
      RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "list", "--server", failing.url(),
                  "--outcome", "parked", "--state", "open", "--output", "json"});
  ASSERT_EQ(found.status, 0) << found.output;
  const boost::json::value letter = boost::json::parse(found.standard_output);
  EXPECT_EQ(letter.at("execution_id"), "5");
  EXPECT_EQ(letter.at("detail"), "observed");
}

TEST_P(Serving, AMissingQueueIsNamedByReadyzAndWaitedFor) {
  World world(GetParam(), {.queues = "[[queue]]\nname = \"later.dlq\"\n"});
  world.AddExecution(5);
  Server server = world.Serve();
  ASSERT_TRUE(WaitUntil([&] {
    return HttpGet(server.url() + "/readyz").body.find("queue later.dlq") != std::string::npos;
  })) << server.process().output();
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
  world.pair().broker().DeclareQueue("later.dlq", {});
  EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
  world.Publish({"", "later.dlq"}, world.Envelope("5"));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{5}), "failed"));
}

TEST_P(Serving, MetricsTellWhatWasHandled) {
  World world(GetParam());
  world.AddExecution(5);
  Server server = world.Serve();
  world.PublishDead(world.Envelope("5"));
  ASSERT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{5}), "failed"));
  EXPECT_TRUE(WaitUntil([&] {
    const std::string metrics = server.GetText("/metrics");
    return metrics.find(
               R"(deadletter_letters_settled_total{outcome="failed",queue="attune.dlx.queue"} 1)") !=
               std::string::npos ||
           metrics.find(
               R"(deadletter_letters_settled_total{queue="attune.dlx.queue",outcome="failed"} 1)") !=
               std::string::npos;
  })) << server.GetText("/metrics");
}

TEST_P(Serving, MetricsTellWhatOnlyTheBrokerKnows) {
  World world(GetParam());
  Server server = world.Serve();
  for (const std::string line : {"deadletter_broker_connected 1",
                                 R"(deadletter_queue_messages{queue="attune.dlx.queue"} 0)"}) {
    EXPECT_TRUE(WaitUntil([&] {
      return server.GetText("/metrics").find("\n" + line + "\n") != std::string::npos;
    })) << line
        << " is not in " << server.GetText("/metrics");
  }
}

TEST_P(Serving, AForeignConsumerIsAWarningOfReadiness) {
  World world(GetParam(),
              {.queues = "[[queue]]\nname = \"attune.dlx.queue\"\nconsumer_tag = \"ours\"\n"});
  const auto other = world.pair().broker().MakeConsumer(kDeadLetterQueue);
  ASSERT_TRUE(other->Subscribe(1).has_value());
  Server server = world.Serve();
  // It must live: a broker may count its consumers only now and then, and we ask every half minute.
  EXPECT_TRUE(WaitUntil([&] {
    EXPECT_TRUE(other->KeepAlive(std::chrono::milliseconds(20)).has_value());
    return server.process()
        .WaitForLine("foreign_consumer", std::chrono::milliseconds(0))
        .has_value();
  })) << server.process().output();
  EXPECT_TRUE(server.WaitUntilReady()) << "a warning";
  EXPECT_THAT(HttpGet(server.url() + "/readyz").body,
              testing::HasSubstr(R"("part":"consumers of attune.dlx.queue","state":"warning")"));
}

TEST_P(Serving, P3_AnIdempotencyKeyIsNeverPassedOver) {
  World world(GetParam());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  world.AddExecution(5);
  world.PublishDead(world.Envelope("5"));
  const std::string letter = FormatUuid(world.OnlyLetter().id.value());
  const std::string selection = R"({"ids":[")" + letter + "\"]}";
  for (const auto& [call, body] : {std::pair<std::string, std::string>("/v1/replays", selection),
                                   {"/v1/discards", selection},
                                   {"/v1/letters/" + letter + "/notes", R"({"text":"once"})"}}) {
    const HttpAnswer refused =
        HttpPost(server.url() + call, body, {"Idempotency-Key: \"8e03978e-40d5\""});
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_THAT(refused.body,
                testing::HasSubstr("an Idempotency-Key is taken by POST /v1/executions only"));
  }
  EXPECT_TRUE(server.Get("/v1/audit").at("items").as_array().empty());
  EXPECT_EQ(HttpPost(server.url() + "/v1/discards", selection).status, 200);
}

TEST_P(Serving, TheCommandLineListsAndShowsWhatTheServerKeeps) {
  World world(GetParam());
  world.AddExecution(5);
  Server server = world.Serve();
  world.PublishDead(world.Envelope("5"));
  const LetterSummary letter = world.OnlyLetter();
  const std::string id = FormatUuid(letter.id.value());
  const Finished list = RunProgram(
      {DEADLETTER_BINARY_DIR "/deadletter", "list", "--server", server.url(), "--output", "json"});
  ASSERT_EQ(list.status, 0) << list.output;
  EXPECT_EQ(
      boost::json::parse(list.standard_output.substr(0, list.standard_output.find('\n'))).at("id"),
      boost::json::value(id));
  const Finished none = RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "list", "--server",
                                    server.url(), "--outcome", "malformed", "--output", "json"});
  EXPECT_EQ(none.standard_output, "");
  const Finished show =
      RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "show", id, "--server", server.url()});
  EXPECT_EQ(show.status, 0);
  EXPECT_THAT(show.output, testing::HasSubstr("worker.7.executions"));
}

}  // namespace deadletter::test
