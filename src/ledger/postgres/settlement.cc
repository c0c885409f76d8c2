#include "ledger/postgres/settlement.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/fault_point.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/settle_ruling.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/stored_message.h"

namespace deadletter::postgres {
namespace {

// cardinality_violation: see `doubled` in sql/settle_judge.sql.
constexpr std::string_view kTwoRows = "21000";

constexpr SendPoints kSettle{"settle.after", "commit.before"};

Instant Now() {
  return SystemClock().Now();
}

std::vector<Statement> Kept(std::vector<Statement> statements, std::span<const Judgement> batch) {
  for (Statement& statement : statements)
    statement.is_kept = SettleStatements::IsPlannedOnce(batch);
  return statements;
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
      platform_(options.executions),
      statements_(options_, platform_) {}

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
  // Mostly every letter is new, and its record can be encoded while the server judges.
  std::optional<Parameters> records;
  const auto judged = connection_.Begin(JudgeStatements(batch, locked, which), [&] {
    if (which == Which::kNew) records = SettleStatements::Records(batch);
  });
  if (!judged) return tl::unexpected(Refused(judged.error(), locked));
  const auto rulings = ReadRulings(judged->back(), batch, Observes());
  if (!rulings) return tl::unexpected(Misunderstood(judged->back().size(), batch.size()));
  fault::Hit("settle.moved");

  const bool some_known = !std::ranges::all_of(*rulings, &Ruling::is_fresh);
  if (some_known) records.reset();
  std::vector<Statement> rest = statements_.Record(FreshOnes(batch, *rulings), which, Now(),
                                                   /*rehearsed=*/false, std::move(records));
  if (some_known) rest.push_back(statements_.Known(batch, *rulings));
  const auto recorded = connection_.Commit(Kept(std::move(rest), batch), kSettle);
  if (!recorded) return tl::unexpected(Refused(recorded.error(), locked));
  fault::Hit("commit.after");

  std::vector<SettledLetter> settled;
  settled.reserve(batch.size());
  int known = 0;
  for (const Ruling& ruling : *rulings) {
    if (ruling.is_fresh) {
      settled.push_back({.recorded = true, .outcome = ruling.outcome});
    } else {
      settled.push_back(
          {.recorded = false, .outcome = OutcomeFromName(recorded->back().Bytes(known++, 0))});
    }
  }
  return settled;
}

std::vector<Statement> PostgresSettlement::JudgeStatements(std::span<const Judgement> batch,
                                                           LockedRows locked, Which which) {
  std::vector<Statement> statements = Kept(statements_.Judge(batch, locked, which), batch);
  const auto now = std::chrono::steady_clock::now();
  if (SettleStatements::IsPlannedOnce(batch) && now - planned_at_ >= options_.plans_kept) {
    planned_at_ = now;
    statements.insert(statements.begin(), Statement{.sql = "DISCARD PLANS", .parameters = {}});
  }
  return statements;
}

LedgerResult<void> PostgresSettlement::Ready() {
  if (auto opened = connection_.Open(); !opened || Observes()) return opened;
  const auto learnt = platform_.Learn(connection_);
  if (!learnt) return tl::unexpected(learnt.error());
  if (sql_ != **learnt) {
    sql_ = **learnt;
    statements_.Fit(sql_);
  }
  return {};
}

LedgerError PostgresSettlement::Misunderstood(int answers, std::size_t letters) {
  connection_.RollBack();
  return {.fault = LedgerFault::kStatement,
          .code = "",
          .message = "settle: " + std::to_string(answers) + " answers to " +
                     std::to_string(letters) + " letters, or an outcome without a name"};
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
  std::vector<Statement> more;
  Statement write{.sql = FillIn(sql::kProbe, {{"schema", schema_}}), .parameters = {}};
  const Uuid id = RandomUuid();
  write.parameters.Bytes(std::string(id.bytes.begin(), id.bytes.end())).Id(id);
  more.push_back(std::move(write));
  if (!Observes()) more.push_back(platform_.CastOfFailed());
  auto rehearsed = RunRehearsal({}, std::move(more));
  if (rehearsed) return rehearsed;
  // There is no letter here whose fault it could be: a status that was renamed, say.
  if (rehearsed.error().fault == LedgerFault::kLetter)
    rehearsed.error().fault = LedgerFault::kStatement;
  if (rehearsed.error().fault == LedgerFault::kStatement) platform_.Forget();
  return rehearsed;
}

LedgerResult<void> PostgresSettlement::Rehearse(std::span<const Judgement> batch) {
  if (auto ready = Ready(); !ready) return ready;
  // What a commit would refuse, and a rollback would not.
  std::vector<Statement> more;
  more.push_back({.sql = "SET CONSTRAINTS ALL IMMEDIATE", .parameters = {}});
  auto rehearsed = RunRehearsal(batch, std::move(more));
  if (rehearsed) return {};
  return tl::unexpected(Refused(rehearsed.error(), LockedRows::kDefer));
}

LedgerResult<void> PostgresSettlement::RunRehearsal(std::span<const Judgement> batch,
                                                    std::vector<Statement> more) {
  const auto judged = connection_.Begin(JudgeStatements(batch, LockedRows::kDefer, Which::kNew));
  if (!judged) return tl::unexpected(judged.error());
  const auto rulings = ReadRulings(judged->back(), batch, Observes());
  if (!rulings) return tl::unexpected(Misunderstood(judged->back().size(), batch.size()));
  std::vector<Statement> statements =
      Kept(statements_.Record(FreshOnes(batch, *rulings), Which::kNew, Now(), /*rehearsed=*/true),
           batch);
  std::ranges::move(more, std::back_inserter(statements));
  return connection_.Rehearse(statements);
}

}  // namespace deadletter::postgres
