#include "handler/broker_figures.h"

#include <algorithm>
#include <utility>

#include "broker/consumer_tag.h"
#include "telemetry/log.h"

namespace deadletter {
namespace {

constexpr std::chrono::seconds kQueuesEvery(5);
constexpr std::chrono::seconds kConsumersEvery(30);

}  // namespace

BrokerFigures::BrokerFigures(std::unique_ptr<BrokerWatch> watch, std::vector<WatchedQueue> queues,
                             Metrics& metrics, Health& health)
    : watch_(std::move(watch)), queues_(std::move(queues)), metrics_(metrics), health_(health) {}

BrokerFigures::~BrokerFigures() {
  Stop();
}

void BrokerFigures::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void BrokerFigures::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  watch_->Abort();
  thread_.join();
}

void BrokerFigures::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Look();
    signal_.WaitFor(stop, kQueuesEvery);
  }
}

void BrokerFigures::Look() {
  const auto well = watch_->Check();
  metrics_.SetBrokerConnected(well.has_value());
  if (!well) {
    if (health_.Set("broker", HealthState::kMissing, well.error().message)) {
      LogWarning("broker_away", {{"cause", std::string(BrokerFaultName(well.error().fault))},
                                 {"why", well.error().message}});
    }
    return;
  }
  if (health_.Set("broker", HealthState::kReady)) LogInfo("broker_answers");
  for (const WatchedQueue& queue : queues_) {
    const auto waiting = watch_->Waiting(queue.name);
    if (!waiting) return;  // the last figures stand; the next look says why
    // A queue that is not there holds nothing; that it is missing, the inbox says.
    metrics_.SetQueueMessages(queue.name, waiting->value_or(0));
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_for_consumers_ < kConsumersEvery) return;
  looked_for_consumers_ = now;
  LookForForeignConsumers();
}

void BrokerFigures::LookForForeignConsumers() {
  for (const WatchedQueue& queue : queues_) {
    const std::string part = "consumers of " + queue.name;
    const auto tags = watch_->ConsumerTags(queue.name);
    if (!tags) {
      health_.Set(part, HealthState::kWarning, "not known: " + tags.error().message);
      continue;
    }
    if (!*tags) return;  // nobody to ask: broker.management_url is not set
    const auto foreign = std::ranges::find_if(
        **tags, [&](const std::string& tag) { return !IsConsumerTagOf(tag, queue.consumer_tag); });
    if (foreign == (*tags)->end()) {
      health_.Set(part, HealthState::kReady);
      continue;
    }
    const std::string message = "a consumer with tag " + *foreign +
                                " takes letters that we never see; stop it, or set that "
                                "consumer_tag if it is ours";
    if (health_.Set(part, HealthState::kWarning, message))
      LogWarning("foreign_consumer", {{"queue", queue.name}, {"tag", *foreign}});
  }
}

}  // namespace deadletter
