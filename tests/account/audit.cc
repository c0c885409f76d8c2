#include "tests/account/audit.h"

#include <fmt/format.h>

namespace deadletter::test {

Audit::Audit(const Account& account, const Evidence& evidence)
    : account_(account), evidence_(evidence) {
  Sort();
}

Balance Audit::Strike() {
  for (const auto& [digest, sent] : account_.messages_) CheckMessage(digest, sent);
  CheckUnknownLetters();
  CheckKeys();
  for (const auto& [id, expected] : account_.rows_) CheckRow(id, expected);
  CheckRowsOfNobody();
  CheckEventsOfNobody();
  CheckEventIds();
  NoteWhatIsOnItsWay();
  balance_.letters = evidence_.ledger.letters.size();
  return std::move(balance_);
}

bool Audit::IsFailable(const std::string& status) {
  return status == "scheduled" || status == "running";
}

bool Audit::IsFinal(const std::string& status) {
  static const std::set<std::string> statuses = {"completed", "failed", "cancelled", "timeout",
                                                 "abandoned"};
  return statuses.contains(status);
}

bool Audit::IsWaiting(const LetterFact& letter) {
  return letter.outcome == "deferred" || letter.outcome == "refused";
}

void Audit::Sort() {
  for (const LetterFact& letter : evidence_.ledger.letters) {
    by_body_[letter.body_digest].push_back(&letter);
    if (letter.outcome == "failed" && letter.execution_id) {
      failing_[*letter.execution_id].push_back(&letter);
    }
  }
  for (const RowFact& row : evidence_.ledger.rows) rows_[row.id] = &row;
  for (const EventFact& event : evidence_.events) {
    heard_[event.execution_id].insert({event.message_id, &event});
  }
  for (const OutboxFact& entry : evidence_.ledger.outbox) {
    if (entry.kind == "event" && entry.execution_id) ++pending_[*entry.execution_id];
  }
  for (const std::string& digest : evidence_.waiting) ++waiting_[digest];
  for (const auto& [digest, sent] : account_.messages_) {
    if (sent.nature == Nature::kRequest && sent.execution) may_fail_.insert(*sent.execution);
  }
}

void Audit::Break(Promise promise, std::string what) {
  balance_.findings.push_back({promise, std::move(what)});
}

std::string Audit::Name(const std::string& digest, const Sent& sent) {
  const std::string about = sent.execution ? " of execution " + *sent.execution : "";
  return fmt::format("message {} (sha256 {}…){}", sent.number, digest.substr(0, 12), about);
}

std::string Audit::Name(const LetterFact& letter) {
  return fmt::format("letter {} ({}{}{}, {})", letter.id, letter.outcome,
                     letter.detail.empty() ? "" : " ", letter.detail, letter.state);
}

std::string Audit::Names(const Letters& letters) {
  std::string names;
  for (const LetterFact* letter : letters) names += (names.empty() ? "" : ", ") + Name(*letter);
  return names;
}

void Audit::NoteWhatIsOnItsWay() {
  for (const auto& [digest, count] : waiting_) {
    const auto sent = account_.messages_.find(digest);
    balance_.on_their_way.push_back("in the broker: " + (sent == account_.messages_.end()
                                                             ? "sha256 " + digest.substr(0, 12)
                                                             : Name(digest, sent->second)));
  }
  for (const LetterFact& letter : evidence_.ledger.letters) {
    if (IsWaiting(letter)) balance_.on_their_way.push_back("to be settled: " + Name(letter));
  }
  for (const OutboxFact& entry : evidence_.ledger.outbox) {
    balance_.on_their_way.push_back(fmt::format("to be published: {} of execution {} {}",
                                                entry.kind, entry.execution_id.value_or("(none)"),
                                                entry.detail));
  }
}

Balance Account::Strike(const Evidence& evidence) const {
  return Audit(*this, evidence).Strike();
}

}  // namespace deadletter::test
