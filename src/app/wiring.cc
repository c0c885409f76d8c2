#include "app/wiring.h"

#include <filesystem>

#include "broker/embedded/broker.h"
#include "broker/embedded/broker_watch.h"
#include "broker/embedded/consumer.h"
#include "broker/embedded/examination.h"
#include "broker/embedded/publisher.h"
#include "broker/embedded/scratch.h"
#include "broker/embedded/topology.h"
#include "broker/embedded/work_queue.h"
#include "broker/rabbitmq/broker_watch.h"
#include "broker/rabbitmq/consumer.h"
#include "broker/rabbitmq/examination.h"
#include "broker/rabbitmq/publisher.h"
#include "broker/rabbitmq/scratch.h"
#include "broker/rabbitmq/topology.h"
#include "broker/rabbitmq/work_queue.h"
#include "ledger/postgres/examination.h"
#include "ledger/postgres/postgres_ledger.h"
#include "ledger/sqlite/examination.h"
#include "ledger/sqlite/sqlite_audit.h"
#include "ledger/sqlite/sqlite_catalog.h"
#include "ledger/sqlite/sqlite_counting.h"
#include "ledger/sqlite/sqlite_discards.h"
#include "ledger/sqlite/sqlite_executions.h"
#include "ledger/sqlite/sqlite_group_book.h"
#include "ledger/sqlite/sqlite_migrator.h"
#include "ledger/sqlite/sqlite_outbox.h"
#include "ledger/sqlite/sqlite_replay_book.h"
#include "ledger/sqlite/sqlite_replay_work.h"
#include "ledger/sqlite/sqlite_scratch.h"
#include "ledger/sqlite/sqlite_settlement.h"
#include "ledger/sqlite/sqlite_text_index.h"

namespace deadletter {
namespace {

SqliteLedgerOptions SqliteOptionsOf(const Config& config) {
  return {config.ledger.path, config.executions, config.executions_mode,
          config.ledger.lock_timeout};
}

class EmbeddedWiring final : public Wiring {
 public:
  EmbeddedWiring(std::shared_ptr<EmbeddedBroker> broker, const Config& config)
      : broker_(std::move(broker)), ledger_(SqliteOptionsOf(config)) {}

  std::unique_ptr<Consumer> MakeConsumer(const std::string& queue,
                                         const std::string& consumer_tag) const override {
    return std::make_unique<EmbeddedConsumer>(broker_, queue, consumer_tag);
  }
  std::unique_ptr<Publisher> MakePublisher() const override {
    return std::make_unique<EmbeddedPublisher>(broker_);
  }
  std::unique_ptr<Publisher> MakeReplayPublisher() const override { return MakePublisher(); }
  std::unique_ptr<BrokerWatch> MakeBrokerWatch() const override {
    return std::make_unique<EmbeddedBrokerWatch>(broker_);
  }
  std::unique_ptr<WorkQueue> MakeWorkQueue() const override { return MakeLastingWorkQueue(); }
  std::unique_ptr<LastingWorkQueue> MakeLastingWorkQueue() const override {
    return std::make_unique<EmbeddedWorkQueue>(broker_);
  }
  std::unique_ptr<Topology> MakeTopology() const override {
    return std::make_unique<EmbeddedTopology>(broker_);
  }
  std::unique_ptr<Settlement> MakeSettlement() const override {
    return std::make_unique<SqliteSettlement>(ledger_);
  }
  std::unique_ptr<Outbox> MakeOutbox() const override {
    return std::make_unique<SqliteOutbox>(ledger_);
  }
  std::unique_ptr<Catalog> MakeCatalog() const override {
    return std::make_unique<SqliteCatalog>(ledger_);
  }
  std::unique_ptr<Executions> MakeExecutions() const override { return MakeKeyedExecutions(); }
  std::unique_ptr<KeyedExecutions> MakeKeyedExecutions() const override {
    return std::make_unique<SqliteExecutions>(ledger_);
  }
  std::unique_ptr<ReplayBook> MakeReplayBook() const override {
    return std::make_unique<SqliteReplayBook>(ledger_);
  }
  std::unique_ptr<ReplayWork> MakeReplayWork() const override {
    return std::make_unique<SqliteReplayWork>(ledger_);
  }
  std::unique_ptr<Migrator> MakeMigrator() const override {
    return std::make_unique<SqliteMigrator>(ledger_);
  }
  std::unique_ptr<Audit> MakeAudit() const override {
    return std::make_unique<SqliteAudit>(ledger_);
  }
  std::unique_ptr<Remarks> MakeRemarks() const override {
    return std::make_unique<SqliteRemarks>(ledger_);
  }
  std::unique_ptr<Discards> MakeDiscards() const override {
    return std::make_unique<SqliteDiscards>(ledger_);
  }
  std::unique_ptr<Counting> MakeCounting() const override {
    return std::make_unique<SqliteCounting>(ledger_);
  }
  std::unique_ptr<GroupBook> MakeGroupBook() const override {
    return std::make_unique<SqliteGroupBook>(ledger_);
  }
  std::unique_ptr<TextIndex> MakeTextIndex() const override {
    return std::make_unique<SqliteTextIndex>(ledger_);
  }
  std::unique_ptr<ScratchBroker> MakeScratchBroker() const override {
    return std::make_unique<EmbeddedScratch>(broker_);
  }
  std::unique_ptr<ScratchLedger> MakeScratchLedger() const override {
    return std::make_unique<SqliteScratch>(ledger_);
  }

