// Replays end to end, over whichever pair includes this: the program as users run it, real
// messages, real rows, real HTTP.
#pragma once

#include "tests/replay/replay_world.h"

namespace deadletter::test {

class Replaying : public testing::TestWithParam<PairFactory> {
 protected:
  Replaying() : replays_(GetParam()) {}

  ReplayWorld replays_;
  World& world_ = replays_.world();
};

TEST_P(Replaying, AnExecutionThatDiedIsBroughtBackAndSucceeds) {
  Server server = world_.Serve();
  replays_.Fail(1, 1);
  const LetterSummary letter = world_.OnlyLetter();
  const std::string replay = ReplayWorld::Make(server, kAllFailed);
  const auto leases = replays_.Take(1);
  ASSERT_EQ(leases.size(), 1u);
  const ExecutionId id = ReplayWorld::ExecutionOf(leases[0]);
  EXPECT_EQ(world_.Row(id).status, "scheduled");
  EXPECT_EQ(ReplayWorld::StampOf(leases[0]), FormatRfc3339(world_.Row(id).updated.value()));
  EXPECT_EQ(ReplayWorld::HeaderOf(leases[0], kReplayIdHeader), replay);
  EXPECT_EQ(ReplayWorld::HeaderOf(leases[0], kLetterIdHeader), FormatUuid(letter.id.value()));
  EXPECT_EQ(leases[0].delivery.message.headers.Find("x-death"), nullptr);
  EXPECT_EQ(leases[0].delivery.exchange, "attune.executions");
  EXPECT_EQ(leases[0].delivery.routing_key, "execution.dispatch.worker.7");
  EXPECT_EQ(world_.OnlyLetter().state, LetterState::kWaiting);

  replays_.Complete(leases);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, replay, "succeeded"), 1);
  EXPECT_EQ(world_.OnlyLetter().state, LetterState::kClosed);
  EXPECT_EQ(world_.OnlyLetter().replays, 1);
  EXPECT_THAT(server.GetText("/metrics"),
              testing::HasSubstr("deadletter_replayed_total{outcome=\"succeeded\"} 1\n"));
}

TEST_P(Replaying, P2_WhatDiesAgainFailsByItsOwnLetterAndAStaleOneDoesNot) {
  Server server = world_.Serve();
  replays_.Submit(1, 1);
  const auto first = replays_.Take(1);
  ASSERT_EQ(first.size(), 1u);
  const std::string old_body = first[0].delivery.message.body;
  replays_.Reject(first);
  ASSERT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{1}), "failed"));
  const std::string replay = ReplayWorld::Make(server, kAllFailed);
  const auto second = replays_.Take(1);

  // A late copy of the first attempt's message: not of this one.
  world_.PublishDead(old_body);
  auto letters = world_.WaitForLetters(2);
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].outcome, Outcome::kStaleAttempt);
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).status, "scheduled");

  replays_.Reject(second);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, replay, "failed_again"), 1);
  letters = world_.WaitForLetters(3);
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0].outcome, Outcome::kFailed);
  EXPECT_EQ(letters[0].state, LetterState::kOpen);
  EXPECT_EQ(letters[2].state, LetterState::kClosed);
  EXPECT_EQ(world_.WaitForEvents(2).size(), 2u);
}

TEST_P(Replaying, P5_P6_WhatNoQueueTakesIsToldAndItsExecutionIsFailedAsBefore) {
  Server server = world_.Serve();
  replays_.Fail(1, 2);
  const auto before = world_.Row(ExecutionId(std::int64_t{1})).result_json;
  const std::string nowhere = ReplayWorld::Make(
      server,
      R"({"filter":{"execution_id":"1"},"redirect":{"exchange":"attune.executions","routing_key":"no.one"}})");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, nowhere, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, nowhere, "unroutable"), 1);
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).status, "failed");
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).result_json, before);
  EXPECT_EQ(world_.WaitForEvents(3).size(), 3u);

  const std::string missing = ReplayWorld::Make(
      server,
      R"({"filter":{"execution_id":"2"},"redirect":{"exchange":"not.there","routing_key":"x"}})");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, missing, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, missing, "unroutable"), 1);
  EXPECT_EQ(ReplayWorld::Count(server, missing, "sent"), 0);

  const std::string no_queue = ReplayWorld::Make(
      server,
      R"({"filter":{"execution_id":"2"},"redirect":{"exchange":"","routing_key":"not.there"}})");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, no_queue, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, no_queue, "unroutable"), 1);
  const std::map<std::string, std::string> shown = {{"2", "unroutable"}};
  EXPECT_EQ(ReplayWorld::Parts(server, no_queue), shown);
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{2})).status, "failed");

  const std::string again = ReplayWorld::Make(server, kAllFailed);
  replays_.Complete(replays_.Take(2));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, again, "done"));
  EXPECT_EQ(ReplayWorld::Count(server, again, "succeeded"), 2);
}

