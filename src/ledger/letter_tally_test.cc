#include "ledger/letter_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/counting.h"
#include "letter/field_json.h"

namespace deadletter {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using namespace std::string_literals;

const Instant kNoon = HourOf(Instant(std::chrono::seconds(1'795'000'000)));

CountedLetter LetterOf(std::uint8_t group, std::uint8_t number, Instant at) {
  return {.id = LetterId(Uuid{{number}}),
          .group = GroupId({group}),
          .type = "Type7",
          .action = std::nullopt,
          .reason = "expired",
          .queue = "worker.12.q",
          .outcome = "failed",
          .received_at = at};
}

TEST(GroupWords, HaveNoNumbersAndAreBounded) {
  EXPECT_EQ(GroupWord(""), "");
  EXPECT_EQ(GroupWord("worker.17.q3"), "worker.#.q#");
  EXPECT_EQ(GroupWord("a\0b9\xff"s), "a\0b#\xff"s);
  EXPECT_EQ(GroupWord(std::string(100'000, '8')), "#");
  EXPECT_EQ(GroupWord(std::string(100'000, 'x')), std::string(kMaxGroupWordBytes, 'x'));
}

TEST(GroupWords, OfTheFirstQueueAreReadFromHeadersOfAnyKind) {
  FieldTable headers;
  EXPECT_EQ(FirstQueueWord(FieldTableToJson(headers)), std::nullopt);
  headers.entries.push_back({"x-first-death-queue", FieldValue{std::string("q.5")}});
  EXPECT_EQ(FirstQueueWord(FieldTableToJson(headers)), "q.#");
  for (const char* damaged : {"", "no json", "[]", "{\"x-first-death-queue\":7}"})
    EXPECT_EQ(FirstQueueWord(damaged), std::nullopt) << damaged;
}

TEST(LetterTallyTest, AddsUpByGroupAndHour) {
  LetterTally tally;
  tally.Add(LetterOf(1, 5, kNoon + minutes(59)));
  tally.Add(LetterOf(1, 9, kNoon - minutes(1)));
  tally.Add(LetterOf(2, 7, kNoon));
  EXPECT_EQ(tally.letters(), 3);
  const GroupTally& first = tally.groups().at(GroupId({1}));
  EXPECT_EQ(first.letters, 2);
  EXPECT_EQ(first.first_seen, kNoon - minutes(1));
  EXPECT_EQ(first.last_seen, kNoon + minutes(59));
  EXPECT_EQ(first.sample, LetterId(Uuid{{9}}));
  EXPECT_EQ(first.type, "Type#");
  EXPECT_EQ(first.action, std::nullopt);
  EXPECT_EQ(first.queue, "worker.#.q");
  EXPECT_EQ(tally.group_hours().at({GroupId({1}), kNoon}), 1);
  EXPECT_EQ(tally.group_hours().at({GroupId({1}), kNoon - hours(1)}), 1);
  EXPECT_EQ(tally.hours().at({kNoon, CountedBy::kReason, "expired"}), 2);
  EXPECT_EQ(tally.hours().at({kNoon, CountedBy::kQueue, "worker.12.q"}), 2);
  EXPECT_EQ(tally.hours().at({kNoon - hours(1), CountedBy::kOutcome, "failed"}), 1);
}

TEST(LetterTallyTest, P9_AQueueWithALongerNameThanBrokersHaveIsCountedWithoutIt) {
  LetterTally tally;
  CountedLetter letter = LetterOf(1, 1, kNoon);
  letter.queue = std::string(kMaxCountedQueueBytes, 'q');
  tally.Add(letter);
  letter.queue += 'q';
  tally.Add(letter);
  EXPECT_EQ(tally.hours().at({kNoon, CountedBy::kQueue, ""}), 1);
  EXPECT_EQ(tally.hours().at({kNoon, CountedBy::kQueue, std::string(kMaxCountedQueueBytes, 'q')}),
            1);
}

CountState StateWith(std::int64_t letters, std::int64_t counted, std::int64_t named = 0) {
  CountState state;
  state.letters = letters;
  state.counted = counted;
  state.named = named;
  return state;
}

TEST(MustRecountTest, OnlyWhereLettersAreMissing) {
  EXPECT_FALSE(MustRecount(StateWith(0, 0), kNoon));
  EXPECT_FALSE(MustRecount(StateWith(5, 3, 2), kNoon));
  EXPECT_TRUE(MustRecount(StateWith(5, 3, 1), kNoon));
  EXPECT_TRUE(MustRecount(StateWith(5, 6), kNoon)) << "counted twice";
  CountState going_on = StateWith(5, 3);
  going_on.is_recounting = true;
  EXPECT_FALSE(MustRecount(going_on, kNoon));
}

TEST(MustRecountTest, WhatWasFoundTwiceIsNotLookedForAgain) {
  CountState state = StateWith(5, 3);
  state.unexplained = 2;
  EXPECT_FALSE(MustRecount(state, kNoon));
  EXPECT_EQ(state.Uncounted(), 0);
  state.is_sure = false;
  EXPECT_TRUE(MustRecount(state, kNoon));
  EXPECT_EQ(state.Uncounted(), 2);
  state.is_sure = true;
  state.letters = 6;
  EXPECT_TRUE(MustRecount(state, kNoon));
  EXPECT_EQ(state.Uncounted(), 1);
}

TEST(MustRecountTest, NotMoreOftenThanNowAndThenWhateverTheClockDoes) {
  CountState state = StateWith(5, 3);
  state.recounted_at = kNoon;
  EXPECT_FALSE(MustRecount(state, kNoon));
  EXPECT_FALSE(MustRecount(state, kNoon + kRecountEvery - std::chrono::seconds(1)));
  EXPECT_TRUE(MustRecount(state, kNoon + kRecountEvery));
  EXPECT_TRUE(MustRecount(state, kNoon - std::chrono::seconds(1)));
}

}  // namespace
}  // namespace deadletter
