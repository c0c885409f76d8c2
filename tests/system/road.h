// The road, end to end, over whichever pair includes this: the program as users run it, real
// messages, real rows.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/rfc3339.h"
#include "tests/support/http_get.h"
#include "tests/support/odd_bodies.h"
#include "tests/system/world.h"

namespace deadletter::test {

class Road : public testing::TestWithParam<PairFactory> {
 protected:
  static boost::json::object ResultOf(const PlatformRow& row) {
    return boost::json::parse(row.result_json.value_or("null")).as_object();
  }
  static std::vector<std::string> KeysOf(const boost::json::object& object) {
    std::vector<std::string> keys;
    for (const auto& member : object) keys.emplace_back(member.key());
    std::sort(keys.begin(), keys.end());
    return keys;
  }
};

// ---- every reason, as the broker itself writes it

TEST_P(Road, AMessageThatNobodyTookInTimeFailsItsExecutionAndEveryoneHears) {
  World world(GetParam(), {.worker_ttl = std::chrono::milliseconds(300)});
  const ExecutionId id = world.AddExecution(5);
  Server server = world.Serve();
  world.Publish({"attune.executions", "execution.dispatch.worker.7"},
                world.Envelope("5", R"(,"worker_id":7)"));
  ASSERT_TRUE(world.WaitForStatus(id, "failed")) << server.process().output();

  const PlatformRow row = world.Row(id);
  const boost::json::object result = ResultOf(row);
  EXPECT_THAT(KeysOf(result),
              testing::ElementsAre("deaths", "error", "expired_at", "failed_by", "letter_id",
                                   "message", "queue", "reason", "worker_id"));
  EXPECT_EQ(result.at("error"), "Worker queue TTL expired");
  EXPECT_EQ(result.at("message"),
            "Execution expired in worker queue (worker_id: 7). Worker did not process the "
            "execution within the "
            "configured TTL. This typically indicates the worker is unavailable or overloaded.");
  EXPECT_EQ(result.at("reason"), "expired");
  EXPECT_EQ(result.at("queue"), "worker.7.executions");
  EXPECT_EQ(result.at("worker_id"), 7);
  EXPECT_EQ(result.at("deaths"), 1);
  EXPECT_EQ(result.at("failed_by"), "deadletter");
  EXPECT_TRUE(ParseRfc3339(result.at("expired_at").as_string()));

  const LetterSummary letter = world.OnlyLetter();
  EXPECT_EQ(letter.outcome, Outcome::kFailed);
  EXPECT_EQ(letter.state, LetterState::kOpen);
  EXPECT_EQ(result.at("letter_id"), boost::json::value(FormatUuid(letter.id.value())));

  const auto events = world.WaitForEvents(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].at("message_type"), "ExecutionCompleted");
  EXPECT_EQ(events[0].at("headers").at("source_service"), "deadletter");
  const auto& payload = events[0].at("payload");
  EXPECT_EQ(payload.at("execution_id"), 5);
  EXPECT_EQ(payload.at("action_id"), 3);
  EXPECT_EQ(payload.at("action_ref"), "core.echo");
  EXPECT_EQ(payload.at("status"), "failed");
  EXPECT_EQ(payload.at("result"), boost::json::value(result));
  EXPECT_TRUE(ParseRfc3339(payload.at("completed_at").as_string()));
}

TEST_P(Road, ARejectedMessageIsNamedSo) {
  World world(GetParam());
  const ExecutionId id = world.AddExecution(5);
  Server server = world.Serve();
  world.Publish({"attune.executions", "execution.dispatch.worker.7"}, world.Envelope("5"));
  const auto worker = world.pair().broker().MakeWorkQueue();
  const auto leases = worker->Take("worker.7.executions", 1, kPatience, kPatience);
  ASSERT_TRUE(leases && leases->size() == 1);
  ASSERT_TRUE(worker->Reject(leases->front().id, false));
  ASSERT_TRUE(world.WaitForStatus(id, "failed")) << server.process().output();
  EXPECT_EQ(ResultOf(world.Row(id)).at("error"), "Rejected by worker");
  EXPECT_EQ(world.OnlyLetter().reason, Reason::kRejected);
}

