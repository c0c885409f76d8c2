// What the tests of this folder share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "broker/embedded/broker.h"
#include "broker/embedded/consumer.h"
#include "broker/embedded/publisher.h"
#include "broker/embedded/work_queue.h"
#include "letter/death.h"
#include "tests/support/temporary_folder.h"

namespace deadletter {

// Stands still until a test moves it. Safe from any thread.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return Instant(Microseconds(now_.load())); }
  void Advance(Microseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = 1'700'000'000'000'000;
};

class EmbeddedQueueFile : public testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kPatience{30'000};
  static constexpr std::chrono::milliseconds kMinute{60'000};

  std::shared_ptr<EmbeddedBroker> Open(const EmbeddedBrokerOptions& options = {}) {
    auto opened = EmbeddedBroker::Open(path_, clock_, options);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }

  // A topic exchange "dlx" that brings everything to the queue "dead".
  static void DeclareDead(EmbeddedBroker& broker) {
    EXPECT_TRUE(broker.DeclareExchange("dlx", ExchangeType::kTopic));
    EXPECT_TRUE(broker.DeclareQueue({.name = "dead"}));
    EXPECT_TRUE(broker.Bind("dlx", "dead", "#"));
  }

  static OutgoingMessage To(const std::string& queue, const std::string& body) {
    Message message;
    message.properties.message_id = body;
    message.body = body;
    return {{"", queue}, message};
  }

  static void Send(const std::shared_ptr<EmbeddedBroker>& broker, const OutgoingMessage& message) {
    EmbeddedPublisher publisher(broker);
    const auto results = publisher.Publish(std::vector{message});
    EXPECT_EQ(results.at(0).outcome, PublishOutcome::kConfirmed) << results.at(0).detail;
  }

  static std::vector<Delivery> Receive(EmbeddedConsumer& consumer, std::size_t count) {
    std::vector<Delivery> all;
    while (all.size() < count) {
      auto some = consumer.Receive({count - all.size(), std::size_t{1} << 30, kPatience});
      if (!some || some->empty()) {
        ADD_FAILURE() << (some ? "nothing came" : some.error().message);
        break;
      }
      std::move(some->begin(), some->end(), std::back_inserter(all));
    }
    return all;
  }

  // Everything that is ready, without waiting; it stays the consumer's.
  static std::vector<Delivery> Ready(EmbeddedConsumer& consumer) {
    auto some = consumer.Receive({1'000'000, std::size_t{1} << 30, std::chrono::milliseconds(0)});
    EXPECT_TRUE(some) << some.error().message;
    return some ? std::move(*some) : std::vector<Delivery>{};
  }

  static std::unique_ptr<EmbeddedConsumer> Subscribed(const std::shared_ptr<EmbeddedBroker>& broker,
                                                      const std::string& queue) {
    auto consumer = std::make_unique<EmbeddedConsumer>(broker, queue, "test");
    const auto subscribed = consumer->Subscribe(0);
    EXPECT_TRUE(subscribed) << subscribed.error().message;
    return consumer;
  }

  static std::vector<std::string> Bodies(const std::vector<Delivery>& deliveries) {
    std::vector<std::string> bodies;
    for (const auto& delivery : deliveries) bodies.push_back(delivery.message.body);
    return bodies;
  }

  static QueueCounts Count(EmbeddedBroker& broker, const std::string& queue) {
    const auto counts = broker.Count(queue);
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(QueueCounts{});
  }

  // For what another process or the keeper does: nothing can signal it, so it is asked again and
  // again.
  template <class Predicate>
  static bool Becomes(Predicate predicate) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (predicate()) return true;
    }
    return false;
  }

  [[nodiscard]] std::int64_t Seconds() const {
    return std::chrono::floor<std::chrono::seconds>(clock_.Now()).time_since_epoch().count();
  }

  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "queues.sqlite";
  ManualClock clock_;
};

}  // namespace deadletter