// Every one of thirty is unroutable, and then it has ended as well.
TEST_P(Replaying, P5_WhatStoppedByItselfAndHasEndedIsNotResumed) {
  Server server = world_.Serve();
  replays_.Fail(1, 30);
  const std::string replay = ReplayWorld::Make(
      server,
      R"({"filter":{"outcome":"failed"},"redirect":{"exchange":"not.there","routing_key":"x"}})");
  ASSERT_TRUE(
      WaitUntil([&] { return !ReplayWorld::Show(server, replay).at("ended_at").is_null(); }));
  const boost::json::value before = ReplayWorld::Show(server, replay);
  EXPECT_EQ(before.at("state"), "stopped");
  EXPECT_EQ(before.at("counts").at("unroutable"), 30);
  for (const char* command : {"/resume", "/pause", "/cancel"}) {
    const HttpAnswer refused = HttpPost(server.url() + "/v1/replays/" + replay + command, "");
    EXPECT_EQ(refused.status, 409) << command;
    EXPECT_THAT(refused.body, testing::HasSubstr("the replay is stopped, and has ended"));
    EXPECT_EQ(ReplayWorld::Show(server, replay), before);
  }
}

TEST_P(Replaying, WhatIsTakenAndWhatACancelWithdrawsIsCounted) {
  Server server = world_.Serve();
  replays_.Fail(1, 3);
  const std::string first = ReplayWorld::Make(
      server, R"({"filter":{"outcome":"failed","execution_id":"1"},"rate_per_second":0.001})");
  const std::string second =
      ReplayWorld::Make(server, R"({"filter":{"outcome":"failed"},"rate_per_second":0.001})");
  EXPECT_EQ(ReplayWorld::Count(server, second, "taken"), 1);
  ASSERT_TRUE(ReplayWorld::WaitForCount(server, second, "sent", 1));
  EXPECT_EQ(HttpPost(server.url() + "/v1/replays/" + second + "/cancel", "").status, 200);
  EXPECT_EQ(ReplayWorld::Count(server, second, "withdrawn"), 1);
  for (const char* line : {"deadletter_replayed_total{outcome=\"taken\"} 1\n",
                           "deadletter_replayed_total{outcome=\"withdrawn\"} 1\n"})
    EXPECT_TRUE(WaitUntil([&] {
      return server.GetText("/metrics").find(line) != std::string::npos;
    })) << line;
  EXPECT_EQ(HttpPost(server.url() + "/v1/replays/" + first + "/cancel", "").status, 200);
}

// Sent where it came from it would be a new letter at once, and nobody would have worked on it.
TEST_P(Replaying, WhatHasDiedInNoQueueIsNotSentToTheDeadLetterExchangeAgain) {
  Server server = world_.Serve();
  world_.AddExecution(1);
  Message message;
  message.body = world_.Envelope("1");
  world_.PublishDead(message);
  ASSERT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{1}), "failed"));
  const HttpAnswer dry =
      ReplayWorld::Ask(server, R"({"filter":{"outcome":"failed","state":"open"},"dry_run":true})");
  EXPECT_THAT(dry.body, testing::HasSubstr(R"("to":null,"problem":"it has not died in any queue)"));
  const std::string replay = ReplayWorld::Make(server, kAllFailed);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, replay, "withdrawn"), 1);
  EXPECT_EQ(world_.OnlyLetter().state, LetterState::kOpen);
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).status, "failed");

  const std::string redirected = ReplayWorld::Make(
      server,
      R"({"filter":{"outcome":"failed","state":"open"},"redirect":{"exchange":"","routing_key":")" +
          std::string(kWorkerQueue) + "\"}}");
  replays_.Complete(replays_.Take(1));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, redirected, "done"));
  EXPECT_EQ(ReplayWorld::Count(server, redirected, "succeeded"), 1);
}