 private:
  const std::shared_ptr<EmbeddedBroker> broker_;
  const SqliteLedgerOptions ledger_;
};

rabbitmq::Options RabbitOptionsOf(const Config& config) {
  rabbitmq::Options options;
  options.urls = config.broker.urls;
  options.ca_file = config.broker.ca_file.value_or("");
  options.cert_file = config.broker.cert_file.value_or("");
  options.key_file = config.broker.key_file.value_or("");
  options.management_url = config.broker.management_url.value_or("");
  return options;
}

postgres::Options PostgresOptionsOf(const Config& config) {
  postgres::Options options;
  options.url = config.ledger.url;
  options.schema = config.ledger.schema;
  options.lock_timeout = config.ledger.lock_timeout;
  options.executions = config.executions;
  options.mode = config.executions_mode;
  return options;
}

class ServersWiring final : public Wiring {
 public:
  explicit ServersWiring(const Config& config)
      : broker_(RabbitOptionsOf(config)), ledger_(PostgresOptionsOf(config)) {}

  std::unique_ptr<Consumer> MakeConsumer(const std::string& queue,
                                         const std::string& consumer_tag) const override {
    return std::make_unique<rabbitmq::RabbitConsumer>(broker_, queue, consumer_tag);
  }
  std::unique_ptr<Publisher> MakePublisher() const override {
    return std::make_unique<rabbitmq::RabbitPublisher>(broker_);
  }
  std::unique_ptr<Publisher> MakeReplayPublisher() const override {
    return std::make_unique<rabbitmq::RabbitPublisher>(broker_, rabbitmq::PublishLimits{},
                                                       rabbitmq::ClosedChannel::kLeaveInDoubt);
  }
  std::unique_ptr<BrokerWatch> MakeBrokerWatch() const override {
    return std::make_unique<rabbitmq::RabbitBrokerWatch>(broker_);
  }
  std::unique_ptr<WorkQueue> MakeWorkQueue() const override {
    return std::make_unique<rabbitmq::RabbitWorkQueue>(broker_);
  }
  std::unique_ptr<LastingWorkQueue> MakeLastingWorkQueue() const override { return nullptr; }
  std::unique_ptr<Topology> MakeTopology() const override {
    return std::make_unique<rabbitmq::RabbitTopology>(broker_);
  }
  std::unique_ptr<Settlement> MakeSettlement() const override {
    return postgres::MakeSettlement(ledger_);
  }
  std::unique_ptr<Outbox> MakeOutbox() const override { return postgres::MakeOutbox(ledger_); }
  std::unique_ptr<ReplayBook> MakeReplayBook() const override {
    return postgres::MakeReplayBook(ledger_);
  }
  std::unique_ptr<ReplayWork> MakeReplayWork() const override {
    return postgres::MakeReplayWork(ledger_);
  }
  std::unique_ptr<Catalog> MakeCatalog() const override { return postgres::MakeCatalog(ledger_); }
  std::unique_ptr<Executions> MakeExecutions() const override {
    return postgres::MakeExecutions(ledger_);
  }
  std::unique_ptr<KeyedExecutions> MakeKeyedExecutions() const override { return nullptr; }
  std::unique_ptr<Migrator> MakeMigrator() const override {
    return postgres::MakeMigrator(ledger_);
  }
  std::unique_ptr<Audit> MakeAudit() const override { return postgres::MakeAudit(ledger_); }
  std::unique_ptr<Remarks> MakeRemarks() const override { return postgres::MakeRemarks(ledger_); }
  std::unique_ptr<Discards> MakeDiscards() const override {
    return postgres::MakeDiscards(ledger_);
  }
  std::unique_ptr<Counting> MakeCounting() const override {
    return postgres::MakeCounting(ledger_);
  }
  std::unique_ptr<GroupBook> MakeGroupBook() const override {
    return postgres::MakeGroupBook(ledger_);
  }
  std::unique_ptr<TextIndex> MakeTextIndex() const override {
    return postgres::MakeTextIndex(ledger_);
  }
  std::unique_ptr<ScratchBroker> MakeScratchBroker() const override {
    return std::make_unique<rabbitmq::RabbitScratch>(broker_);
  }
  std::unique_ptr<ScratchLedger> MakeScratchLedger() const override {
    return postgres::MakeScratch(ledger_);
  }

