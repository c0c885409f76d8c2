#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(Metrics, NamesAreTheContractsAndWhatNeedsNoLabelIsThereFromTheStart) {
  const std::string text = Metrics().Expose();
  for (const char* line :
       {"deadletter_letters_redelivered_total 0", "deadletter_letters_possible_duplicate_total 0",
        "deadletter_settle_seconds_count 0", "deadletter_batch_letters_count 0",
        "deadletter_letter_age_seconds_count 0", "deadletter_broker_connected 0",
        "deadletter_ledger_connected 0"}) {
    EXPECT_THAT(text, HasSubstr(line + std::string("\n")));
  }
}

TEST(Metrics, WhatIsLookedForIsToldFromTheFirstLookOn) {
  const std::string text = Metrics().Expose();
  for (const char* name : {"outbox_pending", "outbox_oldest_seconds", "ledger_bytes",
                           "uncounted_letters", "unindexed_letters"}) {
    EXPECT_THAT(text, Not(HasSubstr(name))) << "a zero that nobody has seen";
  }
}

TEST(Metrics, WhatIsExpectedStandsAtZeroBeforeItHappens) {
  Metrics metrics;
  metrics.LetterReceived("dlq", Reason::kExpired);
  metrics.SetIntakePaused("dlq", "statement", true);
  metrics.Expect({.queues = {"dlq"},
                  .causes = {"unavailable"},
                  .publish_outcomes = {"nacked"},
                  .replay_ends = {"succeeded"}});
  const std::string text = metrics.Expose();
  for (const char* line : {R"(deadletter_letters_received_total{queue="dlq",reason="maxlen"} 0)",
                           R"(deadletter_letters_received_total{queue="dlq",reason="expired"} 1)",
                           R"(deadletter_letters_settled_total{outcome="not_found",queue="dlq"} 0)",
                           R"(deadletter_settle_errors_total{cause="unavailable"} 0)",
                           R"(deadletter_intake_paused{cause="unavailable",queue="dlq"} 0)",
                           R"(deadletter_unacked_letters{queue="dlq"} 0)",
                           R"(deadletter_events_published_total{outcome="nacked"} 0)",
                           R"(deadletter_replayed_total{outcome="succeeded"} 0)"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, BuildInfoTellsTheVersion) {
  EXPECT_THAT(Metrics().Expose(),
              HasSubstr(R"(deadletter_build_info{version=")" + std::string(DEADLETTER_VERSION)));
}

TEST(Metrics, CountsByQueueAndReasonAndOutcome) {
  Metrics metrics;
  metrics.LetterReceived("dlq", Reason::kExpired);
  metrics.LetterReceived("dlq", Reason::kExpired);
  metrics.LetterReceived("other", Reason::kUnknown);
  metrics.LetterSettled("dlq", Outcome::kFailed);
  metrics.LetterSettled("dlq", Outcome::kDiscarded);
  const std::string text = metrics.Expose();
  for (const char* line :
       {R"(deadletter_letters_received_total{queue="dlq",reason="expired"} 2)",
        R"(deadletter_letters_received_total{queue="other",reason="unknown"} 1)",
        R"(deadletter_letters_settled_total{outcome="failed",queue="dlq"} 1)",
        R"(deadletter_letters_settled_total{outcome="discarded",queue="dlq"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, GaugesShowTheLastValue) {
  Metrics metrics;
  metrics.SetUnacked("dlq", 7);
  metrics.SetUnacked("dlq", 3);
  metrics.SetQueueMessages("dlq", 12);
  metrics.SetOutbox(4, 1500ms);
  metrics.SetIntakePaused("dlq", "ledger_unavailable", true);
  metrics.SetIntakePaused("dlq", "ledger_unavailable", false);
  metrics.SetBrokerConnected(true);
  metrics.SetLedgerConnected(true);
  metrics.SetLedgerLetters(LetterState::kOpen, 9);
  metrics.SetLedgerBytes(4096);
  const std::string text = metrics.Expose();
  for (const char* line :
       {R"(deadletter_unacked_letters{queue="dlq"} 3)",
        R"(deadletter_queue_messages{queue="dlq"} 12)", "deadletter_outbox_pending 4",
        "deadletter_outbox_oldest_seconds 1.5",
        R"(deadletter_intake_paused{cause="ledger_unavailable",queue="dlq"} 0)",
        "deadletter_broker_connected 1", "deadletter_ledger_connected 1",
        R"(deadletter_ledger_letters{state="open"} 9)", "deadletter_ledger_bytes 4096"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, HistogramsAndErrorsAreObserved) {
  Metrics metrics;
  metrics.BatchSettled(1000, 20ms);
  metrics.LetterAge(-2s);  // the broker's clock is ahead of ours
  metrics.LetterAge(90s);
  metrics.SettleError("unavailable");
  metrics.EventsPublished("confirmed", 5);
  metrics.LetterRedelivered();
  metrics.LetterPossibleDuplicate();
  const std::string text = metrics.Expose();
  for (const char* line :
       {"deadletter_batch_letters_sum 1000", "deadletter_settle_seconds_sum 0.02",
        R"(deadletter_settle_seconds_bucket{le="0.025"} 1)",
        R"(deadletter_letter_age_seconds_bucket{le="1"} 1)", "deadletter_letter_age_seconds_sum 90",
        R"(deadletter_settle_errors_total{cause="unavailable"} 1)",
        R"(deadletter_events_published_total{outcome="confirmed"} 5)",
        "deadletter_letters_redelivered_total 1",
        "deadletter_letters_possible_duplicate_total 1"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, DepthsAreGivenBack) {
  Metrics metrics;
  EXPECT_THAT(metrics.QueueMessages(), testing::IsEmpty());
  metrics.SetQueueMessages("a", 3);
  metrics.SetQueueMessages("b", 0);
  metrics.SetQueueMessages("a", 4);
  EXPECT_EQ(metrics.QueueMessages(), (std::map<std::string, std::int64_t>{{"a", 4}, {"b", 0}}));
  metrics.SetUncountedLetters(7);
  metrics.SetUnindexedLetters(8);
  EXPECT_THAT(metrics.Expose(), HasSubstr("deadletter_uncounted_letters 7"));
  EXPECT_THAT(metrics.Expose(), HasSubstr("deadletter_unindexed_letters 8"));
}

TEST(Metrics, FiguresAreThoseOfAllQueuesAndWhatNobodyToldIsNotThere) {
  Metrics metrics;
  metrics.Expect({.queues = {"a", "b"}, .causes = {}, .publish_outcomes = {}, .replay_ends = {}});
  const Figures none = metrics.Show();
  EXPECT_EQ(none.received + none.settled, 0);
  EXPECT_EQ(none.settled_by_outcome.size(), kEveryOutcome.size());
  EXPECT_THAT(none.ledger_letters, testing::IsEmpty());
  EXPECT_THAT(none.queue_messages, testing::IsEmpty());
  EXPECT_FALSE(none.outbox_pending || none.uncounted_letters);
  for (const char* queue : {"a", "b", "b"}) metrics.LetterReceived(queue, Reason::kExpired);
  metrics.LetterReceived("a", Reason::kUnknown);
  metrics.LetterSettled("a", Outcome::kFailed);
  metrics.LetterSettled("b", Outcome::kFailed);
  metrics.LetterSettled("b", Outcome::kDiscarded);
  metrics.SetOutbox(0, 0ms);
  metrics.SetUncountedLetters(7);
  metrics.SetLedgerLetters(LetterState::kClosed, 5);
  metrics.SetQueueMessages("a", 3);
  const Figures figures = metrics.Show();
  EXPECT_EQ(figures.received, 4);
  EXPECT_EQ(figures.settled, 3);
  EXPECT_EQ(figures.settled_by_outcome.at(Outcome::kFailed), 2);
  EXPECT_EQ(figures.settled_by_outcome.at(Outcome::kDiscarded), 1);
  EXPECT_EQ(figures.outbox_pending, 0);
  EXPECT_EQ(figures.uncounted_letters, 7);
  EXPECT_EQ(figures.ledger_letters.at(LetterState::kClosed), 5);
  EXPECT_EQ(figures.queue_messages.at("a"), 3);
}

TEST(Metrics, AQueueNameCannotBreakALine) {
  Metrics metrics;
  metrics.SetUnacked("a\"b\nc", 1);
  EXPECT_THAT(metrics.Expose(), HasSubstr(R"({queue="a\"b\nc"} 1)"));
  EXPECT_THAT(metrics.Expose(), Not(HasSubstr("\nc")));
}

}  // namespace
}  // namespace deadletter
