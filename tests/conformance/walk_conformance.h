// What every Catalog does with a list whose conditions no index answers together. Included once a
// test program.
#pragma once

#include <algorithm>
#include <functional>

#include "ledger/text_index.h"
#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class WalkConformance : public LedgerConformance {
 protected:
  static constexpr std::chrono::minutes kForEver{10};

  // `tell` says how the letter of that number differs; numbers count up from 0.
  std::vector<Letter> Record(int letters, const std::function<void(int, Letter&)>& tell) {
    constexpr std::size_t kAtOnce = 500;
    std::vector<Letter> recorded;
    std::vector<Judgement> batch;
    for (int number = 0; number < letters; ++number) {
      Letter letter = LetterBuilder().Build();
      tell(number, letter);
      recorded.push_back(letter);
      const Outcome outcome = number % 5 == 0 ? Outcome::kDiscarded : Outcome::kParked;
      batch.push_back(Ends(std::move(letter), outcome));
      if (batch.size() < kAtOnce && number + 1 < letters) continue;
      EXPECT_EQ(Settle(batch).size(), batch.size());
      batch.clear();
    }
    return recorded;
  }
  [[nodiscard]] LetterPage Page(const LetterFilter& filter, std::size_t limit = 100,
                                std::optional<LetterId> after = std::nullopt) {
    return Good(catalog_->List(filter, limit, after));
  }
  // All pages of that size; how many there were.
  [[nodiscard]] std::vector<LetterId> FollowPages(const LetterFilter& filter, std::size_t limit,
                                                  int* pages = nullptr) {
    std::vector<LetterId> ids;
    std::optional<LetterId> after;
    do {
      const LetterPage page = Page(filter, limit, after);
      if (pages != nullptr) ++*pages;
      if (page.next && after && *page.next >= *after) throw std::runtime_error("it stands still");
      if (page.looked_to && !page.next) ADD_FAILURE() << "there is nothing to look on from";
      for (const LetterSummary& letter : page.letters) ids.push_back(letter.id);
      EXPECT_LE(page.letters.size(), limit);
      after = page.next;
    } while (after);
    return ids;
  }
};

using testing::ElementsAre;
using testing::IsEmpty;

// P9: and looks on from there.
TEST_P(WalkConformance, P9_AListOfWhatIsRareEndsAfterItsTimeAndSaysHowFarItHasLooked) {
  const std::vector<Letter> letters = Record(2'600, [](int number, Letter& letter) {
    if (number == 1) letter.worker_id = "rare";
  });
  LetterFilter filter;
  filter.worker_id = "rare";
  filter.patience = std::chrono::milliseconds(0);
  const LetterPage first = Page(filter);
  EXPECT_THAT(first.letters, IsEmpty());
  ASSERT_TRUE(first.next && first.looked_to);
  EXPECT_GT(*first.next, letters[1].id);
  EXPECT_LE(*first.looked_to, Now());
  EXPECT_EQ(*first.looked_to, InstantOfId(first.next->value()));
  EXPECT_FALSE(first.unindexed) << "no search";
  int pages = 0;
  EXPECT_THAT(FollowPages(filter, 100, &pages), ElementsAre(letters[1].id));
  EXPECT_GE(pages, 3);
  filter.patience = kForEver;
  pages = 0;
  EXPECT_THAT(FollowPages(filter, 100, &pages), ElementsAre(letters[1].id));
  EXPECT_EQ(pages, 1) << "in one go, with more time";
  EXPECT_FALSE(Page(filter).looked_to);
  filter.worker_id = "nobody";
  EXPECT_THAT(FollowPages(filter, 100), IsEmpty());
}

