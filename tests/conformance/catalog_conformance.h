// What every Catalog shows. Included once a test program.
#pragma once

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class CatalogConformance : public LedgerConformance {
 protected:
  [[nodiscard]] LetterPage List(const LetterFilter& filter, std::size_t limit = 100,
                                std::optional<LetterId> after = std::nullopt) {
    return Good(catalog_->List(filter, limit, after));
  }
  // The filter with only that field set.
  template <class T>
  [[nodiscard]] static LetterFilter With(std::optional<T> LetterFilter::* field, T value) {
    LetterFilter filter;
    filter.*field = std::move(value);
    return filter;
  }
  [[nodiscard]] std::vector<LetterId> Ids(const LetterFilter& filter) {
    std::vector<LetterId> ids;
    for (const LetterSummary& letter : List(filter).letters) ids.push_back(letter.id);
    return ids;
  }
};

TEST_P(CatalogConformance, ALetterIsShownAsItWasSettled) {
  Put(Number(1));
  Letter letter =
      LetterBuilder(Number(1)).Group(9).DiedOf(Reason::kDeliveryLimit).Redelivered().Build();
  letter.correlation_id = "c";
  letter.history.total = 12;
  Judgement judgement = Fails(letter);
  judgement.rule = "a rule";
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);

  const LetterRecord record = Show(judgement);
  const LetterSummary& summary = record.summary;
  EXPECT_EQ(summary.id, letter.id);
  EXPECT_EQ(summary.state, LetterState::kOpen);
  EXPECT_EQ(summary.outcome, Outcome::kFailed);
  EXPECT_EQ(summary.detail, "");
  EXPECT_EQ(summary.reason, Reason::kDeliveryLimit);
  EXPECT_EQ(summary.queue, letter.queue);
  EXPECT_EQ(summary.dead_letter_queue, letter.delivery.dead_letter_queue);
  EXPECT_EQ(summary.exchange, letter.exchange);
  EXPECT_EQ(summary.routing_key, letter.routing_key);
  EXPECT_EQ(summary.deaths, 12);
  EXPECT_EQ(summary.message_id, letter.message_id);
  EXPECT_EQ(summary.correlation_id, "c");
  EXPECT_EQ(summary.type, letter.type);
  EXPECT_EQ(summary.action, letter.action);
  EXPECT_EQ(summary.execution_id, "1");
  EXPECT_EQ(summary.worker_id, "7");
  EXPECT_EQ(summary.group, letter.group);
  EXPECT_EQ(summary.died_at, letter.died_at);
  EXPECT_EQ(summary.received_at, letter.delivery.received_at);
  EXPECT_GE(summary.settled_at, summary.received_at);
  EXPECT_TRUE(summary.redelivered);
  EXPECT_FALSE(summary.possible_duplicate);
  EXPECT_EQ(summary.size_bytes, static_cast<std::int64_t>(letter.delivery.message.body.size()));
  EXPECT_EQ(summary.replays, 0);
  EXPECT_EQ(record.rule, "a rule");
  EXPECT_EQ(record.message, letter.delivery.message);
  ASSERT_EQ(record.history.size(), 1U);
  EXPECT_EQ(record.history[0].what, "failed");
  EXPECT_EQ(record.history[0].at, summary.settled_at);
}

TEST_P(CatalogConformance, WhatIsNotThereIsNotShown) {
  EXPECT_EQ(Good(catalog_->Show(LetterId(RandomUuid()))), std::nullopt);
  EXPECT_THAT(List({}).letters, testing::IsEmpty());
  EXPECT_EQ(List({}).next, std::nullopt);
}

TEST_P(CatalogConformance, AbsentIsNotEmpty) {
  Letter letter = LetterBuilder().Malformed(Malformation::kNoMessageType).Build();
  letter.message_id = "";
  letter.type.reset();
  letter.action.reset();
  letter.worker_id.reset();
  letter.died_at.reset();
  const Judgement judgement = Ends(letter, Outcome::kMalformed, "no_message_type");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kMalformed);
  const LetterSummary summary = Show(judgement).summary;
  EXPECT_EQ(summary.message_id, "");
  EXPECT_EQ(summary.type, std::nullopt);
  EXPECT_EQ(summary.action, std::nullopt);
  EXPECT_EQ(summary.worker_id, std::nullopt);
  EXPECT_EQ(summary.correlation_id, std::nullopt);
  EXPECT_EQ(summary.died_at, std::nullopt);
}

