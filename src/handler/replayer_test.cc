// What the replayer decides by itself, where a real ledger cannot be made to fail just there. What
// a real one does is shown by the conformance suite and the system tests.
#include "handler/replayer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <utility>

#include "letter/retry_message.h"

namespace deadletter {
namespace {

// A replay's letters in their order, and what was asked about them.
struct ReplayScript {
  DrivenReplay replay;
  std::vector<LetterId> pending;
  std::set<LetterId> held;             // by somebody who has their rows
  std::set<LetterId> put_off;          // since they were found held
  std::set<LetterId> unmarkable;       // kRowLocked for marks of these
  std::set<std::string> exchanges;     // that there are, beside the default one
  std::string exchange;                // where every letter was first addressed
  bool has_died = true;                // in some queue; else it was published to us
  std::string body;                    // of every letter
  std::vector<std::string> published;  // message ids
  std::vector<LetterId> marked;
  std::set<std::string> details;  // of the marks
  std::vector<LetterId> owed;     // of the last Lease()
  std::string stopped;            // why it stopped by itself
  bool is_broker_away = false;
  int mark_calls = 0;
  std::size_t most_left_out = 0;  // of all calls of Next()
  int follow_calls = 0;
  int count_calls = 0;
  std::chrono::milliseconds count_takes{0};
};

FieldTable DeathOf(const LetterId& letter, const std::string& exchange) {
  FieldTable death;
  death.entries = {{"queue", {std::string("work")}},
                   {"reason", {std::string("rejected")}},
                   {"count", {std::int64_t{1}}},
                   {"exchange", {exchange}},
                   {"routing-keys", {FieldArray{{FormatUuid(letter.value())}}}}};
  FieldTable headers;
  headers.entries = {{"x-death", {FieldArray{{death}}}}};
  return headers;
}

class ScriptedReplayWork final : public ReplayWork {
 public:
  explicit ScriptedReplayWork(ReplayScript& script) : script_(script) {}

  LedgerResult<std::vector<DrivenReplay>> Lease(Uuid, Instant, std::chrono::milliseconds,
                                                std::span<const LetterId> owed) override {
    script_.owed.assign(owed.begin(), owed.end());
    return std::vector{script_.replay};
  }
  LedgerResult<void> Release(Uuid) override { return {}; }
  LedgerResult<std::vector<ReplayCandidate>> Next(ReplayId, Instant, std::size_t pending,
                                                  std::size_t,
                                                  std::span<const LetterId> without) override {
    script_.most_left_out = std::max(script_.most_left_out, without.size());
    std::vector<ReplayCandidate> next;
    for (const LetterId& letter : script_.pending) {
      if (next.size() == pending) break;
      if (script_.put_off.contains(letter)) continue;
      if (std::ranges::find(without, letter) != without.end()) continue;
      ReplayCandidate candidate;
      candidate.id = letter;
      candidate.delivery.exchange = "dlx";
      candidate.delivery.message.body = script_.body;
      candidate.delivery.routing_key = FormatUuid(letter.value());
      if (script_.has_died) candidate.delivery.message.headers = DeathOf(letter, script_.exchange);
      next.push_back(std::move(candidate));
    }
    return next;
  }
  LedgerResult<std::vector<ClaimedLetter>> Claim(ReplayId, Uuid,
                                                 std::span<const ReplayClaim> claims,
                                                 Instant) override {
    std::vector<ClaimedLetter> claimed;
    for (const ReplayClaim& claim : claims) {
      const bool is_held = script_.held.contains(claim.letter);
      claimed.push_back({is_held ? ClaimVerdict::kLeft : ClaimVerdict::kClaimed, std::nullopt});
      if (is_held) {
        script_.put_off.insert(claim.letter);
      } else {
        std::erase(script_.pending, claim.letter);
      }
    }
    return claimed;
  }
  LedgerResult<std::map<ReplayEnd, std::int64_t>> Mark(ReplayId,
                                                       std::span<const ReplayResult> results,
                                                       Instant) override {
    ++script_.mark_calls;
    for (const ReplayResult& result : results) {
      if (script_.unmarkable.contains(result.letter))
        return Unexpected<LedgerError>({LedgerFault::kRowLocked, "", "scripted"});
    }
    for (const ReplayResult& result : results) {
      script_.marked.push_back(result.letter);
      script_.details.insert(result.detail);
      std::erase(script_.pending, result.letter);
    }
    return std::map<ReplayEnd, std::int64_t>();
  }
  LedgerResult<FollowedLetters> Follow(ReplayId, std::optional<LetterId>, std::size_t,
                                       Instant) override {
    ++script_.follow_calls;
    return FollowedLetters{};
  }
  LedgerResult<ReplayCounts> Count(ReplayId) override {
    ++script_.count_calls;
    std::this_thread::sleep_for(script_.count_takes);
    return ReplayCounts{};
  }
  LedgerResult<void> Stop(ReplayId, const std::string& why) override {
    script_.stopped = why;
    return {};
  }
  void Abort() override {}

