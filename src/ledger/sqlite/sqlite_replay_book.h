// Replays made, seen and steered, over the SQLite ledger.
#pragma once

#include "ledger/replay_book.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

class SqliteReplayBook final : public ReplayBook {
 public:
  explicit SqliteReplayBook(const SqliteLedgerOptions& options);

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
  void Abort() override { file_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<std::vector<ReplayRecord>> Read(const std::string& conditions,
                                                             const std::optional<ReplayId>& id,
                                                             std::size_t limit);

  LedgerFile file_;
};

}  // namespace deadletter
