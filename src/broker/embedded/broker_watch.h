// The port BrokerWatch over the embedded queue file.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "broker/broker_watch.h"
#include "broker/embedded/broker.h"

namespace deadletter {

class EmbeddedBrokerWatch final : public BrokerWatch {
 public:
  explicit EmbeddedBrokerWatch(std::shared_ptr<EmbeddedBroker> broker)
      : broker_(std::move(broker)) {}

  [[nodiscard]] BrokerResult<void> Check() override;
  [[nodiscard]] BrokerResult<std::optional<std::int64_t>> Waiting(
      const std::string& queue) override;
  [[nodiscard]] BrokerResult<std::optional<std::vector<std::string>>> ConsumerTags(
      const std::string& queue) override;
  void Abort() override { aborted_ = true; }

 private:
  const std::shared_ptr<EmbeddedBroker> broker_;
  std::atomic<bool> aborted_ = false;
};

}  // namespace deadletter
