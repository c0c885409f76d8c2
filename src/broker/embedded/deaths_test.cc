#include "broker/embedded/deaths.h"

#include "broker/embedded/test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class EmbeddedDeaths : public EmbeddedQueueFile {
 protected:
  std::vector<Delivery> Dead() {
    EXPECT_TRUE(broker_->HandleDue());
    auto consumer = Subscribed(broker_, "dead");
    auto letters = Ready(*consumer);
    if (!letters.empty()) {
      EXPECT_TRUE(consumer->AcknowledgeUpTo(letters.back().tag));
    }
    return letters;
  }

  static Death Newest(const Delivery& letter) {
    const auto history = ReadDeathHistory(letter.message.headers);
    return history.deaths.empty() ? Death{} : history.deaths.front();
  }

  std::shared_ptr<EmbeddedBroker> broker_ = Open();
};

TEST_F(EmbeddedDeaths, AMessageExpiresWhereverItStands) {
  DeclareDead(*broker_);
  ASSERT_TRUE(broker_->DeclareQueue({.name = "work", .dead_letter_exchange = "dlx"}));
  Send(broker_, To("work", "patient"));
  auto hasty = To("work", "hasty");
  hasty.message.properties.expiration = "1000";
  Send(broker_, hasty);
  clock_.Advance(999ms);
  EXPECT_TRUE(Dead().empty());
  clock_.Advance(1ms);
  EXPECT_THAT(Bodies(Dead()), ElementsAre("hasty"));
  EXPECT_EQ(Count(*broker_, "work").ready, 1U);
}

TEST_F(EmbeddedDeaths, TheShorterOfTwoTtlsCounts) {
  DeclareDead(*broker_);
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  auto slow = To("work", "slow");
  slow.message.properties.expiration = "60000";
  Send(broker_, slow);
  clock_.Advance(1s);
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(Newest(letters[0]).original_expiration, "60000");
}

TEST_F(EmbeddedDeaths, AnOverdueMessageIsNeverDelivered) {
  ASSERT_TRUE(broker_->DeclareQueue({.name = "work", .message_ttl = 0ms}));
  Send(broker_, To("work", "never"));
  auto consumer = Subscribed(broker_, "work");
  EXPECT_TRUE(Ready(*consumer).empty());
}

TEST_F(EmbeddedDeaths, AMessageThatComesBackTooLateDiesThen) {
  DeclareDead(*broker_);
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  Send(broker_, To("work", "slow"));
  auto consumer = Subscribed(broker_, "work");
  ASSERT_EQ(Ready(*consumer).size(), 1U);
  clock_.Advance(1h);
  EXPECT_TRUE(Dead().empty()) << "a delivered message does not expire";
  consumer->Close();
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(Newest(letters[0]).reason, Reason::kExpired);
  EXPECT_EQ(Newest(letters[0]).time_seconds, Seconds());
}

TEST_F(EmbeddedDeaths, TheLengthLimitsReadyMessagesAndTheOldestDie) {
  DeclareDead(*broker_);
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .dead_letter_exchange = "dlx", .max_length = 2}));
  Send(broker_, To("work", "in hand"));
  auto consumer = Subscribed(broker_, "work");
  ASSERT_EQ(Ready(*consumer).size(), 1U);
  for (const auto* body : {"1", "2", "3"}) Send(broker_, To("work", body));
  EXPECT_THAT(Bodies(Dead()), ElementsAre("1"));
  consumer->Close();  // what comes back is the oldest
  EXPECT_THAT(Bodies(Dead()), ElementsAre("in hand"));
  EXPECT_EQ(Count(*broker_, "work").ready, 2U);
}

TEST_F(EmbeddedDeaths, ALengthOfZeroKeepsNothing) {
  DeclareDead(*broker_);
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .dead_letter_exchange = "dlx", .max_length = 0}));
  Send(broker_, To("work", "1"));
  EXPECT_THAT(Bodies(Dead()), ElementsAre("1"));
}

