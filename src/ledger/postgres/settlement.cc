#include "ledger/postgres/settlement.h"

#include <utility>

#include "base/fault_point.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/settle_parameters.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/stored_message.h"

namespace deadletter::postgres {
namespace {

// cardinality_violation: see `doubled` in sql/part_judge.sql.
constexpr std::string_view kTwoRows = "21000";

constexpr SendPoints kSettle{"settle.after", "commit.before"};

Instant Now() {
  return SystemClock().Now();
}

DueLetter ReadDue(const Rows& rows, int row) {
  DueLetter due;
  due.id = LetterId(rows.Id(row, 0));
  due.delivery.dead_letter_queue = rows.Bytes(row, 1);
  due.delivery.exchange = rows.Bytes(row, 2);
  due.delivery.routing_key = rows.Bytes(row, 3);
  due.delivery.redelivered = rows.Bool(row, 4);
  due.delivery.received_at = rows.Moment(row, 5);
  due.outcome = OutcomeFromName(rows.Bytes(row, 9)).value_or(Outcome::kDeferred);
  due.tries = static_cast<int>(rows.Number(row, 10));
  due.unreadable = ReadStored(rows, row, 6, due.delivery.message);
  due.delivery.message.body = rows.Bytes(row, 8);
  return due;
}

}  // namespace

PostgresSettlement::PostgresSettlement(const Options& options)
    : options_(options),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout),
      platform_(options.executions) {}

LedgerResult<std::vector<SettledLetter>> PostgresSettlement::Settle(
    std::span<const Judgement> batch, LockedRows locked) {
  return Run(batch, locked, Which::kNew);
}

LedgerResult<std::vector<SettledLetter>> PostgresSettlement::SettleAgain(
    std::span<const Judgement> batch, LockedRows locked) {
  return Run(batch, locked, Which::kAgain);
}

LedgerResult<std::vector<SettledLetter>> PostgresSettlement::Run(std::span<const Judgement> batch,
                                                                 LockedRows locked, Which which) {
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  fault::Hit("settle.before");
  auto results = connection_.Transact(Statements(batch, locked, which), kSettle);
  if (!results) return tl::unexpected(Refused(results.error(), locked));
  fault::Hit("commit.after");

  const Rows& rows = results->back();
  if (static_cast<std::size_t>(rows.size()) != batch.size()) {
    return tl::unexpected(LedgerError{.fault = LedgerFault::kStatement,
                                      .code = "",
                                      .message = "settle: " + std::to_string(rows.size()) +
                                                 " answers to " + std::to_string(batch.size()) +
                                                 " letters"});
  }
  std::vector<SettledLetter> settled;
  settled.reserve(batch.size());
  for (int row = 0; row < rows.size(); ++row) {
    settled.push_back(
        {.recorded = rows.Bool(row, 0), .outcome = OutcomeFromName(rows.Bytes(row, 1))});
  }
  return settled;
}

LedgerResult<void> PostgresSettlement::Ready() {
  if (auto opened = connection_.Open(); !opened || Observes()) return opened;
  const auto learnt = platform_.Learn(connection_);
  if (!learnt) return tl::unexpected(learnt.error());
  sql_ = **learnt;
  return {};
}

std::vector<Statement> PostgresSettlement::Statements(std::span<const Judgement> batch,
                                                      LockedRows locked, Which which) const {
  Statement settle{.sql = SettleSql(which), .parameters = {}};
  AddJudged(settle.parameters, batch);
  switch (which) {
    case Which::kNew:
      AddRecords(settle.parameters, batch);
      break;
    case Which::kAgain:
      AddSecondLook(settle.parameters, batch);
      break;
  }
  std::vector<Statement> statements;
  statements.push_back(LockStatement(batch, locked, which));
  statements.push_back(std::move(settle));
  return statements;
}

