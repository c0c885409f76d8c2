// The letters that were recorded, held against what was sent.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "tests/account/audit.h"

namespace deadletter::test {

namespace {

std::string AnyOf(const std::set<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " or "));
}

}  // namespace

void Audit::CheckMessage(const std::string& digest, const Sent& sent) {
  const auto found = by_body_.find(digest);
  const Letters none;
  const Letters& letters = found == by_body_.end() ? none : found->second;
  const auto waits = waiting_.find(digest);
  const std::size_t waiting = waits == waiting_.end() ? 0 : waits->second;
  balance_.messages += sent.Least() > 0 ? 1 : 0;
  Letters originals;  // and not its retries, which have its bytes and are letters of their own
  std::ranges::copy_if(letters, std::back_inserter(originals),
                       [](const LetterFact* letter) { return !letter->retry; });
  if (originals.size() + waiting < sent.Least()) {
    Break(Promise::kP1, fmt::format("{}: {} records and {} in the broker, where {} are due",
                                    Name(digest, sent), originals.size(), waiting, sent.Least()));
  }
  CheckCopies(digest, sent, originals);
  for (const LetterFact* letter : letters) {
    letter->retry ? CheckFormAgain(digest, sent, *letter) : CheckForm(digest, sent, *letter);
    CheckState(digest, sent, *letter);
    CheckOutcome(digest, sent, *letter);
  }
}

void Audit::CheckCopies(const std::string& digest, const Sent& sent, const Letters& letters) {
  const std::size_t unmarked = static_cast<std::size_t>(std::ranges::count_if(
      letters, [](const LetterFact* letter) { return !letter->possible_duplicate; }));
  const std::size_t records = sent.has_key ? letters.size() : unmarked;
  const std::size_t most = sent.Most(account_.broker_kills_);
  if (records > most) {
    Break(Promise::kP3, fmt::format("{}: recorded {} times, where {} may be: {}",
                                    Name(digest, sent), records, most, Names(letters)));
  }
  const std::size_t marked = letters.size() - unmarked;
  const std::size_t most_marked = sent.MostMarked(account_.returns_);
  if (marked > most_marked) {
    Break(Promise::kP3,
          fmt::format("{}: {} records marked as possible duplicates, and {}", Name(digest, sent),
                      marked,
                      sent.has_key ? "its key identifies it"
                                   : fmt::format("it returned {} times at most", most_marked)));
  }
}

void Audit::CheckOutcome(const std::string& digest, const Sent& sent, const LetterFact& letter) {
  const auto expect = [&](Promise promise, const std::string& wanted) {
    if (letter.outcome == wanted) return;
    Break(promise,
          fmt::format("{}: {}, where {} was due", Name(digest, sent), Name(letter), wanted));
  };
  if (letter.execution_id != sent.execution) {
    Break(Promise::kP4, fmt::format("{}: {} names execution {}", Name(digest, sent), Name(letter),
                                    letter.execution_id.value_or("(none)")));
  }
  switch (sent.nature) {
    case Nature::kMalformed:
      return expect(Promise::kP4, "malformed");
    case Nature::kUnexpectedType:
      return expect(Promise::kP4, "unexpected_type");
    case Nature::kParked:
      return expect(Promise::kP2, "parked");
    case Nature::kDiscarded:
      return expect(Promise::kP2, "discarded");
    case Nature::kRequest:
    case Nature::kStaleRequest:
    case Nature::kRetried:
    case Nature::kRetriedAndDying:
    case Nature::kReplayed:
    case Nature::kReplayedAndDying:
    case Nature::kLateRequest:
      return CheckRequest(digest, sent, letter);
  }
}

void Audit::CheckRequest(const std::string& digest, const Sent& sent, const LetterFact& letter) {
  if (IsWaiting(letter) && HeldOf(sent.execution) == Account::Held::kNot) return;
  const auto permitted = PermittedOutcomes(sent, letter);
  if (permitted.contains(letter.outcome)) return;
  const bool is_misread = letter.outcome == "malformed" || letter.outcome == "unexpected_type";
  Break(
      is_misread ? Promise::kP4 : Promise::kP2,
      fmt::format("{}: {}, where {} was due", Name(digest, sent), Name(letter), AnyOf(permitted)));
}

