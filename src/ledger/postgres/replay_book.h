// Replays made, seen and steered, over PostgreSQL.
#pragma once

#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/replay_book.h"

namespace deadletter::postgres {

class PostgresReplayBook final : public ReplayBook {
 public:
  explicit PostgresReplayBook(const Options& options);

  [[nodiscard]] LedgerResult<ReplayPreview> Preview(const LetterSelection& selection) override;
  [[nodiscard]] LedgerResult<ReplayMade> Make(ReplayId id, const ReplaySpec& spec,
                                              const LetterSelection& selection,
                                              std::size_t max_letters, Instant now,
                                              const AuditEntry& entry) override;
  [[nodiscard]] LedgerResult<std::vector<ReplayRecord>> List(
      std::size_t limit, std::optional<ReplayId> after) override;
  [[nodiscard]] LedgerResult<std::optional<ReplayRecord>> Show(ReplayId id) override;
  [[nodiscard]] LedgerResult<std::vector<MovingReplay>> Moving(Instant ended_after,
                                                               std::size_t limit) override;
  [[nodiscard]] LedgerResult<std::vector<ReplayedLetter>> Letters(
      ReplayId id, std::optional<ReplayEnd> end, std::size_t limit,
      std::optional<LetterId> after) override;
  [[nodiscard]] LedgerResult<std::optional<ReplaySteered>> Steer(ReplayId id, ReplayCommand command,
                                                                 Instant now,
                                                                 const AuditEntry& entry) override;
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] std::string Chosen(const LetterSelection& selection) const;
  [[nodiscard]] LedgerResult<std::vector<ReplayRecord>> Read(std::optional<ReplayId> after,
                                                             std::optional<ReplayId> only,
                                                             std::size_t limit);

  std::string schema_name_;
  std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