TEST_F(EmbeddedDeaths, OverflowsThatFeedEachOtherEnd) {
  ASSERT_TRUE(broker_->DeclareExchange("to a", ExchangeType::kFanout));
  ASSERT_TRUE(broker_->DeclareExchange("to b", ExchangeType::kFanout));
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "a", .dead_letter_exchange = "to b", .max_length = 1}));
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "b", .dead_letter_exchange = "to a", .max_length = 1}));
  ASSERT_TRUE(broker_->Bind("to a", "a", ""));
  ASSERT_TRUE(broker_->Bind("to b", "b", ""));
  for (const auto* body : {"1", "2", "3", "4"}) Send(broker_, To("a", body));
  const auto a = Count(*broker_, "a");
  const auto b = Count(*broker_, "b");
  EXPECT_EQ(a.ready, 1U);
  EXPECT_EQ(b.ready, 1U);
  EXPECT_EQ(a.held + b.held, 2U) << "nothing is lost";
}

TEST_F(EmbeddedDeaths, TooManyReturnsKillWhoeverReturned) {
  DeclareDead(*broker_);
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .dead_letter_exchange = "dlx", .delivery_limit = 1}));
  Send(broker_, To("work", "poison"));
  for (int delivery = 0; delivery < 2; ++delivery) {
    auto consumer = Subscribed(broker_, "work");
    EXPECT_EQ(Ready(*consumer).size(), 1U);
  }
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(Newest(letters[0]).reason, Reason::kDeliveryLimit);
  EXPECT_EQ(letters[0].DeliveryCount(), 0U) << "of its new queue";
  EXPECT_FALSE(letters[0].redelivered);
}

TEST_F(EmbeddedDeaths, P1_WithoutItsExchangeALetterIsHeldUntilThatIsDeclared) {
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  Send(broker_, To("work", "waiting"));
  const auto death = Seconds() + 1;
  clock_.Advance(1s);
  ASSERT_TRUE(broker_->HandleDue());
  EXPECT_EQ(Count(*broker_, "work").held, 1U);
  EXPECT_EQ(Count(*broker_, "work").ready, 0U);
  clock_.Advance(1h);
  DeclareDead(*broker_);
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(Newest(letters[0]).count, 1);
  EXPECT_EQ(Newest(letters[0]).time_seconds, death);
}

TEST_F(EmbeddedDeaths, P1_ALetterThatNoBindingWantsIsHeld) {
  ASSERT_TRUE(broker_->DeclareExchange("dlx", ExchangeType::kDirect));
  ASSERT_TRUE(broker_->DeclareQueue({.name = "dead"}));
  ASSERT_TRUE(broker_->Bind("dlx", "dead", "#"));
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  Send(broker_, To("work", "unwanted"));
  clock_.Advance(1s);
  EXPECT_TRUE(Dead().empty());
  EXPECT_EQ(Count(*broker_, "work").held, 1U);
  ASSERT_TRUE(broker_->Bind("dlx", "dead", "work"));
  EXPECT_THAT(Bodies(Dead()), ElementsAre("unwanted"));
}

TEST_F(EmbeddedDeaths, P1_ALetterThatWouldGoInCirclesIsHeld) {
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "loop", .message_ttl = 0ms, .dead_letter_exchange = ""}));
  Send(broker_, To("loop", "round"));
  ASSERT_TRUE(broker_->HandleDue());
  EXPECT_EQ(Count(*broker_, "loop").held, 1U);
  // Any declaration lets it try again, and that ends too.
  ASSERT_TRUE(broker_->DeclareQueue({.name = "other"}));
  ASSERT_TRUE(broker_->HandleDue());
  EXPECT_EQ(Count(*broker_, "loop").held, 1U);
}

TEST_F(EmbeddedDeaths, AnAlternateExchangeGetsWhatTheDeadLetterExchangeCannotRoute) {
  ASSERT_TRUE(broker_->DeclareExchange("dlx", ExchangeType::kDirect));
  ASSERT_TRUE(broker_->DeclareExchange("unrouted", ExchangeType::kFanout));
  ASSERT_TRUE(broker_->SetAlternateExchange("dlx", "unrouted"));
  ASSERT_TRUE(broker_->SetAlternateExchange("unrouted", "dlx")) << "a ring must end";
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  Send(broker_, To("work", "1"));
  clock_.Advance(1s);
  ASSERT_TRUE(broker_->HandleDue());
  EXPECT_EQ(Count(*broker_, "work").held, 1U);
  ASSERT_TRUE(broker_->DeclareQueue({.name = "dead"}));
  ASSERT_TRUE(broker_->Bind("unrouted", "dead", ""));
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].exchange, "dlx");
  EXPECT_EQ(letters[0].routing_key, "work");
}