TEST_P(Road, AMessageThatAnOverflowingQueueDroppedIsNamedSo) {
  World world(GetParam());
  world.pair().broker().DeclareQueue(
      "short", {.max_length = 1, .dead_letter_exchange = kDeadLetterExchange});
  const ExecutionId id = world.AddExecution(5);
  world.AddExecution(6);
  Server server = world.Serve();
  world.Publish({"", "short"}, world.Envelope("5"));
  world.Publish({"", "short"}, world.Envelope("6"));
  ASSERT_TRUE(world.WaitForStatus(id, "failed")) << server.process().output();
  EXPECT_EQ(ResultOf(world.Row(id)).at("error"), "Worker queue overflow");
  EXPECT_EQ(world.OnlyLetter().reason, Reason::kMaxlen);
}

TEST_P(Road, AMessageThatWasDeliveredTooOftenIsNamedSo) {
  World world(GetParam());
  world.pair().broker().DeclareQueue(
      "limited", {.delivery_limit = 1, .dead_letter_exchange = kDeadLetterExchange});
  const ExecutionId id = world.AddExecution(5);
  Server server = world.Serve();
  world.Publish({"", "limited"}, world.Envelope("5"));
  const auto worker = world.pair().broker().MakeWorkQueue();
  ASSERT_TRUE(WaitUntil([&] {
    const auto leases = worker->Take("limited", 1, kPatience, std::chrono::milliseconds(200));
    if (leases && !leases->empty()) {
      EXPECT_TRUE(worker->Reject(leases->front().id, true));
    }
    return world.Row(id).status == "failed";
  })) << server.process().output();
  EXPECT_EQ(ResultOf(world.Row(id)).at("error"), "Delivery limit exceeded");
  EXPECT_EQ(world.OnlyLetter().reason, Reason::kDeliveryLimit);
}

// ---- the decision table

TEST_P(Road, P2_ACompletedExecutionStaysCompleted) {
  World world(GetParam());
  const ExecutionId id = world.AddExecution(5, "completed");
  Server server = world.Serve();
  world.PublishDead(world.Envelope("5"));
  const LetterSummary letter = world.OnlyLetter();
  EXPECT_EQ(letter.outcome, Outcome::kNotFailable);
  EXPECT_EQ(letter.state, LetterState::kClosed);
  EXPECT_EQ(world.Row(id).status, "completed");
}

TEST_P(Road, P2_AnExecutionOnItsWayIsLeftAloneAndItsLetterClosesWhenItHasEnded) {
  World world(GetParam());
  const ExecutionId id = world.AddExecution(5, "requested");
  Server server = world.Serve();
  world.PublishDead(world.Envelope("5"));
  EXPECT_EQ(world.OnlyLetter().outcome, Outcome::kNotFailable);
  EXPECT_EQ(world.OnlyLetter().state, LetterState::kOpen);
  EXPECT_EQ(world.Row(id).status, "requested");
  world.pair().ledger().SetStatus(id, "completed");
  EXPECT_TRUE(WaitUntil([&] { return world.OnlyLetter().state == LetterState::kClosed; }));
}

TEST_P(Road, P2_ALetterOfAnEarlierAttemptChangesNothing) {
  World world(GetParam());
  const ExecutionId id = world.AddExecution(5);
  Server server = world.Serve();
  world.PublishDead(
      world.Envelope("5", R"(,"scheduled_attempt_updated_at":"2001-01-01T00:00:00Z")"));
  EXPECT_EQ(world.OnlyLetter().outcome, Outcome::kStaleAttempt);
  EXPECT_EQ(world.Row(id).status, "scheduled");
}

TEST_P(Road, ALetterOfThePresentAttemptFailsItWhateverTheOffsetItIsWrittenWith) {
  World world(GetParam());
  const ExecutionId id = world.AddExecution(5);
  Server server = world.Serve();
  std::string stamp = FormatRfc3339(world.Row(id).updated.value() + std::chrono::hours(2));
  stamp.replace(stamp.size() - 1, 1, "+02:00");
  world.PublishDead(world.Envelope("5", R"(,"scheduled_attempt_updated_at":")" + stamp + "\""));
  EXPECT_EQ(world.OnlyLetter().outcome, Outcome::kFailed);
  EXPECT_EQ(world.Row(id).status, "failed");
}

