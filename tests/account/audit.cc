#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <unordered_set>

#include "tests/account/account.h"

namespace deadletter::test {
namespace {

namespace json = boost::json;

// The letter that a failed row says it was failed by; empty where it says none.
std::string LetterNamedBy(const std::optional<std::string>& result_json) {
  if (!result_json) return "";
  boost::system::error_code error;
  const json::value result = json::parse(*result_json, error);
  if (error || !result.is_object()) return "";
  const json::value* id = result.as_object().if_contains("letter_id");
  return id != nullptr && id->is_string() ? std::string(id->as_string()) : "";
}

bool IsWaiting(const LetterFact& letter) {
  return letter.outcome == "deferred" || letter.outcome == "refused";
}

}  // namespace

// One striking of the balance: the evidence sorted by what it is about, then held against the
// account, question by question.
class Audit {
 public:
  Audit(const Account& account, const Evidence& evidence) : account_(account), evidence_(evidence) {
    Sort();
  }

  Balance Strike() {
    for (const auto& [digest, sent] : account_.messages_) CheckMessage(digest, sent);
    CheckUnknownLetters();
    CheckKeys();
    for (const auto& [id, expected] : account_.rows_) CheckRow(id, expected);
    CheckEventsOfNobody();
    NoteWhatIsOnItsWay();
    Count();
    return std::move(balance_);
  }

 private:
  using Letters = std::vector<const LetterFact*>;
  using Sent = Account::SentMessage;

  void Sort() {
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

  void Break(Promise promise, std::string what) {
    balance_.findings.push_back({promise, std::move(what)});
  }

  [[nodiscard]] static std::string Name(const std::string& digest, const Sent& sent) {
    const std::string about = sent.execution ? " of execution " + *sent.execution : "";
    return fmt::format("message {} (sha256 {}…){}", sent.number, digest.substr(0, 12), about);
  }
  [[nodiscard]] static std::string Name(const LetterFact& letter) {
    return fmt::format("letter {} ({}{}{}, {})", letter.id, letter.outcome,
                       letter.detail.empty() ? "" : " ", letter.detail, letter.state);
  }

  void CheckMessage(const std::string& digest, const Sent& sent) {
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

  [[nodiscard]] static std::string Names(const Letters& letters) {
    std::string names;
    for (const LetterFact* letter : letters) names += (names.empty() ? "" : ", ") + Name(*letter);
    return names;
  }

  void CheckOutcome(const std::string& digest, const Sent& sent, const LetterFact& letter) {
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

  void CheckRequest(const std::string& digest, const Sent& sent, const LetterFact& letter) {
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

  [[nodiscard]] std::set<std::string> PermittedOutcomes(const Sent& sent) const {
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

  void CheckUnknownLetters() {
    for (const auto& [digest, letters] : by_body_) {
      if (account_.messages_.contains(digest)) continue;
      for (const LetterFact* letter : letters) {
        Break(Promise::kP4,
              Name(*letter) + ": its bytes are nobody's (sha256 " + digest.substr(0, 12) + "…)");
      }
    }
  }

  void CheckKeys() {
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

  void CheckRow(const std::string& id, const Account::ExpectedRow& expected) {
    const auto row = rows_.find(id);
    if (row == rows_.end()) {
      Break(Promise::kP2, "execution " + id + ": its row is gone");
      return;
    }
    const auto letters = failing_.find(id);
    const Letters none;
    const Letters& failing = letters == failing_.end() ? none : letters->second;
    if (failing.size() > 1) {
      Break(Promise::kP3, fmt::format("execution {}: failed by {} letters: {}", id, failing.size(),
                                      Names(failing)));
    }
    if (row->second->status == "failed" && expected.status != "failed") {
      ++balance_.failed;
      CheckFailedRow(id, expected, *row->second, failing);
    } else {
      CheckUntouchedRow(id, expected, *row->second, failing);
    }
  }

  void CheckFailedRow(const std::string& id, const Account::ExpectedRow& expected,
                      const RowFact& row, const Letters& failing) {
    if (expected.WasMoved() ||
        (expected.first_status != "scheduled" && expected.first_status != "running")) {
      Break(Promise::kP2, fmt::format("execution {}: failed, and it was {}", id, expected.status));
    } else if (!may_fail_.contains(id)) {
      Break(Promise::kP2, "execution " + id + ": failed without a letter of its attempt");
    }
    const std::string named = LetterNamedBy(row.result_json);
    if (std::ranges::none_of(failing,
                             [&](const LetterFact* letter) { return letter->id == named; })) {
      Break(Promise::kP2, fmt::format("execution {}: failed by letter {}, and the ledger says {}",
                                      id, named.empty() ? "(none)" : named,
                                      failing.empty() ? "none did" : Names(failing)));
    }
    const auto heard = heard_.find(id);
    const std::size_t events = heard == heard_.end() ? 0 : heard->second.size();
    const bool is_pending = pending_.contains(id);
    if (events == 0 && !is_pending) {
      Break(Promise::kP6, "execution " + id + ": failed, and nobody heard of it");
    }
    if (events > 1) {
      Break(Promise::kP3, fmt::format("execution {}: {} different events", id, events));
    }
    if (heard == heard_.end()) return;
    for (const auto& [message_id, event] : heard->second) {
      if (event->letter_id == named && event->status == "failed") continue;
      Break(Promise::kP6, fmt::format("execution {}: event {} says {} by letter {}, the row failed "
                                      "by {}",
                                      id, message_id, event->status, event->letter_id, named));
    }
  }

  void CheckUntouchedRow(const std::string& id, const Account::ExpectedRow& expected,
                         const RowFact& row, const Letters& failing) {
    if (row.status != expected.status) {
      Break(Promise::kP2, fmt::format("execution {}: {}, where the platform left {}", id,
                                      row.status, expected.status));
    }
    if (!failing.empty()) {
      Break(Promise::kP2, fmt::format("execution {}: {}, and the ledger says failed: {}", id,
                                      row.status, Names(failing)));
    }
    if (heard_.contains(id) || pending_.contains(id)) {
      Break(Promise::kP6,
            fmt::format("execution {}: {}, and an event says that it failed", id, row.status));
    }
  }

  void CheckEventsOfNobody() {
    for (const auto& [id, events] : heard_) {
      balance_.events += events.size();
      if (account_.rows_.contains(id)) continue;
      Break(Promise::kP6, "execution " + id + ": an event about a row that is not there");
    }
    balance_.copies = evidence_.events.size() - balance_.events;
  }

  void NoteWhatIsOnItsWay() {
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

  void Count() { balance_.letters = evidence_.ledger.letters.size(); }

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

Balance Account::Strike(const Evidence& evidence) const {
  return Audit(*this, evidence).Strike();
}

}  // namespace deadletter::test
