// What the tests over a real RabbitMQ share: a virtual host a test, on one node for all.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "broker/rabbitmq/consumer.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/publisher.h"
#include "tests/support/private_rabbitmq.h"

namespace deadletter::rabbitmq {

class RabbitFixture : public testing::Test {
 protected:
  RabbitFixture() : node_(test::SharedRabbitMq()), vhost_(node_.MakeVhost("test/adapter")) {
    options_.urls = {node_.AmqpUrl(vhost_)};
    options_.management_url = node_.ManagementUrl();
  }
  ~RabbitFixture() override { node_.DeleteVhost(vhost_); }

  static constexpr milliseconds kPatience{60'000};

  static OutgoingMessage To(const std::string& exchange, const std::string& key,
                            const std::string& body) {
    OutgoingMessage outgoing{{exchange, key}, {}};
    outgoing.message.body = body;
    outgoing.message.properties.delivery_mode = 2;
    outgoing.message.properties.message_id = body.substr(0, 200);
    return outgoing;
  }
  void Send(const std::vector<OutgoingMessage>& messages) {
    for (const auto& result : RabbitPublisher(options_).Publish(messages)) {
      ASSERT_EQ(result.outcome, PublishOutcome::kConfirmed) << result.detail;
    }
  }
  void SendNumbered(const std::string& queue, int count) {
    std::vector<OutgoingMessage> messages;
    for (int i = 0; i < count; ++i) messages.push_back(To("", queue, std::to_string(i)));
    Send(messages);
  }

  RabbitConsumer MakeConsumer(const std::string& queue) const {
    return {options_, queue, "executor.dlq"};
  }

  static std::vector<Delivery> ReceiveExactly(Consumer& consumer, std::size_t count) {
    std::vector<Delivery> all;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (all.size() < count && std::chrono::steady_clock::now() < deadline) {
      auto some = consumer.Receive({.max_letters = count - all.size(),
                                    .max_bytes = std::size_t{1} << 30,
                                    .wait = kPatience});
      if (!some) {
        ADD_FAILURE() << some.error().message;
        break;
      }
      std::move(some->begin(), some->end(), std::back_inserter(all));
    }
    EXPECT_EQ(all.size(), count);
    return all;
  }
  static BrokerError ReceiveUntilError(Consumer& consumer) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto some =
          consumer.Receive({.max_letters = 100, .max_bytes = 1 << 20, .wait = milliseconds{1'000}});
      if (!some) return some.error();
    }
    ADD_FAILURE() << "no error came";
    return {};
  }

  // How many are ready; nothing where there is no such queue.
  std::optional<std::uint32_t> Ready(const std::string& queue) {
    return io_.Run([&]() -> std::optional<std::uint32_t> {
      const auto connection = Connection::Open(options_, Direction::kSending);
      const auto depth = (*connection)->FindQueue(queue).value();
      return depth ? std::optional(depth->messages) : std::nullopt;
    });
  }
  void AwaitReady(const std::string& queue, std::uint32_t count) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (Ready(queue) != count) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << queue << " never held " << count;
    }
  }

  test::PrivateRabbitMq& node_;
  std::string vhost_;
  Options options_;
  IoThread io_;
};

}  // namespace deadletter::rabbitmq
