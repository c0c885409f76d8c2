#include "ledger/sqlite/settle_run.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/contains.h"
#include "base/fault_point.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "ledger/sqlite/action_members.h"
#include "ledger/sqlite/sql.h"
#include "ledger/submit_message.h"
#include "letter/field_json.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

// What tells whether a row still belongs to the letter's attempt.
struct Attempt {
  explicit Attempt(const Letter& letter) : execution(letter.execution_id->ToString()) {
    if (letter.attempt) {
      from = letter.attempt->from;
      until = letter.attempt->until;
    }
    if (letter.replay_id) replay = BlobOf(*letter.replay_id);
  }

  std::optional<Instant> from;
  std::optional<Instant> until;
  std::optional<sqlite::Blob> replay;  // the letter's own bytes
  std::string execution;
};

Ruling MakeRuling(Outcome outcome, std::string detail, bool row_is_final) {
  return {outcome, std::move(detail), StateAfter(outcome, row_is_final), ""};
}

}  // namespace

// How the execution's row stands to a letter.
struct SettleRun::Standing {
  std::optional<Outcome> against;  // why the letter may not touch it; nothing: it may
  bool row_is_final = false;
  std::optional<Instant> row_updated;
};

SettleRun::SettleRun(sqlite::Database& database, const ExecutionSql* sql,
                     const SqliteLedgerOptions& options, Instant now)
    : database_(database),
      sql_(sql),
      options_(options),
      now_(now),
      insert_outbox_(database.Prepare(sql::kInsertOutbox)) {
  if (sql_ == nullptr) return;
  fail_.emplace(database.Prepare(sql_->fail));
  moved_.emplace(database.Prepare(sql_->moved));
}

std::vector<SettledLetter> SettleRun::FirstTime(std::span<const Judgement> batch) {
  const Places fresh = NotYetKnown(batch);
  Rule(batch, fresh);
  fault::Hit("settle.moved");
  Record(batch, fresh);
  CountLetters();

  std::vector<SettledLetter> settled(batch.size(), SettledLetter{false, std::nullopt});
  for (const std::size_t place : fresh) settled[place] = {true, rulings_[place].outcome};
  for (std::size_t place = 0; place < batch.size(); ++place) {
    if (!settled[place].recorded) settled[place].outcome = RecordedOutcome(batch[place].letter);
  }
  return settled;
}

std::vector<SettledLetter> SettleRun::Again(std::span<const Judgement> batch) {
  const Places waiting = StillWaiting(batch);
  Rule(batch, waiting);
  fault::Hit("settle.moved");
  for (const std::size_t place : waiting) RecordAgain(batch[place], rulings_[place]);
  CountLetters();

  std::vector<SettledLetter> settled(batch.size(), SettledLetter{false, std::nullopt});
  for (const std::size_t place : waiting) settled[place] = {true, rulings_[place].outcome};
  auto outcome = database_.Prepare(sql::kOutcomeOfLetter);
  for (std::size_t place = 0; place < batch.size(); ++place) {
    if (settled[place].recorded) continue;
    outcome.Bind(BlobOf(batch[place].letter.id));
    if (outcome.Next()) settled[place].outcome = OutcomeFromName(outcome.Text(0));
  }
  return settled;
}

SettleRun::Places SettleRun::NotYetKnown(std::span<const Judgement> batch) {
  Places fresh;
  std::set<LetterId> seen;
  auto remember = database_.Prepare(sql::kRememberKey);
  auto letters = database_.Prepare(sql::kFindLetter);
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const Letter& letter = batch[place].letter;
    if (letter.key) {
      const sqlite::Blob key{BytesOf(letter.key->value())};
      static_cast<void>(remember.Bind(key, BlobOf(letter.id)).Run());
      if (database_.changes() == 0) continue;
    } else {
      // Only the very same letter, settled once more because nobody knew whether it had been.
      letters.Bind(BlobOf(letter.id));
      if (letters.Next() || !seen.insert(letter.id).second) continue;
    }
    fresh.push_back(place);
  }
  return fresh;
}

