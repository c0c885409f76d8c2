// A virtual host on the shared RabbitMQ node as the broker of a test.
#pragma once

#include <fmt/format.h>

#include "broker/rabbitmq/broker_watch.h"
#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/consumer.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/publisher.h"
#include "broker/rabbitmq/topology.h"
#include "broker/rabbitmq/work_queue.h"
#include "tests/conformance/broker_under_test.h"
#include "tests/support/private_rabbitmq.h"

namespace deadletter::test {

class RabbitUnderTest final : public BrokerUnderTest {
 public:
  RabbitUnderTest() : node_(SharedRabbitMq()), vhost_(node_.MakeVhost("conformance/test")) {
    options_.urls = {node_.AmqpUrl(vhost_)};
    options_.management_url = node_.ManagementUrl();
  }
  ~RabbitUnderTest() override { node_.DeleteVhost(vhost_); }

  std::unique_ptr<Consumer> MakeConsumer(const std::string& queue) override {
    return std::make_unique<rabbitmq::RabbitConsumer>(options_, queue, consumer_tag());
  }
  std::string consumer_tag() const override { return "executor.dlq"; }
  std::unique_ptr<Publisher> MakePublisher() override {
    return std::make_unique<rabbitmq::RabbitPublisher>(options_);
  }
  std::unique_ptr<WorkQueue> MakeWorkQueue() override {
    return std::make_unique<rabbitmq::RabbitWorkQueue>(options_);
  }
  std::unique_ptr<BrokerWatch> MakeBrokerWatch() override {
    return std::make_unique<rabbitmq::RabbitBrokerWatch>(options_);
  }
  std::unique_ptr<Topology> MakeTopology() override {
    return std::make_unique<rabbitmq::RabbitTopology>(options_);
  }

  void DeclareExchange(const std::string& name, const std::string& type) override {
    node_.DeclareExchange(vhost_, name, type);
  }
  void DeclareQueue(const std::string& name, const QueueSettings& settings) override {
    node_.DeclareQueue(vhost_, name, ArgumentsOf(settings));
  }
  void Bind(const std::string& exchange, const std::string& queue,
            const std::string& key) override {
    node_.Bind(vhost_, exchange, queue, key);
  }
  void DeleteQueue(const std::string& name) override { node_.DeleteQueue(vhost_, name); }

  // By AMQP: the management API tells yesterday's numbers.
  std::size_t ReadyMessages(const std::string& queue) override {
    return io_.Run([&]() -> std::size_t {
      auto connection = rabbitmq::Connection::Open(options_, rabbitmq::Direction::kSending);
      if (!connection) throw std::runtime_error(connection.error().message);
      const auto depth = (*connection)->FindQueue(queue);
      if (!depth || !*depth) throw std::runtime_error("no queue " + queue);
      return (*depth)->messages;
    });
  }

  void Restart() override { node_.Restart(); }

  BrokerCapabilities capabilities() const override { return {.unsigned_64_bit_fields = false}; }

  [[nodiscard]] PrivateRabbitMq& node() { return node_; }
  [[nodiscard]] const std::string& vhost() const { return vhost_; }

 private:
  static std::string ArgumentsOf(const QueueSettings& settings) {
    std::vector<std::string> arguments;
    if (settings.ttl)
      arguments.push_back(fmt::format(R"("x-message-ttl":{})", settings.ttl->count()));
    if (settings.max_length)
      arguments.push_back(fmt::format(R"("x-max-length":{})", *settings.max_length));
    if (settings.delivery_limit) {
      arguments.push_back(fmt::format(R"("x-queue-type":"quorum","x-delivery-limit":{})",
                                      *settings.delivery_limit));
    }
    if (settings.dead_letter_exchange) {
      arguments.push_back(
          fmt::format(R"("x-dead-letter-exchange":"{}")", *settings.dead_letter_exchange));
    }
    if (settings.dead_letter_routing_key) {
      arguments.push_back(
          fmt::format(R"("x-dead-letter-routing-key":"{}")", *settings.dead_letter_routing_key));
    }
    return fmt::format("{{{}}}", fmt::join(arguments, ","));
  }

  PrivateRabbitMq& node_;
  std::string vhost_;
  rabbitmq::Options options_;
  rabbitmq::IoThread io_;
};

}  // namespace deadletter::test
