// How a list walks, over a ledger in memory whose statements take too long on demand.
#include "ledger/letter_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "ledger/text_index.h"

namespace deadletter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LetterId NumberedId(std::uint32_t number) {
  Uuid id = FirstIdAt(Instant(std::chrono::seconds(1'700'000'000 + number)));
  return LetterId(id);
}

struct Asked {
  LetterIndex index;
  std::size_t letters;
};

// Letters 1 to `newest`; every index gives all of them, but for those that `gives` leaves out.
class WalkInMemory final : public LetterWalk {
 public:
  WalkInMemory(const LetterFilter& filter, std::uint32_t newest,
               std::optional<LetterId> after = std::nullopt)
      : LetterWalk(filter, after), newest_(newest) {}

  std::function<bool(LetterIndex, std::uint32_t)> gives = [](auto, auto) { return true; };
  std::function<bool(std::uint32_t)> holds = [](auto) { return false; };
  std::size_t most_in_time = 1'000'000;  // kTooLong for more letters
  std::uint32_t slow_up_to = 0;          // kTooLong for any of these
  std::vector<Asked> places;
  std::vector<Asked> finds;

 private:
  LedgerResult<std::optional<LetterId>> Place(LetterIndex index, std::optional<LetterId> before,
                                              std::size_t letters,
                                              std::chrono::milliseconds /*most*/) override {
    places.push_back({index, letters});
    std::size_t seen = 0;
    for (std::uint32_t number = newest_; number > 0; --number) {
      if ((before && NumberedId(number) >= *before) || !gives(index, number)) continue;
      if (++seen == letters) return NumberedId(number);
    }
    return std::nullopt;
  }
  LedgerResult<void> Find(LetterIndex index, const Stretch& stretch, std::size_t limit,
                          std::chrono::milliseconds /*most*/,
                          std::vector<LetterSummary>& found) override {
    std::vector<LetterSummary> here;
    std::size_t walked = 0;
    for (std::uint32_t number = newest_; number > 0 && here.size() < limit; --number) {
      const LetterId id = NumberedId(number);
      if ((stretch.before && id >= *stretch.before) || (stretch.oldest && id < *stretch.oldest) ||
          !gives(index, number))
        continue;
      ++walked;
      if (number <= slow_up_to) walked += most_in_time;
      if (!holds(number)) continue;
      here.emplace_back();
      here.back().id = id;
    }
    finds.push_back({index, walked});
    if (walked > most_in_time)
      return tl::unexpected(LedgerError{LedgerFault::kTooLong, "57014", "canceled"});
    found.insert(found.end(), here.begin(), here.end());
    return {};
  }

  std::uint32_t newest_;
};

LetterFilter ByWorker() {
  LetterFilter filter;
  filter.worker_id = "7";
  return filter;
}

TEST(LetterWalk, OneConditionWithAnIndexNeedsNone) {
  LetterFilter filter;
  EXPECT_TRUE(IsOneIndexEnough(filter));
  EXPECT_THAT(IndexesFor(filter), ElementsAre(LetterIndex::kId));
  filter.state = LetterState::kOpen;
  EXPECT_TRUE(IsOneIndexEnough(filter));
  filter.action = "a";
  EXPECT_FALSE(IsOneIndexEnough(filter));
  EXPECT_THAT(IndexesFor(filter), ElementsAre(LetterIndex::kAction, LetterIndex::kState));
  filter = ByWorker();
  EXPECT_FALSE(IsOneIndexEnough(filter));
  EXPECT_THAT(IndexesFor(filter), ElementsAre(LetterIndex::kId));
  filter.worker_id.reset();
  filter.tag = "a table of its own";
  EXPECT_FALSE(IsOneIndexEnough(filter));
}

TEST(LetterWalk, P9_AStretchIsLookedThroughInSmallerPiecesWhereItTakesTooLong) {
  const LetterFilter filter = ByWorker();
  WalkInMemory walk(filter, 500);
  walk.most_in_time = 200;
  walk.holds = [](std::uint32_t number) { return number == 7; };
  const auto page = walk.Page(10);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->letters.size(), 1U);
  EXPECT_EQ(page->letters[0].id, NumberedId(7));
  EXPECT_FALSE(page->next);
  EXPECT_EQ(walk.finds[0].letters, 500U);
  EXPECT_EQ(walk.finds[1].letters, 125U);
}

TEST(LetterWalk, P9_WhereEvenTheFewestTakeTooLongItSaysSoAndWhatWasLookedAtStays) {
  const LetterFilter filter = ByWorker();
  {
    WalkInMemory walk(filter, 3'000);
    walk.most_in_time = 100;
    const auto page = walk.Page(10);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().fault, LedgerFault::kTooLong);
    EXPECT_THAT(page.error().message, testing::HasSubstr("ask with fewer filters"));
    EXPECT_EQ(walk.finds.size(), 2U);
  }
  WalkInMemory walk(filter, 3'000);
  walk.slow_up_to = 1;
  const auto page = walk.Page(10);
  ASSERT_TRUE(page);
  EXPECT_THAT(page->letters, IsEmpty());
  ASSERT_TRUE(page->next && page->looked_to) << "the others are done";
  EXPECT_LE(*page->next, NumberedId(126));
  EXPECT_EQ(*page->looked_to, InstantOfId(page->next->value()));
  WalkInMemory next(filter, 3'000, page->next);
  next.slow_up_to = 1;
  EXPECT_FALSE(next.Page(10)) << "and the next page begins with what is not";
}

TEST(LetterWalk, P9_MoreIsLookedThroughAtOnceWhereThatIsQuick) {
  const LetterFilter filter = ByWorker();
  WalkInMemory walk(filter, 4'000);
  EXPECT_THAT(walk.Page(10)->letters, IsEmpty());
  EXPECT_LE(walk.finds.size(), 4U);
  EXPECT_EQ(walk.finds[0].letters, 1'000U);
}

TEST(LetterWalk, TheIndexThatComesFurthestIsWalkedInEachStretch) {
  LetterFilter filter = ByWorker();
  filter.action = "a";
  filter.state = LetterState::kOpen;
  filter.patience = std::chrono::minutes(10);
  // Of the newer half there are few of the action, of the older half few of the state.
  WalkInMemory walk(filter, 8'000);
  walk.gives = [](LetterIndex index, std::uint32_t number) {
    const bool is_new = number > 4'000;
    return is_new == (index == LetterIndex::kState) || number % 3 == 0;
  };
  EXPECT_THAT(walk.Page(10)->letters, IsEmpty());
  EXPECT_EQ(walk.finds.front().index, LetterIndex::kAction);
  EXPECT_EQ(walk.finds[1].index, LetterIndex::kState);
  EXPECT_EQ(walk.places.front().index, LetterIndex::kAction);
}

TEST(LetterWalk, AFullPageGoesOnBehindItsLastLetter) {
  const LetterFilter filter = ByWorker();
  WalkInMemory walk(filter, 3'000);
  walk.holds = [](std::uint32_t number) { return number % 2 == 0; };
  const auto page = walk.Page(3);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, NumberedId(2'996));
  EXPECT_FALSE(page->looked_to);
}

TEST(LetterWalk, P9_WhatIsOlderThanSinceIsNotLookedThrough) {
  LetterFilter filter = ByWorker();
  filter.since = Instant(std::chrono::seconds(1'700'000'000 + 10'000));
  WalkInMemory walk(filter, 12'000);
  EXPECT_FALSE(walk.Page(10)->next);
  std::size_t walked = 0;
  for (const Asked& find : walk.finds) walked += find.letters;
  EXPECT_EQ(walked, 12'000U - 10'000U + 3'600U + 1U) << "and an hour more";
}

}  // namespace
}  // namespace deadletter
