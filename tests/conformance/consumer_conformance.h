// What every Consumer promises, and what a letter that it gives looks like. Included once a test
// program.
#pragma once

#include <algorithm>
#include <thread>

#include "tests/conformance/broker_conformance.h"

namespace deadletter::test {

class ConsumerConformance : public BrokerConformance {};

TEST_P(ConsumerConformance, LettersComeInTheOrderOfTheQueueWithAscendingTags) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 250);
  auto consumer = Subscribed("letters");
  const auto letters = ReceiveExactly(*consumer, 250);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    EXPECT_EQ(letters[i].message.body, "message " + std::to_string(i));
    EXPECT_EQ(letters[i].dead_letter_queue, "letters");
    EXPECT_FALSE(letters[i].redelivered);
    EXPECT_NE(letters[i].tag.number, 0U);
    EXPECT_EQ(letters[i].tag.generation, letters[0].tag.generation);
    if (i > 0) {
      EXPECT_GT(letters[i].tag.number, letters[i - 1].tag.number);
    }
  }
  EXPECT_EQ(consumer->queue(), "letters");
}

TEST_P(ConsumerConformance, AnEmptyQueueGivesNothingOnceTheWaitIsOver) {
  broker().DeclareQueue("letters", {});
  auto consumer = Subscribed("letters");
  const auto letters = consumer->Receive(Limits(10, milliseconds{50}));
  ASSERT_TRUE(letters.has_value()) << letters.error().message;
  EXPECT_TRUE(letters->empty());
}

TEST_P(ConsumerConformance, OneLetterComesAtOnceWithoutWaitingForMore) {
  broker().DeclareQueue("letters", {});
  auto consumer = Subscribed("letters");
  SendBodies("letters", {"alone"});
  // Would the consumer wait to fill its batch, this would take half an hour.
  const auto letters = consumer->Receive(Limits(1000, milliseconds{1'800'000}));
  ASSERT_TRUE(letters.has_value()) << letters.error().message;
  EXPECT_THAT(Bodies(*letters), testing::ElementsAre("alone"));
}

TEST_P(ConsumerConformance, ReceiveGivesNoMoreLettersThanAsked) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 10);
  auto consumer = Subscribed("letters");
  const auto first = consumer->Receive(Limits(3));
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_LE(first->size(), 3U);
  EXPECT_EQ(ReceiveExactly(*consumer, 10 - first->size()).back().message.body, "message 9");
}