TEST_P(CatalogConformance, EveryFilterChoosesItsLetters) {
  Put(Number(1), "completed");
  const Instant noon = Now() - std::chrono::hours(2);  // ids are of the time of receipt, too
  const auto base = [&] { return LetterBuilder(Number(2)).ReceivedAt(noon); };
  const std::vector<Judgement> batch = {
      Fails(LetterBuilder(Number(1)).ReceivedAt(noon)),
      Ends(base().Build(), Outcome::kUnexpectedType),
      Ends(base().DiedOf(Reason::kRejected).Build(), Outcome::kParked),
      Ends(base().Queue("other").Build(), Outcome::kParked),
      Ends(base().Build(), Outcome::kParked),
      Ends(base().Type("Other").Build(), Outcome::kParked),
      Ends(base().Action(std::string("nul\0", 4)).Build(), Outcome::kParked),
      Ends(base().WorkerId("8").Build(), Outcome::kParked),
      Ends(base().Group(3).Build(), Outcome::kParked),
      Ends(base().ReceivedAt(noon + std::chrono::hours(1)).Build(), Outcome::kParked),
      Ends(base().ReceivedAt(noon - std::chrono::hours(1)).Build(), Outcome::kParked),
  };
  EXPECT_EQ(Settle(batch).size(), batch.size());
  const auto only = [&](std::size_t place) { return testing::ElementsAre(batch[place].letter.id); };
  using Filter = LetterFilter;
  using namespace std::string_literals;
  EXPECT_THAT(Ids(With(&Filter::state, LetterState::kClosed)), only(0));
  EXPECT_THAT(Ids(With(&Filter::outcome, Outcome::kUnexpectedType)), only(1));
  EXPECT_THAT(Ids(With(&Filter::reason, Reason::kRejected)), only(2));
  EXPECT_THAT(Ids(With(&Filter::queue, "other"s)), only(3));
  EXPECT_THAT(Ids(With(&Filter::type, "Other"s)), only(5));
  EXPECT_THAT(Ids(With(&Filter::action, "nul\0"s)), only(6));
  EXPECT_THAT(Ids(With(&Filter::execution_id, "1"s)), only(0));
  EXPECT_THAT(Ids(With(&Filter::worker_id, "8"s)), only(7));
  EXPECT_THAT(Ids(With(&Filter::group, batch[8].letter.group)), only(8));
  EXPECT_THAT(Ids(With(&Filter::since, noon + std::chrono::hours(1))), only(9));
  EXPECT_THAT(Ids(With(&Filter::until, noon)), only(10));
  EXPECT_THAT(Ids(With(&Filter::queue, "o%"s)), testing::IsEmpty());
  LetterFilter between = With(&Filter::since, noon);
  between.until = noon + std::chrono::hours(1);
  EXPECT_EQ(Ids(between).size(), 9U);
  LetterFilter several = With(&Filter::queue, "other"s);
  several.outcome = Outcome::kParked;
  several.reason = Reason::kExpired;
  EXPECT_THAT(Ids(several), only(3));
  several.reason = Reason::kRejected;
  EXPECT_THAT(Ids(several), testing::IsEmpty());
  EXPECT_EQ(Ids({}).size(), batch.size());
}

TEST_P(CatalogConformance, PagesAreStableWhileLettersArrive) {
  std::vector<LetterId> expected;
  const auto arrive = [&](int count) {
    std::vector<Judgement> batch;
    for (int i = 0; i < count; ++i)
      batch.push_back(Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked));
    EXPECT_EQ(Settle(batch).size(), batch.size());
    return batch;
  };
  for (const Judgement& judgement : arrive(25))
    expected.insert(expected.begin(), judgement.letter.id);
  std::vector<LetterId> seen;
  std::optional<LetterId> after;
  do {
    const LetterPage page = List({}, 10, after);
    for (const LetterSummary& letter : page.letters) seen.push_back(letter.id);
    after = page.next;
    EXPECT_EQ(arrive(3).size(), 3U);
  } while (after);
  EXPECT_EQ(seen, expected);
}

TEST_P(CatalogConformance, CountsFollowEveryChangeOfState) {
  Put(Number(1), "requested");
  const Judgement open = Fails(LetterBuilder(Number(1)).Key(1));
  const Judgement twin = Fails(LetterBuilder(Number(1)).Key(1));
  const Judgement waiting = Ends(LetterBuilder(Number(2)).Build(), Outcome::kDeferred);
  const Judgement closed = Ends(LetterBuilder(Number(3)).Build(), Outcome::kDiscarded);
  EXPECT_EQ(Settle({open, waiting, closed, twin}).size(), 4U);
  using Letters = std::map<LetterState, std::int64_t>;
  LedgerCounts counts = Good(catalog_->Counts());
  EXPECT_EQ(
      counts.letters,
      (Letters{{LetterState::kOpen, 1}, {LetterState::kWaiting, 1}, {LetterState::kClosed, 1}}));
  EXPECT_GT(counts.bytes, 0);

  DueLetter due;
  due.id = waiting.letter.id;
  const std::vector<Judgement> again = {Again(waiting, due)};
  EXPECT_EQ(Good(settlement_->SettleAgain(again, LockedRows::kWait)).at(0).outcome,
            Outcome::kNotFound);
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(Good(settlement_->CloseFinished(10)), 1U);
  EXPECT_EQ(Good(settlement_->CloseFinished(10)), 0U);
  counts = Good(catalog_->Counts());
  EXPECT_EQ(
      counts.letters,
      (Letters{{LetterState::kOpen, 1}, {LetterState::kWaiting, 0}, {LetterState::kClosed, 2}}));
}

}  // namespace deadletter::test
