#include "broker/examination.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

BrokerExpectations Wanted() {
  BrokerExpectations wanted;
  wanted.optional_queues = {wanted.topology.unrouted_queue, "perhaps"};
  return wanted;
}

TEST(Examination, WhatIsBehindTheLastSemicolonIsTheAdvice) {
  const auto told = DiagnosisOf(
      {FindingKind::kMissing, "queue a", "it is gone; it was; declare it"}, DiagnosisLevel::kWrong);
  EXPECT_EQ(told.check, "queue a");
  EXPECT_EQ(told.seen, "it is gone; it was");
  EXPECT_EQ(told.advice, "declare it");
  EXPECT_EQ(
      DiagnosisOf({FindingKind::kMissing, "queue a", "it is gone"}, DiagnosisLevel::kWrong).advice,
      "");
}

TEST(Examination, OfWhatIsMissingOnlyWhatSomethingLeadsToIsWrong) {
  const auto level = [](const std::string& subject, bool used) {
    return LevelOf({FindingKind::kMissing, subject, ""}, Wanted(), used);
  };
  EXPECT_EQ(level("queue attune.dlx.queue", false), DiagnosisLevel::kWrong);
  EXPECT_EQ(level("queue perhaps", false), DiagnosisLevel::kWarning);
  for (const auto* subject : {"exchange attune.dlx.unrouted", "queue attune.dlx.unrouted.queue",
                              "binding attune.dlx.unrouted -> attune.dlx.unrouted.queue",
                              "binding attune.dlx.unrouted -> attune.dlx.unrouted.queue ()"}) {
    EXPECT_EQ(level(subject, false), DiagnosisLevel::kWarning) << subject;
    EXPECT_EQ(level(subject, true), DiagnosisLevel::kWrong) << subject;
  }
}

TEST(Examination, EveryKindOfFindingHasALevel) {
  const auto level = [](FindingKind kind) { return LevelOf({kind, "x", ""}, Wanted(), true); };
  EXPECT_EQ(level(FindingKind::kLosesLetters), DiagnosisLevel::kWrong);
  EXPECT_EQ(level(FindingKind::kForeignConsumer), DiagnosisLevel::kWrong);
  EXPECT_EQ(level(FindingKind::kDiffers), DiagnosisLevel::kWarning);
  EXPECT_EQ(level(FindingKind::kUnknown), DiagnosisLevel::kUnknown);
}

}  // namespace
}  // namespace deadletter