TEST_P(Road, P4_AnExecutionThatNobodyKnowsIsNotFound) {
  World world(GetParam());
  Server server = world.Serve();
  world.PublishDead(world.Envelope("-9223372036854775808"));
  EXPECT_EQ(world.OnlyLetter().outcome, Outcome::kNotFound);
}

TEST_P(Road, P4_AMessageOfAnotherTypeIsKept) {
  World world(GetParam());
  Server server = world.Serve();
  world.PublishDead(R"({"message_type":"SomethingElse","payload":{"execution_id":5}})");
  const LetterSummary letter = world.OnlyLetter();
  EXPECT_EQ(letter.outcome, Outcome::kUnexpectedType);
  EXPECT_EQ(letter.type, "SomethingElse");
}

TEST_P(Road, P4_EveryOddBodyIsKeptWholeWithItsReason) {
  World world(GetParam());
  const std::vector<OddBody> bodies = OddBodies(1000);
  ASSERT_GE(bodies.size(), 40u);
  for (const OddBody& odd : bodies) {
    if (odd.execution_id) world.AddExecution(*odd.execution_id);
  }
  Server server = world.Serve();
  for (const OddBody& odd : bodies) {
    Message message;
    message.body = odd.body;
    message.properties.correlation_id = odd.name;
    world.Publish({kDeadLetterExchange, "any"}, std::vector<Message>{message});
  }
  const auto letters = world.WaitForLetters(bodies.size());
  ASSERT_EQ(letters.size(), bodies.size()) << server.process().output();
  EXPECT_GT(std::ranges::count(letters, Outcome::kMalformed, &LetterSummary::outcome), 0);
  for (const LetterSummary& letter : letters) {
    const LetterRecord record = world.Record(letter.id);
    const std::string name = record.message.properties.correlation_id.value_or("");
    const auto odd = std::find_if(bodies.begin(), bodies.end(),
                                  [&](const OddBody& body) { return body.name == name; });
    ASSERT_NE(odd, bodies.end()) << name;
    EXPECT_EQ(OutcomeName(letter.outcome), odd->outcome) << name;
    if (!odd->detail.empty()) {
      EXPECT_EQ(letter.detail, odd->detail) << name;
    }
    if (odd->execution_id) {
      EXPECT_EQ(world.Row(ExecutionId(*odd->execution_id)).status, "failed") << name;
    }
    EXPECT_TRUE(record.message.body == odd->body) << name;
    EXPECT_TRUE(server.GetText("/v1/letters/" + FormatUuid(letter.id.value()) + "/body") ==
                odd->body)
        << name;
  }
}

TEST_P(Road, ARuleParksDiscardsAndRetries) {
  World world(GetParam(), {.toml = R"(
[[policy]]
name = "parked"
match = { action = "core.park" }
verdict = "park"
[[policy]]
name = "discarded"
match = { action = "core.discard" }
verdict = "discard"
[[policy]]
name = "again"
match = { action = "core.echo" }
verdict = "retry"
retry = { delay = "1ms", max_attempts = 1, jitter = 0.0 }
)"});
  for (int number = 1; number <= 3; ++number) world.AddExecution(number);
  Server server = world.Serve();
  const auto with_action = [&](const std::string& number, const std::string& action) {
    std::string body = world.Envelope(number);
    return body.replace(body.find("core.echo"), 9, action);
  };
  world.PublishDead(with_action("1", "core.park"));
  world.PublishDead(with_action("2", "core.discard"));
  world.PublishDead(with_action("3", "core.echo"));
  const auto letters = world.WaitForLetters(3);
  ASSERT_EQ(letters.size(), 3u) << server.process().output();
  std::map<std::string, LetterSummary> by_id;
  for (const LetterSummary& letter : letters) by_id[letter.execution_id.value_or("")] = letter;
  EXPECT_EQ(by_id["1"].outcome, Outcome::kParked);
  EXPECT_EQ(by_id["1"].state, LetterState::kOpen);
  EXPECT_EQ(by_id["2"].outcome, Outcome::kDiscarded);
  EXPECT_EQ(by_id["2"].state, LetterState::kClosed);
  EXPECT_EQ(by_id["3"].outcome, Outcome::kRetried);
  EXPECT_EQ(by_id["3"].state, LetterState::kWaiting);
  for (int number = 1; number <= 3; ++number) {
    EXPECT_EQ(world.Row(ExecutionId(std::int64_t{number})).status, "scheduled") << number;
  }

  // The retried message is back where it was first addressed to; when it dies again its attempts
  // are used up.
  const auto worker = world.pair().broker().MakeWorkQueue();
  const auto leases = worker->Take("worker.7.executions", 1, kPatience, kPatience);
  ASSERT_TRUE(leases && leases->size() == 1) << server.process().output();
  const Message& again = leases->front().delivery.message;
  EXPECT_EQ(again.headers.Find("x-death"), nullptr);
  EXPECT_NE(again.headers.Find("deadletter-replay-id"), nullptr);
  EXPECT_NE(again.body.find("\"execution_id\":3"), std::string::npos);
  ASSERT_TRUE(worker->Reject(leases->front().id, false));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{3}), "failed"))
      << server.process().output();
}

