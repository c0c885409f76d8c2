// What the suites of the three broker ports share. A test program includes the suites and
// instantiates each:
//
//   INSTANTIATE_TEST_SUITE_P(RabbitMq, ConsumerConformance, testing::Values(Factory()),
//   BrokerName);
#pragma once

#include <set>
#include <thread>

#include "tests/conformance/broker_under_test.h"

namespace deadletter::test {

using std::chrono::milliseconds;

// Far beyond what anything here takes: reached only when something is broken.
inline constexpr milliseconds kPatience{60'000};

class BrokerConformance : public testing::TestWithParam<BrokerFactory> {
 protected:
  void SetUp() override { broker_ = GetParam().make(); }

  BrokerUnderTest& broker() { return *broker_; }

  // The usual pair: a topic DLX bound with '#' to the queue "dead", and what dies in `name` goes
  // there.
  void DeclareDeadLetterQueue() {
    broker().DeclareExchange("dlx", "topic");
    broker().DeclareQueue("dead", {});
    broker().Bind("dlx", "dead", "#");
  }
  void DeclareMortalQueue(const std::string& name, QueueSettings settings = {}) {
    settings.dead_letter_exchange = "dlx";
    broker().DeclareQueue(name, settings);
  }

  // Straight into a queue; every one must be confirmed.
  void Send(const std::string& queue, std::vector<Message> messages) {
    std::vector<OutgoingMessage> outgoing;
    for (auto& message : messages) outgoing.push_back({{"", queue}, std::move(message)});
    auto publisher = broker().MakePublisher();
    for (const auto& result : publisher->Publish(outgoing)) {
      ASSERT_EQ(result.outcome, PublishOutcome::kConfirmed) << result.detail;
    }
  }
  void SendBodies(const std::string& queue, const std::vector<std::string>& bodies) {
    std::vector<Message> messages;
    for (const auto& body : bodies) messages.push_back(PersistentMessage(body));
    Send(queue, std::move(messages));
  }
  void SendNumbered(const std::string& queue, int count) {
    std::vector<std::string> bodies;
    for (int i = 0; i < count; ++i) bodies.push_back("message " + std::to_string(i));
    SendBodies(queue, bodies);
  }

  static Message PersistentMessage(std::string body) {
    Message message;
    message.properties.delivery_mode = 2;
    message.properties.message_id = "id of " + body.substr(0, 100);
    message.body = std::move(body);
    return message;
  }

  std::unique_ptr<Consumer> Subscribed(const std::string& queue, std::size_t prefetch = 1000) {
    auto consumer = broker().MakeConsumer(queue);
    const auto subscribed = consumer->Subscribe(prefetch);
    EXPECT_TRUE(subscribed.has_value()) << subscribed.error().message;
    return consumer;
  }

  static ReceiveLimits Limits(std::size_t letters, milliseconds wait = kPatience) {
    return {.max_letters = letters, .max_bytes = std::size_t{1} << 30, .wait = wait};
  }

  // Exactly `count`, however many calls it takes. Fewer only when patience is over or an error
  // came.
  static std::vector<Delivery> ReceiveExactly(Consumer& consumer, std::size_t count) {
    std::vector<Delivery> all;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (all.size() < count && std::chrono::steady_clock::now() < deadline) {
      auto some = consumer.Receive(Limits(count - all.size()));
      if (!some) {
        ADD_FAILURE() << BrokerFaultName(some.error().fault) << ": " << some.error().message;
        break;
      }
      std::move(some->begin(), some->end(), std::back_inserter(all));
    }
    EXPECT_EQ(all.size(), count);
    return all;
  }

  // The one letter in "dead".
  Delivery TheDeadLetter() {
    auto consumer = Subscribed("dead");
    auto letters = ReceiveExactly(*consumer, 1);
    return letters.empty() ? Delivery{} : std::move(letters.front());
  }

  // The error that receiving ends in.
  static BrokerError ReceiveUntilError(Consumer& consumer) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto some = consumer.Receive(Limits(100, milliseconds{1000}));
      if (!some) return some.error();
    }
    ADD_FAILURE() << "no error came";
    return {};
  }

  // True once the queue holds `count` ready messages: nothing can signal that, so it is asked again
  // and again.
  bool BecomesReady(const std::string& queue, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (broker().ReadyMessages(queue) == count) return true;
      std::this_thread::sleep_for(milliseconds{5});
    }
    return false;
  }

  static std::vector<std::string> Bodies(const std::vector<Delivery>& deliveries) {
    std::vector<std::string> bodies;
    for (const auto& delivery : deliveries) bodies.push_back(delivery.message.body);
    return bodies;
  }

 private:
  std::unique_ptr<BrokerUnderTest> broker_;
};

}  // namespace deadletter::test