SettleRun::Places SettleRun::StillWaiting(std::span<const Judgement> batch) {
  Places waiting;
  std::set<LetterId> seen;
  auto standing = database_.Prepare(sql::kStandingOfLetter);
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const LetterId& id = batch[place].letter.id;
    standing.Bind(BlobOf(id));
    if (standing.Next() && seen.insert(id).second) waiting.push_back(place);
  }
  return waiting;
}

void SettleRun::Rule(std::span<const Judgement> batch, const Places& places) {
  rulings_.assign(batch.size(), {});
  Places in_order;
  for (const std::size_t place : places) {
    const Judgement& judgement = batch[place];
    if (judgement.fixed) {
      rulings_[place] = MakeRuling(judgement.fixed->outcome, judgement.fixed->detail, false);
    } else if (options_.mode == ExecutionsMode::kObserve) {
      rulings_[place] = MakeRuling(Outcome::kParked, "observed", false);
    } else {
      in_order.push_back(place);
    }
  }
  // In id order the pages of the table are visited once each; of one execution the batch's order
  // decides, so that a retry makes the letters after it stale.
  const auto rank = [&](std::size_t place) {
    return std::pair(*batch[place].letter.execution_id, place);
  };
  std::ranges::sort(in_order, {}, rank);
  for (const std::size_t place : in_order) {
    rulings_[place] = batch[place].retry ? RuleOverRetry(batch[place]) : RuleOver(batch[place]);
  }
}

Ruling SettleRun::RuleOver(const Judgement& judgement) {
  const Letter& letter = judgement.letter;
  const StoredId id = sql_->Store(*letter.execution_id);
  const Attempt attempt(letter);
  const std::string now_text = FormatRfc3339(now_);
  id.Visit([&](const auto& stored) {
    fail_->Bind(options_.executions.failed, judgement.failure.result_json,
                judgement.failure.message, now_text, now_, attempt.from, attempt.until,
                attempt.replay, attempt.execution, stored);
    static_cast<void>(fail_->Run());
  });
  if (fail_->error()) return {};  // the transaction will not commit
  if (database_.changes() > 1 && !refusal_) {
    refusal_ =
        LedgerError{.fault = LedgerFault::kStatement,
                    .code = "",
                    .message = "executions.id: two rows of " + options_.executions.table +
                               " have the same " + options_.executions.id + "; it must be unique"};
  }
  return database_.changes() == 0 ? WhyNotMoved(letter) : WhatMoved(id);
}

Ruling SettleRun::WhatMoved(const StoredId& id) {
  Ruling ruling = MakeRuling(Outcome::kRefused, "update_suppressed", false);
  id.Visit([&](const auto& stored) {
    moved_->Bind(stored);
    // The platform's triggers may have changed their mind for it.
    if (!moved_->Next() || moved_->Text(0) != options_.executions.failed) return;
    ruling = MakeRuling(Outcome::kFailed, "", true);
    ruling.action_members = ActionMembersOf(*moved_);
  });
  return ruling;
}

Ruling SettleRun::WhyNotMoved(const Letter& letter) {
  const Standing standing = StandingFor(letter);
  if (standing.against) return MakeRuling(*standing.against, "", standing.row_is_final);
  return MakeRuling(Outcome::kRefused, "update_suppressed", standing.row_is_final);
}

Ruling SettleRun::RuleOverRetry(const Judgement& judgement) {
  const Standing standing = StandingFor(judgement.letter);
  if (standing.against) return MakeRuling(*standing.against, "", standing.row_is_final);
  const std::string execution = judgement.letter.execution_id->ToString();
  auto own = database_.Prepare(sql::kOwnExecution);
  static_cast<void>(
      own.Bind(execution, BlobOf(judgement.retry->replay_id), standing.row_updated).Run());
  return MakeRuling(Outcome::kRetried, judgement.rule, false);
}

SettleRun::Standing SettleRun::StandingFor(const Letter& letter) {
  auto row = database_.Prepare(sql_->standing);
  const Attempt attempt(letter);
  const StoredId id = sql_->Store(*letter.execution_id);
  Standing standing;
  id.Visit([&](const auto& stored) {
    row.Bind(attempt.from, attempt.until, attempt.replay, attempt.execution, stored);
    if (!row.Next()) {
      standing.against = Outcome::kNotFound;
      return;
    }
    const bool failable = row.Bool(1);
    const bool own_attempt = row.Bool(2);
    standing.row_is_final = Contains(options_.executions.final_statuses, row.Text(0));
    standing.row_updated = row.OptionalTime(3);
    if (!failable) {
      standing.against = Outcome::kNotFailable;
    } else if (!own_attempt) {
      standing.against = Outcome::kStaleAttempt;
    }
  });
  return standing;
}

