// What every Migrator does. Included once a test program.
#pragma once

#include <thread>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class MigratorConformance : public LedgerConformance {
 protected:
  void SetUp() override { Use({.migrated = false}); }
};

TEST_P(MigratorConformance, AnEmptyLedgerIsMigratedOnce) {
  auto migrator = ledger_->OpenMigrator();
  const SchemaStatus before = Good(migrator->Status());
  EXPECT_EQ(before.version, 0);
  EXPECT_FALSE(before.IsCurrent());
  EXPECT_FALSE(before.IsNewer());
  EXPECT_EQ(static_cast<int>(Good(migrator->Migrate()).size()), before.wanted);
  EXPECT_TRUE(Good(migrator->Status()).IsCurrent());
  EXPECT_THAT(Good(migrator->Migrate()), testing::IsEmpty());
  Put(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
}

TEST_P(MigratorConformance, SeveralInstancesThatStartTogetherMigrateOnce) {
  std::vector<std::size_t> ran(4);
  std::vector<std::thread> threads;
  for (auto& mine : ran) {
    threads.emplace_back([&] { mine = Good(ledger_->OpenMigrator()->Migrate()).size(); });
  }
  for (auto& thread : threads) thread.join();
  const SchemaStatus status = Good(ledger_->OpenMigrator()->Status());
  EXPECT_TRUE(status.IsCurrent());
  EXPECT_EQ(ran[0] + ran[1] + ran[2] + ran[3], static_cast<std::size_t>(status.wanted));
}

TEST_P(MigratorConformance, PrintsWhatItWouldRun) {
  EXPECT_THAT(ledger_->OpenMigrator()->Print(), testing::HasSubstr("CREATE TABLE"));
}

}  // namespace deadletter::test
