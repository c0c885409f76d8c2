#include "ledger/postgres/settle_statements.h"

#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/settle_parameters.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

std::vector<const Letter*> LettersOf(std::span<const Settled> settled) {
  std::vector<const Letter*> letters;
  letters.reserve(settled.size());
  for (const Settled& one : settled) letters.push_back(&one.judgement->letter);
  return letters;
}

std::string JudgeSql(const PlatformSql& sql, const std::string& schema) {
  const auto within = [](const std::string& updated, const std::string& letter) {
    return "(" + updated + " >= " + letter + ".attempt_from AND " + updated + " < " + letter +
           ".attempt_until)";
  };
  const bool is_stamped = !sql.updated.empty();
  const std::string updated =
      is_stamped ? "e." + sql.updated + "::timestamptz" : "NULL::timestamptz";
  const std::string column_or_null = "NULL::text";
  return FillIn(sql::kSettleJudge,
                {{"schema", schema},
                 {"table", sql.table},
                 {"id", sql.id},
                 {"id_param", sql.id_param},
                 {"status", sql.status},
                 {"updated", updated},
                 {"is_of_attempt", is_stamped ? within("standing.updated", "input") : "true"},
                 {"is_still_of_attempt", is_stamped ? within(updated, "together") : "true"},
                 {"assignments", FailAssignments(sql)},
                 {"action_id", sql.action.empty() ? column_or_null : "e." + sql.action},
                 {"action_ref", sql.action_ref.empty() ? column_or_null : "e." + sql.action_ref}});
}

}  // namespace

SettleStatements::SettleStatements(const Options& options, const Platform& platform)
    : options_(options), platform_(platform) {
  const auto text = [schema = QuotedName(options.schema)](std::string_view sql) {
    return FillIn(sql, {{"schema", schema}});
  };
  FitLocks("text", sql::kPartLockNothing, sql::kPartLockNothing);
  texts_.begin = sql::kSettleBegin;
  texts_.record = text(sql::kSettleRecord);
  texts_.record_again = text(sql::kSettleAgainRecord);
  texts_.outbox = text(sql::kSettleOutbox);
  texts_.own = text(sql::kSettleOwn);
  texts_.count = text(sql::kSettleCount);
  texts_.known = text(sql::kSettleKnown);
}

void SettleStatements::Fit(const PlatformSql& sql) {
  const std::string schema = QuotedName(options_.schema);
  const auto lock = [&](std::string_view skip) {
    return FillIn(sql::kPartLockExecutions,
                  {{"table", sql.table}, {"id", sql.id}, {"skip_locked", skip}});
  };
  FitLocks(sql.id_param, lock(""), lock("SKIP LOCKED"));
  texts_.judge = JudgeSql(sql, schema);
}

// What follows the letters' own keys and rows: `waiting` for executions that are locked, or
// `passing_over` them.
void SettleStatements::FitLocks(std::string_view id_param, std::string_view waiting,
                                std::string_view passing_over) {
  const auto fit = [&, schema = QuotedName(options_.schema)](std::string_view text,
                                                             std::string_view rest) {
    return FillIn(text, {{"schema", schema}, {"id_param", id_param}, {"rest", rest}});
  };
  texts_.lock = fit(sql::kSettleLock, waiting);
  texts_.lock_passing_over = fit(sql::kSettleLock, passing_over);
  texts_.lock_again = fit(sql::kSettleAgainLock, waiting);
  texts_.lock_again_passing_over = fit(sql::kSettleAgainLock, passing_over);
}

std::vector<Statement> SettleStatements::Judge(std::span<const Judgement> batch, LockedRows locked,
                                               Which which) const {
  std::vector<Statement> statements;
  Statement begin{.sql = texts_.begin, .parameters = {}};
  begin.parameters.Flag(IsPlannedOnce(batch));
  statements.push_back(std::move(begin));
  statements.push_back(Lock(batch, locked, which));
  if (Observes()) return statements;
  Statement judge{.sql = texts_.judge, .parameters = {}};
  judge.parameters.Bytes(ExecutionIds(batch));
  AddAttempts(judge.parameters, batch);
  AddFailures(judge.parameters, batch);
  const ExecutionTable& table = options_.executions;
  judge.parameters.Texts(table.failable).Bytes(table.failed).Texts(table.final_statuses);
  statements.push_back(std::move(judge));
  return statements;
}

Statement SettleStatements::Lock(std::span<const Judgement> batch, LockedRows locked,
                                 Which which) const {
  const bool passes_over = locked == LockedRows::kDefer;
  Statement lock;
  lock.parameters.Array(LetterIds(batch));
  switch (which) {
    case Which::kNew:
      lock.sql = passes_over ? texts_.lock_passing_over : texts_.lock;
      lock.parameters.Array(LetterKeys(batch));
      break;
    case Which::kAgain:
      lock.sql = passes_over ? texts_.lock_again_passing_over : texts_.lock_again;
      break;
  }
  lock.parameters.Bytes(ExecutionIds(batch));
  return lock;
}

// The ids of the executions that are to be judged by their rows; null for every other letter.
std::string SettleStatements::ExecutionIds(std::span<const Judgement> batch) const {
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

Parameters SettleStatements::Records(std::span<const Judgement> batch) {
  std::vector<const Letter*> letters;
  letters.reserve(batch.size());
  for (const Judgement& judgement : batch) letters.push_back(&judgement.letter);
  return RecordsOf(letters);
}

std::vector<Statement> SettleStatements::Record(std::span<const Settled> letters, Which which,
                                                Instant settled_at, bool rehearsed,
                                                std::optional<Parameters> records) const {
  std::vector<Statement> statements;
  Statement record{.sql = which == Which::kNew ? texts_.record : texts_.record_again,
                   .parameters = {}};
  record.parameters.Moment(settled_at);
  AddOutcomes(record.parameters, letters);
  if (which == Which::kNew) {
    if (!records) records = RecordsOf(LettersOf(letters));
    record.parameters.Append(std::move(*records));
  }
  statements.push_back(std::move(record));
  Statement outbox{.sql = texts_.outbox, .parameters = {}};
  if (AddOutbox(outbox.parameters, letters, settled_at) || rehearsed)
    statements.push_back(std::move(outbox));
  Statement own{.sql = texts_.own, .parameters = {}};
  if (AddOwners(own.parameters, letters) || rehearsed) statements.push_back(std::move(own));
  if (which == Which::kNew) {
    Statement count{.sql = texts_.count, .parameters = {}};
    AddCounts(count.parameters, letters);
    statements.push_back(std::move(count));
  }
  return statements;
}

Statement SettleStatements::Known(std::span<const Judgement> batch,
                                  std::span<const Ruling> rulings) const {
  BinaryArray ids(ElementType::kUuid);
  BinaryArray keys(ElementType::kBytea);
  for (std::size_t index = 0; index < batch.size(); ++index) {
    if (rulings[index].is_fresh) continue;
    const Letter& letter = batch[index].letter;
    ids.AddUuid(letter.id.value());
    AddKey(keys, letter);
  }
  Statement known{.sql = texts_.known, .parameters = {}};
  known.parameters.Array(std::move(ids)).Array(std::move(keys));
  return known;
}

}  // namespace deadletter::postgres
