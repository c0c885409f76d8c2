// What runs again and again must find its rows by an index, however many messages wait.
#include "broker/embedded/schema.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/test_fixture.h"

namespace deadletter::embedded {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string PlanOf(sqlite::Database& database, std::string_view sql) {
  auto statement = database.Prepare("EXPLAIN QUERY PLAN " + std::string(sql));
  std::string plan;
  while (statement.Next()) plan += statement.Text(3) + "\n";
  EXPECT_FALSE(statement.error()) << statement.error()->message;
  return plan;
}

TEST(QueryPlan, P9_NothingReadsTheWholeTableOfMessages) {
  test::TemporaryFolder folder;
  auto database = OpenQueueFile(folder / "queues.sqlite", std::chrono::seconds(10), true);
  ASSERT_TRUE(database) << database.error().message;
  for (const auto& statement :
       {sql::kTakeMessages, sql::kLeaseMessage,  sql::kDeleteLeased,  sql::kFindLeased,
        sql::kExtendLease,  sql::kReturnLeased,  sql::kLeasedByOwner, sql::kNextExpiry,
        sql::kNextLeaseEnd, sql::kNextDying,     sql::kNextDue,       sql::kCountReady,
        sql::kOldestReady,  sql::kCountStates,   sql::kHeldQueues,    sql::kLetHeldDieAgain,
        sql::kGetMessage,   sql::kDeleteMessage, sql::kHoldMessage,   sql::kLeasedMessage,
        sql::kHasReady,     sql::kPutBackLeased}) {
    const auto plan = PlanOf(**database, statement);
    EXPECT_THAT(plan, Not(HasSubstr("SCAN message\n"))) << statement;
    EXPECT_THAT(plan, Not(HasSubstr("SCAN message USING INDEX message_queue"))) << statement;
    EXPECT_THAT(plan, Not(HasSubstr("SCAN message USING COVERING INDEX message_queue")))
        << statement;
    EXPECT_THAT(plan, Not(HasSubstr("SCAN body"))) << statement;
    EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE FOR ORDER BY"))) << statement;
  }
}

}  // namespace
}  // namespace deadletter::embedded
