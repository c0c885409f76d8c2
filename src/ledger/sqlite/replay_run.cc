#include "ledger/sqlite/replay_run.h"

#include <algorithm>

#include "base/contains.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "ledger/sqlite/action_members.h"
#include "ledger/sqlite/sql.h"
#include "ledger/submit_message.h"
#include "letter/field_json.h"
#include "letter/outcome.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

bool IsOneOf(Outcome outcome, std::initializer_list<Outcome> all) {
  return std::ranges::find(all, outcome) != all.end();
}

}  // namespace

// How a letter of the replay stands in the ledger.
struct ReplayRun::Standing {
  ReplayStep step = ReplayStep::kPending;
  std::optional<std::string> moved_from;
  LetterState letter_state = LetterState::kOpen;
  Outcome outcome = Outcome::kRefused;
  std::optional<std::string> execution_id;
  std::optional<ReplayId> owner;
  std::optional<Instant> owned_since;  // the row's `updated` then
  bool failed_by_newer = false;
  bool owner_was_not_answered = false;
  std::optional<ReplayEnd> doubt;
  std::optional<Instant> due_at;
  std::optional<Instant> claimed_at;
  bool is_recorded = true;  // else its record is gone, and only the replay still names it
};

// Its execution's row.
struct ReplayRun::Row {
  std::optional<std::string> status;
  std::optional<Instant> updated;
  std::optional<bool> is_failed_by;  // nothing: no column tells
};

ReplayRun::ReplayRun(sqlite::Database& database, const ExecutionSql& sql,
                     const SqliteLedgerOptions& options, ReplayId replay, Instant now)
    : database_(database), sql_(sql), options_(options), replay_(replay), now_(now) {}

std::optional<ReplayRun::Standing> ReplayRun::StandingOf(const LetterId& letter) {
  auto row = database_.Prepare(sql::kReplayStanding);
  row.Bind(BlobOf(replay_), BlobOf(letter));
  if (!row.Next()) return std::nullopt;
  Standing standing;
  standing.step = ReplayStepFromName(row.Text(0)).value_or(ReplayStep::kEnded);
  standing.moved_from = row.OptionalText(1);
  standing.letter_state = LetterStateFromName(row.Text(2)).value_or(LetterState::kOpen);
  standing.outcome = OutcomeFromName(row.Text(3)).value_or(Outcome::kRefused);
  standing.execution_id = row.OptionalText(4);
  if (!row.IsNull(5)) standing.owner = ReplayId(ReadUuid(row, 5));
  standing.owned_since = row.OptionalTime(6);
  standing.failed_by_newer = row.Bool(7);
  standing.owner_was_not_answered = row.Bool(8);
  standing.doubt = ReplayEndFromName(row.Text(9));
  standing.due_at = row.OptionalTime(10);
  standing.claimed_at = row.OptionalTime(11);
  standing.is_recorded = row.Bool(12);
  return standing;
}

std::optional<ReplayRun::Row> ReplayRun::RowOf(const std::optional<ExecutionId>& execution,
                                               const LetterId& letter) {
  if (!execution) return std::nullopt;
  std::optional<Row> found;
  auto seen = database_.Prepare(sql_.seen);
  const std::string letter_text = FormatUuid(letter.value());
  const StoredId id = sql_.Store(*execution);
  id.Visit([&](const auto& stored) {
    seen.Bind(stored, letter_text);
    if (!seen.Next()) return;
    found = Row{seen.OptionalText(0), seen.OptionalTime(1),
                seen.IsNull(2) ? std::nullopt : std::optional(seen.Bool(2))};
  });
  return found;
}

bool ReplayRun::MayMove(const ReplayClaim& claim, const Standing& standing, const Row& row) const {
  const ExecutionTable& table = options_.executions;
  if (!row.status) return false;
  const bool left_alone = IsOneOf(standing.outcome, {Outcome::kParked, Outcome::kRefused});
  if (standing.outcome == Outcome::kFailed && *row.status == table.failed)
    return row.is_failed_by.value_or(!standing.failed_by_newer);
  if (*row.status != table.replay_status) return false;
  // An earlier replay of it was to have been answered: the row is just as that one's claim left it.
  if (standing.owner_was_not_answered && row.updated == standing.owned_since)
    return left_alone || standing.outcome == Outcome::kFailed;
  // It left its execution alone, and would leave it without a message for ever. What somebody works
  // on already is nobody's to take back.
  const bool is_of_attempt =
      !claim.attempt || table.updated.empty() ||
      (row.updated && *row.updated >= claim.attempt->from && *row.updated < claim.attempt->until);
  return left_alone && !standing.owner && is_of_attempt;
}