TEST_P(Replaying, P2_WhatMovedOnSinceItWasSelectedIsLeftAlone) {
  Server server = world_.Serve();
  replays_.Fail(1, 4);
  // The first one goes alone, and the others only once it is answered.
  const std::string replay =
      ReplayWorld::Make(server, R"({"filter":{"outcome":"failed"},"ramp":true})");
  const auto first = replays_.Take(1);
  LedgerUnderTest& platform = world_.pair().ledger();
  platform.SetStatus(ExecutionId(std::int64_t{2}), "completed");
  platform.SetStatus(ExecutionId(std::int64_t{3}), "running");  // by hand, say
  const PlatformRow done = world_.Row(ExecutionId(std::int64_t{2}));
  const PlatformRow going = world_.Row(ExecutionId(std::int64_t{3}));
  replays_.Complete(first);
  replays_.Complete(replays_.Take(1));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  const std::map<std::string, std::string> expected = {
      {"1", "succeeded"}, {"2", "withdrawn"}, {"3", "withdrawn"}, {"4", "succeeded"}};
  EXPECT_EQ(ReplayWorld::Parts(server, replay), expected);
  EXPECT_EQ(replays_.Waiting(), 0u);
  for (const auto& [number, before] : {std::pair(2, done), std::pair(3, going)}) {
    const PlatformRow row = world_.Row(ExecutionId(std::int64_t{number}));
    EXPECT_EQ(row.status, before.status);
    EXPECT_EQ(row.updated, before.updated);
    EXPECT_EQ(row.result_json, before.result_json);
  }
}

TEST_P(Replaying, TheSelectionIsFrozenWhenItIsMade) {
  Server server = world_.Serve();
  replays_.Fail(1, 2);
  const std::string replay =
      ReplayWorld::Make(server, R"({"filter":{"outcome":"failed"},"ramp":true})");
  const auto first = replays_.Take(1);
  replays_.Fail(3, 4);  // the same kind of letters, while it runs
  replays_.Complete(first);
  replays_.Complete(replays_.Take(1));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, replay, "letters"), 2);
  EXPECT_EQ(replays_.Waiting(), 0u);
  for (const int number : {3, 4})
    EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{number})).status, "failed") << number;
}

TEST_P(Replaying, NoMoreGoThanTheRateAllows) {
  constexpr int kLetters = 5;
  Server server = world_.Serve();
  replays_.Fail(1, kLetters);
  // One in a thousand seconds: the first, and no other for as long as this test lasts.
  const std::string replay =
      ReplayWorld::Make(server, R"({"filter":{"outcome":"failed"},"rate_per_second":0.001})");
  replays_.Complete(replays_.Take(1));
  EXPECT_TRUE(ReplayWorld::WaitForCount(server, replay, "succeeded", 1));
  // It has been looked after since, and another one without a rate has come and gone.
  replays_.Fail(kLetters + 1, kLetters + 1);
  const std::string other = ReplayWorld::Make(
      server, R"({"filter":{"execution_id":")" + std::to_string(kLetters + 1) + "\"}}");
  replays_.Complete(replays_.Take(1));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, other, "done"));
  EXPECT_EQ(ReplayWorld::Count(server, replay, "sent"), 1);
  EXPECT_EQ(ReplayWorld::Count(server, replay, "pending"), kLetters - 1);
  EXPECT_EQ(HttpPost(server.url() + "/v1/replays/" + replay + "/cancel", "").status, 200);
  EXPECT_TRUE(
      WaitUntil([&] { return !ReplayWorld::Show(server, replay).at("ended_at").is_null(); }));
  EXPECT_EQ(replays_.Waiting(), 0u);
}

