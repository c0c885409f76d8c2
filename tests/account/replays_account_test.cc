// The account of letters that an operator sends back: each promise about them is broken on purpose,
// and the account names it.
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

// Each letter is named by its execution. Replayed, it succeeded (1), failed again (2), had no
// answer (3) or is in doubt, since its message was never sent (4); no queue took it (5); its turn
// has not come (6). The second one of 3 came late.
class AccountOfReplays : public testing::Test {
 protected:
  AccountOfReplays() {
    for (const char* id : {"1", "2", "3", "4", "5", "6"}) {
      const auto nature = std::string(id) == "2" ? Nature::kReplayedAndDying : Nature::kReplayed;
      account_.Row(Id(id), "scheduled");
      Send(id, nature, id);
      Record(id, "open", "failed", id);
      account_.Replays("letter-" + std::string(id));
      evidence_.ledger.rows.push_back({id, "scheduled", Result("letter-" + std::string(id))});
      Hear(std::string("event-") + id, id, "letter-" + std::string(id));
    }
    Send("late", Nature::kLateRequest, "3");
    Record("late", "open", "stale_attempt", "3");

    Replay("1", "ended", "succeeded", true);
    Live("1");
    account_.Moved(Id("1"), "completed", R"({"answer":1})");
    Row("1") = {"1", "completed", R"({"answer":1})"};
    Letter("1").state = "closed";

    Replay("2", "ended", "failed_again", true);
    Letter("2").state = "closed";
    RecordDeath("2", "again", "open", "failed");
    Row("2") = {"2", "failed", Result("letter-again")};
    Hear("event-again", "2", "letter-again");

    Replay("3", "ended", "no_answer", true);
    Live("3");
    Replay("4", "ended", "in_doubt", false);

    account_.LeadsNowhere("replay-5");
    Replay("5", "ended", "unroutable", false);
    Row("5").status = "failed";
    Hear("event-unroutable", "5", "letter-5");

    Replay("6", "pending", "", false);
    Part("6").was_claimed = Part("6").moved_its_row = false;
    Row("6").status = "failed";
    account_.ReplayWasMade("replay-6", {"letter-6"});
  }

  static ExecutionId Id(const std::string& text) {
    return ExecutionId(std::int64_t{std::stoll(text)});
  }
  static std::string Result(const std::string& letter) {
    return R"({"letter_id":")" + letter + R"("})";
  }

