// The account of letters that rules decide, and of those whose rows the platform holds: each
// promise about them is broken on purpose, and the account names it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/account/account.h"
#include "tests/account/rules.h"
#include "tests/system/world.h"

namespace deadletter::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;

// Parked (1), discarded (2), sent back to a worker that keeps it (3), to one where it died until
// its attempts were used up (4), and one that was taken back when its work was done (5); a row that
// is locked (6), and one whose update is refused (7).
class AccountOfRules : public testing::Test {
 protected:
  AccountOfRules() {
    for (const char* id : {"1", "2", "3", "4", "5", "6", "7"}) account_.Row(Id(id), "scheduled");
    account_.Moved(Id("5"), "completed");
    account_.Locks(Id("6"));
    account_.Refuses(Id("7"));
    Send("parked", Nature::kParked, "1");
    Send("discarded", Nature::kDiscarded, "2");
    Send("kept", Nature::kRetried, "3");
    Send("dying", Nature::kRetriedAndDying, "4");
    Send("done", Nature::kRetried, "5");
    Send("locked", Nature::kRequest, "6");
    Send("refused", Nature::kRequest, "7");
    Record("parked", "open", "parked", "1");
    Record("discarded", "closed", "discarded", "2");
    Record("kept", "waiting", "retried", "3");
    Record("dying", "waiting", "retried", "4");
    Record("done", "closed", "retried", "5");
    Record("locked", "waiting", "deferred", "6");
    Record("refused", "open", "refused", "7");
    RecordDeath("dying-1", "waiting", "retried", MessageOf("dying"));
    RecordDeath("dying-2", "open", "failed", MessageOf("dying-1"));
    evidence_.retries = {MessageOf("kept")};
    for (const char* id : {"1", "2", "3", "6", "7"}) {
      evidence_.ledger.rows.push_back({id, "scheduled", std::nullopt});
    }
    evidence_.ledger.rows.push_back({"4", "failed", R"({"letter_id":"letter-dying-2"})"});
    evidence_.ledger.rows.push_back({"5", "completed", std::nullopt});
    evidence_.events = {{"event-4", "4", "failed", "letter-dying-2"}};
  }

  static ExecutionId Id(const std::string& text) {
    return ExecutionId(std::int64_t{std::stoll(text)});
  }

  void Send(const std::string& name, Nature nature, const std::string& execution) {
    messages_[name] = World::DeadMessage(R"({"message_id":")" + name + R"("})");
    messages_[name].headers.entries.push_back({"trace", {name}});
    account_.Sends(messages_[name], nature, Id(execution));
    account_.Sent(messages_[name]);
  }

  void Record(const std::string& name, const std::string& state, const std::string& outcome,
              const std::string& execution) {
    evidence_.ledger.letters.push_back({"letter-" + name, state, outcome, "", execution, false,
                                        DigestOf(messages_[name].body), "expired",
                                        "worker.7.executions", FormDigestOf(messages_[name])});
    evidence_.ledger.keys.push_back({name, "letter-" + name});
  }

  // The message of that letter's retry.
  RetryFact MessageOf(const std::string& name) {
    const LetterFact& letter = Letter(name);
    const std::string first = name.substr(0, name.find('-'));
    return {.letter_id = letter.id,
            .replay_id = "replay-" + name,
            .attempt = letter.retry ? letter.retry->attempt + 1 : 1,
            .message_id = first,
            .kept_digest = KeptDigestOf(messages_[first].properties, messages_[first].headers),
            .body_digest = letter.body_digest};
  }

  // It dies where its worker never comes.
  void RecordDeath(const std::string& name, const std::string& state, const std::string& outcome,
                   const RetryFact& message) {
    const LetterFact parent =
        *std::ranges::find(evidence_.ledger.letters, message.letter_id, &LetterFact::id);
    evidence_.ledger.letters.push_back({"letter-" + name, state, outcome, "", parent.execution_id,
                                        false, message.body_digest, "expired", kDyingQueue,
                                        "as the broker wrote it", message});
    evidence_.ledger.keys.push_back({name, "letter-" + name});
  }

  LetterFact& Letter(const std::string& name) {
    return *std::ranges::find(evidence_.ledger.letters, "letter-" + name, &LetterFact::id);
  }
  RowFact& Row(const std::string& id) {
    return *std::ranges::find(evidence_.ledger.rows, id, &RowFact::id);
  }
  void Forget(const std::string& name) {
    std::erase_if(evidence_.ledger.letters,
                  [&](const LetterFact& letter) { return letter.id == "letter-" + name; });
    std::erase_if(evidence_.ledger.keys, [&](const KeyFact& key) { return key.key == name; });
  }

