#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "letter/delivery.h"
#include "letter/execution_id.h"
#include "letter/letter_format.h"
#include "letter/outcome.h"

namespace deadletter {
namespace {

using namespace std::string_literals;

TEST(ExecutionIds, AreWrittenAsTextAndInTheirOwnJsonType) {
  const Uuid uuid = ParseUuid("01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f").value();
  EXPECT_EQ(ExecutionId(INT64_MIN).ToString(), "-9223372036854775808");
  EXPECT_EQ(ExecutionId(std::int64_t{5}).ToJson(), "5");
  EXPECT_EQ(ExecutionId(uuid).ToString(), "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f");
  EXPECT_EQ(ExecutionId(uuid).ToJson(), R"("01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f")");
  EXPECT_EQ(ExecutionId("5"s).ToString(), "5");
  EXPECT_EQ(ExecutionId("a\"\0"s).ToJson(), R"("a\"\u0000")");
}

TEST(ExecutionIds, WhatIsWrittenIsReadAgain) {
  for (const ExecutionId& id :
       {ExecutionId(INT64_MIN), ExecutionId(INT64_MAX), ExecutionId(std::int64_t{0}),
        ExecutionId(RandomUuid()), ExecutionId(""s), ExecutionId("job 5"s)}) {
    EXPECT_EQ(ParseExecutionId(id.type(), id.ToString()), id);
  }
}

TEST(ExecutionIds, WhatIsOfAnotherTypeIsNothing) {
  for (const char* text :
       {"", "-", "+5", "05", "-05", "5.0", "5e0", " 5", "5 ", "five", "9223372036854775808"}) {
    EXPECT_EQ(ParseExecutionId(ExecutionIdType::kInteger, text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseExecutionId(ExecutionIdType::kUuid, "5"), std::nullopt);
  EXPECT_EQ(ParseExecutionId(ExecutionIdType::kText, "\xFF"), std::nullopt);
}

// The contract's table: which state a letter is in after each outcome, without and with a final
// row.
TEST(Outcomes, LeaveTheStateThatTheTableSays) {
  struct Row {
    Outcome outcome;
    const char* name;
    LetterState otherwise;
    LetterState row_is_final;
  };
  using enum LetterState;
  const Row rows[] = {{Outcome::kFailed, "failed", kOpen, kOpen},
                      {Outcome::kStaleAttempt, "stale_attempt", kOpen, kClosed},
                      {Outcome::kNotFailable, "not_failable", kOpen, kClosed},
                      {Outcome::kDeferred, "deferred", kWaiting, kWaiting},
                      {Outcome::kNotFound, "not_found", kOpen, kOpen},
                      {Outcome::kMalformed, "malformed", kOpen, kOpen},
                      {Outcome::kUnexpectedType, "unexpected_type", kOpen, kOpen},
                      {Outcome::kRefused, "refused", kOpen, kOpen},
                      {Outcome::kRetried, "retried", kWaiting, kWaiting},
                      {Outcome::kParked, "parked", kOpen, kOpen},
                      {Outcome::kDiscarded, "discarded", kClosed, kClosed}};
  for (const Row& row : rows) {
    EXPECT_EQ(OutcomeName(row.outcome), row.name);
    EXPECT_EQ(OutcomeFromName(row.name), row.outcome);
    EXPECT_EQ(StateAfter(row.outcome, false), row.otherwise) << row.name;
    EXPECT_EQ(StateAfter(row.outcome, true), row.row_is_final) << row.name;
  }
  EXPECT_EQ(OutcomeFromName("Failed"), std::nullopt);
}

TEST(LetterStates, HaveNamesThatComeBack) {
  for (const char* name : {"open", "waiting", "closed"}) {
    EXPECT_EQ(LetterStateName(LetterStateFromName(name).value()), name);
  }
  EXPECT_EQ(LetterStateFromName("shut"), std::nullopt);
}

TEST(Deliveries, TellHowOftenTheBrokerCounted) {
  const auto count = [](FieldValue value) {
    Delivery delivery;
    delivery.redelivered = true;
    delivery.message.headers.entries = {{"x-delivery-count", std::move(value)}};
    return delivery.DeliveryCount();
  };
  EXPECT_EQ(Delivery().DeliveryCount(), 0u);
  Delivery forged;
  forged.message.headers.entries = {{"x-delivery-count", {std::int64_t{50}}}};
  EXPECT_EQ(forged.DeliveryCount(), 0u) << "the broker says that it comes for the first time";
  EXPECT_EQ(count({std::int64_t{3}}), 3u);
  EXPECT_EQ(count({std::uint8_t{200}}), 200u);
  EXPECT_EQ(count({std::int64_t{-1}}), 0u);
  EXPECT_EQ(count({"3"s}), 0u);
  EXPECT_EQ(count({true}), 0u);
}

TEST(Deliveries, P9_CountTheBytesTheyHold) {
  Delivery delivery;
  const std::size_t empty = delivery.BufferedBytes();
  delivery.message.body = std::string(1000, 'b');
  EXPECT_EQ(delivery.BufferedBytes(), empty + 1000);
  delivery.message.properties.app_id = std::string(100, 'p');
  EXPECT_EQ(delivery.BufferedBytes(), empty + 1100);
  delivery.message.headers.entries = {
      {std::string(10, 'n'),
       {FieldArray{{FieldTable{{{"x", {FieldBytes{std::string(5000, 'x')}}}}}},
                   {std::string(500, 's')},
                   {FieldEncoded{std::string(50, 'e')}}}}}};
  EXPECT_GE(delivery.BufferedBytes(), empty + 1100 + 10 + 5000 + 500 + 50);
  EXPECT_LE(delivery.BufferedBytes(), empty + 8000);
}

TEST(FieldValues, AreReadAsStringsAndIntegersOnlyWhereTheyAre) {
  const FieldTable table{
      {{"a", {std::int16_t{-3}}}, {"a", {"later"s}}, {"u", {UINT64_MAX}}, {"b", {true}}}};
  EXPECT_EQ(*AsString(table.Find("a")), "later");
  EXPECT_EQ(AsInteger(table.Find("a")), std::nullopt);
  EXPECT_EQ(AsInteger(table.Find("u")), INT64_MAX);
  EXPECT_EQ(AsInteger(table.Find("b")), std::nullopt);
  EXPECT_EQ(AsString(table.Find("none")), nullptr);
  EXPECT_EQ(AsInteger(table.Find("none")), std::nullopt);
}

TEST(JsonPointers, AreTakenApartByRfc6901) {
  using Tokens = std::vector<std::string>;
  EXPECT_EQ(JsonPointer::Parse("")->tokens, Tokens{});
  EXPECT_EQ(JsonPointer::Parse("/")->tokens, Tokens{""});
  EXPECT_EQ(JsonPointer::Parse("/a/b")->tokens, (Tokens{"a", "b"}));
  EXPECT_EQ(JsonPointer::Parse("/a//")->tokens, (Tokens{"a", "", ""}));
  EXPECT_EQ(JsonPointer::Parse("/a~1b/m~0n/~01")->tokens, (Tokens{"a/b", "m~n", "~1"}));
}

TEST(JsonPointers, SayWhatIsWrongWithThem) {
  EXPECT_NE(JsonPointer::Parse("a").error().message.find("begins with '/'"), std::string::npos);
  EXPECT_NE(JsonPointer::Parse("/a~").error().message.find("~0"), std::string::npos);
  EXPECT_NE(JsonPointer::Parse("/a~2b").error().message.find("~0"), std::string::npos);
  EXPECT_NE(JsonPointer::Parse("/\xFF").error().message.find("UTF-8"), std::string::npos);
}

TEST(FieldPlaces, AreBodyHeaderPropertyOrNone) {
  EXPECT_TRUE(FieldPlace::Parse("")->IsNone());
  EXPECT_EQ(FieldPlace::Parse("/a/b")->place,
            (decltype(FieldPlace::place){JsonPointer{{"a", "b"}}}));
  EXPECT_EQ(FieldPlace::Parse("header:id")->place,
            (decltype(FieldPlace::place){HeaderPlace{"id"}}));
  EXPECT_EQ(FieldPlace::Parse("property:type")->place,
            (decltype(FieldPlace::place){PropertyPlace{"type"}}));
}

TEST(FieldPlaces, SayWhatIsWrongAndWhatIsAllowed) {
  EXPECT_NE(FieldPlace::Parse("payload.id").error().message.find("header:NAME"), std::string::npos);
  EXPECT_NE(FieldPlace::Parse("header:").error().message.find("needs a name"), std::string::npos);
  EXPECT_NE(FieldPlace::Parse("property:message-id").error().message.find("message_id"),
            std::string::npos);
  EXPECT_NE(FieldPlace::Parse("property:").error().message.find("delivery_mode"),
            std::string::npos);
  EXPECT_NE(FieldPlace::Parse("/a~b").error().message.find("~0"), std::string::npos);
}

TEST(LetterFormats, BeginWithTheFirstPlatforms) {
  const LetterFormat format = LetterFormat::Default();
  EXPECT_EQ(format.type, FieldPlace::Parse("/message_type").value());
  EXPECT_EQ(format.execution_id, FieldPlace::Parse("/payload/execution_id").value());
  EXPECT_EQ(format.worker_id, FieldPlace::Parse("/payload/worker_id").value());
  EXPECT_EQ(format.attempt, FieldPlace::Parse("/payload/scheduled_attempt_updated_at").value());
  EXPECT_EQ(format.action, FieldPlace::Parse("/payload/action_ref").value());
  EXPECT_EQ(format.message_id, FieldPlace::Parse("/message_id").value());
  EXPECT_EQ(format.correlation_id, FieldPlace::Parse("/correlation_id").value());
  EXPECT_EQ(format.execution_types, std::set<std::string>{"ExecutionRequested"});
}

}  // namespace
}  // namespace deadletter