TEST_P(Replaying, P9_AQueueIsFilledNoFurtherThanIsAllowedAndOneThatGrowsStopsTheReplay) {
  constexpr int kLetters = 10;
  Server server = world_.Serve();
  replays_.Fail(1, kLetters);
  const std::string replay = ReplayWorld::Make(
      server, R"({"filter":{"outcome":"failed"},"stop_when":{"queue_messages":3}})");
  ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() == 3; }));
  replays_.Complete(replays_.Take(2));
  EXPECT_TRUE(ReplayWorld::WaitForCount(server, replay, "succeeded", 2));
  ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() == 3; }));
  EXPECT_EQ(ReplayWorld::Count(server, replay, "sent"), 5);
  EXPECT_EQ(ReplayWorld::Show(server, replay).at("state"), "running");

  // Others fill it, too.
  replays_.Submit(kLetters + 1, kLetters + 1);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "stopped")) << server.process().output();
  EXPECT_TRUE(server.process().WaitForLine("replay_stopped", kPatience));
  const boost::json::value shown = ReplayWorld::Show(server, replay);
  EXPECT_EQ(shown.at("reason"), "worker.7.executions holds 4 messages, more than 3");
  EXPECT_EQ(shown.at("counts").at("pending"), kLetters - 5);
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{kLetters})).status, "failed") << "untouched";

  replays_.Complete(replays_.Take(4));
  EXPECT_EQ(HttpPost(server.url() + "/v1/replays/" + replay + "/resume", "").status, 200);
  replays_.Complete(replays_.Take(kLetters - 5));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
}

TEST_P(Replaying, AnEditChangesWhatIsSentAndNotTheLetter) {
  Server server = world_.Serve();
  replays_.Fail(1, 1);
  const LetterSummary letter = world_.OnlyLetter();
  const std::string before = world_.Record(letter.id).message.body;
  const std::string edit =
      R"("edit":{"body":[{"op":"replace","path":"/payload/worker_id",)"
      R"("value":123456789012345678901234567890},{"op":"add","path":"/note","value":"mended"}],)"
      R"("set_headers":{"lane":"slow"}})";
  const HttpAnswer dry =
      ReplayWorld::Ask(server, R"({"filter":{"outcome":"failed"},"dry_run":true,)" + edit + "}");
  ASSERT_EQ(dry.status, 200) << dry.body;
  EXPECT_THAT(dry.body, testing::HasSubstr(
                            R"("changes":[{"op":"replace","path":"/payload/worker_id","before":7,)"
                            R"("after":123456789012345678901234567890},{"op":"add",)"
                            R"("path":"/note","before":null,"after":"mended"}],)"
                            R"("headers":[{"name":"lane","before":null,"after":"slow"}],)"
                            R"("problem":null})"));
  const std::string replay =
      ReplayWorld::Make(server, R"({"filter":{"outcome":"failed"},)" + edit + "}");
  const auto leases = replays_.Take(1);
  ASSERT_EQ(leases.size(), 1u);
  const std::string& body = leases[0].delivery.message.body;
  EXPECT_THAT(body, testing::HasSubstr(R"("worker_id":123456789012345678901234567890)"));
  EXPECT_THAT(body, testing::EndsWith(R"(,"note":"mended"})"));
  EXPECT_EQ(ReplayWorld::HeaderOf(leases[0], "lane"), "slow");
  EXPECT_EQ(ReplayWorld::StampOf(leases[0]),
            FormatRfc3339(world_.Row(ExecutionId(std::int64_t{1})).updated.value()));
  EXPECT_EQ(world_.Record(letter.id).message.body, before);
  EXPECT_EQ(ReplayWorld::Show(server, replay).at("edit").at("body").at(1).at("value"), "mended");
  replays_.Complete(leases);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done"));
}

