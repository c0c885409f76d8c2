// One striking of the balance: the evidence sorted by what it is about, then held against the
// account, question by question. Only account.h's Strike() uses it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/account/account.h"

namespace deadletter::test {

// The replay whose message the letter is; "" of any other.
[[nodiscard]] inline std::string ReplayOf(const LetterFact& letter) {
  return letter.retry ? letter.retry->replay_id : "";
}

class Audit {
 public:
  // Both must outlive it.
  Audit(const Account& account, const Evidence& evidence);

  [[nodiscard]] Balance Strike();
  // Only what concerns rows that the platform holds.
  [[nodiscard]] std::vector<Finding> StrikeHeld();

 private:
  using Letters = std::vector<const LetterFact*>;
  using Sent = Account::SentMessage;

  // Where the message of a retried letter was met, with a worker or before.
  struct SentAgain {
    std::vector<const RetryFact*> pending;  // in the outbox
    std::vector<const RetryFact*> live;     // in queues, or a worker took it
    Letters died;                           // letters of their own
  };

  // The message of a letter in one replay, wherever it was met.
  struct Sending {
    const ReplayFact* part = nullptr;
    std::vector<const RetryFact*> live;  // in queues, or a worker took it
    Letters died;                        // letters of their own
    [[nodiscard]] std::size_t count() const { return live.size() + died.size(); }
  };
  using Parts = std::vector<const ReplayFact*>;  // in the order in which they were made

  void Sort();
  void SortRetries();
  void SortReplays();
  void Break(Promise promise, std::string what);
  [[nodiscard]] static std::string Name(const std::string& digest, const Sent& sent);
  [[nodiscard]] static std::string Name(const LetterFact& letter);
  [[nodiscard]] static std::string Names(const Letters& letters);
  [[nodiscard]] static bool IsFailable(const std::string& status);
  [[nodiscard]] static bool IsFinal(const std::string& status);
  // It is to be settled again.
  [[nodiscard]] static bool IsWaiting(const LetterFact& letter);
  [[nodiscard]] static bool IsRetried(const Sent& sent);
  [[nodiscard]] static bool IsReplayed(const Sent& sent);
  // A person sent that message, and no rule.
  [[nodiscard]] bool IsOfReplay(const std::optional<RetryFact>& message) const;
  // How often its message had been sent again when it died.
  [[nodiscard]] static std::int64_t AttemptOf(const LetterFact& letter);
  [[nodiscard]] Account::Held HeldOf(const std::optional<std::string>& execution) const;

  // Of what was sent: audit_letters.cc.
  void CheckMessage(const std::string& digest, const Sent& sent);
  void CheckOutcome(const std::string& digest, const Sent& sent, const LetterFact& letter);
  void CheckRequest(const std::string& digest, const Sent& sent, const LetterFact& letter);
  void CheckCopies(const std::string& digest, const Sent& sent, const Letters& letters);
  [[nodiscard]] std::set<std::string> PermittedOutcomes(const Sent& sent,
                                                        const LetterFact& letter) const;
  void CheckState(const std::string& digest, const Sent& sent, const LetterFact& letter);
  [[nodiscard]] std::set<std::string> PermittedStates(const LetterFact& letter) const;
  void CheckForm(const std::string& digest, const Sent& sent, const LetterFact& letter);
  void CheckFormAgain(const std::string& digest, const Sent& sent, const LetterFact& letter);
  void CheckUnknownLetters();
  void CheckKeys();

  // Of what rules sent back: audit_retries.cc.
  void AddPermittedRetryOutcomes(const LetterFact& letter, bool was_moved,
                                 std::set<std::string>& permitted) const;
  [[nodiscard]] bool MayBeWithdrawn(const LetterFact& letter) const;
  void CheckRetries();
  void CheckRetried(const LetterFact& letter, const Sent& sent);
  void CheckMessages(const LetterFact& letter, const Sent& sent, const SentAgain& again);
  void CheckSentForNobody();
  [[nodiscard]] bool IsToDieAgain(const LetterFact& letter) const;

  // Of what operators sent back: audit_replays.cc.
  [[nodiscard]] std::set<std::string> PermittedReplayOutcomes(const LetterFact& letter,
                                                              bool was_moved) const;
  [[nodiscard]] std::optional<std::set<std::string>> PermittedStatesInReplay(
      const LetterFact& letter, const std::string& status) const;
  void CheckReplays();
  void CheckPart(const ReplayFact& part, const Sending& sending);
  void CheckSending(const ReplayFact& part, const Sending& sending, const LetterFact& letter,
                    const Sent& sent);
  void CheckEnd(const ReplayFact& part, const LetterFact& letter);
  void CheckNotSent(const ReplayFact& part, const LetterFact& letter);
  [[nodiscard]] bool IsTakenByAnother(const ReplayFact& part) const;
  [[nodiscard]] bool MayBeWithdrawn(const ReplayFact& part, const LetterFact& letter) const;
  void CheckOneReplayAtATime();
  [[nodiscard]] const LetterFact* DeathIn(const ReplayFact& part) const;

  // Of rows that replays moved: audit_replayed_rows.cc.
  void CheckReplayedRow(const std::string& id, const Account::ExpectedRow& expected,
                        const RowFact& row, const Letters& failing, const Parts& moves);
  void CheckMoves(const std::string& id, const Letters& failing, const Parts& moves);
  void CheckFailures(const std::string& id, const Letters& failing, const Parts& moves);
  void CheckReplayedEvents(const std::string& id, const Letters& failing, const Parts& moves,
                           bool was_moved);

  // Of the platform's rows and of what it heard: audit_executions.cc.
  void CheckRow(const std::string& id, const Account::ExpectedRow& expected);
  void CheckFailedRow(const std::string& id, const Account::ExpectedRow& expected,
                      const RowFact& row, const Letters& failing);
  void CheckUntouchedRow(const std::string& id, const Account::ExpectedRow& expected,
                         const RowFact& row, const Letters& failing);
  void CheckRowsOfNobody();
  void CheckEventsOfNobody();
  void CheckEventIds();

  void CheckCounts();

  void NoteWhatIsOnItsWay();

  const Account& account_;
  const Evidence& evidence_;
  Balance balance_;
  std::unordered_map<std::string, Letters> by_body_;
  std::unordered_map<std::string, Letters> failing_;  // by execution
  std::unordered_map<std::string, const RowFact*> rows_;
  std::unordered_map<std::string, std::map<std::string, const EventFact*>> heard_;
  std::unordered_map<std::string, std::size_t> pending_;  // events in the outbox, by execution
  std::unordered_map<std::string, std::size_t> waiting_;
  std::unordered_set<std::string> may_fail_;
  std::unordered_map<std::string, const LetterFact*> by_id_;
  std::unordered_map<std::string, SentAgain> sent_again_;  // by letter
  std::unordered_map<std::string, Letters> retried_;       // by execution
  std::unordered_set<std::string> replays_;                // ids
  std::map<Account::LetterOfReplay, Sending> sendings_;
  std::unordered_map<std::string, Parts> claimed_parts_;          // by letter
  std::unordered_map<std::string, Parts> moves_;                  // by execution
  std::unordered_map<std::string, std::size_t> pending_letters_;  // events in the outbox, by letter
};

}  // namespace deadletter::test
