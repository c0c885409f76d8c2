// Migrations of a ledger that is in use: what only PostgreSQL can do to us.
#include <gtest/gtest.h>

#include <thread>

#include "ledger/postgres/migrator.h"
#include "tests/conformance/postgres_ledger_fixture.h"

namespace deadletter::test {
namespace {

class PostgresMigrations : public PostgresLedger {};

// An index over a full ledger takes longer than any other statement may. Here it waits for somebody
// who has written to the table, which takes as long as we like.
TEST_P(PostgresMigrations, P5_OneThatTakesLongerThanAStatementMayIsNotGivenUp) {
  postgres::Options options = postgres().options();
  options.schema = "longer";
  options.statement_timeout = std::chrono::milliseconds(200);
  PlatformConnection session = Session();
  const std::string all = postgres::PostgresMigrator(options).Print();
  const std::size_t fifth = all.find("-- Lists by action and by the queue of death");
  ASSERT_NE(fifth, std::string::npos);
  session.Run("BEGIN;" + all.substr(0, fifth) + "COMMIT");

  PlatformConnection writer = Session();
  writer.Run("BEGIN; LOCK TABLE longer.letter IN ROW EXCLUSIVE MODE");
  LedgerResult<std::vector<std::string>> ran;
  {
    const std::jthread migrating([&] { ran = postgres::PostgresMigrator(options).Migrate(); });
    session.AwaitLockWaits(1);
    // As long again as its statements may take, told by the server.
    session.Run("SELECT pg_sleep(0.4)");
    EXPECT_NO_THROW(session.AwaitLockWaits(1)) << "it still waits";
    writer.Run("COMMIT");
  }
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_FALSE(ran->empty());
  const auto status = postgres::PostgresMigrator(options).Status();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->IsCurrent());
}

INSTANTIATE_TEST_SUITE_P(Postgres, PostgresMigrations, testing::Values(MakeSeparateLedger),
                         [](const auto&) { return "Ledger"; });

}  // namespace
}  // namespace deadletter::test
