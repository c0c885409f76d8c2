#include "ledger/postgres/postgres_ledger.h"

#include "ledger/postgres/audit.h"
#include "ledger/postgres/catalog.h"
#include "ledger/postgres/counting.h"
#include "ledger/postgres/discards.h"
#include "ledger/postgres/executions.h"
#include "ledger/postgres/group_book.h"
#include "ledger/postgres/migrator.h"
#include "ledger/postgres/outbox.h"
#include "ledger/postgres/replay_book.h"
#include "ledger/postgres/replay_work.h"
#include "ledger/postgres/scratch.h"
#include "ledger/postgres/settlement.h"
#include "ledger/postgres/text_index.h"

namespace deadletter::postgres {

std::unique_ptr<Settlement> MakeSettlement(const Options& options) {
  return std::make_unique<PostgresSettlement>(options);
}

std::unique_ptr<Outbox> MakeOutbox(const Options& options) {
  return std::make_unique<PostgresOutbox>(options);
}

std::unique_ptr<Catalog> MakeCatalog(const Options& options) {
  return std::make_unique<PostgresCatalog>(options);
}

std::unique_ptr<Executions> MakeExecutions(const Options& options) {
  return std::make_unique<PostgresExecutions>(options);
}

std::unique_ptr<ReplayBook> MakeReplayBook(const Options& options) {
  return std::make_unique<PostgresReplayBook>(options);
}

std::unique_ptr<ReplayWork> MakeReplayWork(const Options& options) {
  return std::make_unique<PostgresReplayWork>(options);
}

std::unique_ptr<Migrator> MakeMigrator(const Options& options) {
  return std::make_unique<PostgresMigrator>(options);
}

std::unique_ptr<Audit> MakeAudit(const Options& options) {
  return std::make_unique<PostgresAudit>(options);
}

std::unique_ptr<Remarks> MakeRemarks(const Options& options) {
  return std::make_unique<PostgresRemarks>(options);
}

std::unique_ptr<Discards> MakeDiscards(const Options& options) {
  return std::make_unique<PostgresDiscards>(options);
}

std::unique_ptr<Counting> MakeCounting(const Options& options) {
  return std::make_unique<PostgresCounting>(options);
}

std::unique_ptr<GroupBook> MakeGroupBook(const Options& options) {
  return std::make_unique<PostgresGroupBook>(options);
}

std::unique_ptr<TextIndex> MakeTextIndex(const Options& options) {
  return std::make_unique<PostgresTextIndex>(options);
}

std::unique_ptr<ScratchLedger> MakeScratch(const Options& options) {
  return std::make_unique<PostgresScratch>(options);
}

}  // namespace deadletter::postgres
