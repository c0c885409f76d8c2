// The whole handler: every loop, started and stopped together.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "handler/behind_settle.h"
#include "handler/broker_figures.h"
#include "handler/indexer.h"
#include "handler/intake.h"
#include "handler/ledger_figures.h"
#include "handler/relay.h"
#include "handler/replayer.h"
#include "handler/schema_gate.h"
#include "handler/second_look.h"
#include "ledger/counting.h"

namespace deadletter {

// Makes the adapters; each call gives a new one, for one thread. Connects nothing yet.
struct Adapters {
  std::function<std::unique_ptr<Consumer>(const std::string& queue,
                                          const std::string& consumer_tag)>
      consumer;
  std::function<std::unique_ptr<Publisher>()> publisher;
  std::function<std::unique_ptr<Publisher>()> replay_publisher;  // sends nothing twice by itself
  std::function<std::unique_ptr<BrokerWatch>()> broker_watch;
  std::function<std::unique_ptr<Settlement>()> settlement;
  std::function<std::unique_ptr<Outbox>()> outbox;
  std::function<std::unique_ptr<ReplayWork>()> replay_work;
  std::function<std::unique_ptr<Catalog>()> catalog;
  std::function<std::unique_ptr<Counting>()> counting;
  std::function<std::unique_ptr<TextIndex>()> text_index;
  std::function<std::unique_ptr<Migrator>()> migrator;
};

struct QueueOptions {
  std::string name;
  std::string consumer_tag;
  IntakeOptions intake;
  bool has_helper = true;  // a second session settles in a flood
};

struct ServiceOptions {
  std::vector<QueueOptions> queues;
  LetterFormat format;
  JudgeOptions judge;
  RelayOptions relay;
  SecondLookOptions second_look;
  BehindSettleOptions behind_settle;
  IndexedView searched;
  std::optional<ReplayerOptions> replayer = ReplayerOptions{};  // absent: nothing is replayed
  bool may_migrate = true;
  // Called, from another thread, where the schema is of another version and may not be migrated:
  // the service then consumes nothing. Without it a person's `deadletter migrate` is waited for.
  SchemaGate::Refused schema_refused;
};

// Starts once: make another one to start again.
// Threads: Start, Stop and IsRunning from one thread at a time. `clock`, `metrics` and `health`
// must outlive it.
class Service {
 public:
  Service(ServiceOptions options, const Adapters& adapters, const Clock& clock, Metrics& metrics,
          Health& health);
  ~Service();  // as Stop() without patience

  // Begins to work in the background; what is missing (broker, ledger, queues) is waited for there.
  void Start();
  // No new letters; batches in hand are settled and acknowledged; everything else stays in the
  // broker. Returns within `patience` and a moment, also in an outage.
  void Stop(std::chrono::milliseconds patience);
  [[nodiscard]] bool IsRunning() const { return running_; }
  // A replay was made or steered. Any thread.
  void NotifyReplays();
  // There are new messages to send. Any thread.
  void NotifyOutbox();

 private:
  void StartLoops();
  [[nodiscard]] bool HasBacklog() const;

  const LetterFormat format_;
  const LetterReader reader_;
  const Judge judge_;
  Relay relay_;
  SecondLook second_look_;
  std::unique_ptr<Replayer> replayer_;  // null: nothing is replayed
  BrokerFigures broker_figures_;
  LedgerFigures ledger_figures_;
  std::vector<std::unique_ptr<Intake>> intakes_;
  BehindSettle behind_settle_;
  SchemaGate schema_;
  bool running_ = false;
  bool loops_started_ = false;  // starter_'s until it has been joined
  std::jthread starter_;
};

}  // namespace deadletter