 private:
  ReplayScript& script_;
};

class ScriptedReplayPublisher final : public Publisher {
 public:
  explicit ScriptedReplayPublisher(ReplayScript& script) : script_(script) {}
  std::vector<PublishResult> Publish(std::span<const OutgoingMessage> messages) override {
    for (const OutgoingMessage& one : messages)
      script_.published.push_back(one.address.routing_key);
    return std::vector<PublishResult>(messages.size(), {PublishOutcome::kConfirmed, ""});
  }
  BrokerResult<bool> ExchangeExists(const std::string& exchange) override {
    if (script_.is_broker_away)
      return Unexpected<BrokerError>({BrokerFault::kUnreachable, "scripted"});
    return script_.exchanges.contains(exchange);
  }
  void KeepAlive() override {}
  void Close() override {}
  void Abort() override {}

 private:
  ReplayScript& script_;
};

class NoWatch final : public BrokerWatch {
 public:
  BrokerResult<void> Check() override { return {}; }
  BrokerResult<std::optional<std::int64_t>> Waiting(const std::string&) override {
    return std::optional<std::int64_t>();
  }
  BrokerResult<std::optional<std::vector<std::string>>> ConsumerTags(const std::string&) override {
    return std::optional<std::vector<std::string>>();
  }
  void Abort() override {}
};

class ReplayerTest : public ::testing::Test {
 protected:
  ReplayerTest() {
    script_.replay.id = ReplayId(RandomUuid());
    for (int number = 0; number < 3; ++number) script_.pending.emplace_back(RandomUuid());
    letters_ = script_.pending;
  }
  // So many rounds, with windows of at most `batch` letters.
  void Drive(int rounds, std::size_t batch) {
    if (!replayer_) {
      ReplayerOptions options;
      options.batch_messages = batch;
      options.follow_every = follow_every_;
      options.batch_bytes = batch_bytes_;
      options.edit_guard = edit_guard_;
      replayer_ = std::make_unique<Replayer>(std::make_unique<ScriptedReplayWork>(script_),
                                             std::make_unique<ScriptedReplayPublisher>(script_),
                                             std::make_unique<NoWatch>(), reader_, format_, judge_,
                                             clock_, metrics_, health_, options);
    }
    for (int round = 0; round < rounds; ++round) ASSERT_TRUE(replayer_->DriveOnce({}));
  }
  [[nodiscard]] std::string NameOf(int number) const {
    return FormatUuid(letters_.at(static_cast<std::size_t>(number)).value());
  }