void SettleRun::Record(std::span<const Judgement> batch, const Places& places) {
  auto insert = database_.Prepare(sql::kInsertLetter);
  for (const std::size_t place : places) {
    const Judgement& judgement = batch[place];
    InsertLetter(insert, judgement.letter, rulings_[place], judgement.rule, now_,
                 judgement.try_again_at);
    WriteOutbox(judgement, rulings_[place]);
    ++counts_[rulings_[place].state];
  }
}

void SettleRun::RecordAgain(const Judgement& judgement, const Ruling& ruling) {
  const sqlite::Blob id = BlobOf(judgement.letter.id);
  auto standing = database_.Prepare(sql::kStandingOfLetter);
  standing.Bind(id);
  if (!standing.Next()) return;
  const bool changes = standing.Text(0) != OutcomeName(ruling.outcome);
  const Instant settled_before = standing.Time(2);
  if (const auto before = LetterStateFromName(standing.Text(3))) --counts_[*before];
  ++counts_[ruling.state];
  // What it was before becomes history; the same answer once more is none.
  if (changes) {
    auto step = database_.Prepare(sql::kAddStep);
    static_cast<void>(step.Bind(id, settled_before, standing.Text(0), standing.Text(1)).Run());
  }
  const std::optional<Instant> closed =
      ruling.state == LetterState::kClosed ? std::optional(now_) : std::nullopt;
  const std::optional<Instant> again =
      IsSettledAgain(ruling.outcome) ? std::optional(judgement.try_again_at) : std::nullopt;
  static_cast<void>(database_.Prepare(sql::kSettleLetterAgain)
                        .Bind(id, LetterStateName(ruling.state), OutcomeName(ruling.outcome),
                              ruling.detail, judgement.rule, changes ? now_ : settled_before,
                              closed, again)
                        .Run());
  WriteOutbox(judgement, ruling);
}

void SettleRun::WriteOutbox(const Judgement& judgement, const Ruling& ruling) {
  const Letter& letter = judgement.letter;
  const std::optional<std::string> execution =
      letter.execution_id ? std::optional(letter.execution_id->ToString()) : std::nullopt;
  if (ruling.outcome == Outcome::kFailed && judgement.publish_event) {
    const std::string body =
        judgement.event.before_action + ruling.action_members + judgement.event.after_action;
    static_cast<void>(insert_outbox_
                          .Bind("event", BlobOf(letter.id), execution,
                                judgement.event.address.exchange,
                                judgement.event.address.routing_key,
                                PropertiesToJson(EventProperties(judgement.event.message_id)),
                                FieldTableToJson({}), now_, sqlite::Blob{body})
                          .Run());
  }
  if (ruling.outcome == Outcome::kRetried && judgement.retry) {
    const RetryMessage& retry = *judgement.retry;
    static_cast<void>(insert_outbox_
                          .Bind("retry", BlobOf(letter.id), execution, retry.address.exchange,
                                retry.address.routing_key,
                                PropertiesToJson(retry.message.properties),
                                FieldTableToJson(retry.message.headers), retry.at, nullptr)
                          .Run());
  }
}

std::optional<Outcome> SettleRun::RecordedOutcome(const Letter& letter) {
  auto recorded = database_.Prepare(letter.key ? sql::kOutcomeOfKey : sql::kOutcomeOfLetter);
  recorded.Bind(letter.key ? sqlite::Blob{BytesOf(letter.key->value())} : BlobOf(letter.id));
  return recorded.Next() ? OutcomeFromName(recorded.Text(0)) : std::nullopt;
}

void SettleRun::CountLetters() {
  auto count = database_.Prepare(sql::kCountLetters);
  for (const auto& [state, change] : counts_) {
    if (change != 0) static_cast<void>(count.Bind(LetterStateName(state), change).Run());
  }
}

}  // namespace deadletter
