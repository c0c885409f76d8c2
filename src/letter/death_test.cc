#include "letter/death.h"

#include <gtest/gtest.h>

#include "letter/letter_reader.h"

namespace deadletter {
namespace {

using namespace std::string_literals;

FieldTable Entry(std::string reason, std::string queue, std::int64_t count, std::uint64_t time) {
  return {{{"count", {count}},
           {"reason", {std::move(reason)}},
           {"queue", {std::move(queue)}},
           {"time", {FieldTimestamp{time}}},
           {"exchange", {"attune.executions"s}},
           {"routing-keys", {FieldArray{{"execution.dispatch.worker.7"s}, {"cc"s}}}}}};
}

FieldTable HeadersWith(FieldArray deaths) {
  return {{{"x-death", {std::move(deaths)}}}};
}

Letter ReadLetter(FieldTable headers) {
  Delivery delivery;
  delivery.exchange = "attune.dlx";
  delivery.routing_key = "key.of.the.delivery";
  delivery.received_at = Instant(std::chrono::seconds(2'000'000'000));
  delivery.message.headers = std::move(headers);
  return LetterReader(LetterFormat::Default()).Read(LetterId(RandomUuid()), std::move(delivery));
}

TEST(Deaths, AreReadNewestFirst) {
  const DeathHistory history =
      ReadDeathHistory(HeadersWith({{Entry("rejected", "worker.8", 2, 1'700'000'100)},
                                    {Entry("expired", "worker.7", 1, 1'700'000'000)}}));
  ASSERT_EQ(history.deaths.size(), 2u);
  const Death& newest = history.deaths.front();
  EXPECT_EQ(newest.reason, Reason::kRejected);
  EXPECT_EQ(newest.reason_text, "rejected");
  EXPECT_EQ(newest.queue, "worker.8");
  EXPECT_EQ(newest.exchange, "attune.executions");
  EXPECT_EQ(newest.routing_keys, (std::vector<std::string>{"execution.dispatch.worker.7", "cc"}));
  EXPECT_EQ(newest.count, 2);
  EXPECT_EQ(newest.time_seconds, 1'700'000'100);
  EXPECT_EQ(newest.original_expiration, std::nullopt);
  EXPECT_EQ(history.total, 3);
  EXPECT_EQ(history.first_queue, "worker.7");
  EXPECT_EQ(history.first_reason, "expired");
  EXPECT_EQ(history.first_exchange, "attune.executions");
  EXPECT_EQ(FirstDeath(history), &history.deaths.back());
}

TEST(Deaths, TheFirstOneIsWhatItsHeadersName) {
  FieldTable headers =
      HeadersWith({{Entry("expired", "worker.7", 2, 1)}, {Entry("rejected", "worker.8", 1, 2)}});
  headers.entries.push_back({"x-first-death-queue", {"worker.7"s}});
  headers.entries.push_back({"x-first-death-reason", {"expired"s}});
  headers.entries.push_back({"x-first-death-exchange", {""s}});
  const DeathHistory history = ReadDeathHistory(headers);
  EXPECT_EQ(FirstDeath(history), &history.deaths.front());
  EXPECT_EQ(history.first_exchange, "");
}

TEST(Deaths, AHistoryOfNothingIsEmpty) {
  const DeathHistory history = ReadDeathHistory({});
  EXPECT_TRUE(history.deaths.empty());
  EXPECT_EQ(history.total, 0);
  EXPECT_EQ(history.first_queue, std::nullopt);
  EXPECT_EQ(FirstDeath(history), nullptr);
}

TEST(Deaths, WhatIsOfAWrongTypeIsPassedOver) {
  for (const FieldValue& value :
       {FieldValue{"expired"s}, FieldValue{std::int64_t{1}}, FieldValue{FieldTable{}},
        FieldValue{FieldVoid{}}, FieldValue{FieldEncoded{"A"}}}) {
    EXPECT_TRUE(ReadDeathHistory({{{"x-death", value}}}).deaths.empty());
  }
  const DeathHistory history = ReadDeathHistory(HeadersWith(
      {{"expired"s}, {FieldArray{}}, {Entry("maxlen", "q", 1, 5)}, {FieldVoid{}}, {FieldTable{}}}));
  ASSERT_EQ(history.deaths.size(), 2u);
  EXPECT_EQ(history.deaths[0].reason, Reason::kMaxlen);
  EXPECT_EQ(history.deaths[1].reason, Reason::kUnknown);
  EXPECT_EQ(history.deaths[1].queue, "");
}

TEST(Deaths, FieldsOfAWrongTypeAreAsIfTheyWereNotThere) {
  const FieldTable entry = {{{"count", {"3"s}},
                             {"reason", {std::int64_t{1}}},
                             {"queue", {FieldBytes{"q"}}},
                             {"time", {std::int64_t{1'700'000'000}}},
                             {"exchange", {FieldVoid{}}},
                             {"routing-keys", {FieldArray{{std::int64_t{1}}, {"key"s}}}},
                             {"original-expiration", {std::int64_t{60'000}}}}};
  const Death death = ReadDeathHistory(HeadersWith({{entry}})).deaths.at(0);
  EXPECT_EQ(death.count, 1);
  EXPECT_EQ(death.reason, Reason::kUnknown);
  EXPECT_EQ(death.queue, "");
  EXPECT_EQ(death.time_seconds, std::nullopt);
  EXPECT_EQ(death.routing_keys, std::vector<std::string>{"key"});
  EXPECT_EQ(death.original_expiration, std::nullopt);
}

TEST(Deaths, P9_CountsAndTimesOfForgersAreBounded) {
  FieldTable huge = Entry("expired", "q", 1, UINT64_MAX);
  huge.entries.front().value = {UINT64_MAX};
  const DeathHistory history =
      ReadDeathHistory(HeadersWith({{huge},
                                    {Entry("expired", "q", INT64_MAX, 1)},
                                    {Entry("expired", "q", -5, 1)},
                                    {Entry("expired", "q", INT64_MIN, 1)}}));
  EXPECT_EQ(history.total, INT64_MAX);
  EXPECT_EQ(history.deaths[0].count, INT64_MAX);
  EXPECT_EQ(history.deaths[0].time_seconds, std::nullopt);
  EXPECT_EQ(history.deaths[2].count, 0);
}

TEST(Deaths, P9_NoMoreThanTheLimitAreRead) {
  FieldArray deaths(kMaxDeathsRead + 5'000, FieldValue{Entry("expired", "worker.7", 1, 1)});
  const DeathHistory history = ReadDeathHistory(HeadersWith(std::move(deaths)));
  EXPECT_EQ(history.deaths.size(), kMaxDeathsRead);
  EXPECT_EQ(history.total, static_cast<std::int64_t>(kMaxDeathsRead));
}

TEST(Deaths, ReasonsHaveNamesThatComeBack) {
  for (const char* name : {"expired", "rejected", "maxlen", "delivery_limit", "unknown"}) {
    EXPECT_EQ(ReasonName(ReasonFromName(name).value()), name);
  }
  EXPECT_EQ(ReasonFromName("Expired"), std::nullopt);
}

TEST(Deaths, PlausibleTimesLieBetween1970And9999) {
  EXPECT_EQ(PlausibleInstant(-1), std::nullopt);
  EXPECT_EQ(PlausibleInstant(0), Instant());
  EXPECT_TRUE(PlausibleInstant(253'402'300'799));
  EXPECT_EQ(PlausibleInstant(253'402'300'800), std::nullopt);
  EXPECT_EQ(PlausibleInstant(INT64_MAX), std::nullopt);
}

TEST(WhereALetterDied, IsToldByItsNewestDeath) {
  const Letter letter = ReadLetter(
      HeadersWith({{Entry("rejected", "worker.8", 1, 5)}, {Entry("expired", "worker.7", 1, 4)}}));
  EXPECT_EQ(letter.reason, Reason::kRejected);
  EXPECT_EQ(letter.queue, "worker.8");
  EXPECT_EQ(letter.exchange, "attune.executions");
  EXPECT_EQ(letter.routing_key, "execution.dispatch.worker.7");
}

TEST(WhereALetterDied, IsElseToldByTheFirstDeathsHeaders) {
  const Letter letter = ReadLetter(
      {{{"x-first-death-reason", {"delivery_limit"s}}, {"x-first-death-queue", {"worker.7"s}}}});
  EXPECT_EQ(letter.reason, Reason::kDeliveryLimit);
  EXPECT_EQ(letter.queue, "worker.7");
  EXPECT_EQ(letter.exchange, "attune.dlx");
  EXPECT_EQ(letter.routing_key, "key.of.the.delivery");
}

TEST(WhereALetterDied, IsUnknownWhereNothingTells) {
  const Letter letter = ReadLetter({});
  EXPECT_EQ(letter.reason, Reason::kUnknown);
  EXPECT_EQ(letter.queue, "");
  EXPECT_EQ(ReadLetter(HeadersWith({{Entry("eaten", "worker.7", 1, 5)}})).reason, Reason::kUnknown);
}

TEST(WhenALetterDied, IsKnownOnlyWhereItDiedOnce) {
  const auto died_at = [](FieldArray deaths) {
    return ReadLetter(HeadersWith(std::move(deaths))).died_at;
  };
  const Instant time(std::chrono::seconds(1'700'000'000));
  EXPECT_EQ(died_at({{Entry("expired", "q", 1, 1'700'000'000)}}), time);
  EXPECT_EQ(died_at({{Entry("expired", "q", 2, 1'700'000'000)}}), std::nullopt);
  EXPECT_EQ(died_at({{Entry("expired", "q", 1, 1'700'000'000)}, {Entry("rejected", "q", 1, 5)}}),
            std::nullopt);
  EXPECT_EQ(died_at({{Entry("expired", "q", 1, 253'402'300'800)}}), std::nullopt);
  EXPECT_EQ(died_at({{Entry("expired", "q", 0, 5)}}), std::nullopt);
  EXPECT_EQ(died_at({}), std::nullopt);
}

TEST(WhenALetterDied, IsElseWhenItWasReceived) {
  EXPECT_EQ(ReadLetter({}).ExpiredAt(), Instant(std::chrono::seconds(2'000'000'000)));
  EXPECT_EQ(ReadLetter(HeadersWith({{Entry("expired", "q", 1, 7)}})).ExpiredAt(),
            Instant(std::chrono::seconds(7)));
}

}  // namespace
}  // namespace deadletter