TEST_P(Road, ObservingRecordsLettersAndTouchesNoExecution) {
  World world(GetParam(),
              {.ledger = {.shape = PlatformShape::kTextIds, .mode = ExecutionsMode::kObserve}});
  const ExecutionId id{std::string("five")};
  world.pair().ledger().Put({.id = id, .status = "scheduled"});
  Server server = world.Serve();
  world.PublishDead(world.Envelope("\"five\""));
  EXPECT_EQ(world.OnlyLetter().outcome, Outcome::kParked);
  EXPECT_EQ(world.OnlyLetter().detail, "observed");
  EXPECT_EQ(world.Row(id).status, "scheduled");
}

TEST_P(Road, P5_ATriggerThatRaisesRefusesItsLetterAndNoOther) {
  World world(GetParam());
  const ExecutionId id = world.AddExecution(5);
  world.pair().ledger().AddTrigger(PlatformTrigger::kRaises);
  Server server = world.Serve();
  world.PublishDead(world.Envelope("5"));
  world.PublishDead(world.Envelope("404"));
  const auto letters = world.WaitForLetters(2);
  ASSERT_EQ(letters.size(), 2u) << server.process().output();
  for (const LetterSummary& letter : letters) {
    const bool refused = letter.execution_id == "5";
    EXPECT_EQ(letter.outcome, refused ? Outcome::kRefused : Outcome::kNotFound);
    if (refused) {
      EXPECT_FALSE(letter.detail.empty());
    }
  }
  EXPECT_EQ(world.Row(id).status, "scheduled");
}

// ---- other platforms by configuration alone

TEST_P(Road, TextIds) {
  World world(GetParam(), {.ledger = {.shape = PlatformShape::kTextIds}});
  const ExecutionId id{std::string("job \u00e9/1")};
  world.pair().ledger().Put({.id = id, .status = "scheduled"});
  Server server = world.Serve();
  world.PublishDead(world.Envelope("\"job \\u00e9/1\""));
  ASSERT_TRUE(world.WaitForStatus(id, "failed")) << server.process().output();
  const auto events = world.WaitForEvents(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].at("payload").at("execution_id"), "job \u00e9/1");
}

TEST_P(Road, UuidIds) {
  World world(GetParam(), {.ledger = {.shape = PlatformShape::kUuidIds}});
  const Uuid uuid = RandomUuid();
  world.pair().ledger().Put({.id = ExecutionId(uuid), .status = "scheduled"});
  Server server = world.Serve();
  world.PublishDead(world.Envelope("\"" + FormatUuid(uuid) + "\""));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(uuid), "failed")) << server.process().output();
}

TEST_P(Road, AnotherJobsTableByConfigurationAlone) {
  World world(GetParam(), {.ledger = {.shape = PlatformShape::kPlainJobs}});
  const ExecutionTable table = TableOf(PlatformShape::kPlainJobs);
  const ExecutionId id = table.id_type == ExecutionIdType::kInteger ? ExecutionId(std::int64_t{5})
                         : table.id_type == ExecutionIdType::kUuid
                             ? ExecutionId(RandomUuid())
                             : ExecutionId(std::string("five"));
  world.pair().ledger().Put({.id = id, .status = table.failable.front()});
  Server server = world.Serve();
  world.PublishDead(world.Envelope(id.ToJson(), R"(,"worker_id":7)"));
  ASSERT_TRUE(world.WaitForStatus(id, table.failed)) << server.process().output();
  const PlatformRow row = world.Row(id);
  EXPECT_THAT(row.error.value_or(""), testing::HasSubstr("expired in worker queue (worker_id: 7)"));
  EXPECT_TRUE(row.finished);
}