TEST_P(ConsumerConformance, P9_ReceiveStopsOnceItsBytesAreInHand) {
  broker().DeclareQueue("letters", {});
  const std::string body(100'000, 'b');
  SendBodies("letters", std::vector<std::string>(20, body));
  auto consumer = Subscribed("letters");
  std::size_t received = 0;
  while (received < 20) {
    const auto some =
        consumer->Receive({.max_letters = 100, .max_bytes = 250'000, .wait = kPatience});
    ASSERT_TRUE(some.has_value()) << some.error().message;
    ASSERT_FALSE(some->empty());
    EXPECT_LE(some->size(), 3U);  // the third one reaches the limit
    received += some->size();
  }
  EXPECT_EQ(received, 20U);
}

TEST_P(ConsumerConformance, P9_ALetterLargerThanTheLimitComesAlone) {
  broker().DeclareQueue("letters", {});
  SendBodies("letters", {std::string(500'000, 'L'), "small"});
  auto consumer = Subscribed("letters");
  const auto first = consumer->Receive({.max_letters = 100, .max_bytes = 1, .wait = kPatience});
  ASSERT_TRUE(first.has_value()) << first.error().message;
  ASSERT_EQ(first->size(), 1U);
  EXPECT_EQ(first->front().message.body.size(), 500'000U);
  EXPECT_EQ(ReceiveExactly(*consumer, 1).front().message.body, "small");
}

TEST_P(ConsumerConformance, ThePrefetchBoundsWhatIsOutstanding) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 10);
  auto consumer = Subscribed("letters", 4);
  const auto in_hand = ReceiveExactly(*consumer, 4);
  const auto more = consumer->Receive(Limits(100, milliseconds{200}));
  ASSERT_TRUE(more.has_value()) << more.error().message;
  EXPECT_TRUE(more->empty());
  ASSERT_TRUE(consumer->AcknowledgeUpTo(in_hand[1].tag).has_value());
  EXPECT_THAT(Bodies(ReceiveExactly(*consumer, 2)), testing::ElementsAre("message 4", "message 5"));
}

TEST_P(ConsumerConformance, ChangingThePrefetchGivesNothingBackAndTagsStayGood) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 10);
  auto consumer = Subscribed("letters", 3);
  const auto in_hand = ReceiveExactly(*consumer, 3);
  ASSERT_TRUE(consumer->Subscribe(100).has_value());
  const auto rest = ReceiveExactly(*consumer, 7);
  EXPECT_EQ(rest.front().message.body, "message 3");
  EXPECT_EQ(rest.front().tag.generation, in_hand.front().tag.generation);
  EXPECT_TRUE(
      std::none_of(rest.begin(), rest.end(), [](const auto& one) { return one.redelivered; }));
  ASSERT_TRUE(consumer->AcknowledgeUpTo(in_hand.back().tag).has_value());
  ASSERT_TRUE(consumer->AcknowledgeUpTo(rest.back().tag).has_value());
  consumer->Close();
  EXPECT_TRUE(BecomesReady("letters", 0));
}

TEST_P(ConsumerConformance, APrefetchOfOneBringsLettersOneByOne) {
  broker().DeclareQueue("letters", {});
  auto consumer = Subscribed("letters", 100);
  ASSERT_TRUE(consumer->Subscribe(1).has_value());
  SendNumbered("letters", 3);
  for (int i = 0; i < 3; ++i) {
    const auto letters = ReceiveExactly(*consumer, 1);
    const auto more = consumer->Receive(Limits(100, milliseconds{50}));
    ASSERT_TRUE(more.has_value()) << more.error().message;
    EXPECT_TRUE(more->empty());
    ASSERT_TRUE(consumer->AcknowledgeUpTo(letters.front().tag).has_value());
  }
}

TEST_P(ConsumerConformance, P1_AcknowledgeUpToTakesThoseAndOnlyThose) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 6);
  auto consumer = Subscribed("letters");
  const auto letters = ReceiveExactly(*consumer, 6);
  ASSERT_TRUE(consumer->AcknowledgeUpTo(letters[3].tag).has_value());
  consumer->Close();
  EXPECT_TRUE(BecomesReady("letters", 2));
  auto second = Subscribed("letters");
  const auto again = ReceiveExactly(*second, 2);
  EXPECT_THAT(Bodies(again), testing::ElementsAre("message 4", "message 5"));
  EXPECT_TRUE(again[0].redelivered);
  EXPECT_TRUE(again[1].redelivered);
}

TEST_P(ConsumerConformance, P1_TagZeroAcknowledgesNothing) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 3);
  auto consumer = Subscribed("letters");
  const auto letters = ReceiveExactly(*consumer, 3);
  EXPECT_TRUE(consumer->AcknowledgeUpTo({}).has_value());
  EXPECT_TRUE(consumer->AcknowledgeUpTo({.generation = letters[0].tag.generation, .number = 0})
                  .has_value());
  consumer->Close();
  EXPECT_TRUE(BecomesReady("letters", 3));
}

TEST_P(ConsumerConformance, P1_ATagOfAnEarlierGenerationAcknowledgesNothing) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 3);
  auto consumer = Subscribed("letters");
  const auto old = ReceiveExactly(*consumer, 3);
  consumer->Close();
  ASSERT_TRUE(consumer->Subscribe(100).has_value());
  const auto again = ReceiveExactly(*consumer, 3);
  EXPECT_NE(again[0].tag.generation, old[0].tag.generation);
  EXPECT_TRUE(consumer->AcknowledgeUpTo(old[2].tag).has_value());
  consumer->Close();
  EXPECT_TRUE(BecomesReady("letters", 3));
}

TEST_P(ConsumerConformance, P1_WhatALostConsumerHeldComesAgainMarkedAsRedelivered) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 3);
  {
    auto lost = Subscribed("letters");
    EXPECT_EQ(ReceiveExactly(*lost, 3).size(), 3U);
  }
  auto second = Subscribed("letters");
  const auto again = ReceiveExactly(*second, 3);
  EXPECT_THAT(Bodies(again), testing::ElementsAre("message 0", "message 1", "message 2"));
  for (const auto& letter : again) EXPECT_TRUE(letter.redelivered);
}

TEST_P(ConsumerConformance, CancelStopsTheFlowAndWhatIsInHandMayStillBeAcknowledged) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 3);
  auto consumer = Subscribed("letters", 2);
  const auto in_hand = ReceiveExactly(*consumer, 2);
  ASSERT_TRUE(consumer->Cancel().has_value());
  ASSERT_TRUE(consumer->AcknowledgeUpTo(in_hand.back().tag).has_value());
  const auto after = consumer->Receive(Limits(10, milliseconds{100}));
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_TRUE(after->empty());
  consumer->Close();
  EXPECT_TRUE(BecomesReady("letters", 1));
}

