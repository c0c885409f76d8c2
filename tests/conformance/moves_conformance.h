// The other two state machines of docs/state-machine.md: of an execution, and of a message in the
// outbox. Each step is tried from each state, and leads where the page says.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "tests/conformance/ledger_conformance.h"
#include "tests/folders.h"
#include "tests/support/documented_table.h"

namespace deadletter::test {

inline DocumentedTable PageTable(const std::string& first_column) {
  return ReadDocumentedTable(std::string(DEADLETTER_SOURCE_DIR) + "/docs/state-machine.md",
                             first_column);
}

class ExecutionMovesConformance : public LedgerConformance {
 protected:
  // By the name of the page's column: everything that may come of a letter about the row.
  using Step = std::function<void(const ExecutionId&)>;
  std::map<std::string, Step> Steps() {
    return {
        {"its letter",
         [this](const ExecutionId& id) {
           const Judgement letter = Fails(LetterBuilder(id).Attempt(UpdatedOf(id)));
           EXPECT_TRUE(SettleOne(letter).recorded);
           EXPECT_FALSE(SettleOne(letter).recorded) << "delivered again";
         }},
        {"its letter, settled again",
         [this](const ExecutionId& id) {
           Judgement letter = Ends(LetterBuilder(id).Build(), Outcome::kDeferred);
           EXPECT_TRUE(SettleOne(letter).recorded);
           Judgement again = Fails(LetterBuilder(id).Attempt(UpdatedOf(id)));
           again.letter.id = letter.letter.id;
           Good(settlement_->SettleAgain(std::span(&again, 1), LockedRows::kWait));
         }},
        {"a letter that a rule retries, parks or discards",
         [this](const ExecutionId& id) {
           (void)SettleOne(Ends(LetterBuilder(id).Build(), Outcome::kParked));
           (void)SettleOne(Ends(LetterBuilder(id).Build(), Outcome::kDiscarded));
           (void)SettleOne(Retries(LetterBuilder(id).Build(), NewReplayId(), Now()));
         }},
        {"a letter of an earlier attempt",
         [this](const ExecutionId& id) {
           const Instant earlier = UpdatedOf(id) - std::chrono::hours(1);
           (void)SettleOne(Fails(LetterBuilder(id).Attempt(earlier)));
         }},
    };
  }

  Judgement FailedLetter(const ExecutionId& id) {
    Put(id);
    const Judgement letter = Fails(LetterBuilder(id));
    EXPECT_EQ(OutcomeOf(letter), Outcome::kFailed);
    return letter;
  }
  // As far as its message is about to be sent, or is not to be.
  void Replay(const Judgement& letter) {
    const Uuid driver = RandomUuid();
    const ReplayId replay(TimeOrderedUuid(Now()));
    AuditEntry act;
    act.id = TimeOrderedUuid(Now());
    act.at = Now();
    act.who = "anna";
    act.role = "operator";
    act.what = "replay";
    act.subject = FormatUuid(replay.value());
    const auto book = ledger_->OpenReplayBook();
    EXPECT_TRUE(
        Good(book->Make(replay, {}, {.ids = {letter.letter.id}, .filter = {}}, kMany, Now(), act))
            .made);
    const auto work = ledger_->OpenReplayWork();
    Good(work->Lease(driver, Now(), kLease, {}));
    const ReplayClaim claim{letter.letter.id, letter.letter.execution_id, letter.letter.attempt};
    (void)Good(work->Claim(replay, driver, std::span(&claim, 1), Now()));
  }