Statement PostgresSettlement::LockStatement(std::span<const Judgement> batch, LockedRows locked,
                                            Which which) const {
  const std::string_view skip = locked == LockedRows::kDefer ? "SKIP LOCKED" : "";
  Statement lock;
  lock.parameters.Array(LetterIds(batch));
  std::string_view text;
  switch (which) {
    case Which::kNew:
      text = Observes() ? sql::kSettleLockObserve : sql::kSettleLock;
      lock.parameters.Array(LetterKeys(batch));
      break;
    case Which::kAgain:
      text = Observes() ? sql::kSettleAgainLockObserve : sql::kSettleAgainLock;
      break;
  }
  lock.parameters.Bytes(ExecutionIds(batch));
  lock.sql = FillIn(text, {{"schema", schema_},
                           {"table", sql_.table},
                           {"id", sql_.id},
                           {"id_param", sql_.id_param},
                           {"skip_locked", skip}});
  return lock;
}

// The ids of the executions that are to be judged by their rows; null for every other letter.
std::string PostgresSettlement::ExecutionIds(std::span<const Judgement> batch) const {
  BinaryArray ids = Observes() ? BinaryArray(ElementType::kText) : platform_.IdArray();
  for (const Judgement& judgement : batch) {
    if (Observes() || judgement.fixed) {
      ids.AddNull();
    } else {
      platform_.AddId(ids, judgement.letter.execution_id);
    }
  }
  return std::move(ids).Encoded();
}

std::string PostgresSettlement::SettleSql(Which which) const {
  std::string_view text = sql::kSettle;
  std::string_view fresh = sql::kSettleIsFresh;
  switch (which) {
    case Which::kNew:
      break;
    case Which::kAgain:
      text = sql::kSettleAgain;
      fresh = sql::kSettleAgainIsFresh;
      break;
  }
  const std::string id_param = Observes() ? "text" : sql_.id_param;
  const std::string input =
      FillIn(sql::kPartInput,
             {{"id_param", id_param}, {"is_fresh", FillIn(fresh, {{"schema", schema_}})}});
  const std::string retry = FillIn(sql::kPartRetry, {{"schema", schema_}});
  return FillIn(text, {{"schema", schema_},
                       {"input", input},
                       {"judge", Observes() ? std::string(sql::kPartJudgeObserve) : JudgeSql()},
                       {"retry", retry}});
}

std::string PostgresSettlement::JudgeSql() const {
  const auto within = [](const std::string& updated, const std::string& letter) {
    return "(" + updated + " >= " + letter + ".attempt_from AND " + updated + " < " + letter +
           ".attempt_until)";
  };
  const bool is_stamped = !sql_.updated.empty();
  const std::string updated =
      is_stamped ? "e." + sql_.updated + "::timestamptz" : "NULL::timestamptz";
  const std::string column_or_null = "NULL::text";
  return FillIn(
      sql::kPartJudge,
      {{"schema", schema_},
       {"table", sql_.table},
       {"id", sql_.id},
       {"status", sql_.status},
       {"updated", updated},
       {"is_of_attempt", is_stamped ? within("standing.updated", "fresh") : "true"},
       {"is_still_of_attempt", is_stamped ? within(updated, "together") : "true"},
       {"assignments", FailAssignments(sql_)},
       {"action_id", sql_.action.empty() ? column_or_null : "e." + sql_.action},
       {"action_ref", sql_.action_ref.empty() ? column_or_null : "e." + sql_.action_ref}});
}

void PostgresSettlement::AddJudged(Parameters& parameters, std::span<const Judgement> batch) const {
  parameters.Array(LetterIds(batch)).Array(LetterKeys(batch)).Bytes(ExecutionIds(batch));
  AddAttempts(parameters, batch);
  AddStatesAfter(parameters);
  AddTerms(parameters);
  AddMaterial(parameters, batch);
  AddRetries(parameters, batch);
}

void PostgresSettlement::AddTerms(Parameters& parameters) const {
  const ExecutionTable& table = options_.executions;
  parameters.Texts(table.failable).Bytes(table.failed).Texts(table.final_statuses).Moment(Now());
}

