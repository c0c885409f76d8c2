// What the consumer does when RabbitMQ turns against it. What it promises everywhere is in
// tests/conformance.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "broker/rabbitmq/consumer.h"
#include "broker/rabbitmq/wire.h"
#include "tests/support/rabbit_fixture.h"

namespace deadletter::rabbitmq {
namespace {

// Of this process.
std::size_t ResidentBytes() {
  std::ifstream pages("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  pages >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

using testing::HasSubstr;
using testing::Not;

// A queue that counts deliveries, and destroys what was delivered too often.
constexpr const char* kCounting = R"({"x-queue-type":"quorum","x-delivery-limit":2})";

class RabbitConsumerTest : public RabbitFixture {};

TEST_F(RabbitConsumerTest, P5_AConnectionClosedByForceIsToldAndComesBack) {
  node_.DeclareQueue(vhost_, "letters");
  SendNumbered("letters", 3);
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  const auto before = ReceiveExactly(consumer, 3);
  node_.CloseConnections(vhost_);
  const auto error = ReceiveUntilError(consumer);
  EXPECT_EQ(error.fault, BrokerFault::kUnreachable) << error.message;
  EXPECT_TRUE(consumer.AcknowledgeUpTo(before[2].tag).has_value());
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  const auto again = ReceiveExactly(consumer, 3);
  EXPECT_TRUE(again[0].redelivered);
  EXPECT_NE(again[0].tag.generation, before[0].tag.generation);
}

TEST_F(RabbitConsumerTest, P1_AKilledBrokerIsToldAndItsDurableLettersComeAgain) {
  node_.DeclareQueue(vhost_, "letters");
  node_.WriteDeclarations();
  SendNumbered("letters", 3);
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  ReceiveExactly(consumer, 3);
  node_.Kill();
  EXPECT_EQ(ReceiveUntilError(consumer).fault, BrokerFault::kUnreachable);
  const auto refused = consumer.Subscribe(10);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, BrokerFault::kUnreachable);
  node_.Start();
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  EXPECT_EQ(ReceiveExactly(consumer, 3).size(), 3U);
}

// Whose letters come one after another while somebody changes how many he asks for.
class PrefetchChange : public RabbitConsumerTest {
 protected:
  PrefetchChange() { node_.DeclareQueue(vhost_, "letters", kCounting); }

  // Three letters, taken by a new consumer that asks for more once it has the first; `change` does
  // that, and acknowledges. How many of them came again.
  template <class Change>
  std::ptrdiff_t TakeThree(Change change) {
    const std::jthread sender([&] {
      for (int number = 0; number < 3; ++number) {
        const auto sent = publisher_.Publish(std::vector{To("", "letters", "x")});
        EXPECT_EQ(sent.at(0).outcome, PublishOutcome::kConfirmed);
      }
    });
    auto consumer = MakeConsumer("letters");
    EXPECT_TRUE(consumer.Subscribe(1).has_value());
    const auto first = ReceiveExactly(consumer, 1);
    if (first.empty()) return 0;
    change(consumer, first[0].tag);
    const auto others = ReceiveExactly(consumer, 2);
    if (others.empty()) return 0;
    EXPECT_TRUE(consumer.AcknowledgeUpTo(others.back().tag).has_value());
    return std::ranges::count_if(others, &Delivery::redelivered);
  }

  RabbitPublisher publisher_{options_};
};

// What the inbox does at the start of each subscription: nothing is on its way to the consumer that
// is cancelled, so that the queue takes nothing back, which would count as a delivery.
TEST_F(PrefetchChange, P1_CancelledWithItsLetterInHandAConsumerHasNothingTakenBack) {
  for (int round = 0; round < 40; ++round) {
    EXPECT_EQ(TakeThree([](RabbitConsumer& consumer, DeliveryTag tag) {
                EXPECT_TRUE(consumer.Cancel().has_value());
                EXPECT_TRUE(consumer.AcknowledgeUpTo(tag).has_value());
                EXPECT_TRUE(consumer.Subscribe(100).has_value());
              }),
              0)
        << "round " << round;
    if (HasFailure()) return;
  }
}

// Cancelled while letters are on their way to it, and made anew: those come again, and the new one
// is given all the same. Under the tag of the old one some were given nothing any more.
TEST_F(PrefetchChange, P5_AConsumerThatIsMadeAnewWhileLettersComeIsGivenAll) {
  for (int round = 0; round < 100 && !HasFailure(); ++round) {
    (void)TakeThree([](RabbitConsumer& consumer, DeliveryTag tag) {
      EXPECT_TRUE(consumer.AcknowledgeUpTo(tag).has_value());
      EXPECT_TRUE(consumer.Subscribe(100).has_value());
    });
  }
}

TEST_F(RabbitConsumerTest, P1_LettersThatCameBeforeTheQueueWasDeletedAreStillGiven) {
  node_.DeclareQueue(vhost_, "letters");
  SendNumbered("letters", 3);
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  AwaitReady("letters", 0);  // they are on their way to us, or here
  node_.DeleteQueue(vhost_, "letters");
  std::size_t letters = 0;
  for (;;) {
    const auto some =
        consumer.Receive({.max_letters = 100, .max_bytes = 1 << 20, .wait = kPatience});
    if (!some) {
      EXPECT_EQ(some.error().fault, BrokerFault::kCancelled) << some.error().message;
      break;
    }
    ASSERT_FALSE(some->empty());
    letters += some->size();
  }
  EXPECT_EQ(letters, 3U);
}

// Whoever has letters in hand must hear that they come again: else they would be taken for those of
// the new channel.
TEST_F(RabbitConsumerTest, P3_AChannelThatEndedBehindItsLettersIsToldBeforeTheyComeAgain) {
  node_.DeclareQueue(vhost_, "letters");
  SendNumbered("letters", 3);
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  AwaitReady("letters", 0);  // they are on their way to us, or here
  node_.CloseConnections(vhost_);
  AwaitReady("letters", 3);
  const ReceiveLimits limits{.max_letters = 100, .max_bytes = 1 << 20, .wait = kPatience};
  const auto letters = consumer.Receive(limits);
  ASSERT_TRUE(letters.has_value()) << letters.error().message;
  EXPECT_EQ(letters->size(), 3U);
  if (consumer.Subscribe(20)) {
    EXPECT_FALSE(consumer.Receive(limits).has_value());
  }
}

TEST_F(RabbitConsumerTest, P5_AHeaderThatGrewBeyondTheFrameByDyingIsRead) {
  node_.DeclareExchange(vhost_, "dlx", "fanout");
  node_.DeclareQueue(vhost_, "dead");
  node_.Bind(vhost_, "dlx", "dead", "");
  node_.DeclareQueue(vhost_, "worker", R"({"x-message-ttl":1,"x-dead-letter-exchange":"dlx"})");
  auto large = To("", "worker", "large header");
  large.message.headers.entries = {
      {"large", {std::string(static_cast<std::size_t>(kFrameBytesAsked) - 100, 'h')}}};
  Send({large, To("", "worker", "behind it")});
  auto consumer = MakeConsumer("dead");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  const auto letters = ReceiveExactly(consumer, 2);
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(letters[0].message.body, "large header");
  EXPECT_NE(letters[0].message.headers.Find("x-death"), nullptr);
  EXPECT_GT(EncodeTable(letters[0].message.headers)->size(),
            static_cast<std::size_t>(kFrameBytesAsked));
  EXPECT_EQ(letters[1].message.body, "behind it");
}

TEST_F(RabbitConsumerTest, P5_TheDeepestHeadersOfAFrameComeWhole) {
  node_.DeclareQueue(vhost_, "letters");
  FieldEncoded deep;
  for (std::uint32_t left = 26'000; left > 0; --left) {
    const auto length = 5 * (left - 1);
    deep.bytes.push_back('A');
    for (int shift = 24; shift >= 0; shift -= 8)
      deep.bytes.push_back(static_cast<char>(length >> shift & 0xff));
  }
  auto message = To("", "letters", "deep");
  message.message.headers.entries = {{"deep", {deep}}};
  Send({message, To("", "letters", "behind it")});
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  const auto letters = ReceiveExactly(consumer, 2);
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(EncodeTable(letters[0].message.headers).value(),
            EncodeTable(message.message.headers).value());
}

TEST_F(RabbitConsumerTest, P9_AMessageOfAHundredMebibytesPasses) {
  node_.DeclareQueue(vhost_, "letters");
  const std::string body(std::size_t{100} << 20, 'm');
  Send({To("", "letters", body)});
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  const auto letters = ReceiveExactly(consumer, 1);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_TRUE(letters[0].message.body == body);
}

TEST_F(RabbitConsumerTest, AnAcknowledgementTimeoutIsToldAsAClosedChannel) {
  node_.Control({"eval",
                 "application:set_env(rabbit, consumer_timeout, 200), "
                 "application:set_env(rabbit, channel_tick_interval, 200)."});
  node_.DeclareQueue(vhost_, "letters");
  SendNumbered("letters", 1);
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  ReceiveExactly(consumer, 1);
  const auto error = ReceiveUntilError(consumer);
  node_.Control({"eval",
                 "application:set_env(rabbit, consumer_timeout, 1800000), "
                 "application:set_env(rabbit, channel_tick_interval, 60000)."});
  EXPECT_EQ(error.fault, BrokerFault::kChannelClosed);
  EXPECT_THAT(error.message, HasSubstr("PRECONDITION_FAILED"));
}

TEST_F(RabbitConsumerTest, P9_KeepAliveReadsNothingAndKeepsTheConnection) {
  options_.heartbeat = std::chrono::seconds(1);
  node_.DeclareQueue(vhost_, "letters");
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  SendNumbered("letters", 1);
  // Without heartbeats the broker gives up after two of the intervals.
  ASSERT_TRUE(consumer.KeepAlive(milliseconds{4'000}).has_value());
  EXPECT_FALSE(ReceiveExactly(consumer, 1).at(0).redelivered);
  consumer.Wake();
  EXPECT_TRUE(consumer.KeepAlive(milliseconds{1'800'000}).has_value());
  node_.CloseConnections(vhost_);
  const auto lost = consumer.KeepAlive(kPatience);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().fault, BrokerFault::kUnreachable);
}

// What is on its way stays there whatever we ask of the broker meanwhile: it is prefetch times the
// largest letter.
TEST_F(RabbitConsumerTest, P9_NeitherCancellingNorAnotherPrefetchNorClosingTakesInWhatIsOnItsWay) {
  constexpr int kLetters = 150;
  constexpr std::size_t kMebibyte = std::size_t{1} << 20;
  node_.DeclareQueue(vhost_, "letters");
  for (int i = 0; i < kLetters; ++i) Send({To("", "letters", std::string(kMebibyte, 'm'))});
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(kLetters).has_value());
  const auto first = consumer.Receive({.max_letters = 1, .max_bytes = 1, .wait = kPatience});
  ASSERT_EQ(first.value().size(), 1U);
  const std::size_t before = ResidentBytes();
  ASSERT_TRUE(consumer.Cancel().has_value());
  ASSERT_TRUE(consumer.KeepAlive(milliseconds{500}).has_value());
  ASSERT_TRUE(consumer.Subscribe(1).has_value());
  ASSERT_TRUE(consumer.KeepAlive(milliseconds{500}).has_value());
  EXPECT_LT(ResidentBytes(), before + 32 * kMebibyte);
  // And it comes all the same, in order.
  const auto rest = ReceiveExactly(consumer, 20);
  ASSERT_EQ(rest.size(), 20U);
  EXPECT_TRUE(consumer.AcknowledgeUpTo(rest.back().tag).has_value());
  const std::size_t with_rest = ResidentBytes();
  consumer.Close();
  EXPECT_LT(ResidentBytes(), with_rest + 32 * kMebibyte);
  ASSERT_TRUE(consumer.Subscribe(kLetters).has_value());
  EXPECT_EQ(ReceiveExactly(consumer, kLetters - 21).size(), kLetters - 21U);
}

TEST_F(RabbitConsumerTest, P5_AnIdleConsumerLooksForItsQueueAndGoesOn) {
  node_.DeclareQueue(vhost_, "letters");
  RabbitConsumer consumer(options_, "letters", "executor.dlq", milliseconds{0});
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  const auto idle =
      consumer.Receive({.max_letters = 10, .max_bytes = 1 << 20, .wait = milliseconds{50}});
  ASSERT_TRUE(idle.has_value()) << idle.error().message;
  SendNumbered("letters", 2);
  const auto letters = ReceiveExactly(consumer, 2);
  EXPECT_TRUE(consumer.AcknowledgeUpTo(letters.at(1).tag).has_value());
  node_.DeleteQueue(vhost_, "letters");
  const auto fault = ReceiveUntilError(consumer).fault;
  EXPECT_TRUE(fault == BrokerFault::kQueueMissing || fault == BrokerFault::kCancelled);
}

TEST_F(RabbitConsumerTest, TriesTheUrlsInTurn) {
  node_.DeclareQueue(vhost_, "letters");
  SendNumbered("letters", 1);
  options_.urls = {"amqp://guest:guest@127.0.0.1:1/", options_.urls[0]};
  auto consumer = MakeConsumer("letters");
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  EXPECT_EQ(ReceiveExactly(consumer, 1).size(), 1U);
}

TEST_F(RabbitConsumerTest, RefusalsAreToldAsSuchAndNeverWithThePassword) {
  node_.DeclareQueue(vhost_, "letters");
  node_.AddUser("reader", "secret of reader");
  const auto refusal = [&](const std::string& user, const std::string& password,
                           const std::string& vhost) {
    const auto url = node_.AmqpUrl(vhost);
    options_.urls = {"amqp://" + user + ":" + password + url.substr(url.find('@'))};
    auto consumer = MakeConsumer("letters");
    const auto subscribed = consumer.Subscribe(10);
    EXPECT_FALSE(subscribed.has_value());
    return subscribed ? BrokerError{} : subscribed.error();
  };
  std::vector<BrokerError> errors{refusal("reader", "wrong%20secret", vhost_),
                                  refusal("reader", "secret%20of%20reader", vhost_),
                                  refusal("guest", "guest", "no such vhost")};
  node_.SetPermissions(vhost_, "reader", "", "", "^else$");
  errors.push_back(refusal("reader", "secret%20of%20reader", vhost_));
  for (const auto& error : errors) {
    EXPECT_EQ(error.fault, BrokerFault::kRefused) << error.message;
    EXPECT_THAT(error.message, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(errors.back().message, HasSubstr("ACCESS_REFUSED"));
}

TEST_F(RabbitConsumerTest, SpeaksTlsAndLooksAtTheCertificate) {
  node_.DeclareQueue(vhost_, "letters");
  SendNumbered("letters", 1);
  options_.urls = {node_.AmqpsUrl(vhost_)};
  options_.ca_file = node_.ca_file();
  auto consumer = MakeConsumer("letters");
  const auto subscribed = consumer.Subscribe(10);
  ASSERT_TRUE(subscribed.has_value()) << subscribed.error().message;
  EXPECT_EQ(ReceiveExactly(consumer, 1).size(), 1U);

  // The same server under a name that its certificate does not hold.
  const auto url = options_.urls[0];
  options_.urls[0].replace(url.find("localhost"), std::string("localhost").size(), "127.1");
  auto misled = MakeConsumer("letters");
  const auto misnamed = misled.Subscribe(10);
  ASSERT_FALSE(misnamed.has_value());
  EXPECT_EQ(misnamed.error().fault, BrokerFault::kRefused) << misnamed.error().message;
  options_.urls = {url};

  options_.ca_file.clear();  // the system's authorities know nothing of the test's
  auto suspicious = MakeConsumer("letters");
  const auto refused = suspicious.Subscribe(10);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, BrokerFault::kRefused) << refused.error().message;

  options_.ca_file = "/no/such/file";
  auto misconfigured = MakeConsumer("letters");
  const auto unreadable = misconfigured.Subscribe(10);
  ASSERT_FALSE(unreadable.has_value());
  EXPECT_THAT(unreadable.error().message, HasSubstr("/no/such/file"));
}

}  // namespace
}  // namespace deadletter::rabbitmq
