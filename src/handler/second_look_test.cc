#include "handler/second_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handler/scripted_settlement.h"

namespace deadletter {
namespace {

DueLetter Due(std::string body, std::string unreadable) {
  DueLetter due;
  due.id = LetterId(RandomUuid());
  due.delivery.message.body = std::move(body);
  due.unreadable = std::move(unreadable);
  return due;
}

TEST(SecondLook, P5_ALetterThatCannotBeReadIsRefusedAndTheOthersAreSettled) {
  auto scripted = std::make_unique<test::ScriptedSettlement>();
  test::ScriptedSettlement& settlement = *scripted;
  settlement.due = {Due("", "a damaged message"),
                    Due(R"({"message_id":"whole","message_type":"ExecutionRequested",)"
                        R"("payload":{"execution_id":1}})",
                        "")};
  const SystemClock clock;
  const LetterReader reader{LetterFormat::Default()};
  const Judge judge({}, clock);
  Metrics metrics;
  Health health;
  int events = 0;
  SecondLook second_look(std::move(scripted), reader, judge, clock, metrics, health, {},
                         [&] { ++events; });
  const auto busy = second_look.LookOnce();
  ASSERT_TRUE(busy.has_value()) << busy.error().message;
  EXPECT_TRUE(*busy);
  EXPECT_THAT(settlement.refused_details, testing::ElementsAre("a damaged message"));
  EXPECT_THAT(settlement.committed, testing::ElementsAre("", "whole"));
  EXPECT_EQ(events, 1);
}

TEST(SecondLook, P5_WhatTakesTooLongTogetherIsSettledInPiecesWithinOneRound) {
  auto scripted = std::make_unique<test::ScriptedSettlement>();
  test::ScriptedSettlement& settlement = *scripted;
  settlement.most_in_time = 1;
  for (const std::string name : {"a", "b", "c", "d", "e"})
    settlement.due.push_back(Due(R"({"message_id":")" + name +
                                     R"(",)"
                                     R"("message_type":"ExecutionRequested",)"
                                     R"("payload":{"execution_id":1}})",
                                 ""));
  const SystemClock clock;
  const LetterReader reader{LetterFormat::Default()};
  const Judge judge({}, clock);
  Metrics metrics;
  Health health;
  SecondLook second_look(std::move(scripted), reader, judge, clock, metrics, health, {}, [] {});
  ASSERT_TRUE(second_look.LookOnce().has_value());
  EXPECT_THAT(settlement.committed, testing::ElementsAre("a", "b", "c", "d", "e"));
}

}  // namespace
}  // namespace deadletter
