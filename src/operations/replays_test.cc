// Replays over a book that answers as it is told: what is said of what it answers. What a real one
// does is shown by the conformance suite.
#include "operations/replays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "letter/retry_message.h"
#include "operations/ledger_test_support.h"
#include "operations/operations.h"

namespace deadletter {
namespace {

using testing::HasSubstr;

const Caller kReplayer{.name = "otto", .role = Role::kOperator};
const ReplayId kHolder(Uuid{{0x01, 0x99}});
constexpr const char* kHolderId = "01990000-0000-0000-0000-000000000000";

struct TellingBook {
  ReplayPreview preview;
  ReplayMade made;
  ReplaySteered steered;
};

class ToldReplayBook final : public ReplayBook {
 public:
  explicit ToldReplayBook(std::shared_ptr<TellingBook> told) : told_(std::move(told)) {}
  LedgerResult<ReplayPreview> Preview(const LetterSelection&) override { return told_->preview; }
  LedgerResult<ReplayMade> Make(ReplayId, const ReplaySpec&, const LetterSelection&, std::size_t,
                                Instant, const AuditEntry&) override {
    return told_->made;
  }
  LedgerResult<std::vector<ReplayRecord>> List(std::size_t, std::optional<ReplayId>) override {
    return std::vector<ReplayRecord>();
  }
  LedgerResult<std::optional<ReplayRecord>> Show(ReplayId id) override {
    ReplayRecord record;
    record.id = id;
    return record;
  }
  LedgerResult<std::vector<MovingReplay>> Moving(Instant, std::size_t) override {
    return std::vector<MovingReplay>();
  }
  LedgerResult<std::vector<ReplayedLetter>> Letters(ReplayId, std::optional<ReplayEnd>, std::size_t,
                                                    std::optional<LetterId>) override {
    return std::vector<ReplayedLetter>();
  }
  LedgerResult<std::optional<ReplaySteered>> Steer(ReplayId, ReplayCommand, Instant,
                                                   const AuditEntry&) override {
    return told_->steered;
  }
  void Abort() override {}

 private:
  std::shared_ptr<TellingBook> told_;
};

class ToldReplays : public ::testing::Test {
 protected:
  static constexpr const char* kSelection = R"({"filter":{"state":"open"}})";

  ToldReplays() {
    auto readers = test::ReadersOver(ledger_);
    for (LedgerReaders& each : readers) each.replays = std::make_unique<ToldReplayBook>(told_);
    operations_.emplace(std::move(readers),
                        OperationsOptions{.replayed = [this](ReplayEnd end, std::int64_t letters) {
                          counted_[end] += letters;
                        }});
  }
  std::string Refused() {
    const auto refused = operations_->MakeReplay(kSelection, kReplayer);
    EXPECT_FALSE(refused);
    return refused ? "" : refused.error().message;
  }
  boost::json::value Previewed(const std::string& more = "") {
    const auto answer = operations_->MakeReplay(
        R"({"filter":{"state":"open"},"dry_run":true)" + more + "}", kReplayer);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? boost::json::parse(answer->json) : boost::json::value();
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  std::shared_ptr<TellingBook> told_ = std::make_shared<TellingBook>();
  std::map<ReplayEnd, std::int64_t> counted_;
  std::optional<Operations> operations_;
};

TEST_F(ToldReplays, P3_WhereEveryLetterIsTakenTheReplayThatHasThemIsNamed) {
  told_->made = {.letters = 1, .taken = 1, .holder = kHolder, .holders = 1};
  EXPECT_EQ(Refused(),
            std::string("every one of the 1 letters is in another replay that has not ended with "
                        "it: ") +
                kHolderId + "; wait for it, or cancel it");
  told_->made.holders = 2;
  EXPECT_THAT(Refused(), HasSubstr(std::string(kHolderId) + " and 1 other; wait"));
  told_->made.holders = 3;
  EXPECT_THAT(Refused(), HasSubstr(std::string(kHolderId) + " and 2 others; wait"));
  EXPECT_TRUE(counted_.empty());
}

TEST_F(ToldReplays, WhatEndsByBeingMadeOrCancelledIsCountedWhereThatWasDone) {
  told_->made.made = true;
  told_->made.taken = 2;
  EXPECT_TRUE(operations_->MakeReplay(kSelection, kReplayer));
  EXPECT_EQ(counted_[ReplayEnd::kTaken], 2);
  told_->steered = {.done = true, .state = ReplayState::kCancelled, .withdrawn = 3};
  EXPECT_TRUE(operations_->SteerReplay(kHolderId, ReplayCommand::kCancel, kReplayer));
  EXPECT_EQ(counted_[ReplayEnd::kWithdrawn], 3);
  told_->steered.done = false;
  EXPECT_FALSE(operations_->SteerReplay(kHolderId, ReplayCommand::kCancel, kReplayer));
  EXPECT_EQ(counted_[ReplayEnd::kWithdrawn], 3);
}

TEST_F(ToldReplays, WhatStoppedAndHasEndedSaysSoWhereItIsSteered) {
  const auto refused = [&](ReplayState state, bool ended) {
    told_->steered = {.done = false, .state = state, .ended = ended};
    const auto answer = operations_->SteerReplay(kHolderId, ReplayCommand::kResume, kReplayer);
    EXPECT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, OperationFault::kConflict);
    return answer.error().message;
  };
  EXPECT_EQ(refused(ReplayState::kStopped, true),
            "the replay is stopped, and has ended with all of its letters");
  EXPECT_EQ(refused(ReplayState::kRunning, false), "the replay is running");
  EXPECT_EQ(refused(ReplayState::kDone, true), "the replay is done");
}

TEST_F(ToldReplays, ADryRunSaysOfWhatDiedNowhereThatNothingTellsWhereItBelongs) {
  const LetterId letter = ledger_->Add().summary.id;
  told_->preview = {.letters = 4, .taken = 1, .waiting = 1, .closed = 1, .parts = {}};
  told_->preview.parts.push_back({.group = {}, .queue = "", .letters = 4, .sample = letter});
  const auto unknown = Previewed();
  EXPECT_EQ(unknown.at("taken"), 1);
  EXPECT_EQ(unknown.at("waiting"), 1);
  EXPECT_EQ(unknown.at("closed"), 1);
  EXPECT_TRUE(unknown.at("groups").at(0).at("to").is_null());
  EXPECT_EQ(unknown.at("groups").at(0).at("problem"), boost::json::value(kOriginUnknown));
  const auto redirected = Previewed(R"(,"redirect":{"exchange":"","routing_key":"work"})");
  EXPECT_EQ(redirected.at("groups").at(0).at("to").at("routing_key"), "work");
  EXPECT_TRUE(redirected.at("groups").at(0).at("problem").is_null());

  FieldTable death;
  death.entries = {{"queue", {std::string("work")}},
                   {"reason", {std::string("rejected")}},
                   {"count", {std::int64_t{1}}},
                   {"exchange", {std::string("jobs")}},
                   {"routing-keys", {FieldArray{{std::string("key")}}}}};
  ledger_->letters[0].message.headers.entries = {{"x-death", {FieldArray{{death}}}}};
  const auto known = Previewed();
  EXPECT_EQ(known.at("groups").at(0).at("to").at("exchange"), "jobs");
  EXPECT_TRUE(known.at("groups").at(0).at("problem").is_null());
}

}  // namespace
}  // namespace deadletter