LedgerError PostgresSettlement::Refused(LedgerError error, LockedRows locked) {
  if (error.fault == LedgerFault::kStatement) platform_.Forget();
  if (error.code == kTwoRows) {
    error.message = "executions.id: two rows of " + sql_.table + " have the same " + sql_.id +
                    "; it must be unique (" + error.message + ")";
  }
  // Rows were passed over where they were locked: what made us wait is a key that another instance
  // is recording, or a lock that a trigger of the platform's took. Both are over soon.
  if (error.fault == LedgerFault::kRowLocked && locked == LockedRows::kDefer) {
    error.fault = LedgerFault::kBusy;
  }
  return error;
}

LedgerResult<std::vector<DueLetter>> PostgresSettlement::TakeDue(Instant now, std::size_t limit,
                                                                 std::size_t max_bytes,
                                                                 std::chrono::milliseconds lease) {
  Statement take{.sql = FillIn(sql::kTakeDue, {{"schema", schema_}}), .parameters = {}};
  take.parameters.Moment(now)
      .Number(static_cast<std::int64_t>(limit))
      .Number(static_cast<std::int64_t>(max_bytes))
      .Moment(now + lease);
  const auto rows = connection_.Run(take);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<DueLetter> due;
  for (int row = 0; row < rows->size(); ++row) due.push_back(ReadDue(*rows, row));
  return due;
}

LedgerResult<void> PostgresSettlement::BringForward(Instant now,
                                                    std::chrono::microseconds longest_deferred,
                                                    std::chrono::microseconds longest_refused) {
  Statement bring{.sql = FillIn(sql::kLettersBringForward, {{"schema", schema_}}),
                  .parameters = {}};
  bring.parameters.Moment(now).Moment(now + longest_deferred).Moment(now + longest_refused);
  const auto brought = connection_.Run(bring);
  if (!brought) return tl::unexpected(brought.error());
  return {};
}

LedgerResult<std::size_t> PostgresSettlement::CloseFinished(std::size_t limit) {
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  const auto folded =
      connection_.Run({.sql = FillIn(sql::kFoldCounts, {{"schema", schema_}}), .parameters = {}});
  if (!folded) return tl::unexpected(folded.error());
  if (Observes()) return 0;
  if (auto released = ReleaseFinished(limit); !released) return tl::unexpected(released.error());

  Statement ask{.sql = FillIn(sql::kCloseCandidates, {{"schema", schema_}}), .parameters = {}};
  closed_up_to_ ? ask.parameters.Id(closed_up_to_->value()) : ask.parameters.Null();
  ask.parameters.Number(static_cast<std::int64_t>(limit));
  const auto candidates = connection_.Run(ask);
  if (!candidates) return tl::unexpected(candidates.error());
  const int count = candidates->size();
  // Fewer than asked for: the end was reached, and the next round begins with the oldest.
  closed_up_to_.reset();
  if (count == 0) return 0;
  if (static_cast<std::size_t>(count) == limit)
    closed_up_to_ = LetterId(candidates->Id(count - 1, 0));

  BinaryArray ids(ElementType::kUuid);
  BinaryArray executions = platform_.IdArray();
  BinaryArray are_failed(ElementType::kBool);
  for (int row = 0; row < count; ++row) {
    ids.AddUuid(candidates->Id(row, 0));
    platform_.AddId(executions,
                    ParseExecutionId(options_.executions.id_type, candidates->Bytes(row, 1)));
    are_failed.AddBool(candidates->Bool(row, 2));
  }
  Statement close{.sql = FillIn(sql::kCloseFinished, {{"schema", schema_},
                                                      {"table", sql_.table},
                                                      {"id", sql_.id},
                                                      {"id_param", sql_.id_param},
                                                      {"status", sql_.status}}),
                  .parameters = {}};
  close.parameters.Array(ids).Array(executions).Array(are_failed);
  close.parameters.Texts(options_.executions.final_statuses)
      .Bytes(options_.executions.failed)
      .Moment(Now());
  const auto closed = connection_.Run(close);
  if (!closed) {
    if (closed.error().fault == LedgerFault::kStatement) platform_.Forget();
    return tl::unexpected(closed.error());
  }
  return static_cast<std::size_t>(closed->Number(0, 0));
}