TEST_F(EmbeddedDeaths, EveryBoundQueueGetsItsOwnCopy) {
  DeclareDead(*broker_);
  ASSERT_TRUE(broker_->DeclareQueue({.name = "second"}));
  ASSERT_TRUE(broker_->Bind("dlx", "second", "work"));
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  Send(broker_, To("work", "copied"));
  clock_.Advance(1s);
  EXPECT_THAT(Bodies(Dead()), ElementsAre("copied"));
  auto consumer = Subscribed(broker_, "second");
  EXPECT_THAT(Bodies(Ready(*consumer)), ElementsAre("copied"));
}

TEST_F(EmbeddedDeaths, ACarbonCopyDiesByAllItsKeys) {
  ASSERT_TRUE(broker_->DeclareExchange("dlx", ExchangeType::kDirect));
  ASSERT_TRUE(broker_->DeclareQueue({.name = "dead"}));
  ASSERT_TRUE(broker_->Bind("dlx", "dead", "copy"));
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  auto message = To("work", "1");
  message.message.headers.entries = {{"CC", {FieldArray{{std::string("copy")}}}},
                                     {"BCC", {FieldArray{{std::string("blind")}}}}};
  Send(broker_, message);
  clock_.Advance(1s);
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.headers.Find("BCC"), nullptr);
  EXPECT_THAT(Newest(letters[0]).routing_keys, ElementsAre("work", "copy"));
}

TEST_F(EmbeddedDeaths, ThousandsDieInOrder) {
  DeclareDead(*broker_);
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  std::vector<OutgoingMessage> messages;
  for (int i = 0; i < 1'700; ++i) messages.push_back(To("work", std::to_string(i)));
  EmbeddedPublisher publisher(broker_);
  ASSERT_EQ(publisher.Publish(messages).back().outcome, PublishOutcome::kConfirmed);
  clock_.Advance(1s);
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1'700U);
  for (std::size_t i = 0; i < letters.size(); ++i)
    ASSERT_EQ(letters[i].message.body, std::to_string(i));
}

TEST_F(EmbeddedDeaths, P4_HeadersThatCannotBeReadAreShownAsTheyAre) {
  DeclareDead(*broker_);
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  Send(broker_, To("work", "broken"));
  {
    auto file = sqlite::Database::Open(path_);
    ASSERT_TRUE((*file)->Execute("UPDATE message SET headers = 'no json', properties = '['"));
  }
  clock_.Advance(1s);
  const auto letters = Dead();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.body, "broken");
  EXPECT_EQ(
      std::get<FieldBytes>(letters[0].message.headers.Find("unreadable-headers")->value).bytes,
      "no json");
  EXPECT_NE(letters[0].message.headers.Find("unreadable-properties"), nullptr);
}

TEST_F(EmbeddedDeaths, NoBodyIsLeftBehind) {
  DeclareDead(*broker_);
  ASSERT_TRUE(broker_->DeclareQueue({.name = "second"}));
  ASSERT_TRUE(broker_->Bind("dlx", "second", "#"));
  ASSERT_TRUE(
      broker_->DeclareQueue({.name = "work", .message_ttl = 1s, .dead_letter_exchange = "dlx"}));
  ASSERT_TRUE(broker_->DeclareQueue({.name = "forgetful", .message_ttl = 1s}));
  for (const auto* queue : {"work", "forgetful", "second"}) Send(broker_, To(queue, "body"));
  clock_.Advance(1s);
  EXPECT_EQ(Dead().size(), 1U);
  ASSERT_TRUE(broker_->DeleteQueue("second"));
  auto file = sqlite::Database::Open(path_);
  auto bodies = (*file)->Prepare("SELECT count(*) FROM body");
  ASSERT_TRUE(bodies.Next());
  EXPECT_EQ(bodies.Int64(0), 0);
}

}  // namespace
}  // namespace deadletter