TEST_P(ConsumerConformance, ACancelledConsumerSubscribesAgainOnTheSameChannel) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 2);
  auto consumer = Subscribed("letters", 1);
  const auto first = ReceiveExactly(*consumer, 1);
  ASSERT_TRUE(consumer->Cancel().has_value());
  ASSERT_TRUE(consumer->Subscribe(10).has_value());
  const auto second = ReceiveExactly(*consumer, 1);
  EXPECT_EQ(second.front().message.body, "message 1");
  EXPECT_EQ(second.front().tag.generation, first.front().tag.generation);
  ASSERT_TRUE(consumer->AcknowledgeUpTo(second.front().tag).has_value());
  consumer->Close();
  EXPECT_TRUE(BecomesReady("letters", 0));
}

TEST_P(ConsumerConformance, WakeEndsAReceiveFromAnotherThread) {
  broker().DeclareQueue("letters", {});
  auto consumer = Subscribed("letters");
  std::thread waker([&] { consumer->Wake(); });
  // Without the wake this would take half an hour.
  const auto letters = consumer->Receive(Limits(10, milliseconds{1'800'000}));
  waker.join();
  ASSERT_TRUE(letters.has_value()) << letters.error().message;
  EXPECT_TRUE(letters->empty());
}

TEST_P(ConsumerConformance, AWakeBetweenTwoReceivesIsNotForgotten) {
  broker().DeclareQueue("letters", {});
  auto consumer = Subscribed("letters");
  consumer->Wake();
  const auto letters = consumer->Receive(Limits(10, milliseconds{1'800'000}));
  ASSERT_TRUE(letters.has_value()) << letters.error().message;
  EXPECT_TRUE(letters->empty());
  SendBodies("letters", {"after the wake"});
  EXPECT_EQ(ReceiveExactly(*consumer, 1).size(), 1U);
}

TEST_P(ConsumerConformance, P5_AWakeBeforeSubscribingDoesNotKeepItFromConnecting) {
  broker().DeclareQueue("letters", {});
  auto consumer = broker().MakeConsumer("letters");
  for (int attempt = 0; attempt < 2; ++attempt) {
    consumer->Wake();
    const auto subscribed = consumer->Subscribe(10);
    ASSERT_TRUE(subscribed.has_value()) << subscribed.error().message;
    consumer->Close();
  }
}

TEST_P(ConsumerConformance, TwoConsumersShareAQueueAndEachLetterComesOnce) {
  broker().DeclareQueue("letters", {});
  auto one = Subscribed("letters", 10);
  auto two = Subscribed("letters", 10);
  SendNumbered("letters", 20);
  std::multiset<std::string> bodies;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (bodies.size() < 20 && std::chrono::steady_clock::now() < deadline) {
    for (auto* consumer : {one.get(), two.get()}) {
      const auto some = consumer->Receive(Limits(100, milliseconds{10}));
      ASSERT_TRUE(some.has_value()) << some.error().message;
      for (const auto& letter : *some) bodies.insert(letter.message.body);
    }
  }
  EXPECT_EQ(bodies.size(), 20U);
  EXPECT_EQ(std::set<std::string>(bodies.begin(), bodies.end()).size(), 20U);
}

TEST_P(ConsumerConformance, AMissingQueueIsToldAsSuch) {
  auto consumer = broker().MakeConsumer("nowhere");
  const auto subscribed = consumer->Subscribe(10);
  ASSERT_FALSE(subscribed.has_value());
  EXPECT_EQ(subscribed.error().fault, BrokerFault::kQueueMissing) << subscribed.error().message;
  EXPECT_THAT(subscribed.error().message, testing::HasSubstr("nowhere"));
  broker().DeclareQueue("nowhere", {});
  EXPECT_TRUE(consumer->Subscribe(10).has_value());
}

TEST_P(ConsumerConformance, AQueueDeletedWhileConsumingEndsTheSubscription) {
  broker().DeclareQueue("letters", {});
  auto consumer = Subscribed("letters");
  broker().DeleteQueue("letters");
  EXPECT_EQ(ReceiveUntilError(*consumer).fault, BrokerFault::kCancelled);
  const auto subscribed = consumer->Subscribe(10);
  ASSERT_FALSE(subscribed.has_value());
  EXPECT_EQ(subscribed.error().fault, BrokerFault::kQueueMissing) << subscribed.error().message;
}