// A state that most have does not help to find the worker that one has.
TEST_P(WalkConformance, P9_AnIndexOfWhatIsFrequentIsNotWalkedForEverEither) {
  const std::vector<Letter> letters = Record(2'600, [](int number, Letter& letter) {
    if (number == 1) letter.worker_id = "rare";
  });
  LetterFilter filter;
  filter.worker_id = "rare";
  filter.state = LetterState::kOpen;
  filter.patience = std::chrono::milliseconds(0);
  const LetterPage first = Page(filter);
  EXPECT_THAT(first.letters, IsEmpty());
  ASSERT_TRUE(first.next && first.looked_to);
  EXPECT_THAT(FollowPages(filter, 100), ElementsAre(letters[1].id));
  filter.state = LetterState::kClosed;
  EXPECT_THAT(FollowPages(filter, 100), IsEmpty());
}

// Whatever the others are, the rarest is walked: here to the end at once.
TEST_P(WalkConformance, P9_OfSeveralIndexesTheOneThatGivesFewestIsWalked) {
  const std::vector<Letter> letters = Record(2'600, [](int number, Letter& letter) {
    if (number == 1) letter.action = "rare";
    if (number == 2) letter.queue = "rare";
  });
  LetterFilter filter;
  filter.state = LetterState::kOpen;
  filter.outcome = Outcome::kParked;
  filter.reason = letters[1].reason;
  filter.patience = std::chrono::milliseconds(0);
  filter.action = "rare";
  LetterPage page = Page(filter);
  ASSERT_EQ(page.letters.size(), 1U);
  EXPECT_EQ(page.letters[0].id, letters[1].id);
  EXPECT_FALSE(page.next || page.looked_to);
  filter.action = letters[2].action;
  filter.queue = "rare";
  page = Page(filter);
  ASSERT_EQ(page.letters.size(), 1U);
  EXPECT_EQ(page.letters[0].id, letters[2].id);
  EXPECT_FALSE(page.next || page.looked_to);
}