  void ExpectNamed(Promise promise, const std::string& what) {
    const Balance balance = account_.Strike(evidence_);
    EXPECT_THAT(balance.findings, Contains(AllOf(Field(&Finding::promise, promise),
                                                 Field(&Finding::what, HasSubstr(what)))))
        << balance.Text();
  }
  void ExpectHonest(bool is_complete) {
    const Balance balance = account_.Strike(evidence_);
    EXPECT_TRUE(balance.Holds()) << balance.Text();
    EXPECT_EQ(balance.IsComplete(), is_complete) << balance.Text();
  }
  // The lock is gone, and its letter settled.
  void Unlock() {
    account_.Frees(Id("6"));
    Letter("locked").outcome = "failed";
    Letter("locked").state = "open";
    Row("6") = {"6", "failed", R"({"letter_id":"letter-locked"})"};
    evidence_.events.push_back({"event-6", "6", "failed", "letter-locked"});
  }

  Account account_;
  Evidence evidence_;
  std::map<std::string, Message> messages_;
};

TEST_F(AccountOfRules, HoldsAndWaitsForTheLockedRowAlone) {
  ExpectHonest(false);
  EXPECT_EQ(account_.Strike(evidence_).on_their_way.size(), 1u);
  Unlock();
  ExpectHonest(true);
  const Balance balance = account_.Strike(evidence_);
  EXPECT_EQ(balance.became.at("retried"), 4u);
  EXPECT_EQ(balance.became.at("parked"), 1u);
  EXPECT_EQ(balance.became.at("discarded"), 1u);
  EXPECT_EQ(balance.became.at("refused"), 1u);
  EXPECT_EQ(balance.failed, 2u);
  EXPECT_EQ(account_.RefusalsDue(), 1u);
}

TEST_F(AccountOfRules, WhatALetterWasBeforeItWasSettledCountsToo) {
  Unlock();
  evidence_.ledger.steps.push_back({"letter-locked", "deferred"});
  EXPECT_EQ(account_.Strike(evidence_).became.at("deferred"), 1u);
}

TEST_F(AccountOfRules, P1_ARetriedLetterWhoseMessageIsNowhereIsLost) {
  Unlock();
  evidence_.retries.clear();
  ExpectNamed(Promise::kP1,
              "letter letter-kept (retried, waiting): its message is neither in the "
              "outbox, nor with a worker, nor dead again");
  evidence_.ledger.outbox.push_back({"retry", "3", "", "letter-kept", MessageOf("kept")});
  ExpectHonest(false);
  evidence_.ledger.outbox.clear();
  evidence_.saw_queues = false;
  ExpectHonest(true);
}

TEST_F(AccountOfRules, P1_AMessageThatDiedAgainAndIsNowhereIsLost) {
  Unlock();
  Forget("dying-1");
  Forget("dying-2");
  Row("4") = {"4", "scheduled", std::nullopt};
  evidence_.events = {evidence_.events.back()};
  ExpectNamed(Promise::kP1, "letter letter-dying (retried, waiting): its message is neither");
  evidence_.retries.push_back(MessageOf("dying"));
  ExpectHonest(false);
  evidence_.retries.pop_back();
  account_.MayLoseRetries(evidence_.ledger);
  ExpectHonest(true);
}

TEST_F(AccountOfRules, P1_OnlyWhatHadNotEndedMayBeLostWithItsBroker) {
  account_.MayLoseRetries(evidence_.ledger);
  Forget("dying-2");
  ExpectNamed(Promise::kP1, "letter letter-dying-1 (retried, waiting): its message is neither");
}

TEST_F(AccountOfRules, P1_WhatWasNotSentYetWhenItsBrokerEndedIsNotLostWithIt) {
  Unlock();
  Forget("dying-1");
  Forget("dying-2");
  Row("4") = {"4", "scheduled", std::nullopt};
  evidence_.events = {evidence_.events.back()};
  evidence_.ledger.outbox.push_back({"retry", "4", "", "letter-dying", MessageOf("dying")});
  account_.MayLoseRetries(evidence_.ledger);
  evidence_.ledger.outbox.clear();
  ExpectNamed(Promise::kP1, "letter letter-dying (retried, waiting): its message is neither");
}

TEST_F(AccountOfRules, P1_OneRetryThatMayBeLostExcusesNoLaterOneOfItsExecution) {
  Unlock();
  const LedgerFacts whole = evidence_.ledger;
  Forget("dying-1");
  Forget("dying-2");
  account_.MayLoseRetries(evidence_.ledger);
  evidence_.ledger = whole;  // it was not lost
  Forget("dying-2");
  ExpectNamed(Promise::kP1, "letter letter-dying-1 (retried, waiting): its message is neither");
}