std::optional<std::string> ReplayRun::WhyNot(const ReplayClaim& claim, const Standing& standing,
                                             const std::optional<Row>& row, bool& moves) const {
  const ExecutionTable& table = options_.executions;
  if (standing.step == ReplayStep::kUnsent) {
    // Claimed before, and its message is not out: nothing but whether it is still waited for, that
    // is, whether the row is just as the claim left it. Else somebody works on it, or has scheduled
    // it anew.
    const bool waited_for = !standing.moved_from || (standing.owner == replay_ && row &&
                                                     row->status == table.replay_status &&
                                                     row->updated == standing.owned_since);
    if (waited_for) return std::nullopt;
    return "the execution waits for it no longer";
  }
  if (standing.letter_state == LetterState::kWaiting)
    return "the letter waits (" + std::string(OutcomeName(standing.outcome)) + ")";
  if (!standing.execution_id) return std::nullopt;
  if (!row) {
    if (standing.outcome == Outcome::kNotFound) return std::nullopt;
    return "the execution is gone";
  }
  moves = MayMove(claim, standing, *row);
  if (moves) return std::nullopt;
  if (!row->status) return "the execution has no status";
  if (standing.owner == replay_ && *row->status == table.replay_status)
    return "another letter of its execution is replayed";
  if (*row->status == table.failed) return "the execution was not failed by it";
  return "the execution is " + *row->status;
}

ClaimedLetter ReplayRun::Claim(const ReplayClaim& claim, bool is_running) {
  const auto standing = StandingOf(claim.letter);
  if (standing && !standing->is_recorded) return {};
  const bool is_unsent = standing && standing->step == ReplayStep::kUnsent;
  const bool is_pending = standing && standing->step == ReplayStep::kPending && is_running;
  if (!is_unsent && !is_pending) return {};
  const auto row = RowOf(claim.execution, claim.letter);
  bool moves = false;
  auto why = WhyNot(claim, *standing, row, moves);
  if (moves && !Move(*claim.execution, *row->status))
    why = "the platform does not let its execution go back";
  if (why) {
    End(claim.letter, ReplayEnd::kWithdrawn, *why);
    if (is_unsent)
      SetLetter(claim.letter, standing->letter_state, LetterState::kOpen, "withdrawn", *why);
    return {ClaimVerdict::kWithdrawn, std::nullopt};
  }
  ClaimedLetter claimed{ClaimVerdict::kClaimed, std::nullopt};
  if (moves || (is_unsent && standing->moved_from)) {
    // Once the platform's triggers had their turn.
    const auto after = RowOf(claim.execution, claim.letter);
    if (after) claimed.stamp = after->updated;
    static_cast<void>(database_.Prepare(sql::kOwnExecution)
                          .Bind(*standing->execution_id, BlobOf(replay_), claimed.stamp)
                          .Run());
  }
  const std::optional<std::string> moved_from = moves ? row->status : std::nullopt;
  static_cast<void>(database_.Prepare(sql::kReplayNoteClaim)
                        .Bind(BlobOf(replay_), BlobOf(claim.letter), now_, moved_from)
                        .Run());
  if (is_pending) {
    static_cast<void>(database_.Prepare(sql::kReplaySendLetter).Bind(BlobOf(claim.letter)).Run());
    --counts_[standing->letter_state];
    ++counts_[LetterState::kWaiting];
    const std::string replay_text = FormatUuid(replay_.value());
    static_cast<void>(database_.Prepare(sql::kAddStep)
                          .Bind(BlobOf(claim.letter), now_, "replayed", replay_text)
                          .Run());
  }
  return claimed;
}

bool ReplayRun::Move(const ExecutionId& execution, const std::string& from) {
  const std::string now_text = FormatRfc3339(now_);
  const std::string& to = options_.executions.replay_status;
  bool moved = false;
  auto move = database_.Prepare(sql_.replay);
  const StoredId id = sql_.Store(execution);
  id.Visit([&](const auto& stored) {
    move.Bind(to, nullptr, nullptr, now_text, now_, from, nullptr, nullptr, nullptr, stored);
    moved = move.Run() && database_.changes() > 0;
  });
  if (!moved) return false;
  auto status = database_.Prepare(sql_.status);
  id.Visit([&](const auto& stored) { moved = status.Bind(stored).Next() && status.Text(0) == to; });
  return moved;
}