TEST_P(Replaying, P2_AnEditThatDoesNotFitIsWithdrawnAndTheOthersGo) {
  Server server = world_.Serve();
  replays_.Fail(1, 2);
  const std::string other = ReplayWorld::Make(
      server, R"({"filter":{"outcome":"failed"},)"
              R"("edit":{"body":[{"op":"replace","path":"/payload/execution_id","value":2}]}})");
  replays_.Complete(replays_.Take(1));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, other, "done")) << server.process().output();
  const std::map<std::string, std::string> expected = {{"1", "withdrawn"}, {"2", "succeeded"}};
  EXPECT_EQ(ReplayWorld::Parts(server, other), expected);
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).status, "failed");
  const auto letters = server.Get("/v1/replays/" + other + "/letters?outcome=withdrawn");
  EXPECT_EQ(letters.at("items").at(0).at("detail"), "edited, it would be about another execution");

  for (const auto& [patch, why] :
       {std::pair(R"({"op":"remove","path":"/message_type"})",
                  "edited, it would be no execution request any more"),
        std::pair(R"({"op":"remove","path":"/payload/nothing"})",
                  "operation 0 of the edit: there is nothing at '/payload/nothing'")}) {
    const std::string asked =
        R"({"filter":{"execution_id":"1"},"edit":{"body":[)" + std::string(patch) + "]}";
    const HttpAnswer dry = ReplayWorld::Ask(server, asked + R"(,"dry_run":true})");
    EXPECT_THAT(dry.body, testing::HasSubstr(R"("problem":")" + std::string(why) + '"'));
    const std::string replay = ReplayWorld::Make(server, asked + "}");
    EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
    const auto one = server.Get("/v1/replays/" + replay + "/letters").at("items").at(0);
    EXPECT_EQ(one.at("outcome"), "withdrawn");
    EXPECT_EQ(one.at("detail"), boost::json::value(why));
  }
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).status, "failed");
  EXPECT_EQ(replays_.Waiting(), 0u);
}

// 1 KiB that is copied into itself 26 times would be 64 GiB, after each restart again.
TEST_P(Replaying, P9_AnEditThatGrowsWithoutEndIsWithdrawn) {
  Server server = world_.Serve();
  replays_.Fail(1, 1);
  std::string patch =
      R"({"op":"add","path":"/payload/x","value":")" + std::string(1'000, 'y') + R"("})";
  for (int copy = 0; copy < 26; ++copy)
    patch += R"(,{"op":"copy","from":"/payload","path":"/payload/c)" + std::to_string(copy) + "\"}";
  const std::string asked = R"({"filter":{"outcome":"failed"},"edit":{"body":[)" + patch + "]}";
  const char* const why = "of the edit: the body would have more than 16777216 bytes";
  EXPECT_THAT(ReplayWorld::Ask(server, asked + R"(,"dry_run":true})").body,
              testing::ContainsRegex(R"("problem":"operation .* )" + std::string(why)));
  const std::string replay = ReplayWorld::Make(server, asked + "}");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  const auto one = server.Get("/v1/replays/" + replay + "/letters").at("items").at(0);
  EXPECT_EQ(one.at("outcome"), "withdrawn");
  EXPECT_THAT(std::string(one.at("detail").as_string()), testing::EndsWith(why));
}

TEST_P(Replaying, ARedirectLeadsElsewhere) {
  world_.pair().broker().DeclareQueue("worker.new", {});
  Server server = world_.Serve();
  replays_.Fail(1, 1);
  const std::string replay = ReplayWorld::Make(
      server,
      R"({"filter":{"outcome":"failed"},"redirect":{"exchange":"","routing_key":"worker.new"}})");
  replays_.Complete(replays_.Take(1, "worker.new"));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done"));
  EXPECT_EQ(ReplayWorld::Show(server, replay).at("redirect").at("routing_key"), "worker.new");
  EXPECT_EQ(replays_.Waiting(), 0u);
}

