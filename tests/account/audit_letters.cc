// The letters that were recorded, held against what was sent.
#include <fmt/format.h>

#include <algorithm>

#include "tests/account/audit.h"

namespace deadletter::test {

void Audit::CheckMessage(const std::string& digest, const Sent& sent) {
  const auto found = by_body_.find(digest);
  const Letters none;
  const Letters& letters = found == by_body_.end() ? none : found->second;
  const auto waits = waiting_.find(digest);
  const std::size_t waiting = waits == waiting_.end() ? 0 : waits->second;
  balance_.messages += sent.Least() > 0 ? 1 : 0;
  if (letters.size() + waiting < sent.Least()) {
    Break(Promise::kP1, fmt::format("{}: {} records and {} in the broker, where {} are due",
                                    Name(digest, sent), letters.size(), waiting, sent.Least()));
  }
  const std::size_t unmarked = static_cast<std::size_t>(std::ranges::count_if(
      letters, [](const LetterFact* letter) { return !letter->possible_duplicate; }));
  const bool excused = !sent.has_key && account_.broker_forgets_;
  const std::size_t records = sent.has_key ? letters.size() : unmarked;
  if (records > sent.Most() && !excused) {
    Break(Promise::kP3, fmt::format("{}: recorded {} times, sent {}: {}", Name(digest, sent),
                                    records, sent.Most(), Names(letters)));
  }
  for (const LetterFact* letter : letters) CheckOutcome(digest, sent, *letter);
}

void Audit::CheckOutcome(const std::string& digest, const Sent& sent, const LetterFact& letter) {
  const auto expect = [&](Promise promise, const std::string& wanted) {
    if (letter.outcome == wanted) return;
    Break(promise,
          fmt::format("{}: {}, where {} was due", Name(digest, sent), Name(letter), wanted));
  };
  if (letter.state == "closed" && sent.nature != Nature::kRequest &&
      sent.nature != Nature::kStaleRequest) {
    Break(Promise::kP4,
          fmt::format("{}: {} is closed, and nobody saw it", Name(digest, sent), Name(letter)));
  }
  switch (sent.nature) {
    case Nature::kMalformed:
      return expect(Promise::kP4, "malformed");
    case Nature::kUnexpectedType:
      return expect(Promise::kP4, "unexpected_type");
    case Nature::kRequest:
    case Nature::kStaleRequest:
      return CheckRequest(digest, sent, letter);
  }
}

void Audit::CheckRequest(const std::string& digest, const Sent& sent, const LetterFact& letter) {
  if (letter.execution_id != sent.execution) {
    Break(Promise::kP4, fmt::format("{}: {} names execution {}", Name(digest, sent), Name(letter),
                                    letter.execution_id.value_or("(none)")));
    return;
  }
  if (IsWaiting(letter)) return;
  const auto permitted = PermittedOutcomes(sent);
  if (permitted.contains(letter.outcome)) return;
  std::string names;
  for (const std::string& outcome : permitted) names += (names.empty() ? "" : " or ") + outcome;
  const bool is_misread = letter.outcome == "malformed" || letter.outcome == "unexpected_type";
  Break(is_misread ? Promise::kP4 : Promise::kP2,
        fmt::format("{}: {}, where {} was due", Name(digest, sent), Name(letter), names));
}

std::set<std::string> Audit::PermittedOutcomes(const Sent& sent) const {
  const auto expected = account_.rows_.find(sent.execution.value_or(""));
  if (expected == account_.rows_.end()) return {"not_found"};
  const bool was_failable =
      expected->second.first_status == "scheduled" || expected->second.first_status == "running";
  if (!was_failable) return {"not_failable"};
  const auto row = rows_.find(expected->first);
  const bool is_failed = row != rows_.end() && row->second->status == "failed";
  std::set<std::string> permitted;
  if (is_failed || expected->second.WasMoved()) permitted.insert("not_failable");
  if (sent.nature == Nature::kStaleRequest) permitted.insert("stale_attempt");
  // Whether there is one too many of these is a question of the execution's.
  if (sent.nature == Nature::kRequest && !expected->second.WasMoved()) permitted.insert("failed");
  return permitted;
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
    const std::size_t due = sent->second.has_key ? 1 : 0;
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