TEST_P(WalkConformance, P9_NothingIsLookedForThatWasReceivedLongBeforeSince) {
  Record(2'600, [](int, Letter&) {});
  LetterFilter filter;
  filter.since = Now() + std::chrono::hours(2);
  filter.patience = std::chrono::milliseconds(0);
  LetterPage page = Page(filter);
  EXPECT_THAT(page.letters, IsEmpty());
  EXPECT_FALSE(page.next || page.looked_to);
  filter.since = Instant() - std::chrono::hours(24 * 365 * 100);
  EXPECT_EQ(FollowPages(filter, 1'000).size(), 2'600U);
  filter.since = Instant();
  EXPECT_EQ(FollowPages(filter, 1'000).size(), 2'600U);
}

TEST_P(WalkConformance, PagesAreStableWhileLettersArrive) {
  std::vector<LetterId> expected;
  const auto arrive = [&](int count) {
    return Record(count, [](int number, Letter& letter) {
      letter.reason = number % 2 == 0 ? Reason::kRejected : Reason::kExpired;
    });
  };
  for (const Letter& letter : arrive(2'200)) {
    if (letter.reason == Reason::kRejected) expected.insert(expected.begin(), letter.id);
  }
  LetterFilter filter;
  filter.reason = Reason::kRejected;
  filter.patience = std::chrono::milliseconds(0);
  std::vector<LetterId> seen;
  std::optional<LetterId> after;
  do {
    const LetterPage page = Page(filter, 300, after);
    for (const LetterSummary& letter : page.letters) seen.push_back(letter.id);
    after = page.next;
    EXPECT_EQ(arrive(3).size(), 3U);
  } while (after);
  EXPECT_EQ(seen, expected);
}

// Every filter alone and every two together, page by page, against all letters looked at one by
// one.
TEST_P(WalkConformance, WhateverIsAskedForTogetherIsWhatHoldsForEach) {
  const auto remarks = ledger_->OpenRemarks();
  std::set<LetterId> tagged;
  const std::vector<Letter> letters = Record(1'300, [&](int number, Letter& letter) {
    const auto of = [&](int count) { return std::to_string(number % count); };
    letter.reason = number % 3 == 0 ? Reason::kRejected : Reason::kExpired;
    letter.queue = "queue " + of(7);
    letter.type = "type " + of(11);
    letter.action = number % 13 == 0 ? std::string(600, 'a') : "action " + of(2);
    letter.execution_id = Number(number % 17);
    letter.worker_id = "worker " + of(19);
    letter.group = LetterBuilder().Group(static_cast<std::uint8_t>(number % 23)).Build().group;
    if (number % 29 == 0) tagged.insert(letter.id);
  });
  for (const LetterId id : tagged) {
    AuditEntry entry;
    entry.id = RandomUuid();
    entry.at = Now();
    entry.who = entry.role = entry.what = "x";
    const TagChange change{.add = {"tag"}, .remove = {}};
    EXPECT_EQ(Good(remarks->ChangeTags(id, change, entry)).outcome, RemarkOutcome::kDone);
  }
  std::vector<LetterSummary> all;
  for (std::optional<LetterId> after;;) {
    const LetterPage page = Page({}, 1'000, after);
    all.insert(all.end(), page.letters.begin(), page.letters.end());
    if (!(after = page.next)) break;
  }
  ASSERT_EQ(all.size(), letters.size());
  using Set = std::function<void(LetterFilter&)>;
  using Holds = std::function<bool(const LetterSummary&)>;
  const Letter& one = letters[13 * 17];
  const Instant middle = letters[650].delivery.received_at;
  const std::vector<std::pair<Set, Holds>> conditions = {
      {[](auto& filter) { filter.state = LetterState::kClosed; },
       [](const auto& letter) { return letter.state == LetterState::kClosed; }},
      {[](auto& filter) { filter.outcome = Outcome::kParked; },
       [](const auto& letter) { return letter.outcome == Outcome::kParked; }},
      {[](auto& filter) { filter.reason = Reason::kRejected; },
       [](const auto& letter) { return letter.reason == Reason::kRejected; }},
      {[&](auto& filter) { filter.queue = one.queue; },
       [&](const auto& letter) { return letter.queue == one.queue; }},
      {[&](auto& filter) { filter.type = one.type; },
       [&](const auto& letter) { return letter.type == one.type; }},
      {[&](auto& filter) { filter.action = one.action; },
       [&](const auto& letter) { return letter.action == one.action; }},
      {[&](auto& filter) { filter.execution_id = "0"; },
       [&](const auto& letter) { return letter.execution_id == "0"; }},
      {[&](auto& filter) { filter.worker_id = one.worker_id; },
       [&](const auto& letter) { return letter.worker_id == one.worker_id; }},
      {[&](auto& filter) { filter.group = one.group; },
       [&](const auto& letter) { return letter.group == one.group; }},
      {[&](auto& filter) { filter.since = middle; },
       [&](const auto& letter) { return letter.received_at >= middle; }},
      {[&](auto& filter) { filter.until = middle; },
       [&](const auto& letter) { return letter.received_at < middle; }},
      {[](auto& filter) { filter.tag = "tag"; },
       [&](const auto& letter) { return tagged.contains(letter.id); }}};
  for (std::size_t first = 0; first < conditions.size(); ++first) {
    for (std::size_t second = first; second < conditions.size(); ++second) {
      LetterFilter filter;
      conditions[first].first(filter);
      conditions[second].first(filter);
      std::vector<LetterId> expected;
      for (const LetterSummary& letter : all) {
        if (conditions[first].second(letter) && conditions[second].second(letter))
          expected.push_back(letter.id);
      }
      EXPECT_EQ(FollowPages(filter, 1'000), expected) << first << " and " << second;
      filter.patience = std::chrono::milliseconds(0);
      EXPECT_EQ(FollowPages(filter, 400), expected) << first << " and " << second;
    }
  }
}

}  // namespace deadletter::test
