// The session that we ask of PostgreSQL: the server ends it where a process of ours stands still in
// the middle of a transaction, which must not hold the platform's rows for ever; and it knows
// statements of ours by name, which may be lost.
#include <gtest/gtest.h>

#include "ledger/postgres/connection.h"
#include "tests/conformance/ledger_conformance.h"
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

Statement KeptSql(std::string text) {
  return {.sql = std::move(text), .parameters = {}, .is_kept = true};
}

class KeptStatements : public ::testing::Test {
 protected:
  [[nodiscard]] std::int64_t InTheSession() {
    return Good(connection_.Run(Sql("SELECT count(*) FROM pg_prepared_statements"))).Number(0, 0);
  }
  [[nodiscard]] std::int64_t Answer(const Statement& statement) {
    return Good(connection_.Run(statement)).Number(0, 0);
  }

  std::string url_ = SharedPostgres().MakeDatabase("kept");
  Connection connection_{url_, "deadletter", std::chrono::seconds(5)};
};

TEST_F(KeptStatements, EachIsParsedOnceASession) {
  const Statement seven = KeptSql("SELECT 7::bigint");
  for (int round = 0; round < 3; ++round) EXPECT_EQ(Answer(seven), 7);
  EXPECT_EQ(Answer(KeptSql("SELECT 8::bigint")), 8);
  EXPECT_EQ(InTheSession(), 2);
}

// Of a batch that the ledger refuses again and again for days.
TEST_F(KeptStatements, P9_OneThatFailsEachTimeIsParsedOnce) {
  for (int round = 0; round < 5; ++round) {
    const auto failed = connection_.Transact({KeptSql("SELECT 7::bigint"),
                                              KeptSql("SELECT 1 / (random() < 0)::int"),
                                              KeptSql("SELECT 9::bigint")});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, "22012") << failed.error().message;
  }
  EXPECT_EQ(InTheSession(), 2) << "what came after the failure was never parsed";
}

TEST_F(KeptStatements, OneThatCannotBeParsedIsToldAsAnyOther) {
  const auto failed = connection_.Run(KeptSql("SELECT nothing FROM nowhere"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "42P01") << failed.error().message;
  EXPECT_EQ(failed.error().fault, LedgerFault::kStatement);
  EXPECT_EQ(InTheSession(), 0);
}

// It has committed, and is ended before it could say so: one answer more comes than was asked for.
TEST_F(KeptStatements, P1_ASessionThatIsEndedWhileItCommitsLeavesADoubt) {
  Good(connection_.Run(Sql("CREATE TABLE made (n bigint)")));
  Good(connection_.Run(Sql("SET commit_delay = 100000")));  // microseconds
  Good(connection_.Run(Sql("SET commit_siblings = 0")));
  const auto pid = Answer(Sql("SELECT pg_backend_pid()::bigint"));
  // Well within its flush, which the delay makes long; where it was over before anybody looked,
  // once more.
  const std::string end =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = "
      "'COMMIT' AND clock_timestamp() - query_start > interval '5 ms' AND pid = " +
      std::to_string(pid);
  int committed = 0;
  LedgerResult<std::vector<postgres::Rows>> made;
  do {
    std::jthread ender([&](const std::stop_token& stop) {
      PlatformConnection other(url_);
      while (!stop.stop_requested() && other.Value(end) != "t") {
      }
    });
    made = connection_.Transact({Sql("INSERT INTO made VALUES (1)")});
    ++committed;
  } while (made && committed < 20);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, LedgerFault::kInDoubt) << made.error().message;
  EXPECT_EQ(Answer(Sql("SELECT count(*) FROM made")), committed) << "another session is opened";
}

// Somebody's DISCARD, or a pooler that goes on with another session.
TEST_F(KeptStatements, P5_ASessionThatLostThemIsReplacedAndNothingIsInDoubt) {
  Good(connection_.Run(Sql("CREATE TABLE made (n bigint)")));
  const Statement make = KeptSql("INSERT INTO made VALUES (1) RETURNING n");
  EXPECT_EQ(Answer(make), 1);
  Good(connection_.Run(Sql("DISCARD ALL")));
  const auto lost = connection_.Transact({make});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().fault, LedgerFault::kUnavailable) << lost.error().message;
  EXPECT_EQ(Answer(make), 1);
  EXPECT_EQ(Answer(Sql("SELECT count(*) FROM made")), 2) << "the lost one did nothing";
}

TEST_F(KeptStatements, P5_OneWhoseColumnsAreOthersByNowIsParsedAnewTheNextTime) {
  Good(connection_.Run(Sql("CREATE TABLE wide (n bigint)")));
  Good(connection_.Run(Sql("INSERT INTO wide VALUES (7)")));
  const Statement read = KeptSql("SELECT * FROM wide");
  EXPECT_EQ(Answer(read), 7);
  PlatformConnection(url_).Run("ALTER TABLE wide ADD COLUMN more bigint");
  const auto changed = connection_.Run(read);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, "0A000") << changed.error().message;
  EXPECT_EQ(Answer(read), 7);
}

}  // namespace
}  // namespace deadletter::test
