// How messages die in every broker, and the history that their letters tell of it.
#pragma once

#include <algorithm>
#include <thread>

#include "tests/conformance/broker_conformance.h"
#include "tests/conformance/death_expectations.h"

namespace deadletter::test {

class DeathConformance : public BrokerConformance {};

TEST_P(DeathConformance, AQueuesTtlKillsWithTheReasonExpired) {
  DeclareDeadLetterQueue();
  DeclareMortalQueue("worker.7", {.ttl = milliseconds{50}});
  broker().DeclareExchange("work", "topic");
  broker().Bind("work", "worker.7", "dispatch.7");
  auto publisher = broker().MakePublisher();
  const std::vector<OutgoingMessage> outgoing{{{"work", "dispatch.7"}, PersistentMessage("late")}};
  ASSERT_EQ(publisher->Publish(outgoing).at(0).outcome, PublishOutcome::kConfirmed);

  const auto letter = TheDeadLetter();
  EXPECT_EQ(letter.message.body, "late");
  EXPECT_EQ(letter.exchange, "dlx");
  EXPECT_EQ(letter.routing_key, "dispatch.7");
  EXPECT_FALSE(letter.redelivered);
  EXPECT_EQ(letter.message.properties.message_id, "id of late");
  const auto deaths = StrictDeaths(letter);
  ASSERT_EQ(deaths.size(), 1U);
  EXPECT_EQ(deaths[0].reason, "expired");
  EXPECT_EQ(deaths[0].queue, "worker.7");
  EXPECT_EQ(deaths[0].exchange, "work");
  EXPECT_THAT(deaths[0].routing_keys, testing::ElementsAre("dispatch.7"));
  EXPECT_EQ(deaths[0].count, 1);
  EXPECT_GT(deaths[0].time_seconds, 1'700'000'000U);
  EXPECT_EQ(deaths[0].original_expiration, "");
  EXPECT_EQ(HeaderText(letter, "x-first-death-queue"), "worker.7");
  EXPECT_EQ(HeaderText(letter, "x-first-death-reason"), "expired");
  EXPECT_EQ(HeaderText(letter, "x-first-death-exchange"), "work");
}

TEST_P(DeathConformance, AMessagesOwnTtlKillsItAndIsTakenOffIt) {
  DeclareDeadLetterQueue();
  DeclareMortalQueue("worker");
  auto message = PersistentMessage("short-lived");
  message.properties.expiration = "30";
  Send("worker", {message});
  const auto letter = TheDeadLetter();
  EXPECT_EQ(letter.message.properties.expiration, std::nullopt);
  const auto deaths = StrictDeaths(letter);
  ASSERT_EQ(deaths.size(), 1U);
  EXPECT_EQ(deaths[0].reason, "expired");
  EXPECT_EQ(deaths[0].original_expiration, "30");
}

TEST_P(DeathConformance, ARejectedMessageDiesWithTheReasonRejected) {
  DeclareDeadLetterQueue();
  DeclareMortalQueue("worker");
  SendBodies("worker", {"unwanted"});
  auto work = broker().MakeWorkQueue();
  const auto leases = work->Take("worker", 1, milliseconds{60'000}, kPatience);
  ASSERT_TRUE(leases.has_value()) << leases.error().message;
  ASSERT_EQ(leases->size(), 1U);
  ASSERT_TRUE(work->Reject(leases->front().id, false).value_or(false));
  const auto deaths = StrictDeaths(TheDeadLetter());
  ASSERT_EQ(deaths.size(), 1U);
  EXPECT_EQ(deaths[0].reason, "rejected");
  EXPECT_EQ(deaths[0].queue, "worker");
  EXPECT_THAT(deaths[0].routing_keys, testing::ElementsAre("worker"));
  EXPECT_EQ(deaths[0].exchange, "");
}

TEST_P(DeathConformance, AFullQueueDropsItsOldestWithTheReasonMaxlen) {
  DeclareDeadLetterQueue();
  DeclareMortalQueue("worker", {.max_length = 2});
  SendNumbered("worker", 5);
  auto consumer = Subscribed("dead");
  const auto letters = ReceiveExactly(*consumer, 3);
  EXPECT_THAT(Bodies(letters), testing::ElementsAre("message 0", "message 1", "message 2"));
  for (const auto& letter : letters) EXPECT_EQ(StrictDeaths(letter).at(0).reason, "maxlen");
  EXPECT_TRUE(BecomesReady("worker", 2));
}

TEST_P(DeathConformance, AMessageDeliveredTooOftenDiesWithTheReasonDeliveryLimit) {
  DeclareDeadLetterQueue();
  DeclareMortalQueue("worker", {.delivery_limit = 2});
  SendBodies("worker", {"poison"});
  auto work = broker().MakeWorkQueue();
  for (int delivery = 0; delivery < 3; ++delivery) {
    const auto leases = work->Take("worker", 1, milliseconds{60'000}, kPatience);
    ASSERT_TRUE(leases.has_value()) << leases.error().message;
    ASSERT_EQ(leases->size(), 1U);
    EXPECT_EQ(leases->front().delivery.DeliveryCount(), static_cast<std::uint64_t>(delivery));
    ASSERT_TRUE(work->Reject(leases->front().id, true).value_or(false));
  }
  const auto deaths = StrictDeaths(TheDeadLetter());
  ASSERT_EQ(deaths.size(), 1U);
  EXPECT_EQ(deaths[0].reason, "delivery_limit");
  EXPECT_EQ(deaths[0].queue, "worker");
}

TEST_P(DeathConformance, ASecondDeathElsewhereStandsBeforeTheFirst) {
  DeclareDeadLetterQueue();
  broker().DeclareExchange("first dlx", "fanout");
  DeclareMortalQueue("second", {.ttl = milliseconds{30}});
  broker().Bind("first dlx", "second", "");
  broker().DeclareQueue("first", {.ttl = milliseconds{30}, .dead_letter_exchange = "first dlx"});
  SendBodies("first", {"twice"});
  const auto letter = TheDeadLetter();
  const auto deaths = StrictDeaths(letter);
  ASSERT_EQ(deaths.size(), 2U);
  EXPECT_EQ(deaths[0].queue, "second");
  EXPECT_EQ(deaths[0].exchange, "first dlx");
  EXPECT_EQ(deaths[1].queue, "first");
  EXPECT_EQ(deaths[1].exchange, "");
  EXPECT_EQ(HeaderText(letter, "x-first-death-queue"), "first");
}

TEST_P(DeathConformance, DyingAgainInTheSameQueueForTheSameReasonCountsUp) {
  // "worker" -> rejected -> "waiting" -> expired -> "worker" again -> rejected …
  broker().DeclareExchange("to waiting", "fanout");
  broker().DeclareExchange("to worker", "fanout");
  broker().DeclareQueue("worker", {.dead_letter_exchange = "to waiting"});
  broker().DeclareQueue("waiting", {.ttl = milliseconds{30}, .dead_letter_exchange = "to worker"});
  broker().Bind("to waiting", "waiting", "");
  broker().Bind("to worker", "worker", "");
  SendBodies("worker", {"stubborn"});
  auto work = broker().MakeWorkQueue();
  for (int round = 0; round < 3; ++round) {
    const auto leases = work->Take("worker", 1, milliseconds{60'000}, kPatience);
    ASSERT_TRUE(leases.has_value()) << leases.error().message;
    ASSERT_EQ(leases->size(), 1U);
    if (round < 2) {
      ASSERT_TRUE(work->Reject(leases->front().id, false).value_or(false));
      continue;
    }
    const auto deaths = StrictDeaths(leases->front().delivery);
    ASSERT_EQ(deaths.size(), 2U);
    EXPECT_EQ(deaths[0].queue, "waiting");
    EXPECT_EQ(deaths[0].count, 2);
    EXPECT_EQ(deaths[1].queue, "worker");
    EXPECT_EQ(deaths[1].reason, "rejected");
    EXPECT_EQ(deaths[1].count, 2);
  }
}

TEST_P(DeathConformance, ADeadLetterRoutingKeyReplacesTheMessagesOwn) {
  broker().DeclareExchange("dlx", "direct");
  broker().DeclareQueue("dead", {});
  broker().Bind("dlx", "dead", "the dead");
  DeclareMortalQueue("worker", {.ttl = milliseconds{30}, .dead_letter_routing_key = "the dead"});
  SendBodies("worker", {"addressed anew"});
  const auto letter = TheDeadLetter();
  EXPECT_EQ(letter.routing_key, "the dead");
  EXPECT_THAT(StrictDeaths(letter).at(0).routing_keys, testing::ElementsAre("worker"));
}

TEST_P(DeathConformance, TheSendersHeadersStayBesideTheDeaths) {
  DeclareDeadLetterQueue();
  DeclareMortalQueue("worker", {.ttl = milliseconds{30}});
  auto message = PersistentMessage("kept");
  message.headers.entries = {{"trace", {std::string("abc")}}, {"retry_count", {std::int32_t{3}}}};
  Send("worker", {message});
  const auto letter = TheDeadLetter();
  EXPECT_EQ(HeaderText(letter, "trace"), "abc");
  EXPECT_EQ(FieldOf<std::int32_t>(letter.message.headers, "retry_count"), 3);
  EXPECT_EQ(StrictDeaths(letter).size(), 1U);
}

TEST_P(DeathConformance, WithoutADeadLetterExchangeTheExpiredAreGone) {
  broker().DeclareQueue("worker", {.ttl = milliseconds{1}});
  SendBodies("worker", {"forgotten"});
  EXPECT_TRUE(BecomesReady("worker", 0));
}

}  // namespace deadletter::test
