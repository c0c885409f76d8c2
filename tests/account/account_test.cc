// Each promise is broken on purpose in what an honest run left behind, and the account names it.
#include "tests/account/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/system/world.h"

namespace deadletter::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;

std::string Body(const std::string& id, const std::string& text) {
  const std::string message_id = id.empty() ? "" : R"("message_id":")" + id + R"(",)";
  return "{" + message_id + R"("text":")" + text + R"("})";
}

// An honest run: of each nature something, executions in each standing, all of it settled and
// heard.
class AccountOfAnHonestRun : public testing::Test {
 protected:
  AccountOfAnHonestRun() {
    for (const char* id : {"1", "2", "3"}) account_.Row(Id(id), "scheduled");
    account_.Row(Id("4"), "completed");
    account_.Row(Id("5"), "running");
    account_.Moved(Id("5"), "completed", R"({"answer": 42})");
    Send("failing", Body("a", "1"), Nature::kRequest, "1");
    Send("second", Body("b", "1"), Nature::kRequest, "1");
    Send("stale", Body("c", "2"), Nature::kStaleRequest, "2");
    Send("keyless", Body("", "3"), Nature::kRequest, "3");
    Send("late", Body("d", "4"), Nature::kRequest, "4");
    Send("raced", Body("e", "5"), Nature::kRequest, "5");
    Send("unknown", Body("f", "6"), Nature::kRequest, "6");
    Send("malformed", Body("g", "no json"), Nature::kMalformed, "");
    Send("odd", Body("h", "odd"), Nature::kUnexpectedType, "");
    Record("failing", "open", "failed", "1");
    Record("second", "closed", "not_failable", "1");
    Record("stale", "open", "stale_attempt", "2");
    Record("keyless", "open", "failed", "3");
    Record("late", "closed", "not_failable", "4");
    Record("raced", "closed", "not_failable", "5");
    Record("unknown", "open", "not_found", "6");
    Record("malformed", "open", "malformed", "");
    Record("odd", "open", "unexpected_type", "");
    std::erase_if(evidence_.ledger.keys, [](const KeyFact& key) { return key.key == "keyless"; });
    evidence_.ledger.rows = {{"1", "failed", R"({"letter_id":"letter-failing"})"},
                             {"2", "scheduled", std::nullopt},
                             {"3", "failed", R"({"letter_id":"letter-keyless"})"},
                             {"4", "completed", std::nullopt},
                             {"5", "completed", R"({"answer":42})"}};
    evidence_.events = {{"event-1", "1", "failed", "letter-failing"},
                        {"event-3", "3", "failed", "letter-keyless"},
                        {"event-3", "3", "failed", "letter-keyless"}};
  }

  static ExecutionId Id(const std::string& text) {
    return ExecutionId(std::int64_t{std::stoll(text)});
  }

  void Send(const std::string& name, const std::string& body, Nature nature,
            const std::string& execution) {
    messages_[name] = World::DeadMessage(body);
    account_.Sends(messages_[name], nature,
                   execution.empty() ? std::nullopt : std::optional(Id(execution)));
    account_.Sent(messages_[name]);
  }

  void Record(const std::string& name, const std::string& state, const std::string& outcome,
              const std::string& execution) {
    evidence_.ledger.letters.push_back({"letter-" + name, state, outcome, "",
                                        execution.empty() ? std::nullopt : std::optional(execution),
                                        false, DigestOf(messages_[name].body), "expired",
                                        "worker.7.executions", FormDigestOf(messages_[name])});
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
    EXPECT_THAT(balance.Text(), AllOf(HasSubstr(PromiseName(promise) + ": "), HasSubstr(what)));
  }
  void ExpectHonest() {
    const Balance balance = account_.Strike(evidence_);
    EXPECT_TRUE(balance.Holds()) << balance.Text();
  }

  Account account_;
  Evidence evidence_;
  std::map<std::string, Message> messages_;
};

