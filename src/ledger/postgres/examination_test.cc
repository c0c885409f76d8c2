#include "ledger/postgres/examination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter::postgres {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto Is(DiagnosisLevel level, const std::string& check, const std::string& seen = "",
        const std::string& advice = "") {
  return AllOf(Field(&Diagnosis::level, level), Field(&Diagnosis::check, check),
               Field(&Diagnosis::seen, HasSubstr(seen)),
               Field(&Diagnosis::advice, HasSubstr(advice)));
}

class PostgresExamination : public testing::Test {
 protected:
  PostgresExamination() {
    wanted_.queues = 2;
    auto& server = facts_.server;
    server.version_number = 150'004;
    server.version = "15.4";
    server.most_connections = 97;
    server.connections = 10;
    server.user = "clerk";
    server.database = "platform";
    facts_.schema = SchemaStatus{4, 4};
    facts_.backlog = OutboxBacklog{};
    auto& table = facts_.table.emplace();
    table.kind = "r";
    table.persistence = "p";
    table.id_indexed = table.id_unique = true;
    table.overdue.count = 0;
  }

  [[nodiscard]] std::vector<Diagnosis> Troubles() const {
    auto all = JudgeLedger(options_, wanted_, facts_);
    std::erase_if(all, [](const auto& one) { return one.level == DiagnosisLevel::kOk; });
    return all;
  }

  Options options_;
  LedgerExpectations wanted_;
  LedgerFacts facts_;
};

TEST_F(PostgresExamination, ASoundLedgerIsAllOk) {
  EXPECT_THAT(Troubles(), IsEmpty());
}

TEST_F(PostgresExamination, AServerThatIsAwayIsWrongAndNothingElseIsClaimed) {
  facts_.unreachable = LedgerError{LedgerFault::kUnavailable, "", "connection refused"};
  EXPECT_THAT(Troubles(),
              ElementsAre(Is(DiagnosisLevel::kWrong, "ledger", "connection refused"),
                          Is(DiagnosisLevel::kUnknown, "ledger schema and executions")));
}

TEST_F(PostgresExamination, P1_WhatWeakensACommitIsWrongUnlessOurSessionsRaiseIt) {
  facts_.server.synchronous_commit = "off";
  EXPECT_THAT(Troubles(), IsEmpty());
  facts_.server.fsync = false;
  facts_.server.full_page_writes = false;
  EXPECT_THAT(Troubles(),
              ElementsAre(Is(DiagnosisLevel::kWrong, "durability of commits", "fsync"),
                          Is(DiagnosisLevel::kWrong, "durability of commits", "full_page_writes",
                             "ALTER SYSTEM SET full_page_writes = on")));
}

TEST_F(PostgresExamination, ALockTimeoutThatIsNotBelowTheServersDeadlockTimeoutIsAWarning) {
  options_.lock_timeout = std::chrono::milliseconds(1'000);
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "lock timeout", "1000 ms")));
}

TEST_F(PostgresExamination, ConnectionsMustSufficeForAServerThatDoesNotRunYet) {
  auto& server = facts_.server;
  server.connections = server.most_connections - 18;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "connections")));
  server.connections = server.most_connections - 6;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "connections")));
  server.servers_connections = 7;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "connections")));
  server.connections = 10;
  server.own_limit = 5;
  server.servers_connections = 0;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "connections", "may have 5")));
}

TEST_F(PostgresExamination, MissingGrantsAreToldAsTheyAreTypedAndNotMoreThanALineHolds) {
  facts_.missing_grants = {"GRANT USAGE ON SCHEMA deadletter TO clerk"};
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "rights on schema deadletter", "",
                                         "GRANT USAGE ON SCHEMA deadletter TO clerk;")));
  facts_.missing_grants.assign(50, "GRANT SELECT ON x TO clerk");
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "rights on schema deadletter",
                                         "50 grants", "and 44 more")));
}

TEST_F(PostgresExamination, WordsThatAnEnumDoesNotHaveAreToldByWhatTheyBreak) {
  auto& values = facts_.table->status_values;
  values = {"scheduled", "running", "completed", "failed", "cancelled", "timeout", "abandoned"};
  EXPECT_THAT(Troubles(), IsEmpty());
  values = {"scheduled", "completed", "failed", "cancelled", "timeout", "abandoned"};
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "status words", "\"running\"")));
  values = {"completed", "failed"};
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "status words",
                                         "no execution can ever be failed")));
}

TEST_F(PostgresExamination, RowsThatAreHiddenAndTablesThatAreNoneAreWarnings) {
  facts_.table->row_security = true;
  facts_.table->kind = "v";
  facts_.table->id_unique = false;
  EXPECT_THAT(
      Troubles(),
      ElementsAre(Is(DiagnosisLevel::kWarning, "executions table execution", "no plain"),
                  Is(DiagnosisLevel::kWarning, "executions table execution", "hides rows"),
                  Is(DiagnosisLevel::kWarning, "executions table execution", "not unique")));
}

TEST_F(PostgresExamination, TheTableIsLeftOutWhereItIsOnlyObserved) {
  wanted_.mode = ExecutionsMode::kObserve;
  facts_.table.reset();
  facts_.table_does_not_fit = "never asked";
  EXPECT_THAT(Troubles(), IsEmpty());
}

TEST_F(PostgresExamination, AQuestionWithoutAnswerIsToldAndNothingIsMadeUp) {
  facts_.error = "permission denied";
  facts_.table->kind = "";
  facts_.table->id_indexed = facts_.table->id_unique = false;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kUnknown, "questions to the ledger",
                                         "permission denied")));
}

}  // namespace
}  // namespace deadletter::postgres