TEST_F(AccountOfRules, P1_ARetriesRecordIsNoRecordOfTheLetter) {
  Forget("dying");
  ExpectNamed(Promise::kP1, "of execution 4: 0 records and 0 in the broker, where 1 are due");
}

TEST_F(AccountOfRules, P3_AMessageThatIsSentAgainTwiceIsTheSameTwice) {
  Unlock();
  evidence_.retries.push_back(MessageOf("kept"));
  ExpectHonest(true);
  evidence_.retries.back().replay_id = "another";
  ExpectNamed(Promise::kP3,
              "letter letter-kept (retried, waiting): its message was sent again as 2 different");
  evidence_.retries.back() = MessageOf("kept");
  evidence_.retries.back().message_id = "another";
  ExpectNamed(Promise::kP3, "its message was sent again as 2 different ones");
}

TEST_F(AccountOfRules, P3_ALetterHasOneMessageToSend) {
  for (int times = 0; times < 2; ++times) {
    evidence_.ledger.outbox.push_back({"retry", "3", "", "letter-kept", MessageOf("kept")});
  }
  ExpectNamed(Promise::kP3, "letter-kept (retried, waiting): 2 messages of it are to be sent");
}

TEST_F(AccountOfRules, P3_OneAttemptIsRetriedByOneLetter) {
  LetterFact copy = Letter("kept");
  copy.id = "letter-copy";
  evidence_.ledger.letters.push_back(copy);
  ExpectNamed(Promise::kP3, "execution 3: one attempt of it is retried by 2 letters");
}

TEST_F(AccountOfRules, WhatElseDiesWhileARetryIsWaitedForIsOfAnEarlierAttempt) {
  Send("second", Nature::kRequest, "3");
  Record("second", "open", "stale_attempt", "3");
  ExpectHonest(false);
  Send("other", Nature::kRequest, "1");
  Record("other", "open", "stale_attempt", "1");
  ExpectNamed(Promise::kP2, "letter-other (stale_attempt, open), where failed was due");
}

TEST_F(AccountOfRules, P3_NothingIsSentAgainForALetterThatIsNotRetried) {
  evidence_.retries.push_back(MessageOf("parked"));
  ExpectNamed(Promise::kP3, "letter letter-parked (parked, open): a message of it was sent again");
  evidence_.retries.back() = MessageOf("dying-2");
  ExpectNamed(Promise::kP3, "letter letter-dying-2 (failed, open): a message of it was sent again");
  evidence_.retries.back().letter_id = "nobody";
  ExpectNamed(Promise::kP3, "letter nobody (not in the ledger): a message of it was sent again");
}

TEST_F(AccountOfRules, P3_ADeathOfARetryHasItsKeyAndIsNoPossibleDuplicate) {
  Letter("dying-1").possible_duplicate = true;
  ExpectNamed(Promise::kP3, "letter-dying-1 (retried, waiting): marked as a possible duplicate");
  std::erase_if(evidence_.ledger.keys, [](const KeyFact& key) { return key.key == "dying-1"; });
  ExpectNamed(Promise::kP3, "letter letter-dying-1 (retried, waiting): has 0 keys");
}

TEST_F(AccountOfRules, P2_AnExecutionIsNotFailedBeforeItsAttemptsAreUsedUp) {
  Forget("dying-2");
  Letter("dying-1").outcome = "failed";
  Letter("dying-1").state = "open";
  Row("4").result_json = R"({"letter_id":"letter-dying-1"})";
  ExpectNamed(Promise::kP2, "letter-dying-1 (failed, open), where not_failable or retried");
}

TEST_F(AccountOfRules, P2_AMessageCountsItsAttempts) {
  evidence_.retries.front().attempt = 7;
  ExpectNamed(Promise::kP2,
              "letter letter-kept (retried, waiting): its message counts as attempt 7, where 1");
}

TEST_F(AccountOfRules, P2_WhatARuleParksOrDiscardsFailsNothing) {
  for (const auto& [name, id] : {std::pair("parked", "1"), std::pair("discarded", "2")}) {
    const LetterFact honest = Letter(name);
    Letter(name).outcome = "failed";
    Row(id) = {id, "failed", "{\"letter_id\":\"" + honest.id + "\"}"};
    ExpectNamed(Promise::kP2, std::string(id) + ": failed without a letter of its attempt");
    ExpectNamed(Promise::kP2, std::string(", where ") + name + " was due");
    Letter(name) = honest;
    Row(id) = {id, "scheduled", std::nullopt};
  }
}

