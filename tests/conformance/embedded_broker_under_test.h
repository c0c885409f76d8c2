// The embedded queue file as the broker of a test.
#pragma once

#include "broker/embedded/broker.h"
#include "broker/embedded/broker_watch.h"
#include "broker/embedded/consumer.h"
#include "broker/embedded/publisher.h"
#include "broker/embedded/topology.h"
#include "broker/embedded/work_queue.h"
#include "tests/conformance/broker_under_test.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::test {

template <class T>
T OrThrow(BrokerResult<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class EmbeddedBrokerUnderTest final : public BrokerUnderTest {
 public:
  std::unique_ptr<Consumer> MakeConsumer(const std::string& queue) override {
    return std::make_unique<EmbeddedConsumer>(broker_, queue, consumer_tag());
  }
  std::string consumer_tag() const override { return "conformance"; }
  std::unique_ptr<Publisher> MakePublisher() override {
    return std::make_unique<EmbeddedPublisher>(broker_);
  }
  std::unique_ptr<WorkQueue> MakeWorkQueue() override {
    return std::make_unique<EmbeddedWorkQueue>(broker_);
  }
  std::unique_ptr<BrokerWatch> MakeBrokerWatch() override {
    return std::make_unique<EmbeddedBrokerWatch>(broker_);
  }
  std::unique_ptr<Topology> MakeTopology() override {
    return std::make_unique<EmbeddedTopology>(broker_);
  }
  void DeclareExchange(const std::string& name, const std::string& type) override {
    OrThrow(broker_->DeclareExchange(name, ExchangeTypeFromName(type).value()));
  }
  void DeclareQueue(const std::string& name, const QueueSettings& settings) override {
    OrThrow(broker_->DeclareQueue({.name = name,
                                   .message_ttl = settings.ttl,
                                   .dead_letter_exchange = settings.dead_letter_exchange,
                                   .dead_letter_routing_key = settings.dead_letter_routing_key,
                                   .max_length = settings.max_length,
                                   .delivery_limit = settings.delivery_limit}));
  }
  void Bind(const std::string& exchange, const std::string& queue,
            const std::string& key) override {
    OrThrow(broker_->Bind(exchange, queue, key));
  }
  void DeleteQueue(const std::string& name) override { OrThrow(broker_->DeleteQueue(name)); }
  std::size_t ReadyMessages(const std::string& queue) override {
    return OrThrow(broker_->Count(queue)).ready;
  }
  void Restart() override {
    broker_.reset();
    broker_ = Open();
  }
  BrokerCapabilities capabilities() const override { return {.unsigned_64_bit_fields = true}; }

  [[nodiscard]] std::string path() const { return folder_ / "queues.sqlite"; }

 private:
  std::shared_ptr<EmbeddedBroker> Open() {
    return OrThrow(EmbeddedBroker::Open(folder_ / "queues.sqlite", clock_));
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  std::shared_ptr<EmbeddedBroker> broker_ = Open();
};

}  // namespace deadletter::test