TEST_P(ConsumerConformance, P1_DurableLettersSurviveARestartOfTheBroker) {
  broker().DeclareQueue("letters", {});
  SendNumbered("letters", 5);
  {
    auto consumer = Subscribed("letters");
    const auto letters = ReceiveExactly(*consumer, 5);
    ASSERT_TRUE(consumer->AcknowledgeUpTo(letters[1].tag).has_value());
    ASSERT_TRUE(
        consumer->Cancel()
            .has_value());  // answered by the broker, so the acknowledgement before it arrived
  }
  ASSERT_TRUE(BecomesReady("letters", 3));
  broker().Restart();
  auto consumer = Subscribed("letters");
  // What was not acknowledged is there. A crash may bring back what was: acknowledgements are not
  // flushed at once.
  std::set<std::string> bodies;
  while (bodies.size() < 5 && !bodies.contains("message 4")) {
    bodies.insert(ReceiveExactly(*consumer, 1).at(0).message.body);
  }
  EXPECT_THAT(bodies, testing::IsSupersetOf({"message 2", "message 3", "message 4"}));
}

TEST_P(ConsumerConformance, BodiesOfAnyBytesComeAsTheyWere) {
  broker().DeclareQueue("letters", {});
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
  SendBodies("letters", {"", every_byte, std::string(3, '\0')});
  auto consumer = Subscribed("letters");
  EXPECT_THAT(Bodies(ReceiveExactly(*consumer, 3)),
              testing::ElementsAre("", every_byte, std::string(3, '\0')));
}

TEST_P(ConsumerConformance, ABodyOfTwentyMebibytesPasses) {
  broker().DeclareQueue("letters", {});
  std::string body(std::size_t{20} << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761U >> 24);
  SendBodies("letters", {body, "behind it"});
  auto consumer = Subscribed("letters");
  const auto letters = ReceiveExactly(*consumer, 2);
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_TRUE(letters[0].message.body == body);
  EXPECT_EQ(letters[1].message.body, "behind it");
}

TEST_P(ConsumerConformance, PropertiesAndEveryTypeOfHeaderComeAsTheyWere) {
  broker().DeclareQueue("letters", {});
  Message message = PersistentMessage("body");
  message.properties.content_type = "application/json";
  message.properties.content_encoding = "utf-8";
  message.properties.priority = 0;
  message.properties.correlation_id = "correlation";
  message.properties.reply_to = "reply";
  message.properties.expiration = "600000";
  message.properties.timestamp = 1'700'000'000;
  message.properties.type = "type";
  message.properties.app_id = "app";
  message.properties.cluster_id = "cluster";
  const FieldTable inner{{{"void", {FieldVoid{}}}, {"deep", {FieldTable{{{"t", {true}}}}}}}};
  message.headers.entries = {
      {"void", {FieldVoid{}}},
      {"true", {true}},
      {"false", {false}},
      {"int8", {std::int8_t{-5}}},
      {"uint8", {std::uint8_t{200}}},
      {"int16", {std::int16_t{-30'000}}},
      {"uint16", {std::uint16_t{60'000}}},
      {"int32", {std::int32_t{-2'000'000'000}}},
      {"uint32", {std::uint32_t{4'000'000'000}}},
      {"int64", {std::int64_t{-9'000'000'000'000'000'000}}},
      {"float", {1.5F}},
      {"double", {-0.1}},
      {"decimal", {FieldDecimal{2, 31'415}}},
      {"timestamp", {FieldTimestamp{1'700'000'000}}},
      {"string", {std::string("any \0 bytes \xff", 13)}},
      {"bytes", {FieldBytes{std::string("\0\xfe", 2)}}},
      {"array", {FieldArray{{std::int64_t{1}}, {std::string("two")}, {FieldArray{}}, {inner}}}},
      {"table", {inner}},
      {"empty table", {FieldTable{}}},
  };
  if (broker().capabilities().unsigned_64_bit_fields) {
    message.headers.entries.push_back({"uint64", {std::uint64_t{18'000'000'000'000'000'000U}}});
  }
  Send("letters", {message});
  auto consumer = Subscribed("letters");
  const auto letters = ReceiveExactly(*consumer, 1);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.properties, message.properties);
  EXPECT_EQ(letters[0].message.headers, message.headers);
}

TEST_P(ConsumerConformance, HeadersNestedBeyondOurDepthAreKeptWhole) {
  broker().DeclareQueue("letters", {});
  FieldValue nested{std::string("core")};
  for (int depth = 0; depth < kMaxFieldDepth - 1; ++depth) nested = FieldValue{FieldArray{nested}};
  Message message = PersistentMessage("body");
  message.headers.entries = {{"nested", nested}};
  Send("letters", {message});
  auto consumer = Subscribed("letters");
  const auto letters = ReceiveExactly(*consumer, 1);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.headers, message.headers);
}

}  // namespace deadletter::test