TEST_F(AccountOfAnHonestRun, Holds) {
  const Balance balance = account_.Strike(evidence_);
  EXPECT_TRUE(balance.Holds() && balance.IsComplete()) << balance.Text();
  EXPECT_EQ(balance.messages, 9u);
  EXPECT_EQ(balance.letters, 9u);
  EXPECT_EQ(balance.failed, 2u);
  EXPECT_EQ(balance.events, 2u);
  EXPECT_EQ(balance.copies, 1u);
  EXPECT_EQ(account_.LettersDue(), 9u);
}

TEST_F(AccountOfAnHonestRun, P4_EveryLetterIsInTheCountsOnce) {
  const CountedFacts honest{.letters = 9,
                            .counted = 9,
                            .is_recounting = false,
                            .in_groups = 9,
                            .by_reason = 9,
                            .by_queue = 9,
                            .by_outcome = 9,
                            .wrong_groups = 0};
  evidence_.ledger.counts = honest;
  ExpectHonest();
  EXPECT_TRUE(account_.Strike(evidence_).IsComplete());
  evidence_.ledger.counts->in_groups = 10;
  ExpectNamed(Promise::kP4, "10 letters in groups, where 9 are counted");
  evidence_.ledger.counts = honest;
  evidence_.ledger.counts->by_queue = 8;
  ExpectNamed(Promise::kP4, "8 letters in queues, where 9 are counted");
  evidence_.ledger.counts = honest;
  evidence_.ledger.counts->wrong_groups = 2;
  ExpectNamed(Promise::kP4, "2 groups have another number of letters");
  // While they are being counted nothing is said of groups, and nothing is at rest.
  evidence_.ledger.counts->letters = 10;
  ExpectHonest();
  EXPECT_FALSE(account_.Strike(evidence_).IsComplete());
}

TEST_F(AccountOfAnHonestRun, P1_ALetterThatIsNowhereIsLost) {
  Forget("unknown");
  ExpectNamed(Promise::kP1, "of execution 6: 0 records and 0 in the broker, where 1 are due");
}

TEST_F(AccountOfAnHonestRun, P1_AMalformedLetterThatIsNowhereIsLost) {
  Forget("malformed");
  ExpectNamed(Promise::kP1, DigestOf(messages_["malformed"].body).substr(0, 12));
}

TEST_F(AccountOfAnHonestRun, ALetterInTheBrokerIsOnItsWayAndNotLost) {
  Forget("unknown");
  evidence_.waiting = {DigestOf(messages_["unknown"].body)};
  ExpectHonest();
  EXPECT_FALSE(account_.Strike(evidence_).IsComplete());
}

TEST_F(AccountOfAnHonestRun, P1_AKeyWithoutItsRecordWouldLetTheLetterBeAckedAway) {
  std::erase_if(evidence_.ledger.letters,
                [](const LetterFact& letter) { return letter.id == "letter-late"; });
  evidence_.waiting = {DigestOf(messages_["late"].body)};
  ExpectNamed(Promise::kP1, "letter letter-late: its key is known and its record is not there");
}

TEST_F(AccountOfAnHonestRun, P1_OneOfTwoCopiesWithoutAKeyIsLostLikeAnyOther) {
  account_.Sends(messages_["keyless"], Nature::kRequest, Id("3"));
  account_.Sent(messages_["keyless"]);
  ExpectNamed(Promise::kP1, "1 records and 0 in the broker, where 2 are due");
}

TEST_F(AccountOfAnHonestRun, ALetterThatATestGivesUpMayBeLostAndNoOther) {
  Forget("unknown");
  account_.MayLose(Id("6"));
  ExpectHonest();
  EXPECT_EQ(account_.LettersDue(), 8u);
  Forget("late");
  ExpectNamed(Promise::kP1, "of execution 4: 0 records");
}

TEST_F(AccountOfAnHonestRun, P2_ACompletedRowThatIsFailedIsNamed) {
  Row("4").status = "failed";
  ExpectNamed(Promise::kP2, "execution 4: failed, and it was completed");
}

