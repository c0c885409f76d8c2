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
  CheckRetries();
  CheckReplays();
  CheckCounts();
  NoteWhatIsOnItsWay();
  balance_.letters = evidence_.ledger.letters.size();
  for (const LetterFact& letter : evidence_.ledger.letters) ++balance_.became[letter.outcome];
  for (const StepFact& step : evidence_.ledger.steps) ++balance_.became[step.outcome];
  for (const ReplayFact& part : evidence_.ledger.replays) {
    if (part.step == "ended") ++balance_.became["replayed and " + part.outcome];
  }
  balance_.findings.insert(balance_.findings.end(), account_.found_before_.begin(),
                           account_.found_before_.end());
  return std::move(balance_);
}

std::vector<Finding> Audit::StrikeHeld() {
  for (const auto& [id, expected] : account_.rows_) {
    if (expected.held != Account::Held::kNot) CheckRow(id, expected);
  }
  for (const LetterFact& letter : evidence_.ledger.letters) {
    const auto sent = account_.messages_.find(letter.body_digest);
    if (sent == account_.messages_.end() || HeldOf(sent->second.execution) == Account::Held::kNot)
      continue;
    CheckState(sent->first, sent->second, letter);
    CheckOutcome(sent->first, sent->second, letter);
  }
  return std::move(balance_.findings);
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

bool Audit::IsRetried(const Sent& sent) {
  return sent.nature == Nature::kRetried || sent.nature == Nature::kRetriedAndDying;
}

bool Audit::IsReplayed(const Sent& sent) {
  return sent.nature == Nature::kReplayed || sent.nature == Nature::kReplayedAndDying;
}

std::int64_t Audit::AttemptOf(const LetterFact& letter) {
  return letter.retry ? letter.retry->attempt : 0;
}

Account::Held Audit::HeldOf(const std::optional<std::string>& execution) const {
  const auto row = account_.rows_.find(execution.value_or(""));
  return row == account_.rows_.end() ? Account::Held::kNot : row->second.held;
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
    if (entry.kind != "event" || !entry.execution_id) continue;
    ++pending_[*entry.execution_id];
    ++pending_letters_[entry.letter_id];
  }
  for (const std::string& digest : evidence_.waiting) ++waiting_[digest];
  for (const auto& [digest, sent] : account_.messages_) {
    const bool may_fail = sent.nature == Nature::kRequest ||
                          sent.nature == Nature::kRetriedAndDying || IsReplayed(sent);
    if (may_fail && sent.execution) may_fail_.insert(*sent.execution);
  }
  for (const ReplayFact& part : evidence_.ledger.replays) replays_.insert(part.replay_id);
  SortRetries();
  SortReplays();
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

// Groups and hours hold each letter that is counted, and each once; in the end, every letter.
void Audit::CheckCounts() {
  const std::optional<CountedFacts>& counts = evidence_.ledger.counts;
  if (!counts || counts->is_recounting) return;
  const std::pair<std::string, std::int64_t> sums[] = {{"groups", counts->in_groups},
                                                       {"reasons", counts->by_reason},
                                                       {"queues", counts->by_queue},
                                                       {"outcomes", counts->by_outcome}};
  for (const auto& [what, letters] : sums) {
    if (letters == counts->counted) continue;
    Break(Promise::kP4,
          fmt::format("{} letters in {}, where {} are counted", letters, what, counts->counted));
  }
  if (counts->counted == counts->letters && counts->wrong_groups > 0)
    Break(Promise::kP4, fmt::format("{} groups have another number of letters than they tell",
                                    counts->wrong_groups));
}

void Audit::NoteWhatIsOnItsWay() {
  for (const auto& [digest, count] : waiting_) {
    const auto sent = account_.messages_.find(digest);
    balance_.on_their_way.push_back("in the broker: " + (sent == account_.messages_.end()
                                                             ? "sha256 " + digest.substr(0, 12)
                                                             : Name(digest, sent->second)));
  }
  for (const LetterFact& letter : evidence_.ledger.letters) {
    const bool is_refused =
        letter.outcome == "refused" && HeldOf(letter.execution_id) == Account::Held::kRefused;
    if (IsWaiting(letter) && !is_refused)
      balance_.on_their_way.push_back("to be settled: " + Name(letter));
    if (IsToDieAgain(letter)) balance_.on_their_way.push_back("to die again: " + Name(letter));
  }
  for (const OutboxFact& entry : evidence_.ledger.outbox) {
    balance_.on_their_way.push_back(fmt::format("to be published: {} of execution {} {}",
                                                entry.kind, entry.execution_id.value_or("(none)"),
                                                entry.detail));
  }
  for (const ReplayFact& part : evidence_.ledger.replays) {
    if (part.step == "ended") continue;
    balance_.on_their_way.push_back(
        fmt::format("letter {} in replay {}: {}", part.letter_id, part.replay_id, part.step));
  }
  const std::optional<CountedFacts>& counts = evidence_.ledger.counts;
  if (counts && (counts->is_recounting || counts->counted != counts->letters))
    balance_.on_their_way.push_back(
        fmt::format("to be counted: {} of {} letters are", counts->counted, counts->letters));
}

void Account::CheckHeld(const Evidence& evidence) {
  const std::vector<Finding> found = Audit(*this, evidence).StrikeHeld();
  found_before_.insert(found_before_.end(), found.begin(), found.end());
}

Balance Account::Strike(const Evidence& evidence) const {
  return Audit(*this, evidence).Strike();
}

}  // namespace deadletter::test