 private:
  const rabbitmq::Options broker_;
  const postgres::Options ledger_;
};

// Less than half a minute, since what is ended needs a moment to say so.
constexpr std::chrono::seconds kExaminationLimit{20};

BrokerExpectations BrokerExpectationsOf(const Config& config) {
  BrokerExpectations wanted;
  wanted.topology = config.topology;
  for (const QueueConfig& queue : config.queues) {
    if (queue.optional) wanted.optional_queues.push_back(queue.name);
  }
  if (config.events.enabled)
    wanted.events = Address{config.events.exchange, config.events.routing_key};
  return wanted;
}

LedgerExpectations LedgerExpectationsOf(const Config& config) {
  return {.auto_migrate = config.ledger.auto_migrate,
          .mode = config.executions_mode,
          .overdue_after = config.sweeper.overdue_after,
          .queues = config.queues.size()};
}

Result<void> MakeFolderFor(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error)
    return Fail("cannot make the folder " + folder.string() + ": " + error.message() +
                "; set data_dir");
  return {};
}

Result<void> MakeFolders(const Config& config) {
  for (const std::string& file : {config.broker.path, config.ledger.path}) {
    if (auto made = MakeFolderFor(file); !made) return made;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Wiring>> Wiring::Open(const Config& config, const Clock& clock) {
  if (config.pair == Pair::kServers) return std::make_unique<ServersWiring>(config);
  if (const auto made = MakeFolders(config); !made) return Unexpected<Error>(made.error());
  auto broker = EmbeddedBroker::Open(config.broker.path, clock);
  if (!broker) return Fail(broker.error().message);
  return std::make_unique<EmbeddedWiring>(std::move(*broker), config);
}

Result<std::unique_ptr<Wiring>> Wiring::OpenToStay(const Config& config, const Clock& clock) {
  if (config.pair == Pair::kServers) return std::make_unique<ServersWiring>(config);
  if (const auto made = MakeFolders(config); !made) return Unexpected<Error>(made.error());
  return std::make_unique<EmbeddedWiring>(
      EmbeddedBroker::OpenWhenPossible(config.broker.path, clock), config);
}

BrokerResult<std::vector<Finding>> Wiring::CheckTopology(const Config& config, const Clock& clock) {
  if (config.pair == Pair::kEmbedded)
    return CheckQueueFile(config.broker.path, config.topology, clock);
  return ServersWiring(config).MakeTopology()->Check(config.topology);
}

std::vector<Diagnosis> Wiring::ExamineBroker(const Config& config, const Clock& clock) {
  const auto wanted = BrokerExpectationsOf(config);
  if (config.pair == Pair::kEmbedded) {
    return embedded::JudgeQueueFile(wanted,
                                    embedded::LookAtQueueFile(config.broker.path, wanted, clock));
  }
  return rabbitmq::JudgeBroker(
      wanted, rabbitmq::LookAtBroker(RabbitOptionsOf(config), wanted, kExaminationLimit));
}

std::vector<Diagnosis> Wiring::ExamineLedger(const Config& config, const Clock& clock) {
  const auto wanted = LedgerExpectationsOf(config);
  if (config.pair == Pair::kEmbedded) {
    const auto options = SqliteOptionsOf(config);
    return JudgeSqliteLedger(options, wanted,
                             LookAtSqliteLedger(options, wanted, clock, kExaminationLimit));
  }
  const auto options = PostgresOptionsOf(config);
  return postgres::JudgeLedger(options, wanted,
                               postgres::LookAtLedger(options, wanted, clock, kExaminationLimit));
}

Adapters Wiring::MakeAdapters() const {
  Adapters adapters;
  adapters.consumer = [this](const auto& queue, const auto& consumer_tag) {
    return MakeConsumer(queue, consumer_tag);
  };
  adapters.publisher = [this] { return MakePublisher(); };
  adapters.replay_publisher = [this] { return MakeReplayPublisher(); };
  adapters.broker_watch = [this] { return MakeBrokerWatch(); };
  adapters.settlement = [this] { return MakeSettlement(); };
  adapters.outbox = [this] { return MakeOutbox(); };
  adapters.replay_work = [this] { return MakeReplayWork(); };
  adapters.catalog = [this] { return MakeCatalog(); };
  adapters.counting = [this] { return MakeCounting(); };
  adapters.text_index = [this] { return MakeTextIndex(); };
  adapters.migrator = [this] { return MakeMigrator(); };
  return adapters;
}

LedgerReaders MakeReaders(const Wiring& wiring, const Config& config) {
  const bool observing = config.executions_mode == ExecutionsMode::kObserve;
  return {.catalog = wiring.MakeCatalog(),
          .executions = observing ? nullptr : wiring.MakeExecutions(),
          .audit = wiring.MakeAudit(),
          .remarks = wiring.MakeRemarks(),
          .discards = wiring.MakeDiscards(),
          .replays = observing ? nullptr : wiring.MakeReplayBook(),
          .groups = wiring.MakeGroupBook()};
}

std::unique_ptr<Work> MakeWork(const Wiring& wiring, const Config& config,
                               std::function<void()> submitted) {
  auto queue = wiring.MakeLastingWorkQueue();
  if (queue == nullptr) return nullptr;
  const bool observing = config.executions_mode == ExecutionsMode::kObserve;
  return std::make_unique<Work>(
      WorkPorts{.queue = std::move(queue),
                .executions = observing ? nullptr : wiring.MakeKeyedExecutions(),
                .audit = wiring.MakeAudit()},
      WorkOptions{.topology = config.topology,
                  .format = config.letter,
                  .final_statuses = config.executions.final_statuses,
                  .redaction = RedactionOf(config),
                  .submitted = std::move(submitted)});
}

Redaction RedactionOf(const Config& config) {
  return {config.redact, config.letter, config.letter.max_body_bytes};
}

}  // namespace deadletter