TEST_F(AccountOfAnHonestRun, P2_ARowThatItsWorkerCompletedInTheRunIsNeverFailed) {
  Row("5").status = "failed";
  ExpectNamed(Promise::kP2, "execution 5: failed, and it was completed");
}

TEST_F(AccountOfAnHonestRun, P2_AnExecutionFailedByAnEarlierAttemptsLetterIsNamed) {
  Row("2") = {"2", "failed", R"({"letter_id":"letter-stale"})"};
  Letter("stale").outcome = "failed";
  ExpectNamed(Promise::kP2, "execution 2: failed without a letter of its attempt");
}

TEST_F(AccountOfAnHonestRun, P2_ARowThatNamesAnotherLetterThanTheLedgerIsNamed) {
  Row("1").result_json = R"({"letter_id":"letter-second"})";
  ExpectNamed(Promise::kP2, "execution 1: failed by letter letter-second");
}

TEST_F(AccountOfAnHonestRun, P2_ALedgerThatSaysFailedOverACompletedRowIsNamed) {
  Letter("late").outcome = "failed";
  ExpectNamed(Promise::kP2, "execution 4: completed, and the ledger says failed");
}

TEST_F(AccountOfAnHonestRun, P2_ARowThatWasTouchedOrIsGoneIsNamed) {
  Row("2").status = "running";
  ExpectNamed(Promise::kP2, "execution 2: running, where the platform left scheduled");
  std::erase_if(evidence_.ledger.rows, [](const RowFact& row) { return row.id == "2"; });
  ExpectNamed(Promise::kP2, "execution 2: its row is gone");
}

TEST_F(AccountOfAnHonestRun, P2_AResultThatWasOverwrittenUnderItsStatusIsNamed) {
  Row("5").result_json = R"({"letter_id":"letter-raced"})";
  ExpectNamed(Promise::kP2,
              "execution 5: its result is {\"letter_id\":\"letter-raced\"}, where the "
              "platform left {\"answer\": 42}");
  Row("5").result_json = std::nullopt;
  ExpectNamed(Promise::kP2, "execution 5: its result is (none)");
}

TEST_F(AccountOfAnHonestRun, P2_AResultWrittenOverARowThatHasOnlyAStaleLetterIsNamed) {
  Row("2").result_json = R"({"letter_id":"letter-stale"})";
  ExpectNamed(Promise::kP2,
              "execution 2: its result is {\"letter_id\":\"letter-stale\"}, where the "
              "platform left (none)");
}

TEST_F(AccountOfAnHonestRun, AResultIsTheSameHoweverItIsWritten) {
  Row("5").result_json = "{ \"answer\" : 42 }";
  ExpectHonest();
}

TEST_F(AccountOfAnHonestRun, P2_ARowOfWhichNobodyToldThatIsFailedIsNamed) {
  evidence_.ledger.rows.push_back({"77", "scheduled", std::nullopt});
  ExpectHonest();
  evidence_.ledger.rows.back().status = "failed";
  ExpectNamed(Promise::kP2, "execution 77: failed, and nobody sent its letter");
  account_.Submitted(Id("77"));
  ExpectHonest();
}

TEST_F(AccountOfAnHonestRun, P2_AnOutcomeThatTheRowBeliesIsNamed) {
  Letter("stale").outcome = "not_failable";
  ExpectNamed(Promise::kP2, "letter-stale (not_failable, open), where stale_attempt was due");
}

TEST_F(AccountOfAnHonestRun, P3_ASecondRecordOfAKeyIsNamed) {
  LetterFact copy = Letter("late");
  copy.id = "letter-again";
  evidence_.ledger.letters.push_back(copy);
  ExpectNamed(Promise::kP3, "recorded 2 times, where 1 may be");
  ExpectNamed(Promise::kP3, "letter letter-again (not_failable, closed): has 0 keys");
}

