#include "handler/owed_marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter {
namespace {

ReplayResult MarkOf(ReplayMark mark) {
  ReplayResult result;
  result.letter = LetterId(RandomUuid());
  result.mark = mark;
  return result;
}

constexpr auto Always = [] { return true; };

TEST(OwedMarks, P3_WhatNeedsNoRowOfThePlatformsIsPaidFirst) {
  const ReplayResult row = MarkOf(ReplayMark::kUnroutable);
  const ReplayResult sent = MarkOf(ReplayMark::kSent);
  OwedMarks owed;
  owed.Add({row});
  owed.Add({sent});
  EXPECT_THAT(owed.Letters(), testing::ElementsAre(sent.letter, row.letter));
}

// Each that is refused has waited for a lock.
TEST(OwedMarks, P5_OneRefusalARoundAndEachHasItsTurn) {
  std::vector<ReplayResult> marks;
  for (int number = 0; number < 3; ++number) marks.push_back(MarkOf(ReplayMark::kUnroutable));
  OwedMarks owed;
  owed.Add(marks);
  std::vector<LetterId> asked;
  const auto refuse_the_first = [&](const ReplayResult& mark) {
    asked.push_back(mark.letter);
    return mark.letter != marks[0].letter;
  };
  owed.PayUntilRefused(Always, refuse_the_first);
  EXPECT_THAT(asked, testing::ElementsAre(marks[0].letter));
  owed.PayUntilRefused(Always, refuse_the_first);
  EXPECT_THAT(asked, testing::ElementsAre(marks[0].letter, marks[1].letter, marks[2].letter,
                                          marks[0].letter));
  EXPECT_THAT(owed.Letters(), testing::ElementsAre(marks[0].letter));
  owed.PayUntilRefused(Always, [](const ReplayResult&) { return true; });
  EXPECT_EQ(owed.size(), 0U);
}

TEST(OwedMarks, P9_NoMoreArePaidThanThereIsTimeFor) {
  OwedMarks owed;
  owed.Add({MarkOf(ReplayMark::kUnroutable), MarkOf(ReplayMark::kUnroutable),
            MarkOf(ReplayMark::kUnroutable)});
  const std::vector<LetterId> letters = owed.Letters();
  int asked = 0;
  owed.PayUntilRefused([&] { return ++asked <= 2; }, [](const ReplayResult&) { return true; });
  EXPECT_THAT(owed.Letters(), testing::ElementsAre(letters[2])) << "which is the next one";
}

TEST(OwedMarks, P9_ThereIsAMostOfThem) {
  OwedMarks owed;
  std::vector<ReplayResult> marks(OwedMarks::kMost - 1);
  owed.Add(std::move(marks));
  EXPECT_FALSE(owed.IsFull());
  owed.Add({MarkOf(ReplayMark::kUnroutable)});
  EXPECT_TRUE(owed.IsFull());
}

}  // namespace
}  // namespace deadletter
