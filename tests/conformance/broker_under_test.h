// A broker as the conformance suites see it: one implementation an adapter. What RabbitMQ does is
// the truth; where an adapter cannot do it, it says so here as a capability, and no test asks for
// its name.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker_watch.h"
#include "broker/consumer.h"
#include "broker/publisher.h"
#include "broker/topology.h"
#include "broker/work_queue.h"

namespace deadletter::test {

// Every queue is durable. Absent: no such limit.
struct QueueSettings {
  std::optional<std::chrono::milliseconds> ttl{};
  std::optional<std::int64_t> max_length{};  // the oldest dies first
  std::optional<std::int64_t>
      delivery_limit{};  // deliveries that end in a requeue beyond it kill the message
  std::optional<std::string> dead_letter_exchange{};
  std::optional<std::string> dead_letter_routing_key{};  // absent: the message keeps its own
};

struct BrokerCapabilities {
  bool unsigned_64_bit_fields = true;  // takes headers of type uint64
};

// One test owns one: a virtual host or a queue file of its own. Everything given out must be gone
// before it. Whatever cannot be done throws: a test's preparation that fails is a failed test.
class BrokerUnderTest {
 public:
  virtual ~BrokerUnderTest() = default;

  [[nodiscard]] virtual std::unique_ptr<Consumer> MakeConsumer(const std::string& queue) = 0;
  // That MakeConsumer's consumers have.
  [[nodiscard]] virtual std::string consumer_tag() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Publisher> MakePublisher() = 0;
  [[nodiscard]] virtual std::unique_ptr<WorkQueue> MakeWorkQueue() = 0;
  [[nodiscard]] virtual std::unique_ptr<BrokerWatch> MakeBrokerWatch() = 0;
  [[nodiscard]] virtual std::unique_ptr<Topology> MakeTopology() = 0;

  // `type`: "topic", "direct" or "fanout".
  virtual void DeclareExchange(const std::string& name, const std::string& type) = 0;
  virtual void DeclareQueue(const std::string& name, const QueueSettings& settings) = 0;
  virtual void Bind(const std::string& exchange, const std::string& queue,
                    const std::string& key) = 0;
  virtual void DeleteQueue(const std::string& name) = 0;
  [[nodiscard]] virtual std::size_t ReadyMessages(const std::string& queue) = 0;

  // Stops the broker as a crash would and starts it again on the same data. Consumers and
  // publishers made before may answer with errors afterwards; new ones work.
  virtual void Restart() = 0;

  [[nodiscard]] virtual BrokerCapabilities capabilities() const = 0;
};

// How a test program makes them; the name ends up in the tests' names.
struct BrokerFactory {
  std::string name;
  std::function<std::unique_ptr<BrokerUnderTest>()> make;
};

inline void PrintTo(const BrokerFactory& factory, std::ostream* out) {
  *out << factory.name;
}

inline std::string BrokerName(const testing::TestParamInfo<BrokerFactory>& info) {
  return info.param.name;
}

}  // namespace deadletter::test
