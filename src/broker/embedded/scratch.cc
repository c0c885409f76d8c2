#include "broker/embedded/scratch.h"

namespace deadletter {

BrokerResult<void> EmbeddedScratch::Make(const ScratchPlan& plan) {
  BrokerResult<void> done = broker_->DeclareExchange(plan.exchange, ExchangeType::kTopic);
  for (const QueueSpec& queue :
       {QueueSpec{.name = plan.letters_queue}, QueueSpec{.name = plan.events_queue},
        QueueSpec{.name = plan.dying_queue,
                  .message_ttl = std::chrono::milliseconds(0),
                  .dead_letter_exchange = plan.exchange,
                  .dead_letter_routing_key = plan.letters_queue}}) {
    if (done) done = broker_->DeclareQueue(queue);
    if (done) done = broker_->Bind(plan.exchange, queue.name, queue.name);
  }
  return done;
}

BrokerResult<void> EmbeddedScratch::Remove(const ScratchPlan& plan) {
  for (const std::string& queue : {plan.dying_queue, plan.letters_queue, plan.events_queue}) {
    if (auto deleted = broker_->DeleteQueue(queue); !deleted)
      return Unexpected<BrokerError>(deleted.error());
  }
  return {};
}

}  // namespace deadletter
