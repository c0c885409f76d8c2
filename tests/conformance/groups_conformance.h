// What every Counting and every GroupBook does. Included once a test program.
#pragma once

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/rfc3339.h"
#include "ledger/letter_tally.h"
#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class GroupsConformance : public LedgerConformance {
 protected:
  void SetUp() override {
    LedgerConformance::SetUp();
    counting_ = ledger_->OpenCounting();
    book_ = ledger_->OpenGroupBook();
  }

  // Until nothing is left to be done now; how many letters that were.
  std::size_t CountAll(std::size_t at_once = 1'000, Instant now = Now()) {
    constexpr int kMostCalls = 1'000;
    std::size_t letters = 0;
    for (int call = 0; call < kMostCalls; ++call) {
      const CountProgress progress = Good(counting_->Count(at_once, now));
      letters += progress.letters;
      if (!progress.more && progress.letters == 0) return letters;
    }
    ADD_FAILURE() << "it counts without end";
    return letters;
  }
  [[nodiscard]] CountedFacts Facts() { return ledger_->ReadFacts().counts.value(); }
  // Every letter is counted, once.
  void ExpectExact() {
    const CountedFacts facts = Facts();
    EXPECT_FALSE(facts.is_recounting);
    EXPECT_EQ(facts.counted, facts.letters);
    for (const std::int64_t sum :
         {facts.in_groups, facts.by_reason, facts.by_queue, facts.by_outcome})
      EXPECT_EQ(sum, facts.letters);
    EXPECT_EQ(facts.wrong_groups, 0);
    EXPECT_EQ(Good(counting_->Count(1, Now())).uncounted, 0);
  }

  // Letters of that group, recorded and not counted.
  std::vector<LetterId> Record(std::size_t letters, std::uint8_t group = 1,
                               Instant received_at = Now()) {
    std::vector<Judgement> batch;
    std::vector<LetterId> ids;
    for (std::size_t number = 0; number < letters; ++number) {
      batch.push_back(
          Ends(LetterBuilder().Group(group).ReceivedAt(received_at).Build(), Outcome::kParked));
      ids.push_back(batch.back().letter.id);
    }
    EXPECT_EQ(Settle(batch).size(), letters);
    return ids;
  }
  // So many batches of up to four letters, from any thread, beside others.
  void SettleSome(int batches) {
    const auto settlement = ledger_->OpenSettlement();
    for (int number = 0; number < batches; ++number) {
      std::vector<Judgement> batch;
      for (int letter = 0; letter <= number % 4; ++letter)
        batch.push_back(Ends(LetterBuilder().Group(static_cast<std::uint8_t>(letter)).Build(),
                             Outcome::kParked));
      auto settled = settlement->Settle(batch, LockedRows::kWait);
      while (!settled && settled.error().fault == LedgerFault::kBusy)
        settled = settlement->Settle(batch, LockedRows::kWait);
      EXPECT_EQ(Good(std::move(settled)).size(), batch.size());
    }
  }
  // Again where somebody else has the lock just now.
  static CountProgress CountPatiently(Counting& counting, std::size_t at_once) {
    auto counted = counting.Count(at_once, Now());
    while (!counted && counted.error().fault == LedgerFault::kBusy)
      counted = counting.Count(at_once, Now());
    return Good(std::move(counted));
  }
  // With ids before those of all others.
  void RecordEarly(std::size_t letters) {
    std::vector<Judgement> batch;
    for (std::size_t number = 0; number < letters; ++number) {
      Letter letter = LetterBuilder().Group(2).Build();
      Uuid early = RandomUuid();
      early.bytes[0] = 0;
      letter.id = LetterId(early);
      batch.push_back(Ends(letter, Outcome::kParked));
    }
    EXPECT_EQ(Settle(batch).size(), letters);
  }
  [[nodiscard]] static GroupId Group(std::uint8_t first_byte) {
    return LetterBuilder().Group(first_byte).Build().group;
  }

  [[nodiscard]] GroupPage List(const GroupFilter& filter = {},
                               GroupOrder order = GroupOrder::kLastSeen, std::size_t limit = 1'000,
                               std::optional<GroupPlace> after = std::nullopt) {
    return Good(book_->List(filter, order, limit, after, Now()));
  }
  [[nodiscard]] std::vector<GroupId> Ids(const GroupFilter& filter = {},
                                         GroupOrder order = GroupOrder::kLastSeen) {
    std::vector<GroupId> ids;
    for (const GroupSummary& group : List(filter, order).groups) ids.push_back(group.group);
    return ids;
  }
  [[nodiscard]] GroupSummary Only() {
    const GroupPage page = List();
    EXPECT_EQ(page.groups.size(), 1U);
    return page.groups.empty() ? GroupSummary{} : page.groups.front();
  }
  [[nodiscard]] std::int64_t LettersOf(std::uint8_t group) {
    for (const GroupSummary& each : List().groups) {
      if (each.group == Group(group)) return each.letters;
    }
    return 0;
  }
  [[nodiscard]] Statistics Count(Instant since, Instant until, std::size_t most_queues = 100) {
    return Good(book_->Count(HourOf(since), HourOf(until) + std::chrono::hours(1), most_queues));
  }

  [[nodiscard]] static AuditEntry MuteEntry(const std::string& who = "anna") {
    AuditEntry entry;
    entry.id = TimeOrderedUuid(Now());
    entry.at = Now();
    entry.who = who;
    entry.role = "operator";
    entry.what = "mute";
    entry.subject = "s";
    entry.letters = 0;
    entry.detail = "d";
    return entry;
  }
  [[nodiscard]] std::vector<AuditEntry> Acts() {
    return Good(ledger_->OpenAudit()->List({}, 1'000, std::nullopt)).entries;
  }

  std::unique_ptr<Counting> counting_;
  std::unique_ptr<GroupBook> book_;
};

TEST_P(GroupsConformance, P4_EachLetterIsCountedOnce) {
  const Instant first(std::chrono::seconds(1'795'000'000));
  const auto letter = [&](std::uint64_t key, Instant at) {
    return Ends(LetterBuilder()
                    .Group(7)
                    .Key(key)
                    .Type("Execution2Requested")
                    .Action("core.http 10")
                    .Queue("worker.17.executions")
                    .DiedOf(Reason::kRejected)
                    .ReceivedAt(at)
                    .Build(),
                Outcome::kParked);
  };
  const std::vector<Judgement> batch = {letter(1, first + std::chrono::hours(2)), letter(2, first),
                                        letter(1, first)};
  EXPECT_EQ(Settle(batch).size(), 3U);
  EXPECT_FALSE(SettleOne(letter(2, first)).recorded);
  EXPECT_THAT(List().groups, testing::IsEmpty()) << "settle counts nothing";
  EXPECT_EQ(CountAll(), 2U);
  EXPECT_EQ(CountAll(), 0U);
  const GroupSummary group = Only();
  EXPECT_EQ(group.group, Group(7));
  EXPECT_EQ(group.letters, 2);
  EXPECT_EQ(group.first_seen, first);
  EXPECT_EQ(group.last_seen, first + std::chrono::hours(2));
  EXPECT_EQ(group.sample, batch[1].letter.id);
  EXPECT_EQ(group.type, "Execution#Requested");
  EXPECT_EQ(group.action, "core.http #");
  EXPECT_EQ(group.queue, "worker.#.executions");
  EXPECT_EQ(group.reason, Reason::kRejected);
  EXPECT_EQ(group.muted_until, std::nullopt);
  ExpectExact();
}

TEST_P(GroupsConformance, P4_WhateverIsCountedAtOnce) {
  for (const std::size_t at_once : {1U, 2U, 3U, 7U, 1'000U}) {
    for (const std::size_t letters : {1U, 5U, 2U})
      Record(letters, static_cast<std::uint8_t>(at_once));
    EXPECT_EQ(CountAll(at_once), 8U) << at_once;
    EXPECT_EQ(LettersOf(static_cast<std::uint8_t>(at_once)), 8) << at_once;
    ExpectExact();
  }
}

TEST_P(GroupsConformance, AGroupsWordsAreThoseOfWhereItsLettersDiedFirst) {
  Letter letter = LetterBuilder()
                      .Group(1)
                      .Queue("retries.3")
                      .Header("x-first-death-queue", FieldValue{std::string("worker.12.q")})
                      .Build();
  Letter absent = LetterBuilder().Group(2).Queue("").Build();
  absent.type.reset();
  absent.action.reset();
  EXPECT_EQ(Settle({Ends(letter, Outcome::kParked), Ends(absent, Outcome::kMalformed)}).size(), 2U);
  CountAll();
  for (const GroupSummary& group : List().groups) {
    if (group.group == Group(1)) {
      EXPECT_EQ(group.queue, "worker.#.q");
    } else {
      EXPECT_EQ(group.queue, "");
      EXPECT_EQ(group.type, std::nullopt);
      EXPECT_EQ(group.action, std::nullopt);
    }
  }
}

// Whatever a letter holds, it is counted, and what is kept of it is bounded.
TEST_P(GroupsConformance, P5_P9_HostileTextsAreCounted) {
  using namespace std::string_literals;
  const std::string bytes = "nul\0 and \xff\xfe\x80"s;
  const std::string huge(std::size_t{1} << 20, 'x');
  std::vector<Judgement> batch;
  std::uint8_t group = 1;
  for (const std::string& text : {bytes, huge, std::string(5'000, '7'), ""s}) {
    batch.push_back(Ends(LetterBuilder().Group(group++).Type(text).Action(text).Queue(text).Build(),
                         Outcome::kParked));
  }
  EXPECT_EQ(Settle(batch).size(), batch.size());
  EXPECT_EQ(CountAll(), batch.size());
  ExpectExact();
  GroupFilter filter;
  filter.action = GroupWord(bytes);
  EXPECT_THAT(Ids(filter), testing::ElementsAre(Group(1)));
  filter.action = GroupWord(huge);
  EXPECT_THAT(Ids(filter), testing::ElementsAre(Group(2)));
  for (const GroupSummary& each : List().groups) {
    EXPECT_LE(each.type.value_or("").size(), kMaxGroupWordBytes);
    EXPECT_LE(each.queue.size(), kMaxGroupWordBytes);
  }
  const Statistics statistics = Count(Now() - std::chrono::hours(1), Now());
  EXPECT_EQ(statistics.by_queue.at(bytes), 1);
  EXPECT_EQ(statistics.by_queue.at(""), 3);
}

TEST_P(GroupsConformance, P4_SeveralCountersBesideSettleCountEachLetterOnce) {
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (int counter = 0; counter < 3; ++counter) {
    threads.emplace_back([&] {
      const auto counting = ledger_->OpenCounting();
      while (!is_over) (void)CountPatiently(*counting, 5);
    });
  }
  for (int settler = 0; settler < 2; ++settler) threads.emplace_back([&] { SettleSome(30); });
  for (std::size_t settler = 3; settler < 5; ++settler) threads[settler].join();
  is_over = true;
  for (std::size_t counter = 0; counter < 3; ++counter) threads[counter].join();
  CountAll();
  ExpectExact();
}

TEST_P(GroupsConformance, WhatIsSettledAgainIsCountedAsItWasRecorded) {
  Put(Number(1));
  const Judgement deferred = Ends(LetterBuilder(Number(1)).Build(), Outcome::kDeferred);
  const Judgement refused = Ends(LetterBuilder(Number(2)).Build(), Outcome::kRefused);
  EXPECT_EQ(Settle({deferred, refused}).size(), 2U);
  DueLetter due;
  due.id = deferred.letter.id;
  Judgement again = Again(deferred, due);
  again.tries = 1;
  EXPECT_EQ(Good(settlement_->SettleAgain(std::span(&again, 1), LockedRows::kWait)).at(0).outcome,
            Outcome::kFailed);
  EXPECT_EQ(CountAll(), 2U);
  Judgement once_more = refused;
  once_more.tries = 1;
  EXPECT_TRUE(
      Good(settlement_->SettleAgain(std::span(&once_more, 1), LockedRows::kWait)).at(0).recorded);
  EXPECT_EQ(CountAll(), 0U);
  const Statistics statistics = Count(Now() - std::chrono::hours(1), Now());
  EXPECT_EQ(statistics.by_outcome.at("deferred"), 1);
  EXPECT_EQ(statistics.by_outcome.at("refused"), 1);
  EXPECT_FALSE(statistics.by_outcome.contains("failed"));
  ExpectExact();
}

// An older program beside this one records without naming.
TEST_P(GroupsConformance, P4_LettersThatNobodyHasNamedAreFoundAndCounted) {
  Record(7, 1);
  CountAll();
  Record(5, 1);
  Record(3, 2);
  ledger_->ForgetUncounted();
  EXPECT_GT(Good(counting_->Count(2, Now())).uncounted, 0);
  // In small steps, while others go on recording.
  CountProgress progress;
  std::size_t steps = 0;
  do {
    progress = Good(counting_->Count(2, Now()));
    if (++steps % 3 == 0 && steps < 12) Record(2, 3);
  } while (progress.more || progress.letters > 0);
  CountAll(2);
  ExpectExact();
  EXPECT_EQ(LettersOf(1), 12);
  EXPECT_EQ(LettersOf(2), 3);
  EXPECT_EQ(LettersOf(3), 6);
}

// Their ids have been passed by when they are recorded: a batch took long, or another machine's
// clock is behind.
TEST_P(GroupsConformance, P4_LettersOfEarlierIdsThatComeWhileEverythingIsCountedAnew) {
  for (const bool are_named : {true, false}) {
    Record(6, 1);
    ledger_->ForgetUncounted();
    Instant now = Now() + 100 * kRecountEvery;
    // The first call begins, the others count two letters each.
    for (int call = 0; call < 4; ++call) (void)Good(counting_->Count(2, now));
    EXPECT_TRUE(Facts().is_recounting);
    RecordEarly(2);
    if (!are_named) ledger_->ForgetUncounted();
    CountAll(2, now);
    // Those that nobody has named are missed once, and found the next time.
    CountAll(2, now + kRecountEvery + std::chrono::seconds(1));
    ExpectExact();
    Use({});
    counting_ = ledger_->OpenCounting();
    book_ = ledger_->OpenGroupBook();
  }
}

TEST_P(GroupsConformance, P4_EverythingIsCountedAnewBesideSettle) {
  for (int batch = 0; batch < 20; ++batch) Record(10);
  ledger_->ForgetUncounted();
  std::atomic<int> settlers{2};
  std::vector<std::thread> threads;
  for (int settler = 0; settler < 2; ++settler) {
    threads.emplace_back([&] {
      SettleSome(40);
      --settlers;
    });
  }
  bool is_counted_anew = false;
  while (settlers > 0 || !is_counted_anew) {
    is_counted_anew = !CountPatiently(*counting_, 7).more && settlers == 0;
  }
  for (auto& thread : threads) thread.join();
  CountAll();
  ExpectExact();
}

TEST_P(GroupsConformance, P9_EverythingIsCountedAnewNowAndThenAtMost) {
  Record(4);
  ledger_->ForgetUncounted();
  CountAll();
  Record(4);
  ledger_->ForgetUncounted();
  const Instant soon = Now() + kRecountEvery / 2;
  EXPECT_EQ(CountAll(1'000, soon), 0U);
  EXPECT_EQ(Facts().counted, 4);
  EXPECT_EQ(CountAll(1'000, Now() + kRecountEvery + std::chrono::seconds(1)), 8U);
  ExpectExact();
  // A clock that was set back makes nobody wait for the old time.
  Record(1);
  ledger_->ForgetUncounted();
  EXPECT_EQ(CountAll(1'000, Now() - std::chrono::hours(24)), 9U);
  ExpectExact();
}

TEST_P(GroupsConformance, P5_WhatCountingAnewDoesNotFindIsNotLookedForForEver) {
  Record(1);
  CountAll();
  ledger_->Meddle("UPDATE {{letter_count}} SET letters = letters + 3 WHERE letters > 0");
  Instant now = Now();
  const auto later = [&] { return now += kRecountEvery + std::chrono::seconds(1); };
  EXPECT_EQ(CountAll(10, now), 1U);
  EXPECT_EQ(Good(counting_->Count(10, now)).uncounted, 4 - 1) << "nobody knows yet";
  EXPECT_EQ(CountAll(10, later()), 1U);
  EXPECT_EQ(Good(counting_->Count(10, now)).uncounted, 0);
  EXPECT_EQ(CountAll(10, later()), 0U);
  // What comes is counted as ever, and what nobody names is found as ever.
  Record(2);
  EXPECT_EQ(CountAll(10, later()), 2U);
  Record(1);
  ledger_->ForgetUncounted();
  EXPECT_EQ(CountAll(10, later()), 4U);
  EXPECT_EQ(LettersOf(1), 4);
}

TEST_P(GroupsConformance, P5_ADamagedListOfWhatIsToBeCountedStopsNothing) {
  Record(3);
  CountAll();
  Record(2);
  ledger_->DamageUncounted();
  Record(2);
  CountAll(2);
  CountAll(2, Now() + kRecountEvery + std::chrono::seconds(1));
  ExpectExact();
  EXPECT_EQ(LettersOf(1), 7);
}

TEST_P(GroupsConformance, P9_AnHourHasSoManyQueuesByTheirNames) {
  const Instant hour = HourOf(Now());
  const auto settle = [&](std::size_t from, std::size_t until) {
    std::vector<Judgement> batch;
    for (std::size_t number = from; number < until; ++number) {
      batch.push_back(
          Ends(LetterBuilder().Queue("q" + std::to_string(number)).ReceivedAt(hour).Build(),
               Outcome::kParked));
    }
    EXPECT_EQ(Settle(batch).size(), batch.size());
    CountAll();
  };
  settle(0, kMaxQueuesOfAnHour - 2);
  settle(kMaxQueuesOfAnHour - 4, kMaxQueuesOfAnHour + 3);
  ExpectExact();
  const Statistics statistics = Count(hour, hour, 2 * kMaxQueuesOfAnHour);
  EXPECT_LE(statistics.by_queue.size(), kMaxQueuesOfAnHour + 1);
  EXPECT_EQ(statistics.by_queue.at("q" + std::to_string(kMaxQueuesOfAnHour - 4)), 2);
  EXPECT_GE(statistics.by_queue.at(""), 3);
}

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