// ---- more than one of everything

TEST_P(Road, SeveralDeadLetterQueuesAtOnce) {
  World world(GetParam(), {.queues = R"(
[[queue]]
name = "attune.dlx.queue"
[[queue]]
name = "second.dlq"
[[queue]]
name = "not.there"
optional = true
)"});
  world.pair().broker().DeclareQueue("second.dlq", {});
  world.AddExecution(1);
  world.AddExecution(2);
  Server server = world.Serve();
  EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
  world.PublishDead(world.Envelope("1"));
  world.Publish({"", "second.dlq"}, world.Envelope("2"));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{1}), "failed"));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{2}), "failed"));
  std::vector<std::string> queues;
  for (const LetterSummary& letter : world.WaitForLetters(2))
    queues.push_back(letter.dead_letter_queue);
  EXPECT_THAT(queues, testing::UnorderedElementsAre("attune.dlx.queue", "second.dlq"));
}

TEST_P(Road, P3_TwoInstancesOnOneQueueRecordEachLetterOnce) {
  constexpr int kLetters = 500;
  World world(GetParam());
  for (int number = 1; number <= kLetters; ++number) world.AddExecution(number);
  Server first = world.Serve();
  Server second = world.Serve();
  ASSERT_TRUE(first.WaitUntilReady() && second.WaitUntilReady());
  int published = 0;
  const auto publish = [&](int until) {
    while (published < until) world.PublishDead(world.Envelope(std::to_string(++published)));
  };
  // A broker may give all that there is to whoever asks first: one at a time until both have had
  // one.
  const auto has_received = [](Server& server) {
    return testing::Matches(testing::ContainsRegex(
        "\ndeadletter_letters_received_total\\{[^}]*\\} [1-9]"))(server.GetText("/metrics"));
  };
  while (published < kLetters && !(has_received(first) && has_received(second)))
    publish(published + 1);
  EXPECT_TRUE(has_received(first) && has_received(second));
  publish(kLetters);
  EXPECT_EQ(world.WaitForEvents(kLetters).size(), static_cast<std::size_t>(kLetters));
  EXPECT_EQ(world.Letters().size(), static_cast<std::size_t>(kLetters));
  for (int number = 1; number <= kLetters; ++number) {
    EXPECT_EQ(world.Row(ExecutionId(std::int64_t{number})).status, "failed") << number;
  }
}

TEST_P(Road, P3_TheSameDeathTwiceIsOneLetterAndOneEvent) {
  World world(GetParam());
  const ExecutionId id = world.AddExecution(5);
  Server server = world.Serve();
  const std::string body = world.Envelope("5");
  world.PublishDead(body);
  world.PublishDead(body);
  world.AddExecution(6);
  world.PublishDead(world.Envelope("6"));  // comes after both
  ASSERT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{6}), "failed"));
  EXPECT_EQ(world.Row(id).status, "failed");
  EXPECT_EQ(world.Letters().size(), 2u);
  EXPECT_EQ(world.WaitForEvents(2).size(), 2u);
}

TEST_P(Road, P3_TwoDeathsOfOneExecutionFailItOnce) {
  World world(GetParam());
  world.AddExecution(5);
  Server server = world.Serve();
  world.PublishDead(world.Envelope("5"));
  world.PublishDead(world.Envelope("5"));
  std::vector<Outcome> outcomes;
  for (const LetterSummary& letter : world.WaitForLetters(2)) outcomes.push_back(letter.outcome);
  EXPECT_THAT(outcomes,
              testing::ElementsAre(Outcome::kNotFailable, Outcome::kFailed));  // newest first
  EXPECT_EQ(world.WaitForEvents(1).size(), 1u);
}

}  // namespace deadletter::test