LedgerResult<void> PostgresSettlement::ReleaseFinished(std::size_t limit) {
  Statement ask{.sql = FillIn(sql::kOwnerCandidates, {{"schema", schema_}}), .parameters = {}};
  released_up_to_ ? ask.parameters.Bytes(*released_up_to_) : ask.parameters.Null();
  ask.parameters.Number(static_cast<std::int64_t>(limit));
  const auto owners = connection_.Run(ask);
  if (!owners) return tl::unexpected(owners.error());
  const int count = owners->size();
  released_up_to_.reset();
  if (count == 0) return {};
  if (static_cast<std::size_t>(count) == limit)
    released_up_to_ = std::string(owners->Bytes(count - 1, 0));

  BinaryArray keys(ElementType::kBytea);
  BinaryArray replays(ElementType::kUuid);
  BinaryArray executions = platform_.IdArray();
  for (int row = 0; row < count; ++row) {
    keys.AddBytes(owners->Bytes(row, 0));
    replays.AddUuid(owners->Id(row, 2));
    platform_.AddId(executions,
                    ParseExecutionId(options_.executions.id_type, owners->Bytes(row, 1)));
  }
  Statement release{.sql = FillIn(sql::kReleaseFinished, {{"schema", schema_},
                                                          {"table", sql_.table},
                                                          {"id", sql_.id},
                                                          {"id_param", sql_.id_param},
                                                          {"status", sql_.status}}),
                    .parameters = {}};
  release.parameters.Array(keys).Array(replays).Array(executions);
  release.parameters.Texts(options_.executions.final_statuses);
  const auto released = connection_.Run(release);
  if (released) return {};
  if (released.error().fault == LedgerFault::kStatement) platform_.Forget();
  return tl::unexpected(released.error());
}

LedgerResult<void> PostgresSettlement::Probe() {
  if (auto ready = Ready(); !ready) return ready;
  // The very statements of a settle, without a letter, and one row of our own so that something is
  // written.
  std::vector<Statement> statements = Statements({}, LockedRows::kDefer, Which::kNew);
  Statement write{.sql = FillIn(sql::kProbe, {{"schema", schema_}}), .parameters = {}};
  const Uuid id = RandomUuid();
  write.parameters.Bytes(std::string(id.bytes.begin(), id.bytes.end())).Id(id);
  statements.push_back(std::move(write));
  if (!Observes()) statements.push_back(platform_.CastOfFailed());
  auto rehearsed = connection_.Rehearse(std::move(statements));
  if (rehearsed) return rehearsed;
  // There is no letter here whose fault it could be: a status that was renamed, say.
  if (rehearsed.error().fault == LedgerFault::kLetter)
    rehearsed.error().fault = LedgerFault::kStatement;
  if (rehearsed.error().fault == LedgerFault::kStatement) platform_.Forget();
  return rehearsed;
}

LedgerResult<void> PostgresSettlement::Rehearse(std::span<const Judgement> batch) {
  if (auto ready = Ready(); !ready) return ready;
  std::vector<Statement> statements = Statements(batch, LockedRows::kDefer, Which::kNew);
  // What a commit would refuse, and a rollback would not.
  statements.push_back({.sql = "SET CONSTRAINTS ALL IMMEDIATE", .parameters = {}});
  auto rehearsed = connection_.Rehearse(std::move(statements));
  if (rehearsed) return {};
  return tl::unexpected(Refused(rehearsed.error(), LockedRows::kDefer));
}

}  // namespace deadletter::postgres