TEST_F(AccountOfRules, P6_WhatARuleLeavesAloneHasNoEvent) {
  for (const char* id : {"1", "2", "3", "6", "7"}) {
    evidence_.events.push_back({std::string("event-") + id, id, "failed", "letter"});
    ExpectNamed(Promise::kP6, std::string("execution ") + id + ": scheduled, and an event says");
    evidence_.events.pop_back();
  }
}

TEST_F(AccountOfRules, P4_AMessageThatIsSentAgainIsTheLetters) {
  evidence_.retries.front().kept_digest = "other headers";
  ExpectNamed(Promise::kP4,
              "letter-kept (retried, waiting): its message was sent again with other");
  evidence_.retries.front() = MessageOf("kept");
  evidence_.retries.front().body_digest = DigestOf("other bytes");
  ExpectNamed(Promise::kP4,
              "letter-kept (retried, waiting): its message was sent again with other");
  evidence_.retries.front() = MessageOf("kept");
  Letter("dying-1").queue = "worker.7.executions";
  ExpectNamed(Promise::kP4, "letter-dying-1 (retried, waiting): died in worker.7.executions");
}

TEST_F(AccountOfRules, P4_AStateThatHidesWhatARuleDecidedIsNamed) {
  const auto expect_named = [&](const std::string& name, const std::string& state) {
    const std::string honest = std::exchange(Letter(name).state, state);
    ExpectNamed(Promise::kP4, ", " + state + "): " + state + ", where " + honest + " was due");
    Letter(name).state = honest;
  };
  expect_named("parked", "closed");
  expect_named("discarded", "open");
  expect_named("kept", "closed");
  expect_named("kept", "open");
  expect_named("locked", "open");
  expect_named("refused", "closed");
  Letter("done").state = "open";
  ExpectNamed(Promise::kP4, "(retried, open): open, where closed or waiting was due");
}

TEST_F(AccountOfRules, AParkedLetterClosesByItselfOnceItsRowIsFinal) {
  account_.Moved(Id("1"), "completed");
  Row("1").status = "completed";
  ExpectHonest(false);
  Letter("parked").state = "closed";
  ExpectHonest(false);
}

TEST_F(AccountOfRules, P2_ALockedRowIsFailedByNobody) {
  Row("6") = {"6", "failed", R"({"letter_id":"letter-locked"})"};
  Letter("locked").outcome = "failed";
  Letter("locked").state = "open";
  ExpectNamed(Promise::kP2, "letter-locked (failed, open), where deferred was due");
  ExpectNamed(Promise::kP2, "execution 6: failed while the platform holds its row");
  Row("6") = {"6", "scheduled", std::nullopt};
  Letter("locked").outcome = "not_failable";
  ExpectNamed(Promise::kP2, "letter-locked (not_failable, open), where deferred was due");
}

TEST_F(AccountOfRules, P2_ARowWhoseUpdateIsRefusedStaysAsItIs) {
  Row("7") = {"7", "failed", R"({"letter_id":"letter-refused"})"};
  ExpectNamed(Promise::kP2, "execution 7: failed while the platform holds its row");
  Letter("refused").outcome = "stale_attempt";
  ExpectNamed(Promise::kP2, "letter-refused (stale_attempt, open), where deferred or refused was");
}

TEST_F(AccountOfRules, P1_ARefusedLetterIsKept) {
  Forget("refused");
  ExpectNamed(Promise::kP1, "of execution 7: 0 records and 0 in the broker, where 1 are due");
}

TEST_F(AccountOfRules, P2_WhatItsWorkerCompletedUnderTheLockIsNotOverwritten) {
  Unlock();
  account_.Moved(Id("6"), "completed");
  ExpectNamed(Promise::kP2, "execution 6: failed, and it was completed");
  evidence_.events.pop_back();
  Row("6") = {"6", "completed", std::nullopt};
  Letter("locked").outcome = "not_failable";
  Letter("locked").state = "closed";
  ExpectHonest(true);
}

TEST_F(AccountOfRules, ALetterIsOnItsWayFromWhenItsRowIsFree) {
  Unlock();
  account_.Frees(Id("7"));
  ExpectHonest(false);
  EXPECT_THAT(account_.Strike(evidence_).Text(), HasSubstr("to be settled: letter letter-refused"));
}

TEST_F(AccountOfRules, WhatWasFoundWhileARowWasHeldIsNotForgotten) {
  account_.CheckHeld(evidence_);
  const LetterFact honest = Letter("locked");
  Letter("locked").outcome = "failed";
  Letter("locked").state = "open";
  account_.CheckHeld(evidence_);
  Letter("locked") = honest;
  Unlock();
  ExpectNamed(Promise::kP2, "letter-locked (failed, open), where deferred was due");
  EXPECT_FALSE(account_.Strike(evidence_).Holds());
}

}  // namespace
}  // namespace deadletter::test
