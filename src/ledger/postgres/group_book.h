// Groups and statistics shown, and groups muted, over PostgreSQL.
#pragma once

#include <string>

#include "ledger/group_book.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"

namespace deadletter::postgres {

class PostgresGroupBook final : public GroupBook {
 public:
  explicit PostgresGroupBook(const Options& options);

  [[nodiscard]] LedgerResult<GroupPage> List(const GroupFilter& filter, GroupOrder order,
                                             std::size_t limit, std::optional<GroupPlace> after,
                                             Instant now) override;
  [[nodiscard]] LedgerResult<bool> Mute(GroupId group, std::optional<Instant> until,
                                        const AuditEntry& entry) override;
  [[nodiscard]] LedgerResult<Statistics> Count(Instant since, Instant until,
                                               std::size_t most_queues) override;
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<void> AddTrends(GroupPage& page, Instant now);
  [[nodiscard]] LedgerResult<void> CountHours(Statistics& statistics, Instant since, Instant until,
                                              std::size_t most_queues);
  [[nodiscard]] LedgerResult<void> CountWhatIsNow(Statistics& statistics);
  [[nodiscard]] LedgerResult<Rows> Ask(std::string_view sql);

  std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
