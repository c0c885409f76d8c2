// Discards over PostgreSQL.
#pragma once

#include <string>

#include "ledger/discards.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"

namespace deadletter::postgres {

class PostgresDiscards final : public Discards {
 public:
  explicit PostgresDiscards(const Options& options);

  [[nodiscard]] LedgerResult<DiscardCounts> Preview(const LetterSelection& selection,
                                                    std::size_t max_letters) override;
  [[nodiscard]] LedgerResult<DiscardCounts> Discard(const LetterSelection& selection,
                                                    std::size_t max_letters,
                                                    const std::string& detail, Instant now,
                                                    const AuditEntry& entry) override;
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] std::string Chosen(const LetterSelection& selection) const;

  std::string schema_name_;
  std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
