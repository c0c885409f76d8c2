// Plans that are made once a session: what is gained must not cost a settle when the tables grow.
#include <gtest/gtest.h>

#include "tests/conformance/postgres_ledger_fixture.h"

namespace deadletter::test {
namespace {

class KeptPlans : public PostgresLedger {
 protected:
  // How often the server has begun to read the table from its first row to its last.
  [[nodiscard]] std::string WholeReads(const std::string& table) {
    PlatformConnection session = Session();
    return session.Value("SELECT seq_scan FROM pg_stat_all_tables WHERE relid = '" + table +
                         "'::regclass");
  }
};

INSTANTIATE_TEST_SUITE_P(Postgres, KeptPlans, testing::Values(MakeLedger(MakeSeparateLedger)),
                         [](const auto&) { return "Ledger"; });

// The plans are made while a page is all that there is, and stay when there are millions.
TEST_P(KeptPlans, P9_APlanOfASmallLedgerReadsNoTableWholeLater) {
  const std::vector<std::string> tables = {"deadletter.letter", "deadletter.letter_key",
                                           "deadletter.replay_owner", "execution"};
  Put(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
  settlement_.reset();  // an ended session has told what it did
  Session().Run("VACUUM ANALYZE");
  std::vector<std::string> before;
  for (const std::string& table : tables) before.push_back(WholeReads(table));

  settlement_ = ledger_->OpenSettlement();
  for (std::uint8_t number = 2; number < 12; ++number) {
    Put(Number(number));
    EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(number)))), Outcome::kFailed);
  }
  settlement_.reset();
  for (std::size_t index = 0; index < tables.size(); ++index)
    EXPECT_EQ(WholeReads(tables[index]), before[index]) << tables[index];
}

}  // namespace
}  // namespace deadletter::test
