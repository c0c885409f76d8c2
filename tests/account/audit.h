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

class Audit {
 public:
  // Both must outlive it.
  Audit(const Account& account, const Evidence& evidence);

  [[nodiscard]] Balance Strike();

 private:
  using Letters = std::vector<const LetterFact*>;
  using Sent = Account::SentMessage;

  void Sort();
  void Break(Promise promise, std::string what);
  [[nodiscard]] static std::string Name(const std::string& digest, const Sent& sent);
  [[nodiscard]] static std::string Name(const LetterFact& letter);
  [[nodiscard]] static std::string Names(const Letters& letters);
  [[nodiscard]] static bool IsFailable(const std::string& status);
  [[nodiscard]] static bool IsFinal(const std::string& status);
  // It is to be settled again.
  [[nodiscard]] static bool IsWaiting(const LetterFact& letter);

  // Of what was sent: audit_letters.cc.
  void CheckMessage(const std::string& digest, const Sent& sent);
  void CheckOutcome(const std::string& digest, const Sent& sent, const LetterFact& letter);
  void CheckRequest(const std::string& digest, const Sent& sent, const LetterFact& letter);
  [[nodiscard]] std::set<std::string> PermittedOutcomes(const Sent& sent) const;
  void CheckState(const std::string& digest, const Sent& sent, const LetterFact& letter);
  [[nodiscard]] std::set<std::string> PermittedStates(const LetterFact& letter) const;
  void CheckForm(const std::string& digest, const Sent& sent, const LetterFact& letter);
  void CheckUnknownLetters();
  void CheckKeys();

  // Of the platform's rows and of what it heard: audit_executions.cc.
  void CheckRow(const std::string& id, const Account::ExpectedRow& expected);
  void CheckFailedRow(const std::string& id, const Account::ExpectedRow& expected,
                      const RowFact& row, const Letters& failing);
  void CheckUntouchedRow(const std::string& id, const Account::ExpectedRow& expected,
                         const RowFact& row, const Letters& failing);
  void CheckRowsOfNobody();
  void CheckEventsOfNobody();
  void CheckEventIds();

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
};

}  // namespace deadletter::test
