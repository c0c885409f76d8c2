// What the suites of counting and of groups share: letters of several groups, and an account of
// them.
#pragma once

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

}  // namespace deadletter::test
