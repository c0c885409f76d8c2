// What every Counting does: each letter is counted once, whatever else happens. Included once a
// test program.
#pragma once

#include <atomic>
#include <thread>

#include "tests/conformance/groups_fixture.h"

namespace deadletter::test {

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

}  // namespace deadletter::test
