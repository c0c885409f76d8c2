// The session that we ask of PostgreSQL, where it matters that the server ends it: a process of
// ours that stands still in the middle of a transaction must not hold the platform's rows for ever.
#include <gtest/gtest.h>

#include "ledger/postgres/connection.h"
#include "tests/support/platform_connection.h"
#include "tests/support/private_postgres.h"

namespace deadletter::test {
namespace {

using postgres::Connection;
using postgres::Statement;
using std::chrono::milliseconds;

Statement Sql(std::string text) {
  return {.sql = std::move(text), .parameters = {}};
}

TEST(PostgresSession, P2_P5_ATransactionThatStandsStillIsEndedByTheServerAndHoldsNothing) {
  const std::string url = SharedPostgres().MakeDatabase("session");
  PlatformConnection platform(url);
  platform.Run("CREATE TABLE job (id int PRIMARY KEY, status text)");
  platform.Run("INSERT INTO job VALUES (1, 'scheduled')");
  Connection ours(url, "deadletter", milliseconds(300), milliseconds(300));
  ASSERT_TRUE(ours.Begin({Sql("UPDATE job SET status = 'failed' WHERE id = 1")}));

  // The worker's: it waits for us, and for no longer than the server lets us stand there.
  platform.Run("SET statement_timeout = '60s'");
  platform.Run("UPDATE job SET status = 'completed' WHERE id = 1 AND status = 'scheduled'");
  EXPECT_EQ(platform.Value("SELECT status FROM job"), "completed");

  const auto committed = ours.Commit({Sql("UPDATE job SET status = 'failed' WHERE id = 1")});
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().fault, LedgerFault::kUnavailable) << committed.error().message;
  EXPECT_EQ(committed.error().code, "25P03") << committed.error().message;
  EXPECT_EQ(platform.Value("SELECT status FROM job"), "completed") << "nothing half done";
  EXPECT_TRUE(ours.Run(Sql("SELECT 1"))) << "another session is opened";
}

}  // namespace
}  // namespace deadletter::test