TEST_F(AccountOfAnHonestRun, P3_ADeathOfItsOwnMakesARecordOfItsOwn) {
  Message again = messages_["late"];
  auto& death = std::get<FieldTable>(
      std::get<FieldArray>(again.headers.entries.front().value.value).front().value);
  for (FieldEntry& entry : death.entries) {
    if (entry.name == "time") entry.value = {FieldTimestamp{1}};
  }
  account_.Sends(again, Nature::kRequest, Id("4"));
  account_.Sent(again);
  ExpectNamed(Promise::kP1, "1 records and 0 in the broker, where 2 are due");
  LetterFact copy = Letter("late");
  copy.id = "letter-again";
  evidence_.ledger.letters.push_back(copy);
  evidence_.ledger.keys.push_back({"again", copy.id});
  ExpectHonest();
}

TEST_F(AccountOfAnHonestRun, P3_ASecondRecordWithoutAKeyMustBeMarked) {
  LetterFact copy = Letter("keyless");
  copy.id = "letter-again";
  copy.state = "closed";
  copy.outcome = "not_failable";
  evidence_.ledger.letters.push_back(copy);
  ExpectNamed(Promise::kP3, "of execution 3: recorded 2 times, where 1 may be");
  account_.MayReturn(1);
  evidence_.ledger.letters.back().possible_duplicate = true;
  ExpectHonest();
  evidence_.ledger.letters.back().possible_duplicate = false;
  account_.BrokerWasKilled();
  ExpectHonest();
}

TEST_F(AccountOfAnHonestRun, P3_EachBrokerThatIsKilledExcusesOneUnmarkedRecordOfWhatWasSentBefore) {
  account_.BrokerWasKilled();
  Send("later", Body("", "of 3, later"), Nature::kRequest, "3");
  for (const char* name : {"later", "later"}) {
    Record(name, "closed", "not_failable", "3");
    evidence_.ledger.keys.pop_back();
  }
  ExpectNamed(Promise::kP3, "of execution 3: recorded 2 times, where 1 may be");
  account_.BrokerWasKilled();
  ExpectHonest();
  Record("later", "closed", "not_failable", "3");
  evidence_.ledger.keys.pop_back();
  ExpectNamed(Promise::kP3, "of execution 3: recorded 3 times, where 2 may be");
}

TEST_F(AccountOfAnHonestRun, P3_MoreMarkedRecordsThanItsReturnsCanMakeAreNamed) {
  LetterFact copy = Letter("keyless");
  copy.state = "closed";
  copy.outcome = "not_failable";
  copy.possible_duplicate = true;
  for (int number = 1; number <= 10; ++number) {
    copy.id = "letter-again-" + std::to_string(number);
    evidence_.ledger.letters.push_back(copy);
  }
  account_.MayReturn(9);
  ExpectNamed(Promise::kP3,
              "of execution 3: 10 records marked as possible duplicates, and it returned 9 times "
              "at most");
  account_.MayReturn(1);
  ExpectHonest();
}

TEST_F(AccountOfAnHonestRun, P3_WhatReturnedBeforeALetterWasSentIsNoExcuseForIt) {
  account_.MayReturn(5);
  Send("later", Body("", "of 3, later"), Nature::kRequest, "3");
  Record("later", "closed", "not_failable", "3");
  evidence_.ledger.keys.pop_back();
  Letter("later").possible_duplicate = true;
  ExpectNamed(Promise::kP3, "1 records marked as possible duplicates, and it returned 0 times");
}

TEST_F(AccountOfAnHonestRun, P3_ALetterWithAKeyIsNeverAPossibleDuplicate) {
  account_.MayReturn(5);
  Letter("late").possible_duplicate = true;
  ExpectNamed(Promise::kP3, "of execution 4: 1 records marked as possible duplicates");
}

TEST_F(AccountOfAnHonestRun, P3_AnExecutionFailedTwiceIsNamed) {
  Letter("second").outcome = "failed";
  ExpectNamed(Promise::kP3, "execution 1: failed by 2 letters");
}

