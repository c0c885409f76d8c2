#include "ledger/examination.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

using std::chrono::milliseconds;

TEST(LedgerExamination, ASchemaIsWrongWhereOnlyAPersonMayOrCanMigrateIt) {
  const SchemaStatus old{.version = 2, .wanted = 4};
  EXPECT_EQ(JudgeSchema(SchemaStatus{4, 4}, false, false).level, DiagnosisLevel::kOk);
  EXPECT_EQ(JudgeSchema(old, true, true).level, DiagnosisLevel::kWarning);
  EXPECT_EQ(JudgeSchema(old, false, true).level, DiagnosisLevel::kWrong);
  EXPECT_EQ(JudgeSchema(old, true, false).level, DiagnosisLevel::kWrong);
  EXPECT_EQ(JudgeSchema(SchemaStatus{5, 4}, true, true).level, DiagnosisLevel::kWrong);
  EXPECT_EQ(
      JudgeSchema(Unexpected<LedgerError>({LedgerFault::kUnavailable, "", "away"}), true, true)
          .level,
      DiagnosisLevel::kUnknown);
}

TEST(LedgerExamination, AnOutboxIsWorthAWordOnceItIsOldOrNobodyWantsWhatIsInIt) {
  EXPECT_EQ(JudgeBacklog(OutboxBacklog{}).level, DiagnosisLevel::kOk);
  EXPECT_EQ(JudgeBacklog(OutboxBacklog{.pending = 9, .oldest = std::chrono::seconds(5)}).level,
            DiagnosisLevel::kOk);
  EXPECT_EQ(JudgeBacklog(OutboxBacklog{.pending = 9, .oldest = std::chrono::hours(1)}).level,
            DiagnosisLevel::kWarning);
  EXPECT_EQ(JudgeBacklog(OutboxBacklog{.pending = 9, .unroutable = 1}).level,
            DiagnosisLevel::kWarning);
}

TEST(LedgerExamination, OverdueExecutionsAreAWarningAndNeverMore) {
  const LedgerExpectations wanted;
  EXPECT_EQ(JudgeOverdue({.count = 0, .why_not = ""}, wanted).level, DiagnosisLevel::kOk);
  EXPECT_EQ(JudgeOverdue({.count = 1, .why_not = ""}, wanted).level, DiagnosisLevel::kWarning);
  const auto many = JudgeOverdue({.count = kMostOverdue + 1, .why_not = ""}, wanted);
  EXPECT_NE(many.seen.find("more than 1000"), std::string::npos) << many.seen;
  const auto unknown = JudgeOverdue({.count = {}, .why_not = "no column"}, wanted);
  EXPECT_EQ(unknown.level, DiagnosisLevel::kUnknown);
  EXPECT_EQ(unknown.seen, "no column");
}

TEST(LedgerExamination, AClockIsWrongOnlyByWhatTheJourneyDoesNotExplain) {
  const auto level = [](int ahead, int within) {
    return JudgeClock(milliseconds(ahead), milliseconds(within)).level;
  };
  EXPECT_EQ(level(1'000, 0), DiagnosisLevel::kOk);
  EXPECT_EQ(level(-1'500, 0), DiagnosisLevel::kWarning);
  EXPECT_EQ(level(1'500, 600), DiagnosisLevel::kOk);
  EXPECT_EQ(level(5'001, 0), DiagnosisLevel::kWrong);
  EXPECT_EQ(level(-60'000, 100), DiagnosisLevel::kWrong);
}

}  // namespace
}  // namespace deadletter