  // Everything else that reads the row comes after it: closing letters and sending messages.
  void ExpectMoves(std::int64_t number, const std::string& status, const Step& step,
                   const std::string& documented) {
    Put(Number(number), status);
    const PlatformRow before = ledger_->Read(Number(number)).value();
    step(Number(number));
    Good(settlement_->CloseFinished(1000));
    std::size_t events = 0;
    for (const OutboxEntry& entry : Claim()) {
      events += entry.kind == OutboxKind::kEvent ? 1 : 0;
      const OutboxResult sent{entry.id, OutboxMark::kPublished, "", Now()};
      Good(outbox_->Mark(std::span(&sent, 1)));
    }
    const PlatformRow after = ledger_->Read(Number(number)).value();
    if (documented != "–") {
      EXPECT_EQ(after.status, documented);
      EXPECT_TRUE(after.result_json.has_value());
      EXPECT_EQ(events, 1U);
      return;
    }
    EXPECT_EQ(after.status, before.status);
    EXPECT_EQ(after.updated, before.updated);
    EXPECT_EQ(after.result_json, before.result_json);
    EXPECT_EQ(events, 0U);
  }
};

TEST_P(ExecutionMovesConformance, P2_TheCodeAllowsJustTheArrowsOfThePage) {
  const DocumentedTable page = PageTable("a row that is");
  std::set<std::string> statuses = {"requested", "scheduling", "canceling"};
  const ExecutionTable table = TableOf(PlatformShape::kAttune);
  statuses.insert(table.failable.begin(), table.failable.end());
  statuses.insert(table.final_statuses.begin(), table.final_statuses.end());
  std::int64_t number = 0;
  for (const std::string& status : statuses) {
    ASSERT_TRUE(page.contains(status)) << status;
    EXPECT_EQ(page.at(status).size(), Steps().size() + 1) << "and its letter, replayed";
    for (const auto& [name, step] : Steps()) {
      SCOPED_TRACE(status + ": " + name);
      ASSERT_TRUE(page.at(status).contains(name));
      ExpectMoves(++number, status, step, page.at(status).at(name));
    }
  }
  EXPECT_EQ(page.size(), statuses.size());
}

// Each row was failed by its letter; what it is when a person replays that letter, the platform has
// made of it since.
TEST_P(ExecutionMovesConformance, P2_AReplayTakesARowOutOfFailedAndOutOfNothingElse) {
  std::int64_t number = 0;
  for (const auto& [status, row] : PageTable("a row that is")) {
    SCOPED_TRACE(status);
    const ExecutionId id = Number(++number);
    const Judgement letter = FailedLetter(id);
    if (status != "failed") ledger_->SetStatus(id, status);
    const PlatformRow before = ledger_->Read(id).value();
    Replay(letter);
    const PlatformRow after = ledger_->Read(id).value();
    const std::string documented = row.at("its letter, replayed");
    EXPECT_EQ(after.status, documented == "–" ? before.status : documented);
    EXPECT_EQ(after.updated == before.updated, documented == "–");
  }
}

class OutboxMovesConformance : public LedgerConformance {
 protected:
  static constexpr std::chrono::minutes kPutOff{10};      // longer than the lease
  static constexpr std::chrono::minutes kLongestWait{5};  // else the clock was another one then

  void Mark(OutboxMark mark, std::chrono::minutes later) {
    const OutboxResult result{entry_, mark, "a test", now_ + later};
    Good(outbox_->Mark(std::span(&result, 1)));
  }
  std::vector<OutboxEntry> ClaimAt(Instant now) {
    return Good(outbox_->Claim(now, kMany, kMuch, kLease));
  }

  std::map<std::string, std::function<void()>> Steps() {
    const std::chrono::minutes now{0};
    return {
        {"is claimed", [this] { (void)ClaimAt(now_); }},
        {"confirmed", [this, now] { Mark(OutboxMark::kPublished, now); }},
        {"nacked or in doubt", [this] { Mark(OutboxMark::kAgain, kPutOff); }},
        {"unroutable", [this] { Mark(OutboxMark::kUnroutable, kPutOff); }},
        {"not sent, broker away", [this, now] { Mark(OutboxMark::kUntried, now); }},
        {"time passes", [this] { now_ += 2 * kPutOff; }},
        {"the clock is set back", [this] { Good(outbox_->BringForward(now_, kLongestWait)); }},
    };
  }

  // The only message that there is, in that state.
  void Enter(const std::string& state) {
    Put(Number(++executions_));
    ASSERT_EQ(OutcomeOf(Fails(LetterBuilder(Number(executions_)))), Outcome::kFailed);
    now_ = Now() + std::chrono::seconds(1);
    const auto claimed = ClaimAt(now_);
    ASSERT_EQ(claimed.size(), 1U);
    entry_ = claimed[0].id;
    if (state == "due") Steps().at("not sent, broker away")();
    if (state == "put off") Steps().at("nacked or in doubt")();
    if (state == "unroutable") Steps().at("unroutable")();
    if (state == "gone") Steps().at("confirmed")();
  }

  // Looking at it changes it: at the end.
  std::string StateNow() {
    const OutboxBacklog backlog = Good(outbox_->Backlog(now_));
    if (backlog.pending == 0) return "gone";
    if (!ClaimAt(now_).empty()) return "due";
    if (backlog.unroutable > 0) return "unroutable";
    return ClaimAt(now_ + kLease + std::chrono::seconds(1)).empty() ? "put off" : "leased";
  }

 private:
  Instant now_;
  std::int64_t entry_ = 0;
  std::int64_t executions_ = 0;
};

TEST_P(OutboxMovesConformance, P6_TheCodeAllowsJustTheArrowsOfThePage) {
  const DocumentedTable page = PageTable("a message that is");
  EXPECT_EQ(page.size(), 5U);
  for (const auto& [state, row] : page) {
    EXPECT_EQ(row.size(), Steps().size());
    for (const auto& [name, step] : Steps()) {
      SCOPED_TRACE(state + ": " + name);
      ASSERT_TRUE(row.contains(name));
      Enter(state);
      step();
      EXPECT_EQ(StateNow(), row.at(name));
      Mark(OutboxMark::kPublished, std::chrono::minutes(0));
    }
  }
}

}  // namespace deadletter::test
