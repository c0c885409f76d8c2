// Groups and statistics shown, and groups muted, over the SQLite ledger.
#pragma once

#include "ledger/group_book.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

class SqliteGroupBook final : public GroupBook {
 public:
  explicit SqliteGroupBook(const SqliteLedgerOptions& options);

  [[nodiscard]] LedgerResult<GroupPage> List(const GroupFilter& filter, GroupOrder order,
                                             std::size_t limit, std::optional<GroupPlace> after,
                                             Instant now) override;
  [[nodiscard]] LedgerResult<bool> Mute(GroupId group, std::optional<Instant> until,
                                        const AuditEntry& entry) override;
  [[nodiscard]] LedgerResult<Statistics> Count(Instant since, Instant until,
                                               std::size_t most_queues) override;
  void Abort() override { file_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<void> AddTrends(sqlite::Database& database, GroupPage& page,
                                             Instant now);
  [[nodiscard]] LedgerResult<void> CountHours(sqlite::Database& database, Statistics& statistics,
                                              Instant since, Instant until,
                                              std::size_t most_queues);
  [[nodiscard]] LedgerResult<void> CountWhatIsNow(sqlite::Database& database,
                                                  Statistics& statistics);

  LedgerFile file_;
};

}  // namespace deadletter
