// The rows and the events about them, held against what the platform did and the letters may do.
#include <fmt/format.h>

#include <algorithm>

#include "tests/account/audit.h"
#include "tests/account/result_json.h"

namespace deadletter::test {
void Audit::CheckRow(const std::string& id, const Account::ExpectedRow& expected) {
  const auto row = rows_.find(id);
  if (row == rows_.end()) {
    Break(Promise::kP2, "execution " + id + ": its row is gone");
    return;
  }
  const auto letters = failing_.find(id);
  const Letters none;
  const Letters& failing = letters == failing_.end() ? none : letters->second;
  if (const auto moves = moves_.find(id); moves != moves_.end())
    return CheckReplayedRow(id, expected, *row->second, failing, moves->second);
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

void Audit::CheckFailedRow(const std::string& id, const Account::ExpectedRow& expected,
                           const RowFact& row, const Letters& failing) {
  if (expected.held != Account::Held::kNot) {
    Break(Promise::kP2, "execution " + id + ": failed while the platform holds its row");
  } else if (expected.WasMoved() || !IsFailable(expected.first_status)) {
    Break(Promise::kP2, fmt::format("execution {}: failed, and it was {}", id, expected.status));
  } else if (!may_fail_.contains(id)) {
    Break(Promise::kP2, "execution " + id + ": failed without a letter of its attempt");
  }
  const std::string named = LetterNamedBy(row.result_json);
  if (std::ranges::none_of(failing,
                           [&](const LetterFact* letter) { return letter->id == named; })) {
    Break(Promise::kP2, fmt::format("execution {}: failed by letter {}, and the ledger says {}", id,
                                    named.empty() ? "(none)" : named,
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

void Audit::CheckUntouchedRow(const std::string& id, const Account::ExpectedRow& expected,
                              const RowFact& row, const Letters& failing) {
  if (row.status != expected.status) {
    Break(Promise::kP2, fmt::format("execution {}: {}, where the platform left {}", id, row.status,
                                    expected.status));
  }
  if (!IsSameJson(row.result_json, expected.result_json)) {
    Break(Promise::kP2,
          fmt::format("execution {}: its result is {}, where the platform left {}", id,
                      row.result_json.value_or("(none)"), expected.result_json.value_or("(none)")));
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

// Of these the account knows only that nothing was sent that could fail them.
void Audit::CheckRowsOfNobody() {
  for (const auto& [id, row] : rows_) {
    if (row->status != "failed" || account_.rows_.contains(id)) continue;
    if (account_.submitted_.contains(id)) continue;
    Break(Promise::kP2, "execution " + id + ": failed, and nobody sent its letter");
  }
}

void Audit::CheckEventsOfNobody() {
  for (const auto& [id, events] : heard_) {
    balance_.events += events.size();
    if (account_.rows_.contains(id)) continue;
    Break(Promise::kP6, "execution " + id + ": an event about a row that is not there");
  }
  balance_.copies = evidence_.events.size() - balance_.events;
}

// Whoever hears an event drops what comes again under its id, whatever it says.
void Audit::CheckEventIds() {
  std::unordered_map<std::string, const EventFact*> first;
  for (const EventFact& event : evidence_.events) {
    const auto [found, is_new] = first.insert({event.message_id, &event});
    if (is_new) continue;
    const EventFact& heard = *found->second;
    if (heard.execution_id != event.execution_id) {
      Break(Promise::kP6, fmt::format("event {}: of execution {} and of execution {}",
                                      event.message_id, heard.execution_id, event.execution_id));
    } else if (heard.status != event.status || heard.letter_id != event.letter_id ||
               heard.body_digest != event.body_digest) {
      Break(Promise::kP6,
            fmt::format("event {}: heard again with other content", event.message_id));
    }
  }
}

}  // namespace deadletter::test
