#include "handler/service.h"

namespace deadletter {

Service::Service(ServiceOptions options, const Adapters& adapters, const Clock& clock,
                 Metrics& metrics, Health& health)
    : reader_(std::move(options.format)),
      judge_(std::move(options.judge), clock),
      relay_(adapters.outbox(), adapters.publisher(), clock, metrics, health,
             std::move(options.relay)),
      second_look_(adapters.settlement(), reader_, judge_, clock, metrics, health,
                   options.second_look, [this] { relay_.Notify(); }),
      watch_(adapters.catalog(), metrics),
      migrator_(adapters.migrator()),
      may_migrate_(options.may_migrate),
      health_(health) {
  for (const QueueOptions& queue : options.queues) {
    intakes_.push_back(std::make_unique<Intake>(
        adapters.consumer(queue.name, queue.consumer_tag), adapters.settlement(), reader_, judge_,
        clock, metrics, health, queue.intake, [this] { relay_.Notify(); }));
  }
}

Service::~Service() {
  Stop(std::chrono::milliseconds(0));
}

void Service::Start() {
  if (running_) return;
  running_ = true;
  starter_ = std::jthread([this](const std::stop_token& stop) {
    if (AwaitSchema(*migrator_, may_migrate_, health_, stop)) StartLoops();
  });
}

void Service::StartLoops() {
  loops_started_ = true;
  relay_.Start();
  second_look_.Start();
  watch_.Start();
  for (const auto& intake : intakes_) intake->Start();
}

void Service::Stop(std::chrono::milliseconds patience) {
  if (!running_) return;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  starter_.request_stop();
  starter_.join();
  running_ = false;
  if (!loops_started_) return;
  for (const auto& intake : intakes_)
    intake->RequestStop();  // all at once: they share one deadline
  for (const auto& intake : intakes_) intake->Stop(deadline);
  watch_.Stop();
  second_look_.Stop();
  relay_.Stop(deadline);
}

}  // namespace deadletter
