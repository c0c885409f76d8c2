// A PostgreSQL ledger for what only PostgreSQL can do to us.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/conformance/ledger_conformance.h"
#include "tests/conformance/postgres_ledger_under_test.h"

namespace deadletter::test {

// In a database of its own, for tests that change its settings or look at its sessions.
inline std::unique_ptr<LedgerUnderTest> MakeSeparateLedger(const LedgerSetup& setup) {
  return std::make_unique<PostgresLedgerUnderTest>(setup);
}

class PostgresLedger : public LedgerConformance {
 protected:
  [[nodiscard]] PostgresLedgerUnderTest& postgres() {
    return dynamic_cast<PostgresLedgerUnderTest&>(*ledger_);
  }
  [[nodiscard]] PlatformConnection Session() {
    return PlatformConnection(postgres().options().url);
  }
  // The options of a role whose password is its name.
  [[nodiscard]] postgres::Options As(const std::string& role) {
    postgres::Options options = postgres().options();
    options.url = "postgresql://" + role + ":" + role + options.url.substr(options.url.find('@'));
    return options;
  }
  [[nodiscard]] LedgerError Refused(const std::vector<Judgement>& batch,
                                    LockedRows locked = LockedRows::kWait) {
    const auto refused = settlement_->Settle(batch, locked);
    if (refused) throw std::runtime_error("settled, against all expectation");
    return refused.error();
  }
  // Settles on a thread of its own; the connection exists and the table is known before it begins.
  [[nodiscard]] std::jthread SettleBeside(std::vector<Judgement> batch,
                                          LedgerResult<std::vector<SettledLetter>>& result) {
    Good(settlement_->Probe());
    return std::jthread([this, batch = std::move(batch), &result] {
      result = settlement_->Settle(batch, LockedRows::kWait);
    });
  }
  // The backend that is executing `part` of a statement in this database.
  [[nodiscard]] static std::string BackendOf(PlatformConnection& session, const std::string& part) {
    return session.Value(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid() "
        "AND state = 'active' AND query LIKE $1",
        {"%" + part + "%"});
  }
};

}  // namespace deadletter::test
