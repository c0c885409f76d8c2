#include "broker/embedded/publisher.h"

#include "broker/embedded/test_fixture.h"

namespace deadletter {
namespace {

class EmbeddedPublishing : public EmbeddedQueueFile {
 protected:
  void SetUp() override { ASSERT_TRUE(broker_->DeclareQueue({.name = "work"})); }

  PublishResult Publish(const OutgoingMessage& message) {
    return EmbeddedPublisher(broker_).Publish(std::vector{message}).at(0);
  }

  std::shared_ptr<EmbeddedBroker> broker_ = Open();
};

TEST_F(EmbeddedPublishing, AnExpirationThatIsNoTtlIsRefusedAlone) {
  for (const auto* expiration :
       {"", "soon", "-1", "1.5", " 5", "4294967296", "99999999999999999999"}) {
    auto broken = To("work", "broken");
    broken.message.properties.expiration = expiration;
    const auto results =
        EmbeddedPublisher(broker_).Publish(std::vector{broken, To("work", "good")});
    EXPECT_EQ(results.at(0).outcome, PublishOutcome::kNacked) << expiration;
    EXPECT_EQ(results.at(1).outcome, PublishOutcome::kConfirmed);
  }
  auto longest = To("work", "longest");
  longest.message.properties.expiration = "4294967295";
  EXPECT_EQ(Publish(longest).outcome, PublishOutcome::kConfirmed);
}

TEST_F(EmbeddedPublishing, ACopyReachesEveryKeyOnceAndTheBlindOnesAreTakenOff) {
  ASSERT_TRUE(broker_->DeclareQueue({.name = "copy"}));
  ASSERT_TRUE(broker_->DeclareQueue({.name = "blind"}));
  auto message = To("work", "copied");
  const FieldArray copies{{std::string("copy")}, {std::string("work")}};
  message.message.headers.entries = {{"CC", {copies}},
                                     {"BCC", {FieldArray{{std::string("blind")}}}}};
  EXPECT_EQ(Publish(message).outcome, PublishOutcome::kConfirmed);
  for (const auto* queue : {"work", "copy", "blind"}) {
    auto consumer = Subscribed(broker_, queue);
    const auto letters = Ready(*consumer);
    ASSERT_EQ(letters.size(), 1U) << queue;
    EXPECT_NE(letters[0].message.headers.Find("CC"), nullptr);
    EXPECT_EQ(letters[0].message.headers.Find("BCC"), nullptr);
  }
}

TEST_F(EmbeddedPublishing, AnAbortedPublisherSendsNothingMore) {
  EmbeddedPublisher publisher(broker_);
  publisher.Abort();
  EXPECT_EQ(publisher.Publish(std::vector{To("work", "late")}).at(0).outcome,
            PublishOutcome::kUnavailable);
  EXPECT_EQ(Count(*broker_, "work").ready, 0U);
}

TEST_F(EmbeddedPublishing, NamesAndKeysOfAnyBytesFindTheirQueue) {
  const std::string odd("q\0\xff\n", 4);
  ASSERT_TRUE(broker_->DeclareQueue({.name = odd}));
  ASSERT_TRUE(broker_->DeclareExchange(odd, ExchangeType::kDirect));
  ASSERT_TRUE(broker_->Bind(odd, odd, odd));
  auto message = To("work", "odd");
  message.address = {odd, odd};
  EXPECT_EQ(Publish(message).outcome, PublishOutcome::kConfirmed);
  auto consumer = Subscribed(broker_, odd);
  const auto letters = Ready(*consumer);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].routing_key, odd);
  EXPECT_EQ(letters[0].dead_letter_queue, odd);
}

}  // namespace
}  // namespace deadletter
