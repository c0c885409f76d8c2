#include "handler/service.h"

#include <algorithm>

#include "handler/counter.h"

namespace deadletter {
namespace {

std::vector<WatchedQueue> WatchedQueues(const std::vector<QueueOptions>& queues) {
  std::vector<WatchedQueue> watched;
  watched.reserve(queues.size());
  for (const QueueOptions& queue : queues) watched.push_back({queue.name, queue.consumer_tag});
  return watched;
}

ExpectedLabels Labels(const std::vector<QueueOptions>& queues) {
  ExpectedLabels labels;
  for (const QueueOptions& queue : queues) labels.queues.push_back(queue.name);
  for (const LedgerFault fault :
       {LedgerFault::kUnavailable, LedgerFault::kInDoubt, LedgerFault::kBusy,
        LedgerFault::kRowLocked, LedgerFault::kTooLong, LedgerFault::kLetter,
        LedgerFault::kStatement}) {
    labels.causes.push_back(LedgerFaultName(fault));
  }
  for (const PublishOutcome outcome :
       {PublishOutcome::kConfirmed, PublishOutcome::kUnroutable, PublishOutcome::kNoTarget,
        PublishOutcome::kNacked, PublishOutcome::kInDoubt, PublishOutcome::kUnavailable}) {
    labels.publish_outcomes.push_back(PublishOutcomeName(outcome));
  }
  for (const ReplayEnd end : kReplayEnds) labels.replay_ends.push_back(ReplayEndName(end));
  return labels;
}

std::vector<std::unique_ptr<Chore>> Chores(const Adapters& adapters, IndexedView searched,
                                           const Clock& clock, Metrics& metrics) {
  std::vector<std::unique_ptr<Chore>> chores;
  chores.push_back(std::make_unique<Counter>(adapters.counting(), clock, metrics));
  chores.push_back(
      std::make_unique<Indexer>(adapters.text_index(), std::move(searched), clock, metrics));
  return chores;
}

}  // namespace

Service::Service(ServiceOptions options, const Adapters& adapters, const Clock& clock,
                 Metrics& metrics, Health& health)
    : format_(std::move(options.format)),
      reader_(format_),
      judge_(std::move(options.judge), clock),
      relay_(adapters.outbox(), adapters.publisher(), clock, metrics, health,
             std::move(options.relay), [this] { return HasBacklog(); }),
      second_look_(adapters.settlement(), reader_, judge_, clock, metrics, health,
                   options.second_look, [this] { relay_.Notify(); }),
      broker_figures_(adapters.broker_watch(), WatchedQueues(options.queues), metrics, health),
      ledger_figures_(adapters.catalog(), metrics, health),
      behind_settle_(
          Chores(adapters, std::move(options.searched), clock, metrics),
          [this] { return HasBacklog(); }, health, options.behind_settle),
      schema_(adapters.migrator(), options.may_migrate, health, std::move(options.schema_refused)) {
  metrics.Expect(Labels(options.queues));
  if (options.replayer) {
    replayer_ = std::make_unique<Replayer>(adapters.replay_work(), adapters.replay_publisher(),
                                           adapters.broker_watch(), reader_, format_, judge_, clock,
                                           metrics, health, *options.replayer);
  }
  for (const QueueOptions& queue : options.queues) {
    intakes_.push_back(std::make_unique<Intake>(
        adapters.consumer(queue.name, queue.consumer_tag), adapters.settlement(),
        queue.has_helper ? adapters.settlement() : nullptr, reader_, judge_, clock, metrics, health,
        queue.intake, [this] { relay_.Notify(); }));
  }
}

Service::~Service() {
  Stop(std::chrono::milliseconds(0));
}

void Service::Start() {
  if (running_) return;
  running_ = true;
  broker_figures_.Start();  // whatever the ledger lacks, the broker can be asked
  starter_ = std::jthread([this](const std::stop_token& stop) {
    if (schema_.Await(stop)) StartLoops();
  });
}

void Service::StartLoops() {
  loops_started_ = true;
  relay_.Start();
  second_look_.Start();
  if (replayer_) replayer_->Start();
  ledger_figures_.Start();
  for (const auto& intake : intakes_) intake->Start();
  behind_settle_.Start();
}

bool Service::HasBacklog() const {
  return std::ranges::any_of(intakes_, [](const auto& intake) { return intake->HasBacklog(); });
}

void Service::NotifyReplays() {
  if (replayer_) replayer_->Notify();
}

void Service::NotifyOutbox() {
  relay_.Notify();
}

void Service::Stop(std::chrono::milliseconds patience) {
  if (!running_) return;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  starter_.request_stop();
  schema_.Abort();
  starter_.join();
  running_ = false;
  if (!loops_started_) {
    broker_figures_.Stop();
    return;
  }
  // All at once: they share one deadline. Who has to be interrupted is not waited for before the
  // others are interrupted as well.
  for (const auto& intake : intakes_) intake->RequestStop();
  broker_figures_.Stop();
  ledger_figures_.Stop();
  second_look_.Stop();
  behind_settle_.Stop();  // what it has not done by now is done after the next start
  if (replayer_) replayer_->RequestStop();
  for (const auto& intake : intakes_) intake->FinishBy(deadline);
  if (replayer_) replayer_->Stop(deadline);
  // The relay comes last: it still sends what these batches have written, if there is time.
  relay_.Stop(deadline);
  intakes_.clear();
}

}  // namespace deadletter
