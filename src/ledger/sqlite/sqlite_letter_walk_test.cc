// Which index SQLite takes for a stretch of a list: without statistics of its own it guesses.
#include "ledger/sqlite/sqlite_letter_walk.h"

#include <gmock/gmock.h>

#include "ledger/sqlite/letter_filter.h"
#include "ledger/sqlite/sqlite_catalog.h"
#include "ledger/sqlite/sqlite_ledger_test_fixture.h"

namespace deadletter {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SqliteWalkPlans : public test::SqliteLedgerFixture {
 protected:
  void SetUp() override { Migrate(); }

  std::string PlanOf(const std::string& sql) {
    auto rows = platform().Prepare("EXPLAIN QUERY PLAN " + sql);
    std::string plan;
    while (rows.Next()) plan += rows.Text(3) + "\n";
    EXPECT_FALSE(rows.error()) << rows.error()->message;
    return plan;
  }
  static LetterFilter Everything() {
    LetterFilter filter;
    filter.state = LetterState::kOpen;
    filter.outcome = Outcome::kFailed;
    filter.reason = Reason::kExpired;
    filter.queue = filter.type = filter.action = filter.execution_id = filter.worker_id = "x";
    filter.group = GroupId();
    filter.since = filter.until = Instant();
    filter.tag = "x";
    return filter;
  }
};

constexpr std::pair<LetterIndex, const char*> kIndexes[] = {
    {LetterIndex::kState, "deadletter_letter_state (state=? AND id"},
    {LetterIndex::kOutcome, "deadletter_letter_outcome (outcome=? AND id"},
    {LetterIndex::kQueue, "deadletter_letter_queue (queue=? AND id"},
    {LetterIndex::kAction, "deadletter_letter_action (action=? AND id"},
    {LetterIndex::kExecution, "deadletter_letter_execution (execution_id=? AND id"},
    {LetterIndex::kGroup, "deadletter_letter_group (group_id=? AND id"},
    {LetterIndex::kId, "sqlite_autoindex_deadletter_letter_1 (id"},
};

TEST_F(SqliteWalkPlans, P9_AStretchIsReadByTheIndexThatIsWalked) {
  for (const auto& [index, searched] : kIndexes) {
    const std::string plan = PlanOf(SelectLetters(ConditionsInStretch(Everything(), index)));
    EXPECT_THAT(plan,
                AllOf(HasSubstr(std::string("SEARCH deadletter_letter USING INDEX ") + searched),
                      Not(HasSubstr("SCAN"))));
    EXPECT_THAT(plan, HasSubstr("SEARCH deadletter_letter_tag USING PRIMARY KEY (tag=? AND "
                                "letter_id=?)"))
        << "one look a letter";
  }
  const std::string plan =
      PlanOf(SelectLetters(ConditionsInStretch(Everything(), LetterIndex::kTag)));
  EXPECT_THAT(plan, AllOf(HasSubstr("sqlite_autoindex_deadletter_letter_1 (id=?)"),
                          HasSubstr("SEARCH deadletter_letter_tag USING PRIMARY KEY (tag=? AND "
                                    "letter_id>? AND letter_id<?)"),
                          Not(HasSubstr("SCAN"))));
}

// Whoever finds enough at once reads no more than that.
TEST_F(SqliteWalkPlans, P9_WithFewConditionsNothingIsSorted) {
  LetterFilter filter;
  filter.state = LetterState::kOpen;
  filter.group = GroupId();
  filter.worker_id = "x";
  for (const LetterIndex index : {LetterIndex::kState, LetterIndex::kGroup, LetterIndex::kId}) {
    EXPECT_THAT(PlanOf(SelectLetters(ConditionsInStretch(filter, index))),
                AllOf(HasSubstr("SEARCH"), Not(HasSubstr("TEMP B-TREE"))));
  }
}

TEST_F(SqliteWalkPlans, P9_APlaceIsFoundInTheIndexAlone) {
  for (const auto& [index, searched] : kIndexes) {
    EXPECT_THAT(PlanOf(SelectPlace(index)),
                AllOf(HasSubstr(std::string("USING COVERING INDEX ") + searched),
                      Not(HasSubstr("TEMP B-TREE")), Not(HasSubstr("SCAN"))));
  }
  EXPECT_THAT(
      PlanOf(SelectPlace(LetterIndex::kTag)),
      AllOf(HasSubstr("USING PRIMARY KEY (tag=? AND letter_id<?)"), Not(HasSubstr("TEMP B-TREE"))));
}

}  // namespace
}  // namespace deadletter