std::set<std::string> Audit::PermittedOutcomes(const Sent& sent, const LetterFact& letter) const {
  const auto expected = account_.rows_.find(sent.execution.value_or(""));
  if (expected == account_.rows_.end()) return {"not_found"};
  if (!IsFailable(expected->second.first_status)) return {"not_failable"};
  switch (expected->second.held) {
    case Account::Held::kLocked:
      return {"deferred"};
    case Account::Held::kRefused:
      return {"refused", "deferred"};
    case Account::Held::kNot:
      break;
  }
  const auto row = rows_.find(expected->first);
  const bool is_failed = row != rows_.end() && row->second->status == "failed";
  const bool was_moved = expected->second.WasMoved();
  if (sent.nature == Nature::kLateRequest) return {"not_failable", "stale_attempt"};
  if (IsReplayed(sent)) return PermittedReplayOutcomes(letter, was_moved);
  std::set<std::string> permitted;
  if (is_failed || was_moved) permitted.insert("not_failable");
  if (IsRetried(sent)) AddPermittedRetryOutcomes(letter, was_moved, permitted);
  // Where the execution waits for a retry's message, any other letter is of an earlier attempt.
  if (sent.nature == Nature::kStaleRequest || retried_.contains(expected->first))
    permitted.insert("stale_attempt");
  // Whether there is one too many of these is a question of the execution's.
  if (sent.nature == Nature::kRequest && !was_moved) permitted.insert("failed");
  return permitted;
}

void Audit::CheckState(const std::string& digest, const Sent& sent, const LetterFact& letter) {
  const auto permitted = PermittedStates(letter);
  if (permitted.contains(letter.state)) return;
  Break(Promise::kP4, fmt::format("{}: {}: {}, where {} was due", Name(digest, sent), Name(letter),
                                  letter.state, AnyOf(permitted)));
}

// By docs/state-machine.md. Two where the row was final perhaps when the letter was judged and
// perhaps only later: then it closes by itself when that is seen.
std::set<std::string> Audit::PermittedStates(const LetterFact& letter) const {
  const auto row = rows_.find(letter.execution_id.value_or(""));
  const std::string status = row == rows_.end() ? "" : row->second->status;
  if (const auto in_replay = PermittedStatesInReplay(letter, status)) return *in_replay;
  if (letter.outcome == "deferred") return {"waiting"};
  if (letter.outcome == "discarded") return {"closed"};
  if (letter.outcome == "retried") {
    if (MayBeWithdrawn(letter)) return {"waiting", "closed"};
    return {"waiting"};
  }
  if (!IsFinal(status)) return {"open"};
  if (letter.outcome == "stale_attempt" || letter.outcome == "parked") return {"closed", "open"};
  if (letter.outcome == "failed" && status != "failed") return {"closed", "open"};
  if (letter.outcome != "not_failable") return {"open"};
  // Not failable and not final, at any time? Else it was final when the letter was judged.
  const auto is_between = [](const std::string& word) {
    return !IsFailable(word) && !IsFinal(word);
  };
  const auto expected = account_.rows_.find(row->first);
  const bool was_between =
      expected != account_.rows_.end() &&
      (is_between(expected->second.first_status) || is_between(expected->second.status));
  if (was_between) return {"closed", "open"};
  return {"closed"};
}

// Kept whole is more than the body.
void Audit::CheckForm(const std::string& digest, const Sent& sent, const LetterFact& letter) {
  if (std::ranges::none_of(sent.forms,
                           [&](const auto& form) { return form.digest == letter.form_digest; })) {
    Break(Promise::kP4, fmt::format("{}: {}: its headers or properties are not those that it was "
                                    "sent with",
                                    Name(digest, sent), Name(letter)));
  }
  if (std::ranges::none_of(sent.forms, [&](const auto& form) {
        return form.reason == letter.reason && form.queue == letter.queue;
      })) {
    Break(Promise::kP4, fmt::format("{}: {}: died in {}, {}, as the ledger has it",
                                    Name(digest, sent), Name(letter), letter.queue, letter.reason));
  }
}

void Audit::CheckUnknownLetters() {
  for (const auto& [digest, letters] : by_body_) {
    if (account_.messages_.contains(digest)) continue;
    for (const LetterFact* letter : letters) {
      Break(Promise::kP4,
            Name(*letter) + ": its bytes are nobody's (sha256 " + digest.substr(0, 12) + "…)");
    }
  }
}

void Audit::CheckKeys() {
  std::unordered_map<std::string, std::size_t> keys;
  for (const KeyFact& key : evidence_.ledger.keys) ++keys[key.letter_id];
  for (const LetterFact& letter : evidence_.ledger.letters) {
    const auto sent = account_.messages_.find(letter.body_digest);
    if (sent == account_.messages_.end()) continue;
    const auto found = keys.find(letter.id);
    const std::size_t count = found == keys.end() ? 0 : found->second;
    if (found != keys.end()) keys.erase(found);
    // What is sent again has a message id in any case, and the broker says when it died.
    const std::size_t due = sent->second.has_key || letter.retry ? 1 : 0;
    if (count == due) continue;
    Break(Promise::kP3, fmt::format("{}: has {} keys, where {} is due: delivered again it would "
                                    "be {}",
                                    Name(letter), count, due,
                                    count < due ? "recorded again" : "taken for another"));
  }
  for (const auto& [letter, count] : keys) {
    Break(Promise::kP1,
          fmt::format("letter {}: its key is known and its record is not there", letter));
  }
}

}  // namespace deadletter::test