void ReplayRun::Mark(const ReplayResult& result, Microseconds answer_within) {
  const auto standing = StandingOf(result.letter);
  if (!standing) return;
  // A mark that comes late, after another driver has taken the replay over, still tells how a
  // message that is in doubt fared; what has ended stays so, and what was claimed anew since is
  // another message.
  bool is_out = result.claimed_at && standing->claimed_at == result.claimed_at &&
                (standing->step == ReplayStep::kClaimed ||
                 (standing->step == ReplayStep::kSent && standing->doubt));
  const bool is_pending = standing->step == ReplayStep::kPending;
  std::string detail = DisplayText(result.detail, kMaxDetailBytes);
  const auto note = [&](ReplayStep step, std::optional<ReplayEnd> end, std::optional<Instant> sent,
                        Instant due) {
    if (!is_out) return;
    const auto outcome = end ? std::optional(ReplayEndName(*end)) : std::nullopt;
    static_cast<void>(database_.Prepare(sql::kReplayNoteSent)
                          .Bind(BlobOf(replay_), BlobOf(result.letter), ReplayStepName(step),
                                outcome, detail, sent, due)
                          .Run());
  };
  switch (result.mark) {
    case ReplayMark::kSent:
      return note(ReplayStep::kSent, std::nullopt, now_, now_ + answer_within);
    case ReplayMark::kInDoubt:
      return note(ReplayStep::kSent, ReplayEnd::kInDoubt, std::nullopt, now_ + answer_within);
    case ReplayMark::kUnsent:
      return note(ReplayStep::kUnsent, std::nullopt, std::nullopt, result.retry_at);
    case ReplayMark::kWithdrawn:
      if (is_pending) End(result.letter, ReplayEnd::kWithdrawn, detail);
      return;
    case ReplayMark::kUnroutable:
      is_out = is_out || (!result.claimed_at && standing->step == ReplayStep::kUnsent);
      if (is_out) {
        const bool gives_back = GivesBack(result, *standing, detail);
        End(result.letter, ReplayEnd::kUnroutable, detail, gives_back);
        if (!standing->is_recorded) return;
        SetLetter(result.letter, standing->letter_state, LetterState::kOpen, "unroutable", detail,
                  standing->moved_from.has_value());
      } else if (is_pending) {
        End(result.letter, ReplayEnd::kUnroutable, detail);
      }
      return;
  }
}

// An execution that is not failed, since the platform refuses it or swallows it, or since its
// letter had left it alone, goes on waiting: only so the letter may be replayed again.
bool ReplayRun::GivesBack(const ReplayResult& result, const Standing& standing,
                          std::string& detail) {
  // It is failed by the letter that had failed it, also where the row was scheduled already when it
  // was claimed: then an earlier replay of that letter, which had no answer, had brought it back.
  const bool is_to_fail =
      result.execution && standing.moved_from && standing.outcome == Outcome::kFailed;
  if (!is_to_fail) return false;
  if (standing.owner != replay_ || !standing.execution_id) return true;
  if (!FailAgain(result, standing)) {
    const auto row = RowOf(result.execution, result.letter);
    const bool is_waiting = row && row->status == options_.executions.replay_status &&
                            row->updated == standing.owned_since;
    if (is_waiting) {
      detail += "; its execution waits in vain: the platform swallowed its failure";
      return false;
    }
  }
  static_cast<void>(database_.Prepare(sql::kReleaseExecution)
                        .Bind(*standing.execution_id, BlobOf(replay_))
                        .Run());
  return true;
}

