// What the suites of the replays' ports share: letters of failed executions, and a replay's steps
// one by one.
#pragma once

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class ReplayConformance : public LedgerConformance {
 protected:
  static constexpr std::chrono::seconds kDriverLease{60};

  void SetUp() override { UseReplays({}); }
  void UseReplays(const LedgerSetup& setup) {
    book_.reset();
    work_.reset();
    Use(setup);
    book_ = ledger_->OpenReplayBook();
    work_ = ledger_->OpenReplayWork();
  }

  // An execution that a letter has failed; that letter.
  [[nodiscard]] Judgement Failed(const ExecutionId& id, const std::string& status = "scheduled",
                                 const std::string& failed = "failed") {
    Put(id, status);
    const Judgement judgement = Fails(LetterBuilder(id), failed);
    EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
    return judgement;
  }
  [[nodiscard]] static LetterSelection All(Outcome outcome) {
    LetterSelection selection;
    selection.filter.outcome = outcome;
    return selection;
  }
  [[nodiscard]] static LetterId IdOf(const Judgement& judgement) { return judgement.letter.id; }

  [[nodiscard]] static AuditEntry Act(const std::string& what, ReplayId replay) {
    AuditEntry entry;
    entry.id = TimeOrderedUuid(Now());
    entry.at = Now();
    entry.who = "anna";
    entry.role = "operator";
    entry.what = what;
    entry.subject = FormatUuid(replay.value());
    return entry;
  }
  [[nodiscard]] ReplayMade Try(ReplayId id, const std::vector<LetterId>& letters) {
    return Good(
        book_->Make(id, spec_, {.ids = letters, .filter = {}}, kMany, Now(), Act("replay", id)));
  }
  [[nodiscard]] ReplayId Make(const std::vector<LetterId>& letters) {
    const ReplayId id(TimeOrderedUuid(Now()));
    EXPECT_TRUE(Try(id, letters).made);
    return id;
  }
  [[nodiscard]] std::optional<ReplaySteered> Steer(ReplayId replay, ReplayCommand command,
                                                   const std::string& what = "steer") {
    return Good(book_->Steer(replay, command, Now(), Act(what, replay)));
  }
  [[nodiscard]] std::vector<AuditEntry> Acts() {
    return Good(ledger_->OpenAudit()->List({}, 1000, std::nullopt)).entries;
  }
  void Lease(Uuid driver, Instant at = Now()) { Good(work_->Lease(driver, at, kDriverLease, {})); }
  [[nodiscard]] static ReplayClaim ClaimOf(const Judgement& judgement) {
    return {judgement.letter.id, judgement.letter.execution_id, judgement.letter.attempt};
  }
  [[nodiscard]] ClaimedLetter ClaimLetter(ReplayId replay, const Judgement& judgement) {
    const ReplayClaim claim = ClaimOf(judgement);
    return Good(work_->Claim(replay, driver_, std::span(&claim, 1), Now())).at(0);
  }
  // A replay of that letter alone, which is claimed.
  [[nodiscard]] ReplayId Claimed(const Judgement& judgement) {
    const ReplayId replay = Make({IdOf(judgement)});
    Lease(driver_);
    EXPECT_EQ(ClaimLetter(replay, judgement).verdict, ClaimVerdict::kClaimed);
    return replay;
  }
  std::map<ReplayEnd, std::int64_t> Mark(ReplayId replay, const Judgement& judgement,
                                         ReplayMark mark) {
    return MarkOf(replay, judgement, mark, PartOf(replay, judgement).claimed_at);
  }
  std::map<ReplayEnd, std::int64_t> MarkOf(ReplayId replay, const Judgement& judgement,
                                           ReplayMark mark, std::optional<Instant> claimed_at) {
    const ReplayResult result{.letter = judgement.letter.id,
                              .mark = mark,
                              .detail = "a detail",
                              .retry_at = Now(),
                              .claimed_at = claimed_at,
                              .execution = judgement.letter.execution_id,
                              .failure = judgement.failure,
                              .event = judgement.event};
    return Good(work_->Mark(replay, std::span(&result, 1), Now()));
  }
  [[nodiscard]] ReplayId Sent(const Judgement& judgement) {
    const ReplayId replay = Claimed(judgement);
    Mark(replay, judgement, ReplayMark::kSent);
    return replay;
  }
  std::map<ReplayEnd, std::int64_t> Follow(ReplayId replay, Instant at = Now()) {
    return Good(work_->Follow(replay, std::nullopt, 1000, at)).ends;
  }
  [[nodiscard]] ReplayRecord ShowReplay(ReplayId replay) {
    return Good(book_->Show(replay)).value();
  }
  [[nodiscard]] ReplayedLetter PartOf(ReplayId replay, const Judgement& judgement) {
    for (const ReplayedLetter& letter : Good(book_->Letters(replay, {}, 1000, {}))) {
      if (letter.letter == judgement.letter.id) return letter;
    }
    throw std::runtime_error("the replay does not have that letter");
  }
  void ExpectWithdrawn(ReplayId replay, const Judgement& judgement, const std::string& why) {
    EXPECT_EQ(ClaimLetter(replay, judgement).verdict, ClaimVerdict::kWithdrawn);
    const ReplayedLetter part = PartOf(replay, judgement);
    EXPECT_EQ(part.end, ReplayEnd::kWithdrawn);
    EXPECT_EQ(part.detail, why);
  }
  void ExpectCountsAgree() {
    const auto counts = Good(catalog_->Counts()).letters;
    for (const LetterState state :
         {LetterState::kOpen, LetterState::kWaiting, LetterState::kClosed}) {
      const auto found = counts.find(state);
      LetterFilter filter;
      filter.state = state;
      const auto listed = Good(catalog_->List(filter, 1000, {})).letters.size();
      EXPECT_EQ(found == counts.end() ? 0 : found->second, static_cast<std::int64_t>(listed))
          << LetterStateName(state);
    }
  }

  const Uuid driver_ = RandomUuid();
  ReplaySpec spec_;
  std::unique_ptr<ReplayBook> book_;
  std::unique_ptr<ReplayWork> work_;
};

}  // namespace deadletter::test
