// What every GroupBook does: groups, their mutes and statistics. Included once a test program.
#pragma once

#include "tests/conformance/groups_fixture.h"

namespace deadletter::test {

TEST_P(GroupsConformance, GroupsAreListedInEitherOrderAndByEveryFilter) {
  const Instant noon(std::chrono::seconds(1'795'000'000));
  const auto letter = [&](std::uint8_t group, int minute) {
    return LetterBuilder().Group(group).ReceivedAt(noon + std::chrono::minutes(minute));
  };
  const auto park = [&](const LetterBuilder& builder) {
    return Ends(builder.Build(), Outcome::kParked);
  };
  EXPECT_EQ(Settle({park(letter(1, 1)), park(letter(1, 2)), park(letter(1, 3)),
                    park(letter(2, 10).Type("Other 1")), park(letter(3, 5).Action("core.http")),
                    park(letter(3, 6).Action("core.http")),
                    park(letter(4, 7).Queue("other.8").DiedOf(Reason::kMaxlen))})
                .size(),
            7U);
  CountAll();
  const auto ids = [](std::initializer_list<std::uint8_t> bytes) {
    std::vector<GroupId> groups;
    for (const std::uint8_t byte : bytes) groups.push_back(Group(byte));
    return groups;
  };
  EXPECT_EQ(Ids(), ids({2, 4, 3, 1}));
  EXPECT_EQ(Ids({}, GroupOrder::kLetters), ids({1, 3, 4, 2}));
  GroupFilter filter;
  filter.type = "Other #";
  EXPECT_EQ(Ids(filter), ids({2}));
  filter = {};
  filter.action = "core.http";
  EXPECT_EQ(Ids(filter), ids({3}));
  filter = {};
  filter.reason = Reason::kMaxlen;
  EXPECT_EQ(Ids(filter), ids({4}));
  filter.queue = "other.#";
  EXPECT_EQ(Ids(filter), ids({4}));
  filter.queue = "worker.#.executions";
  EXPECT_THAT(Ids(filter), testing::IsEmpty());
  filter = {};
  filter.since = noon + std::chrono::minutes(6);
  EXPECT_EQ(Ids(filter), ids({2, 4, 3}));
  EXPECT_EQ(Ids(filter, GroupOrder::kLetters), ids({3, 4, 2}));
}

TEST_P(GroupsConformance, GroupsComeInPages) {
  for (std::uint8_t group = 1; group <= 7; ++group)
    Record(group % 3 + 1U, group, Instant(std::chrono::seconds(1'795'000'000 + group / 2)));
  CountAll();
  for (const GroupOrder order : {GroupOrder::kLastSeen, GroupOrder::kLetters}) {
    std::vector<GroupId> seen;
    std::optional<GroupPlace> after;
    do {
      const GroupPage page = List({}, order, 2, after);
      for (const GroupSummary& group : page.groups) seen.push_back(group.group);
      after = page.next;
    } while (after);
    EXPECT_EQ(seen, Ids({}, order));
    EXPECT_EQ(seen.size(), 7U);
  }
}

TEST_P(GroupsConformance, ATrendIsOfTheLastDay) {
  const Instant now = Now();
  for (const int hours : {0, 0, 1, 23, 24, 100}) Record(1, 1, now - std::chrono::hours(hours));
  Record(1, 1, now - kGroupHoursKept - std::chrono::hours(5));
  CountAll();
  const GroupSummary group = Good(book_->List({}, GroupOrder::kLastSeen, 10, {}, now)).groups.at(0);
  std::array<std::int64_t, kTrendHours> trend{};
  trend[23] = 2;
  trend[22] = 1;
  trend[0] = 1;
  EXPECT_EQ(group.trend, trend);
  EXPECT_EQ(group.letters, 7);
  // The day after, with nothing new.
  const GroupSummary later =
      Good(book_->List({}, GroupOrder::kLastSeen, 10, {}, now + std::chrono::hours(1)))
          .groups.at(0);
  trend = {};
  trend[22] = 2;
  trend[21] = 1;
  EXPECT_EQ(later.trend, trend);
}

TEST_P(GroupsConformance, P9_OldHoursOfGroupsAreForgotten) {
  const Instant now = Now();
  Record(3, 1, now);
  Record(2, 2, now);
  CountAll();
  const Instant later = now + kGroupHoursKept + std::chrono::hours(2);
  EXPECT_EQ(Good(counting_->Prune(now, 10)), 0U);
  EXPECT_EQ(Good(counting_->Prune(later, 1)), 1U);
  EXPECT_EQ(Good(counting_->Prune(later, 10)), 1U);
  EXPECT_EQ(Good(counting_->Prune(later, 10)), 0U);
  ExpectExact();
  EXPECT_EQ(Good(book_->List({}, GroupOrder::kLastSeen, 10, {}, now)).groups.at(0).trend[23], 0);
}

TEST_P(GroupsConformance, P8_AMuteAndWhatTellsOfItAreThereTogether) {
  Record(3, 1);
  Record(1, 2);
  CountAll();
  const Instant until = HourOf(Now()) + std::chrono::hours(3);
  EXPECT_TRUE(Good(book_->Mute(Group(1), until, MuteEntry())));
  for (const GroupSummary& group : List().groups) {
    const bool is_muted = group.group == Group(1);
    EXPECT_EQ(group.muted_until, is_muted ? std::optional(until) : std::nullopt);
    EXPECT_EQ(group.muted_by, is_muted ? "anna" : "");
  }
  GroupFilter filter;
  filter.muted = true;
  EXPECT_THAT(Ids(filter), testing::ElementsAre(Group(1)));
  filter.muted = false;
  EXPECT_THAT(Ids(filter), testing::ElementsAre(Group(2)));
  ASSERT_EQ(Acts().size(), 1U);
  EXPECT_EQ(Acts()[0].letters, 3);
  EXPECT_EQ(Acts()[0].who, "anna");

  EXPECT_TRUE(Good(book_->Mute(Group(1), until + std::chrono::hours(1), MuteEntry("bert"))));
  filter.muted = true;
  EXPECT_EQ(List(filter).groups.at(0).muted_by, "bert");
  EXPECT_TRUE(Good(book_->Mute(Group(1), std::nullopt, MuteEntry())));
  EXPECT_THAT(Ids(filter), testing::IsEmpty());
  EXPECT_TRUE(Good(book_->Mute(Group(1), std::nullopt, MuteEntry()))) << "once more does no harm";
  EXPECT_EQ(Acts().size(), 4U);
}

TEST_P(GroupsConformance, AMuteEndsByItselfAndIsForgotten) {
  Record(1);
  CountAll();
  EXPECT_TRUE(Good(book_->Mute(Group(1), Now() - std::chrono::seconds(1), MuteEntry())));
  EXPECT_EQ(Only().muted_until, std::nullopt);
  GroupFilter filter;
  filter.muted = true;
  EXPECT_THAT(Ids(filter), testing::IsEmpty());
  EXPECT_EQ(Good(counting_->Prune(Now(), 10)), 1U);
}

TEST_P(GroupsConformance, AGroupThatNobodyHasCountedYetCanBeMuted) {
  Record(2, 9);
  EXPECT_TRUE(Good(book_->Mute(Group(9), Now() + std::chrono::hours(1), MuteEntry())));
  CountAll();
  EXPECT_TRUE(Only().muted_until.has_value());
  // It is no part of the counts: those may be made anew.
  ledger_->ForgetUncounted();
  Record(1, 9);
  ledger_->ForgetUncounted();
  CountAll();
  EXPECT_TRUE(Only().muted_until.has_value());
  EXPECT_FALSE(Good(book_->Mute(Group(8), Now() + std::chrono::hours(1), MuteEntry())));
  EXPECT_EQ(Acts().size(), 1U) << "what did not happen is not audited";
}

TEST_P(GroupsConformance, AMuteChangesNothingForItsLetters) {
  Put(Number(1));
  Record(1, 5);
  CountAll();
  EXPECT_TRUE(Good(book_->Mute(Group(5), Now() + std::chrono::hours(1), MuteEntry())));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Group(5))), Outcome::kFailed);
  EXPECT_EQ(CountAll(), 1U);
  EXPECT_EQ(LettersOf(5), 2);
}

TEST_P(GroupsConformance, StatisticsAreOfWholeHours) {
  Put(Number(1));
  const Instant noon = HourOf(Instant(std::chrono::seconds(1'795'000'000)));
  const auto at = [&](std::chrono::minutes minutes) {
    return LetterBuilder(Number(1)).ReceivedAt(noon + minutes);
  };
  using std::chrono::minutes;
  EXPECT_EQ(Settle({Ends(at(minutes(-1)).Build(), Outcome::kParked), Fails(at(minutes(0))),
                    Ends(at(minutes(59)).Queue("other").Build(), Outcome::kDiscarded),
                    Ends(at(minutes(60)).DiedOf(Reason::kRejected).Build(), Outcome::kParked),
                    Ends(at(minutes(120)).Build(), Outcome::kParked)})
                .size(),
            5U);
  const Statistics none = Good(book_->Count(noon, noon + minutes(120), 10));
  EXPECT_THAT(none.hours, testing::IsEmpty());
  EXPECT_EQ(none.uncounted, 5);
  EXPECT_EQ(none.outbox_pending, 1);
  CountAll();
  const Statistics counted = Good(book_->Count(noon, noon + minutes(120), 10));
  EXPECT_EQ(counted.hours, (std::map<Instant, std::int64_t>{{noon, 2}, {noon + minutes(60), 1}}));
  using Names = std::map<std::string, std::int64_t>;
  EXPECT_EQ(counted.by_reason, (Names{{"expired", 2}, {"rejected", 1}}));
  EXPECT_EQ(counted.by_queue, (Names{{"worker.7.executions", 2}, {"other", 1}}));
  EXPECT_EQ(counted.by_outcome, (Names{{"failed", 1}, {"discarded", 1}, {"parked", 1}}));
  EXPECT_EQ(counted.states.at(LetterState::kClosed), 1);
  EXPECT_EQ(counted.states.at(LetterState::kOpen), 4);
  EXPECT_EQ(counted.uncounted, 0);
  EXPECT_EQ(Good(book_->Count(noon, noon + minutes(120), 1)).by_queue,
            (Names{{"worker.7.executions", 2}}));
}

TEST_P(GroupsConformance, AnAbortEndsWhatComesAfterIt) {
  Record(1);
  counting_->Abort();
  book_->Abort();
  EXPECT_EQ(counting_->Count(10, Now()).error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(counting_->Prune(Now(), 10).error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(book_->List({}, GroupOrder::kLastSeen, 1, {}, Now()).error().fault,
            LedgerFault::kUnavailable);
  EXPECT_EQ(book_->Mute(Group(1), std::nullopt, MuteEntry()).error().fault,
            LedgerFault::kUnavailable);
  EXPECT_EQ(book_->Count(Now(), Now(), 1).error().fault, LedgerFault::kUnavailable);
}

}  // namespace deadletter::test