bool ReplayRun::FailAgain(const ReplayResult& result, const Standing& standing) {
  const ExecutionTable& table = options_.executions;
  bool is_failed = false;
  const std::string now_text = FormatRfc3339(now_);
  auto unsend = database_.Prepare(sql_.unsend);
  const StoredId id = sql_.Store(*result.execution);
  id.Visit([&](const auto& stored) {
    unsend.Bind(table.failed, result.failure.result_json, result.failure.message, now_text, now_,
                table.replay_status, standing.owned_since, nullptr, nullptr, stored);
    if (!unsend.Run() || database_.changes() == 0) return;
    is_failed = true;
    auto moved = database_.Prepare(sql_.moved);
    moved.Bind(stored);
    if (!result.publish_event || !moved.Next() || moved.Text(0) != table.failed) return;
    const std::string body =
        result.event.before_action + ActionMembersOf(moved) + result.event.after_action;
    static_cast<void>(database_.Prepare(sql::kInsertOutbox)
                          .Bind("event", BlobOf(result.letter), standing.execution_id,
                                result.event.address.exchange, result.event.address.routing_key,
                                PropertiesToJson(EventProperties(result.event.message_id)),
                                FieldTableToJson({}), now_, sqlite::Blob{body})
                          .Run());
  });
  return is_failed;
}

// How a sent letter ended, as its row tells. The row was moved by the claim, so that what it says
// now was said since.
bool ReplayRun::Follow(const LetterId& letter, const std::optional<ExecutionId>& execution,
                       Microseconds answer_within) {
  const auto standing = StandingOf(letter);
  if (!standing || standing->step != ReplayStep::kSent) return false;
  const ExecutionTable& table = options_.executions;
  const auto row = RowOf(execution, letter);
  const ReplayEnd none = standing->doubt.value_or(ReplayEnd::kNoAnswer);
  std::optional<ReplayEnd> end;
  std::string detail;
  if (!standing->is_recorded) {
    end = none;
    detail = "the letter is not in the ledger any more";
  } else if (!standing->moved_from) {
    end = none;
    detail = "no execution tells";
  } else if (!row) {
    end = none;
    detail = "the execution is gone";
  } else {
    detail = row->status ? "the execution is " + *row->status : "the execution has no status";
    if (row->status == table.failed) {
      end = ReplayEnd::kFailedAgain;
    } else if (row->status == table.final_statuses.front()) {
      end = ReplayEnd::kSucceeded;
    } else if (row->status && Contains(table.final_statuses, *row->status)) {
      end = ReplayEnd::kNoAnswer;
    } else if (standing->due_at && *standing->due_at <= now_) {
      end = none;
    }
  }
  if (!end) {
    // Else an answer would be waited for until a clock that was set back since has come as far
    // again.
    if (!standing->due_at || *standing->due_at <= now_ + answer_within) return false;
    static_cast<void>(database_.Prepare(sql::kReplayBringForward)
                          .Bind(BlobOf(replay_), BlobOf(letter), now_ + answer_within)
                          .Run());
    return true;
  }
  End(letter, *end, detail);
  if (!standing->is_recorded || standing->letter_state != LetterState::kWaiting) return true;
  // The letter of that death is open in its place, where there is one.
  const bool closes = *end == ReplayEnd::kSucceeded ||
                      (*end == ReplayEnd::kFailedAgain && standing->failed_by_newer);
  SetLetter(letter, LetterState::kWaiting, closes ? LetterState::kClosed : LetterState::kOpen,
            std::string(ReplayEndName(*end)), detail, closes || standing->moved_from);
  return true;
}

void ReplayRun::End(const LetterId& letter, ReplayEnd end, const std::string& detail,
                    bool gives_back) {
  static_cast<void>(
      database_.Prepare(sql::kReplayEndLetter)
          .Bind(BlobOf(replay_), BlobOf(letter), ReplayEndName(end), detail, now_, gives_back)
          .Run());
  ++ends_[end];
}

void ReplayRun::SetLetter(const LetterId& letter, LetterState before, LetterState after,
                          const std::string& what, const std::string& detail,
                          bool forgets_to_look) {
  const auto closed = after == LetterState::kClosed ? std::optional(now_) : std::nullopt;
  static_cast<void>(database_.Prepare(sql::kReplaySetLetter)
                        .Bind(BlobOf(letter), LetterStateName(after), closed, forgets_to_look)
                        .Run());
  static_cast<void>(
      database_.Prepare(sql::kAddStep).Bind(BlobOf(letter), now_, what, detail).Run());
  --counts_[before];
  ++counts_[after];
}

std::map<ReplayEnd, std::int64_t> ReplayRun::Finish() {
  auto count = database_.Prepare(sql::kCountLetters);
  for (const auto& [state, change] : counts_) {
    if (change != 0) static_cast<void>(count.Bind(LetterStateName(state), change).Run());
  }
  return ends_;
}

}  // namespace deadletter
