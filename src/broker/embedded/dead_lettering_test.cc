#include "broker/embedded/dead_lettering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace deadletter::embedded {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

constexpr Instant kNoon{1'700'000'000s + 999'999us};

DeathEvent Death(Reason reason, const std::string& queue, Instant at = kNoon) {
  return {.reason = reason, .queue = queue, .came_by = {"work", "key"}, .new_key = false, .at = at};
}

const FieldArray& Deaths(const Message& message) {
  return std::get<FieldArray>(message.headers.Find("x-death")->value);
}

const FieldTable& Entry(const Message& message, std::size_t index) {
  return std::get<FieldTable>(Deaths(message).at(index).value);
}

std::string Text(const FieldTable& table, const std::string& name) {
  return std::get<std::string>(table.Find(name)->value);
}

TEST(DeadLettering, TheFirstDeathWritesEveryFieldOfRabbitMqsTypes) {
  Message message;
  message.properties.expiration = "30";
  message.headers.entries = {{"mine", {true}}, {"CC", {FieldArray{{std::string("copy")}}}}};
  const auto dead = AfterDeath(message, Death(Reason::kExpired, "worker"));
  const FieldTable expected{{
      {"count", {std::int64_t{1}}},
      {"reason", {std::string("expired")}},
      {"queue", {std::string("worker")}},
      {"time", {FieldTimestamp{1'700'000'000}}},
      {"exchange", {std::string("work")}},
      {"routing-keys", {FieldArray{{std::string("key")}, {std::string("copy")}}}},
      {"original-expiration", {std::string("30")}},
  }};
  ASSERT_EQ(Deaths(dead).size(), 1U);
  EXPECT_EQ(Entry(dead, 0), expected);
  EXPECT_EQ(Text(dead.headers, "x-first-death-queue"), "worker");
  EXPECT_EQ(Text(dead.headers, "x-first-death-reason"), "expired");
  EXPECT_EQ(Text(dead.headers, "x-first-death-exchange"), "work");
  EXPECT_TRUE(std::get<bool>(dead.headers.Find("mine")->value));
  EXPECT_EQ(dead.properties.expiration, std::nullopt);
}

TEST(DeadLettering, AnotherDeathStandsFirstAndTheFirstDeathStays) {
  const auto once = AfterDeath({}, Death(Reason::kRejected, "one"));
  const auto twice = AfterDeath(once, Death(Reason::kExpired, "two"));
  ASSERT_EQ(Deaths(twice).size(), 2U);
  EXPECT_EQ(Text(Entry(twice, 0), "queue"), "two");
  EXPECT_EQ(Text(Entry(twice, 1), "queue"), "one");
  EXPECT_EQ(Text(twice.headers, "x-first-death-queue"), "one");
}

TEST(DeadLettering, TheSameDeathAgainMovesToTheFrontCountsUpAndKeepsItsTime) {
  auto message = AfterDeath({}, Death(Reason::kRejected, "one"));
  message = AfterDeath(message, Death(Reason::kExpired, "two"));
  message = AfterDeath(message, Death(Reason::kRejected, "one", kNoon + 1h));
  ASSERT_EQ(Deaths(message).size(), 2U);
  EXPECT_EQ(Text(Entry(message, 0), "queue"), "one");
  EXPECT_EQ(std::get<std::int64_t>(Entry(message, 0).Find("count")->value), 2);
  EXPECT_EQ(std::get<FieldTimestamp>(Entry(message, 0).Find("time")->value).seconds,
            1'700'000'000U);
}

TEST(DeadLettering, AnotherReasonInTheSameQueueIsAnotherEntry) {
  const auto once = AfterDeath({}, Death(Reason::kRejected, "one"));
  EXPECT_EQ(Deaths(AfterDeath(once, Death(Reason::kExpired, "one"))).size(), 2U);
}

TEST(DeadLettering, AHistoryThatIsNoArrayIsReplaced) {
  Message message;
  message.headers.entries = {{"x-death", {std::string("forged")}}};
  const auto dead = AfterDeath(message, Death(Reason::kMaxlen, "one"));
  ASSERT_EQ(Deaths(dead).size(), 1U);
  EXPECT_EQ(Text(Entry(dead, 0), "reason"), "maxlen");
}

TEST(DeadLettering, HostileCountsNeitherOverflowNorStop) {
  for (const FieldValue& count : {FieldValue{std::numeric_limits<std::int64_t>::max()},
                                  FieldValue{std::int64_t{-5}}, FieldValue{std::string("many")}}) {
    auto message = AfterDeath({}, Death(Reason::kExpired, "one"));
    auto& deaths = std::get<FieldArray>(message.headers.entries.back().value.value);
    std::get<FieldTable>(deaths[0].value).entries[0].value = count;
    const auto again = AfterDeath(message, Death(Reason::kExpired, "one"));
    const auto value = std::get<std::int64_t>(Entry(again, 0).Find("count")->value);
    EXPECT_TRUE(value == 1 || value == std::numeric_limits<std::int64_t>::max()) << value;
  }
}

TEST(DeadLettering, ANewRoutingKeyTakesTheCopiesAway) {
  Message message;
  message.headers.entries = {{"CC", {FieldArray{{std::string("copy")}}}}};
  auto death = Death(Reason::kExpired, "one");
  EXPECT_NE(AfterDeath(message, death).headers.Find("CC"), nullptr);
  death.new_key = true;
  EXPECT_EQ(AfterDeath(message, death).headers.Find("CC"), nullptr);
}

TEST(DeadLettering, KeysComeFromTheMessageItsCopiesAndItsBlindCopies) {
  const FieldTable headers{{{"BCC", {FieldArray{{std::string("blind")}}}},
                            {"CC", {FieldArray{{std::int64_t{5}}, {std::string("copy")}}}}}};
  EXPECT_THAT(RoutingKeys("own", headers), ElementsAre("own", "copy", "blind"));
  EXPECT_THAT(RoutingKeys("own", FieldTable{{{"CC", {std::string("no array")}}}}),
              ElementsAre("own"));
}

TEST(DeadLettering, OnlyARoundWithoutARejectionIsACircle) {
  auto message = AfterDeath({}, Death(Reason::kExpired, "one"));
  EXPECT_TRUE(GoesInCircles(message.headers, "one"));
  EXPECT_FALSE(GoesInCircles(message.headers, "two"));
  EXPECT_FALSE(GoesInCircles({}, "one"));
  message = AfterDeath(message, Death(Reason::kRejected, "two"));
  EXPECT_FALSE(GoesInCircles(message.headers, "one"));
  message = AfterDeath(message, Death(Reason::kExpired, "three"));
  EXPECT_FALSE(GoesInCircles(message.headers, "one"));
  EXPECT_TRUE(GoesInCircles(message.headers, "three"));
}

TEST(DeadLettering, AnEntryThatNoBrokerWroteIsSomebodysHand) {
  Message message = AfterDeath({}, Death(Reason::kExpired, "one"));
  auto& deaths = std::get<FieldArray>(message.headers.entries.back().value.value);
  deaths.insert(deaths.begin(), FieldValue{std::string("odd")});
  EXPECT_FALSE(GoesInCircles(message.headers, "one"));
}

}  // namespace
}  // namespace deadletter::embedded