  ReplayScript script_;
  std::chrono::milliseconds follow_every_ = ReplayerOptions().follow_every;
  std::size_t batch_bytes_ = ReplayerOptions().batch_bytes;
  EditGuard edit_guard_;
  std::vector<LetterId> letters_;
  SystemClock clock_;
  Metrics metrics_;
  Health health_;
  LetterFormat format_ = LetterFormat::Default();
  LetterReader reader_{LetterFormat::Default()};
  Judge judge_{{}, clock_};
  std::unique_ptr<Replayer> replayer_;
};

// One message in a thousand seconds: the first one's token is the only one there is.
TEST_F(ReplayerTest, P5_ALetterWhoseRowIsHeldSpendsNoTokenOfThePace) {
  script_.replay.spec.milli_rate = 1;
  script_.held.insert(letters_[0]);
  Drive(3, 200);
  EXPECT_THAT(script_.published, testing::ElementsAre(NameOf(1)));
}

// Each is put off, and the next one comes at once.
TEST_F(ReplayerTest, P5_LettersWhoseRowsAreHeldKeepNoOtherWaiting) {
  script_.replay.spec.ramp = true;
  script_.held = {letters_[0], letters_[1]};
  Drive(0, 200);
  for (int number = 0; number < 2; ++number)
    EXPECT_EQ(replayer_->DriveOnce({}), 1U) << "so that it goes straight on";
  EXPECT_THAT(script_.published, testing::IsEmpty());
  Drive(1, 200);
  EXPECT_THAT(script_.published, testing::ElementsAre(NameOf(2)));
}

TEST_F(ReplayerTest, P5_WhileTheBrokerIsAwayNoTokenOfThePaceIsSpent) {
  script_.replay.spec.milli_rate = 1;
  script_.exchange = "there";
  script_.exchanges = {"there"};
  script_.is_broker_away = true;
  Drive(3, 200);
  script_.is_broker_away = false;
  Drive(1, 200);
  EXPECT_THAT(script_.published, testing::ElementsAre(NameOf(0)));
}

TEST_F(ReplayerTest, P5_WhoeverWaitsForNoBrokerIsReadyWithoutOne) {
  script_.exchange = "there";
  script_.is_broker_away = true;
  Drive(1, 200);
  EXPECT_FALSE(health_.IsReady());
  script_.replay.state = ReplayState::kPaused;
  replayer_->Start();
  EXPECT_TRUE(health_.WaitUntilReady("replays", std::chrono::seconds(20)));
  replayer_.reset();
}

// A replay of many letters: to count them all takes long, and rests for twenty times as long.
TEST_F(ReplayerTest, P5_WhatWasSentIsFollowedAtItsOwnPaceHoweverLongACountRests) {
  script_.count_takes = std::chrono::milliseconds(200);
  follow_every_ = std::chrono::milliseconds(0);
  Drive(3, 1);
  EXPECT_EQ(script_.follow_calls, 3);
  EXPECT_EQ(script_.count_calls, 1);
}

// A ramp goes no further than what has come back allows: each step is counted at once.
TEST_F(ReplayerTest, P5_ARampCountsBeforeEachStep) {
  script_.count_takes = std::chrono::milliseconds(200);
  script_.replay.spec.ramp = true;
  Drive(3, 1);
  EXPECT_EQ(script_.count_calls, 3);
}

// Two of them fill the window; the third one is asked for again, and spends no token before.
TEST_F(ReplayerTest, P9_AWindowEndsWhereEditedBodiesFillIt) {
  script_.body = "{}";
  script_.replay.spec.edit_json =
      R"({"body":[{"op":"add","path":"/x","value":")" + std::string(600, 'y') + R"("}]})";
  batch_bytes_ = 1'000;
  Drive(1, 200);
  EXPECT_THAT(script_.published, testing::ElementsAre(NameOf(0), NameOf(1)));
  Drive(1, 200);
  EXPECT_THAT(script_.published, testing::ElementsAre(NameOf(0), NameOf(1), NameOf(2)));
}

TEST_F(ReplayerTest, P8_WhatTheGuardRefusesIsWithdrawnAndNotSent) {
  script_.body = "{}";
  script_.replay.spec.edit_json = R"({"body":[{"op":"add","path":"/x","value":1}]})";
  edit_guard_ = [](const ReplayEdit&, const std::string& body) -> Result<void> {
    return Fail("not " + body);
  };
  Drive(1, 200);
  EXPECT_THAT(script_.published, testing::IsEmpty());
  EXPECT_EQ(script_.marked, letters_);
}

TEST_F(ReplayerTest, ManyLettersThatLeadToNoExchangeStopTheirReplay) {
  script_.exchange = "missing";
  for (int number = 0; number < 20; ++number) script_.pending.emplace_back(RandomUuid());
  Drive(1, 9);
  EXPECT_EQ(script_.stopped, "") << "these few may be to blame themselves";
  replayer_.reset();
  Drive(1, 10);
  EXPECT_EQ(script_.stopped, "there is no exchange where its messages go");
}

TEST_F(ReplayerTest, P5_WhatIsOwedIsNamedToTheLedger) {
  script_.unmarkable.insert(letters_[0]);
  Drive(2, 1);
  EXPECT_THAT(script_.owed, testing::ElementsAre(letters_[0]));
}

TEST_F(ReplayerTest, P9_OneMarkIsOwedForALetterHoweverLongTheLedgerCannotMakeIt) {
  constexpr int kRounds = 20;
  script_.exchange = "missing";
  for (const LetterId& letter : letters_) script_.unmarkable.insert(letter);
  Drive(kRounds, 1);
  EXPECT_THAT(script_.marked, testing::IsEmpty());
  EXPECT_EQ(script_.most_left_out, 3U);
  EXPECT_LE(script_.mark_calls, kRounds + 6) << "one refusal a round";
  script_.unmarkable.clear();
  Drive(1, 1);
  EXPECT_THAT(script_.marked, testing::UnorderedElementsAreArray(letters_));
}

TEST_F(ReplayerTest, P5_ALetterWhoseMarkIsOwedHidesNoneBehindIt) {
  script_.unmarkable.insert(letters_[0]);
  Drive(10, 1);
  EXPECT_THAT(script_.published, testing::ElementsAre(NameOf(0), NameOf(1), NameOf(2)));
  EXPECT_THAT(script_.marked, testing::ElementsAre(letters_[1], letters_[2]));
}

TEST_F(ReplayerTest, P9_WithTooMuchOwedNothingMoreIsClaimed) {
  script_.pending.clear();
  script_.exchange = "missing";
  for (std::size_t number = 0; number < 3 * OwedMarks::kMost; ++number) {
    script_.pending.emplace_back(RandomUuid());
    script_.unmarkable.insert(script_.pending.back());
  }
  constexpr std::size_t kBatch = 200;
  Drive(50, kBatch);
  EXPECT_GE(script_.most_left_out, OwedMarks::kMost - kBatch);
  EXPECT_LT(script_.most_left_out, OwedMarks::kMost);
  script_.unmarkable.clear();
  Drive(50, kBatch);
  EXPECT_EQ(script_.marked.size(), 3 * OwedMarks::kMost) << "and it goes on";
}

// Published to the dead letter exchange again, it would come back at once.
TEST_F(ReplayerTest, WhatHasDiedNowhereIsSentNowhereButWhereAPersonSays) {
  script_.has_died = false;
  script_.exchanges.insert("dlx");
  Drive(1, 10);
  EXPECT_THAT(script_.published, testing::IsEmpty());
  EXPECT_EQ(script_.marked.size(), letters_.size());
  EXPECT_THAT(script_.details, testing::ElementsAre(std::string(kOriginUnknown)));
}

TEST_F(ReplayerTest, WhatHasDiedNowhereIsSentWhereItIsRedirected) {
  script_.has_died = false;
  script_.replay.spec.redirect = Address{"", "work"};
  Drive(1, 10);
  EXPECT_EQ(script_.published, std::vector<std::string>(letters_.size(), "work"));
}

}  // namespace
}  // namespace deadletter
