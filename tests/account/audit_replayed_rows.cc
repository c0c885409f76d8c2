// Rows that replays took back from failed: each time by a letter that had failed them, and never
// from what came after.
#include <fmt/format.h>

#include <algorithm>

#include "tests/account/audit.h"
#include "tests/account/result_json.h"

namespace deadletter::test {
void Audit::CheckReplayedRow(const std::string& id, const Account::ExpectedRow& expected,
                             const RowFact& row, const Letters& failing, const Parts& moves) {
  CheckFailures(id, failing, moves);
  CheckMoves(id, failing, moves);
  CheckReplayedEvents(id, failing, moves, expected.WasMoved());
  if (row.status == "failed") ++balance_.failed;
  const ReplayFact& newest = *moves.back();
  const LetterFact* const death = DeathIn(newest);
  const bool is_unroutable = newest.outcome == "unroutable";
  if (expected.WasMoved()) {
    if (row.status == expected.status && IsSameJson(row.result_json, expected.result_json)) return;
    Break(Promise::kP2, fmt::format("execution {}: {}, {}, where the platform left {}, {}", id,
                                    row.status, row.result_json.value_or("(none)"), expected.status,
                                    expected.result_json.value_or("(none)")));
  } else if (row.status == "failed") {
    const std::string named = LetterNamedBy(row.result_json);
    const std::string due = death != nullptr ? death->id : is_unroutable ? newest.letter_id : "";
    if (named == due) return;
    Break(Promise::kP2,
          fmt::format("execution {}: failed by letter {}, where {} was due", id, named,
                      due.empty() ? "the answer of replay " + newest.replay_id : "letter " + due));
  } else if (row.status != "scheduled") {
    Break(Promise::kP2, fmt::format("execution {}: {}, and it was replayed", id, row.status));
  } else if (death != nullptr) {
    Break(Promise::kP2,
          fmt::format("execution {}: scheduled, and the ledger says failed: {}", id, Name(*death)));
  } else if (is_unroutable) {
    Break(Promise::kP1, fmt::format("execution {}: waits for the message of replay {}, which no "
                                    "queue took",
                                    id, newest.replay_id));
  } else if (newest.outcome == "withdrawn") {
    Break(Promise::kP1, fmt::format("execution {}: waits for the message of replay {}, which was "
                                    "withdrawn",
                                    id, newest.replay_id));
  }
}

// One by a letter of its attempt, and one by each message that brought it back.
void Audit::CheckFailures(const std::string& id, const Letters& failing, const Parts& moves) {
  std::map<std::string, Letters> by_message;
  for (const LetterFact* letter : failing) by_message[ReplayOf(*letter)].push_back(letter);
  for (const auto& [replay, letters] : by_message) {
    if (letters.size() > 1) {
      Break(Promise::kP3, fmt::format("execution {}: failed by {} letters of one attempt: {}", id,
                                      letters.size(), Names(letters)));
    }
    const LetterFact& letter = *letters.front();
    const bool is_known = std::ranges::any_of(moves, [&](const ReplayFact* move) {
      return move->replay_id == ReplayOf(letter) && letter.retry &&
             move->letter_id == letter.retry->letter_id;
    });
    if (replay.empty() || is_known) continue;
    Break(Promise::kP2,
          fmt::format("execution {}: failed by {} of replay {}, which had not brought it back", id,
                      Name(letter), replay));
  }
}

// Taken back only from the letter that had failed it last, or from a replay of that very letter
// that had no answer.
void Audit::CheckMoves(const std::string& id, const Letters& failing, const Parts& moves) {
  std::string last;  // the letter that it was failed by
  for (const LetterFact* letter : failing) {
    if (!letter->retry) last = letter->id;
  }
  for (const ReplayFact* move : moves) {
    if (move->letter_id != last) {
      Break(Promise::kP2,
            fmt::format("execution {}: brought back by replay {} of letter {}, and it "
                        "was failed by {}",
                        id, move->replay_id, move->letter_id,
                        last.empty() ? "none" : "letter " + last));
    }
    if (const LetterFact* death = DeathIn(*move)) last = death->id;
  }
}

void Audit::CheckReplayedEvents(const std::string& id, const Letters& failing, const Parts& moves,
                                bool was_moved) {
  std::map<std::string, std::size_t> heard;  // by letter
  if (const auto events = heard_.find(id); events != heard_.end()) {
    for (const auto& [message_id, event] : events->second) {
      ++heard[event->letter_id];
      const bool is_so =
          event->status == "failed" && std::ranges::any_of(failing, [&](const LetterFact* letter) {
            return letter->id == event->letter_id;
          });
      if (is_so) continue;
      Break(Promise::kP6, fmt::format("execution {}: event {} says {} by letter {}, and it was not",
                                      id, message_id, event->status, event->letter_id));
    }
  }
  for (const LetterFact* letter : failing) {
    // What no queue takes fails it again, if nobody has completed it.
    const auto again =
        static_cast<std::size_t>(std::ranges::count_if(moves, [&](const ReplayFact* move) {
          return move->letter_id == letter->id && move->outcome == "unroutable";
        }));
    const std::size_t least = 1 + (was_moved ? 0 : again);
    const auto found = pending_letters_.find(letter->id);
    const std::size_t pending = found == pending_letters_.end() ? 0 : found->second;
    if (heard[letter->id] > 1 + again) {
      Break(Promise::kP3, fmt::format("execution {}: {} different events of {}, where {} are due",
                                      id, heard[letter->id], Name(*letter), 1 + again));
    }
    if (heard[letter->id] + pending >= least) continue;
    Break(Promise::kP6, fmt::format("execution {}: {} events of {}, where {} are due", id,
                                    heard[letter->id] + pending, Name(*letter), least));
  }
}

}  // namespace deadletter::test