TEST_F(AccountOfAnHonestRun, P3_ASecondEventIsNamedAndACopyOfTheSameIsNot) {
  evidence_.events.push_back(evidence_.events.front());
  ExpectHonest();
  evidence_.events.back().message_id = "event-1b";
  ExpectNamed(Promise::kP3, "execution 1: 2 different events");
}

TEST_F(AccountOfAnHonestRun, P3_ALetterWhoseKeyIsMissingWouldBeRecordedAgain) {
  std::erase_if(evidence_.ledger.keys, [](const KeyFact& key) { return key.key == "odd"; });
  ExpectNamed(Promise::kP3, "letter letter-odd (unexpected_type, open): has 0 keys");
}

TEST_F(AccountOfAnHonestRun, P4_AMalformedLetterIsKeptWholeAndOpen) {
  Letter("malformed").body_digest = DigestOf("cut");
  ExpectNamed(Promise::kP4, "letter-malformed (malformed, open): its bytes are nobody's");
  Letter("malformed").body_digest = DigestOf(messages_["malformed"].body);
  Letter("malformed").state = "closed";
  ExpectNamed(Promise::kP4, "letter-malformed (malformed, closed): closed, where open was due");
}

TEST_F(AccountOfAnHonestRun, P4_AStateThatHidesAnOutcomeIsNamed) {
  const auto expect_named = [&](const std::string& name, const std::string& state) {
    const std::string honest = std::exchange(Letter(name).state, state);
    ExpectNamed(Promise::kP4, ", " + state + "): " + state + ", where " + honest + " was due");
    Letter(name).state = honest;
  };
  expect_named("failing", "closed");
  expect_named("failing", "waiting");
  expect_named("unknown", "closed");
  expect_named("unknown", "waiting");
  expect_named("odd", "waiting");
  expect_named("malformed", "waiting");
  expect_named("stale", "closed");
  expect_named("late", "open");
  expect_named("raced", "waiting");
}

TEST_F(AccountOfAnHonestRun, P4_AnUnsettledLetterMustWaitForItsTurn) {
  Letter("second").outcome = "deferred";
  ExpectNamed(Promise::kP4, "(deferred, closed): closed, where waiting was due");
  Letter("second").outcome = "refused";
  ExpectNamed(Promise::kP4, "(refused, closed): closed, where open was due");
}

TEST_F(AccountOfAnHonestRun, AStaleLetterClosesByItselfOnceItsRowIsFinal) {
  account_.Moved(Id("2"), "completed");
  Row("2").status = "completed";
  ExpectHonest();
  Letter("stale").state = "closed";
  ExpectHonest();
  Letter("stale").state = "waiting";
  ExpectNamed(Promise::kP4, "(stale_attempt, waiting): waiting, where closed or open was due");
}

TEST_F(AccountOfAnHonestRun, P4_WhatNamesAnExecutionThatItDoesNotConcernIsNamed) {
  Letter("odd").execution_id = "2";
  ExpectNamed(Promise::kP4, "letter-odd (unexpected_type, open) names execution 2");
  Letter("malformed").execution_id = "2";
  ExpectNamed(Promise::kP4, "letter-malformed (malformed, open) names execution 2");
}

TEST_F(AccountOfAnHonestRun, P4_AHeaderOrAPropertyThatIsNotKeptIsNamed) {
  Message bare = messages_["odd"];
  bare.headers.entries.pop_back();
  Letter("odd").form_digest = FormDigestOf(bare);
  ExpectNamed(Promise::kP4,
              "letter-odd (unexpected_type, open): its headers or properties are not");
  bare = messages_["odd"];
  bare.properties.priority = 3;
  Letter("odd").form_digest = FormDigestOf(bare);
  ExpectNamed(Promise::kP4,
              "letter-odd (unexpected_type, open): its headers or properties are not");
}

TEST_F(AccountOfAnHonestRun, WhatTheBrokerAddsByDeliveringAgainIsNoHeaderOfTheLetters) {
  Message again = messages_["odd"];
  again.headers.entries.push_back({"x-delivery-count", {std::int64_t{2}}});
  Letter("odd").form_digest = FormDigestOf(again);
  ExpectHonest();
  EXPECT_EQ(FormDigestOf(PropertiesToJson(again.properties), FieldTableToJson(again.headers)),
            FormDigestOf(messages_["odd"]))
      << "the same, as a ledger has it";
}

