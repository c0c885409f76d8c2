// The ledger's ports over PostgreSQL. Each instance has a connection of its own, opened at its
// first call and again after a loss; a call that finds none fails with kUnavailable, and when to
// try again is the caller's business.
#pragma once

#include <memory>

#include "ledger/audit.h"
#include "ledger/catalog.h"
#include "ledger/counting.h"
#include "ledger/discards.h"
#include "ledger/executions.h"
#include "ledger/group_book.h"
#include "ledger/migrator.h"
#include "ledger/outbox.h"
#include "ledger/postgres/options.h"
#include "ledger/remarks.h"
#include "ledger/replay_book.h"
#include "ledger/replay_work.h"
#include "ledger/scratch_ledger.h"
#include "ledger/settlement.h"
#include "ledger/text_index.h"

namespace deadletter::postgres {

[[nodiscard]] std::unique_ptr<Settlement> MakeSettlement(const Options& options);
[[nodiscard]] std::unique_ptr<Outbox> MakeOutbox(const Options& options);
[[nodiscard]] std::unique_ptr<Catalog> MakeCatalog(const Options& options);
[[nodiscard]] std::unique_ptr<Executions> MakeExecutions(const Options& options);
[[nodiscard]] std::unique_ptr<ReplayBook> MakeReplayBook(const Options& options);
[[nodiscard]] std::unique_ptr<ReplayWork> MakeReplayWork(const Options& options);
[[nodiscard]] std::unique_ptr<Migrator> MakeMigrator(const Options& options);
[[nodiscard]] std::unique_ptr<Audit> MakeAudit(const Options& options);
[[nodiscard]] std::unique_ptr<Remarks> MakeRemarks(const Options& options);
[[nodiscard]] std::unique_ptr<Discards> MakeDiscards(const Options& options);
[[nodiscard]] std::unique_ptr<Counting> MakeCounting(const Options& options);
[[nodiscard]] std::unique_ptr<GroupBook> MakeGroupBook(const Options& options);
[[nodiscard]] std::unique_ptr<TextIndex> MakeTextIndex(const Options& options);
[[nodiscard]] std::unique_ptr<ScratchLedger> MakeScratch(const Options& options);

}  // namespace deadletter::postgres