  void Send(const std::string& name, Nature nature, const std::string& execution) {
    messages_[name] = World::DeadMessage(R"({"message_id":")" + name + R"("})");
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
  void Hear(const std::string& event, const std::string& execution, const std::string& letter) {
    evidence_.events.push_back({event, execution, "failed", letter});
  }
  void Replay(const std::string& name, const std::string& step, const std::string& outcome,
              bool was_confirmed) {
    evidence_.ledger.replays.push_back(
        {"replay-" + name, "letter-" + name, step, outcome, true, true, was_confirmed});
  }
  [[nodiscard]] RetryFact MessageOf(const std::string& name) {
    return {.letter_id = "letter-" + name,
            .replay_id = "replay-" + name,
            .attempt = 0,
            .message_id = name,
            .kept_digest = KeptDigestOf(messages_[name].properties, messages_[name].headers),
            .body_digest = DigestOf(messages_[name].body)};
  }
  void Live(const std::string& name) { evidence_.retries.push_back(MessageOf(name)); }
  // The message of that letter's replay dies.
  void RecordDeath(const std::string& of, const std::string& name, const std::string& state,
                   const std::string& outcome) {
    const std::string execution = *Letter(of).execution_id;
    evidence_.ledger.letters.push_back({"letter-" + name, state, outcome, "", execution, false,
                                        DigestOf(messages_[of].body), "expired", kDyingQueue,
                                        "as the broker wrote it", MessageOf(of)});
    evidence_.ledger.keys.push_back({name, "letter-" + name});
  }

  LetterFact& Letter(const std::string& name) {
    return *std::ranges::find(evidence_.ledger.letters, "letter-" + name, &LetterFact::id);
  }
  RowFact& Row(const std::string& id) {
    return *std::ranges::find(evidence_.ledger.rows, id, &RowFact::id);
  }
  ReplayFact& Part(const std::string& name) {
    return *std::ranges::find(evidence_.ledger.replays, "replay-" + name, &ReplayFact::replay_id);
  }
  void Unhear(const std::string& event) {
    std::erase_if(evidence_.events,
                  [&](const EventFact& heard) { return heard.message_id == event; });
  }

  void ExpectNamed(Promise promise, const std::string& what) {
    const Balance balance = account_.Strike(evidence_);
    EXPECT_THAT(balance.findings, Contains(AllOf(Field(&Finding::promise, promise),
                                                 Field(&Finding::what, HasSubstr(what)))))
        << balance.Text();
  }
  void ExpectHonest() {
    const Balance balance = account_.Strike(evidence_);
    EXPECT_TRUE(balance.Holds()) << balance.Text();
  }

  Account account_;
  Evidence evidence_;
  std::map<std::string, Message> messages_;
};

TEST_F(AccountOfReplays, HoldsAndWaitsForTheOneWhoseTurnHasNotCome) {
  ExpectHonest();
  const Balance balance = account_.Strike(evidence_);
  EXPECT_THAT(balance.on_their_way,
              testing::ElementsAre("letter letter-6 in replay replay-6: pending"));
  EXPECT_EQ(balance.became.at("replayed and succeeded"), 1u);
  EXPECT_EQ(balance.became.at("replayed and failed_again"), 1u);
  EXPECT_EQ(balance.became.at("replayed and in_doubt"), 1u);
}

TEST_F(AccountOfReplays, HoldsAtAnyStepOfAReplay) {
  // Claimed, and not sent; or sent, and not marked.
  Part("3") = {"replay-3", "letter-3", "claimed", "", true, true, false};
  Letter("3").state = "waiting";
  ExpectHonest();
  evidence_.retries.pop_back();
  ExpectHonest();
  Part("3").step = "unsent";
  ExpectHonest();
  Part("3").step = "sent";
  Part("3").outcome = "in_doubt";
  ExpectHonest();
}

TEST_F(AccountOfReplays, P1_NothingWaitsForAMessageThatWasWithdrawn) {
  Part("4").outcome = "withdrawn";
  ExpectNamed(Promise::kP1, "execution 4: waits for the message of replay replay-4, which was");
}

TEST_F(AccountOfReplays, HoldsWhereALetterWithoutAnAnswerIsReplayedAgain) {
  evidence_.ledger.replays.push_back(
      {"replay-7", "letter-3", "ended", "unroutable", true, true, false});
  Row("3").status = "failed";
  Hear("event-7", "3", "letter-3");
  ExpectNamed(Promise::kP4, "letter-3 in replay replay-7 (ended unroutable): a queue was bound");
  account_.LeadsNowhere("replay-7");
  ExpectHonest();
  // Nobody has it, and nothing says so.
  Row("3").status = "scheduled";
  ExpectNamed(Promise::kP1,
              "execution 3: waits for the message of replay replay-7, which no queue");
}

TEST_F(AccountOfReplays, P1_AConfirmedMessageThatIsNowhereIsLost) {
  evidence_.retries.pop_back();
  ExpectNamed(Promise::kP1,
              "letter letter-3 in replay replay-3 (ended no_answer, confirmed): its message is "
              "nowhere");
  evidence_.saw_queues = false;
  ExpectHonest();
}

// What a worker has taken is with it, and a second one in its queue is one too many.
TEST_F(AccountOfReplays, P1_P3_WhatAWorkerHasTakenCountsAsItsMessage) {
  const auto sent_back = [&](const std::string& name) {
    Message message = messages_[name];
    message.headers.entries.push_back({std::string(kReplayIdHeader), {"replay-" + name}});
    message.headers.entries.push_back({std::string(kLetterIdHeader), {"letter-" + name}});
    return message;
  };
  const RetryFact in_its_queue = evidence_.retries.back();
  evidence_.retries.pop_back();
  ExpectNamed(Promise::kP1, "letter letter-3 in replay replay-3 (ended no_answer, confirmed)");
  account_.Takes(sent_back("3"));
  ExpectHonest();
  evidence_.retries.push_back(in_its_queue);
  ExpectNamed(Promise::kP3,
              "letter letter-3 in replay replay-3 (ended no_answer, confirmed): its "
              "message was sent 2 times");
}

TEST_F(AccountOfReplays, P1_OfADyingMessageTheBrokerMayLoseWhatHadNotEnded) {
  std::erase_if(evidence_.ledger.letters,
                [](const LetterFact& letter) { return letter.id == "letter-again"; });
  std::erase_if(evidence_.ledger.keys, [](const KeyFact& key) { return key.key == "again"; });
  Unhear("event-again");
  Row("2") = {"2", "scheduled", Result("letter-2")};
  Letter("2").state = "waiting";
  Part("2").step = "sent";
  Part("2").outcome = "";
  ExpectNamed(Promise::kP1,
              "letter-2 in replay replay-2 (sent, confirmed): its message is nowhere");
  LedgerFacts waiting_its_turn = evidence_.ledger;
  for (ReplayFact& part : waiting_its_turn.replays) {
    if (part.replay_id != "replay-2") continue;
    part.step = "pending";
    part.was_claimed = false;
  }
  account_.MayLoseReplays(waiting_its_turn, waiting_its_turn);
  ExpectNamed(Promise::kP1,
              "letter-2 in replay replay-2 (sent, confirmed): its message is nowhere");
  account_.MayLoseReplays(waiting_its_turn, evidence_.ledger);
  ExpectHonest();
}

TEST_F(AccountOfReplays, P4_WhatIsTakenWasInAReplayThatWasMadeBefore) {
  evidence_.ledger.replays.push_back(
      {"replay-7", "letter-6", "ended", "taken", false, false, false});
  ExpectHonest();
  evidence_.ledger.replays.back().replay_id = "replay-0";
  ExpectNamed(Promise::kP4, "letter-6 in replay replay-0 (ended taken): no other replay had it");
}

TEST_F(AccountOfReplays, P4_WhatIsWithdrawnCouldNotBeSent) {
  Part("6").step = "ended";
  Part("6").outcome = "withdrawn";
  ExpectNamed(Promise::kP4,
              "letter-6 in replay replay-6 (ended withdrawn): nothing kept it from being sent");
  account_.Moved(Id("6"), "completed", R"({"answer":6})");
  Row("6") = {"6", "completed", R"({"answer":6})"};
  EXPECT_THAT(account_.Strike(evidence_).Text(), testing::Not(HasSubstr("nothing kept it")));
}

TEST_F(AccountOfReplays, P1_AReplayThatWasMadeIsThere) {
  account_.ReplayWasMade("replay-9", {"letter-1"});
  ExpectNamed(Promise::kP1,
              "replay replay-9: was made of letter letter-1, and the ledger does not");
}

TEST_F(AccountOfReplays, P1_AReplayedLetterIsKept) {
  std::erase_if(evidence_.ledger.letters,
                [](const LetterFact& letter) { return letter.id == "letter-6"; });
  ExpectNamed(Promise::kP1,
              "letter letter-6 in replay replay-6 (pending): there is no such letter");
}

TEST_F(AccountOfReplays, P2_NobodyReplaysUnasked) {
  evidence_.ledger.replays.push_back(
      {"replay-7", "letter-late", "ended", "withdrawn", false, false, false});
  ExpectNamed(Promise::kP2, "letter-late in replay replay-7 (ended withdrawn): nobody has asked");
}

TEST_F(AccountOfReplays, P2_OnlyTheClaimBringsAnExecutionBack) {
  Row("6").status = "scheduled";
  ExpectNamed(Promise::kP2, "execution 6: scheduled, and the ledger says failed: letter letter-6");
}

TEST_F(AccountOfReplays, P2_OnlyTheLetterThatFailedItBringsAnExecutionBack) {
  Part("2").replay_id = "replay-0";
  Letter("again").retry->replay_id = "replay-0";
  ExpectHonest();
  // Failed by its death, and brought back by the letter before.
  evidence_.ledger.replays.push_back(
      {"replay-7", "letter-2", "ended", "in_doubt", true, true, false});
  Row("2").status = "scheduled";
  Letter("2").state = "open";
  ExpectNamed(Promise::kP2,
              "execution 2: brought back by replay replay-7 of letter letter-2, and it was failed "
              "by letter letter-again");
}

TEST_F(AccountOfReplays, P2_ALetterThatFailedNothingBringsNothingBack) {
  Letter("4").outcome = "stale_attempt";
  ExpectNamed(Promise::kP2,
              "letter-4 in replay replay-4 (ended in_doubt): took back an execution for letter "
              "letter-4 (stale_attempt, open)");
  ExpectNamed(Promise::kP2,
              "execution 4: brought back by replay replay-4 of letter letter-4, and "
              "it was failed by none");
}

TEST_F(AccountOfReplays, P2_WhatIsBroughtBackIsFailedByItsOwnMessageAlone) {
  Row("3").status = "failed";
  ExpectNamed(Promise::kP2, "execution 3: failed by letter letter-3, where the answer of replay");
  // By a letter that came late.
  Row("3").result_json = Result("letter-late");
  Letter("late").outcome = "failed";
  ExpectNamed(Promise::kP2, "letter-late (failed, open), where not_failable or stale_attempt was");
  ExpectNamed(Promise::kP3, "execution 3: failed by 2 letters of one attempt");
  Letter("late").outcome = "stale_attempt";
  // By the message of another replay.
  Letter("again").retry->replay_id = "replay-3";
  ExpectNamed(Promise::kP2,
              "execution 2: failed by letter letter-again (failed, open) of replay "
              "replay-3, which had not brought it back");
}

TEST_F(AccountOfReplays, P2_ADeathOfTheNewestMessageFailsItsExecution) {
  Letter("again").outcome = "stale_attempt";
  ExpectNamed(Promise::kP2, "letter-again (stale_attempt, open), where failed was due");
  Letter("again").outcome = "failed";
  Row("2").status = "scheduled";
  ExpectNamed(Promise::kP2, "execution 2: scheduled, and the ledger says failed: letter");
}

TEST_F(AccountOfReplays, ADeathOfAnEarlierReplaysMessageFailsNothing) {
  Letter("again").outcome = "stale_attempt";
  Unhear("event-again");
  Part("2").outcome = "no_answer";
  Letter("2").state = "open";
  evidence_.ledger.replays.push_back(
      {"replay-7", "letter-2", "ended", "in_doubt", true, true, false});
  Row("2") = {"2", "scheduled", Result("letter-2")};
  ExpectHonest();
}

TEST_F(AccountOfReplays, P2_WhatItsWorkerCompletedIsNotOverwritten) {
  Row("1") = {"1", "failed", Result("letter-1")};
  ExpectNamed(Promise::kP2, "execution 1: failed, ");
  Row("1") = {"1", "completed", R"({"answer":2})"};
  ExpectNamed(Promise::kP2, "execution 1: completed, {\"answer\":2}, where the platform left");
  Row("3").status = "running";
  ExpectNamed(Promise::kP2, "execution 3: running, and it was replayed");
}

TEST_F(AccountOfReplays, P2_APersonsReplayIsNoAttemptOfARule) {
  evidence_.retries.front().attempt = 1;
  ExpectNamed(Promise::kP2,
              "letter-1 in replay replay-1 (ended succeeded, confirmed): its message "
              "counts as a rule's attempt");
}

TEST_F(AccountOfReplays, P3_NothingIsSentTwice) {
  Live("3");
  ExpectNamed(Promise::kP3,
              "letter-3 in replay replay-3 (ended no_answer, confirmed): its message "
              "was sent 2 times");
  evidence_.retries.pop_back();
  Live("2");
  ExpectNamed(Promise::kP3,
              "letter-2 in replay replay-2 (ended failed_again, confirmed): its "
              "message was sent 2 times");
}

TEST_F(AccountOfReplays, P3_NothingIsSentOfWhatIsSaidToBeUnsent) {
  Live("5");
  ExpectNamed(Promise::kP3,
              "letter-5 in replay replay-5 (ended unroutable): its message was sent, "
              "and that is not shown");
  evidence_.retries.pop_back();
  Live("6");
  ExpectNamed(Promise::kP3,
              "letter-6 in replay replay-6 (pending): its message was sent, and that");
  evidence_.retries.pop_back();
  Part("3").step = "unsent";
  Part("3").outcome = "";
  ExpectNamed(Promise::kP3,
              "letter-3 in replay replay-3 (unsent, confirmed): its message was sent");
  ExpectNamed(Promise::kP3, "letter-3 in replay replay-3 (unsent, confirmed): its confirm is");
}

TEST_F(AccountOfReplays, P3_NothingIsSentForAReplayThatDoesNotHaveIt) {
  Live("3");
  evidence_.retries.back().letter_id = "letter-6";
  ExpectNamed(Promise::kP3, "letter letter-6 in replay replay-3: a message of it was sent, and");
  evidence_.retries.back() = MessageOf("3");
  evidence_.retries.back().replay_id = "nobody's";
  ExpectNamed(Promise::kP3, "letter letter-3 (failed, open): a message of it was sent again");
}

TEST_F(AccountOfReplays, P3_ALetterIsInOneReplayAtATime) {
  evidence_.ledger.replays.push_back({"replay-7", "letter-6", "pending", "", false, false, false});
  ExpectNamed(Promise::kP3, "letter letter-6: replayed by replay-6 and by replay-7 at a time");
}

TEST_F(AccountOfReplays, P3_OneDeathOfAMessageFailsItsExecutionOnce) {
  RecordDeath("2", "third", "open", "failed");
  ExpectNamed(Promise::kP3, "execution 2: failed by 2 letters of one attempt");
}

TEST_F(AccountOfReplays, P3_P6_EachFailureHasOneEvent) {
  Hear("another", "2", "letter-again");
  ExpectNamed(Promise::kP3,
              "execution 2: 2 different events of letter letter-again (failed, open), "
              "where 1 are due");
  Hear("a third", "5", "letter-5");
  ExpectNamed(Promise::kP3,
              "execution 5: 3 different events of letter letter-5 (failed, open), "
              "where 2 are due");
}

TEST_F(AccountOfReplays, P6_AFailureThatNobodyHearsOfIsNamed) {
  Unhear("event-again");
  ExpectNamed(Promise::kP6, "execution 2: 0 events of letter letter-again (failed, open), where 1");
  evidence_.ledger.outbox.push_back({"event", "2", "", "letter-again", std::nullopt});
  ExpectHonest();
  Unhear("event-unroutable");
  ExpectNamed(Promise::kP6, "execution 5: 1 events of letter letter-5 (failed, open), where 2 are");
}

TEST_F(AccountOfReplays, P6_AnEventThatSaysWhatIsNotSoIsNamed) {
  Hear("wrong", "3", "letter-late");
  ExpectNamed(Promise::kP6,
              "execution 3: event wrong says failed by letter letter-late, and it was");
}

TEST_F(AccountOfReplays, P4_AnEndThatIsNotSoIsNamed) {
  Part("3").outcome = "succeeded";
  ExpectNamed(Promise::kP4, "replay-3 (ended succeeded, confirmed): nobody has completed its");
  Part("3").outcome = "failed_again";
  ExpectNamed(Promise::kP4, "replay-3 (ended failed_again, confirmed): its message has failed");
  Part("3").outcome = "in_doubt";
  ExpectNamed(Promise::kP4, "replay-3 (ended in_doubt, confirmed): there is no doubt");
  Part("4").outcome = "no_answer";
  ExpectNamed(Promise::kP4, "replay-4 (ended no_answer): whether it was sent is in doubt");
}

TEST_F(AccountOfReplays, P4_AStateThatHidesHowAReplayEndedIsNamed) {
  const auto expect_named = [&](const std::string& name, const std::string& state) {
    const std::string honest = std::exchange(Letter(name).state, state);
    ExpectNamed(Promise::kP4, ", " + state + "): " + state + ", where " + honest + " was due");
    Letter(name).state = honest;
  };
  for (const char* state : {"open", "waiting"}) {
    expect_named("1", state);
    expect_named("2", state);
  }
  for (const char* state : {"closed", "waiting"}) {
    for (const char* name : {"3", "4", "5", "6", "again"}) expect_named(name, state);
  }
  Part("3").step = "sent";
  Part("3").outcome = "";
  Letter("3").state = "waiting";
  expect_named("3", "open");
  expect_named("3", "closed");
}

TEST_F(AccountOfReplays, P4_WhatIsSentIsTheLettersMessage) {
  evidence_.retries.back().kept_digest = "other headers";
  ExpectNamed(Promise::kP4,
              "replay-3 (ended no_answer, confirmed): its message was sent with other");
  evidence_.retries.back() = MessageOf("3");
  evidence_.retries.back().body_digest = DigestOf("other bytes");
  ExpectNamed(Promise::kP4,
              "replay-3 (ended no_answer, confirmed): its message was sent with other");
}

TEST_F(AccountOfReplays, P3_WhatDiesElsewhereWasNobodysToSend) {
  Part("1").outcome = "no_answer";
  RecordDeath("1", "strange", "open", "not_failable");
  ExpectNamed(Promise::kP3,
              "letter-strange (not_failable, open): was sent again, and neither rule");
}

}  // namespace
}  // namespace deadletter::test