TEST_F(AccountOfAnHonestRun, P4_ACauseThatIsNotTheLettersIsNamed) {
  Letter("late").reason = "rejected";
  ExpectNamed(Promise::kP4,
              "letter-late (not_failable, closed): died in worker.7.executions, "
              "rejected, as the ledger has it");
  Letter("late").reason = "expired";
  Letter("late").queue = "";
  ExpectNamed(Promise::kP4, "letter-late (not_failable, closed): died in , expired");
}

TEST_F(AccountOfAnHonestRun, P4_WhatIsTakenForSomethingElseIsNamed) {
  Letter("odd").outcome = "malformed";
  ExpectNamed(Promise::kP4, "letter-odd (malformed, open), where unexpected_type was due");
  Letter("late").outcome = "unexpected_type";
  ExpectNamed(Promise::kP4, "letter-late (unexpected_type, closed), where not_failable was due");
  Letter("unknown").execution_id = "7";
  ExpectNamed(Promise::kP4, "letter-unknown (not_found, open) names execution 7");
}

TEST_F(AccountOfAnHonestRun, P6_AFailedExecutionThatNobodyHeardOfIsNamed) {
  evidence_.events.erase(evidence_.events.begin());
  ExpectNamed(Promise::kP6, "execution 1: failed, and nobody heard of it");
}

TEST_F(AccountOfAnHonestRun, AnEventInTheOutboxIsOnItsWay) {
  evidence_.events.erase(evidence_.events.begin());
  evidence_.ledger.outbox.push_back({"event", "1", ""});
  ExpectHonest();
  EXPECT_FALSE(account_.Strike(evidence_).IsComplete());
}

TEST_F(AccountOfAnHonestRun, P6_AnEventForAnExecutionThatIsNotFailedIsNamed) {
  evidence_.events.push_back({"event-4", "4", "failed", "letter-late"});
  ExpectNamed(Promise::kP6, "execution 4: completed, and an event says that it failed");
}

TEST_F(AccountOfAnHonestRun, P6_AnEventOfNobodyOrThatSaysOtherwiseIsNamed) {
  evidence_.events.push_back({"event-9", "9", "failed", "letter-late"});
  ExpectNamed(Promise::kP6, "execution 9: an event about a row that is not there");
  evidence_.events.front().letter_id = "letter-second";
  ExpectNamed(Promise::kP6, "execution 1: event event-1 says failed by letter letter-second");
}

TEST_F(AccountOfAnHonestRun, P6_OneIdForTheEventsOfTwoExecutionsIsNamed) {
  for (EventFact& event : evidence_.events) event.message_id = "event-1";
  ExpectNamed(Promise::kP6, "event event-1: of execution 1 and of execution 3");
}

TEST_F(AccountOfAnHonestRun, P6_ACopyOfAnEventThatSaysSomethingElseIsNamed) {
  evidence_.events.back().letter_id = "letter-late";
  ExpectNamed(Promise::kP6, "event event-3: heard again with other content");
  evidence_.events.back().letter_id = "letter-keyless";
  evidence_.events.back().body_digest = DigestOf("other");
  ExpectNamed(Promise::kP6, "event event-3: heard again with other content");
}

TEST_F(AccountOfAnHonestRun, ADeferredLetterIsOnItsWay) {
  Letter("failing").state = "waiting";
  Letter("failing").outcome = "deferred";
  Row("1") = {"1", "scheduled", std::nullopt};
  Letter("second").state = "waiting";
  Letter("second").outcome = "deferred";
  evidence_.events.erase(evidence_.events.begin());
  ExpectHonest();
  EXPECT_EQ(account_.Strike(evidence_).on_their_way.size(), 2u);
}

}  // namespace
}  // namespace deadletter::test