TEST_P(Replaying, ADryRunSaysHowManyAndWhereToAndChangesNothing) {
  Server server = world_.Serve();
  replays_.Fail(1, 3);
  const HttpAnswer answer =
      ReplayWorld::Ask(server, R"({"filter":{"outcome":"failed"},"dry_run":true})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const boost::json::value preview = boost::json::parse(answer.body);
  EXPECT_EQ(preview.at("letters"), 3);
  EXPECT_EQ(preview.at("taken"), 0);
  const boost::json::value& group = preview.at("groups").at(0);
  EXPECT_EQ(group.at("letters"), 3);
  EXPECT_EQ(group.at("queue"), kWorkerQueue);
  EXPECT_EQ(group.at("to").at("exchange"), "attune.executions");
  EXPECT_EQ(group.at("to").at("routing_key"), "execution.dispatch.worker.7");
  EXPECT_EQ(server.Get("/v1/replays").at("items").as_array().size(), 0u);
}

TEST_P(Replaying, P3_OfTwoOperatorsAtOnceOneReplaysAndTheOtherIsTold) {
  constexpr int kLetters = 20;
  Server one = world_.Serve();
  replays_.Fail(1, kLetters);
  Server two = world_.Serve();
  ASSERT_TRUE(one.WaitUntilReady() && two.WaitUntilReady());
  // In any state: what the first has on its way already is no longer open, and still taken.
  constexpr const char* kEach = R"({"filter":{"outcome":"failed"}})";
  std::vector<HttpAnswer> answers(2);
  {
    std::jthread first([&] { answers[0] = ReplayWorld::Ask(one, kEach); });
    std::jthread second([&] { answers[1] = ReplayWorld::Ask(two, kEach); });
  }
  std::vector<int> statuses = {answers[0].status, answers[1].status};
  EXPECT_THAT(statuses, testing::UnorderedElementsAre(201, 409))
      << answers[0].body << answers[1].body;
  const auto leases = replays_.Take(kLetters);
  std::set<std::string> seen;
  for (const Lease& lease : leases) seen.insert(ReplayWorld::ExecutionOf(lease).ToString());
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kLetters));
  replays_.Complete(leases);
  const HttpAnswer& made = answers[answers[0].status == 201 ? 0 : 1];
  ASSERT_EQ(made.status, 201);
  const std::string replay(boost::json::parse(made.body).at("id").as_string());
  EXPECT_TRUE(ReplayWorld::WaitForState(one, replay, "done"));
  EXPECT_EQ(replays_.Waiting(), 0u);
}

TEST_P(Replaying, ARampIntoAWorkerThatIsStillBrokenStopsAtItsFirstStep) {
  constexpr int kLetters = 15;
  Server server = world_.Serve();
  replays_.Fail(1, kLetters);
  const std::string replay =
      ReplayWorld::Make(server, R"({"filter":{"outcome":"failed","state":"open"},"ramp":true})");
  replays_.Reject(replays_.Take(1));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "stopped")) << server.process().output();
  EXPECT_TRUE(server.process().WaitForLine("replay_stopped", kPatience));
  const boost::json::value shown = ReplayWorld::Show(server, replay);
  EXPECT_EQ(shown.at("reason"), "1 of 1 answered failed again");
  EXPECT_EQ(shown.at("counts").at("sent"), 1);
  EXPECT_EQ(shown.at("counts").at("pending"), kLetters - 1);
  EXPECT_EQ(replays_.Waiting(), 0u);

  // The worker is mended: on it goes, by steps.
  const std::string url = server.url() + "/v1/replays/" + replay;
  EXPECT_EQ(HttpPost(url + "/resume", "").status, 200);
  replays_.Complete(replays_.Take(9));
  EXPECT_TRUE(ReplayWorld::WaitForCount(server, replay, "succeeded", 9));
  replays_.Complete(replays_.Take(5));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done"));
}

TEST_P(Replaying, PauseResumeAndCancelHoldAcrossARestart) {
  constexpr int kLetters = 12;
  std::string replay;
  std::int64_t sent = 0;
  {
    Server server = world_.Serve();
    replays_.Fail(1, kLetters);
    replay = ReplayWorld::Make(
        server,
        R"({"filter":{"outcome":"failed"},"rate_per_second":5,"answer_within_seconds":600})");
    ASSERT_TRUE(WaitUntil([&] { return ReplayWorld::Count(server, replay, "sent") >= 2; }));
    const std::string url = server.url() + "/v1/replays/" + replay;
    EXPECT_EQ(HttpPost(url + "/pause", "").status, 200);
    EXPECT_EQ(HttpPost(url + "/pause", "").status, 409);
    sent = ReplayWorld::Count(server, replay, "sent");
    EXPECT_LT(sent, kLetters);
    ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() == static_cast<std::size_t>(sent); }));
    EXPECT_TRUE(server.StopsAsPromised());
  }
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  EXPECT_EQ(ReplayWorld::Show(server, replay).at("state"), "paused");
  EXPECT_EQ(ReplayWorld::Count(server, replay, "in_doubt"), 0);
  const std::string url = server.url() + "/v1/replays/" + replay;
  EXPECT_EQ(HttpPost(url + "/resume", "").status, 200);
  ASSERT_TRUE(WaitUntil([&] { return ReplayWorld::Count(server, replay, "sent") > sent; }));
  EXPECT_EQ(HttpPost(url + "/cancel", "").status, 200);
  EXPECT_EQ(HttpPost(url + "/resume", "").status, 409);
  sent = ReplayWorld::Count(server, replay, "sent");
  EXPECT_EQ(ReplayWorld::Count(server, replay, "withdrawn"), kLetters - sent);
  const auto leases = replays_.Take(static_cast<std::size_t>(sent));
  std::set<std::string> seen;
  for (const Lease& lease : leases) seen.insert(ReplayWorld::ExecutionOf(lease).ToString());
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(sent)) << "nothing is sent twice";
  replays_.Complete(leases);
  EXPECT_TRUE(ReplayWorld::WaitForCount(server, replay, "succeeded", sent));
  EXPECT_EQ(replays_.Waiting(), 0u);
}

TEST_P(Replaying, WhatIsAskedWronglyIsRefusedInOneLine) {
  Server server = world_.Serve();
  const auto status = [&](const std::string& json) {
    return ReplayWorld::Ask(server, json).status;
  };
  for (const std::string json :
       {R"([])",
        R"({})",
        R"(no json)",
        R"({"filter":{}})",
        R"({"ids":[]})",
        R"({"ids":["x"]})",
        R"({"filter":{"state":"open"},"ids":["01a20a4d-ffb4-7000-8225-5c91b40dfbd4"]})",
        R"({"filter":{"state":"ajar"}})",
        R"({"filter":{"limit":"5"}})",
        R"({"filter":{"state":"open"},"rate_per_second":0})",
        R"({"filter":{"state":"open"},"ramp":1})",
        R"({"filter":{"state":"open"},"speed":1})",
        R"({"filter":{"state":"open"},"redirect":{"exchange":"x"}})",
        R"({"filter":{"state":"open"},"stop_when":{"failed_again_percent":101}})",
        R"({"filter":{"state":"open"},"stop_when":{}})",
        R"({"filter":{"state":"open"},"stop_when":{"queue_messages":0}})",
        R"({"filter":{"state":"open"},"stop_when":{"queue_messages":1},)"
        R"("redirect":{"exchange":"x","routing_key":"y"}})",
        R"({"filter":{"state":"open"},"edit":{}})",
        R"({"filter":{"state":"open"},"edit":7})",
        R"({"filter":{"state":"open"},"edit":{"body":[{"op":"add","path":"x","value":1}]}})",
        R"({"filter":{"state":"open"},"edit":{"set_headers":{"x-death":"a"}}})",
        R"({"filter":{"state":"open"},"answer_within_seconds":0})"}) {
    EXPECT_EQ(status(json), 400) << json;
  }
  EXPECT_EQ(status(R"({"filter":{"state":"open"}})"), 422) << "there is no letter";
  const std::string none = "/v1/replays/01a20a4d-ffb4-7000-8225-5c91b40dfbd4";
  EXPECT_EQ(HttpGet(server.url() + none).status, 404);
  EXPECT_EQ(HttpGet(server.url() + none + "/letters").status, 404);
  EXPECT_EQ(HttpPost(server.url() + none + "/pause", "").status, 404);
  EXPECT_EQ(HttpGet(server.url() + none + "/pause").status, 405);
  EXPECT_EQ(HttpPost(server.url() + none, "{}").status, 405);
  EXPECT_EQ(HttpGet(server.url() + "/v1/replays?limit=0").status, 400);
  EXPECT_EQ(HttpGet(server.url() + "/v1/replays?cursor=x").status, 400);
}

}  // namespace deadletter::test
