#include "ledger/postgres/executions.h"

#include <utility>

#include "base/fault_point.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/audit.h"
#include "ledger/postgres/sql.h"
#include "ledger/submit_message.h"
#include "letter/field_json.h"

namespace deadletter::postgres {
namespace {

struct Submitted {
  ExecutionId id;
  OutboxMessage message;
};

Statement OutboxStatement(const std::string& schema, std::span<const Submitted> submitted,
                          Instant now) {
  const auto column = [&](auto get) {
    BinaryArray array(ElementType::kBytea);
    for (const Submitted& one : submitted) array.AddBytes(std::string_view(get(one)));
    return array;
  };
  Statement statement{.sql = FillIn(sql::kOutboxSubmit, {{"schema", schema}}), .parameters = {}};
  statement.parameters.Array(column([](const Submitted& one) { return one.id.ToString(); }))
      .Array(column([](const Submitted& one) { return one.message.address.exchange; }))
      .Array(column([](const Submitted& one) { return one.message.address.routing_key; }))
      .Array(column(
          [](const Submitted& one) { return PropertiesToJson(one.message.message.properties); }))
      .Array(column(
          [](const Submitted& one) { return FieldTableToJson(one.message.message.headers); }))
      .Array(column([](const Submitted& one) { return one.message.message.body; }))
      .Moment(now);
  return statement;
}

void AddAttempt(Parameters& parameters, const MessageAttempt& attempt) {
  if (attempt.window) {
    parameters.Moment(attempt.window->from).Moment(attempt.window->until);
  } else {
    parameters.Null().Null();
  }
  if (attempt.replay_id) {
    parameters.Id(attempt.replay_id->value());
  } else {
    parameters.Null();
  }
}

}  // namespace

PostgresExecutions::PostgresExecutions(const Options& options)
    : table_(options.executions),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout),
      platform_(options.executions) {}

LedgerResult<void> PostgresExecutions::Ready() {
  if (auto opened = connection_.Open(); !opened) return opened;
  const auto learnt = platform_.Learn(connection_);
  if (!learnt) return tl::unexpected(learnt.error());
  sql_ = **learnt;
  return {};
}

LedgerError PostgresExecutions::Refused(LedgerError error) {
  if (error.fault == LedgerFault::kStatement) platform_.Forget();
  return error;
}

std::string PostgresExecutions::OrNull(const std::string& column, const std::string& type) {
  return (column.empty() ? "NULL" : "e." + column) + "::" + type;
}

std::string PostgresExecutions::OneId(const ExecutionId& id) const {
  BinaryArray ids = platform_.IdArray();
  platform_.AddId(ids, id);
  return std::move(ids).Encoded();
}

Statement PostgresExecutions::InsertStatement(std::span<const NewExecution> executions) const {
  std::string columns = sql_.status;
  std::string values = "terms.status::" + sql_.status_type;
  const auto add = [&](const std::string& column, const std::string& value) {
    if (column.empty()) return;
    columns += ", " + column;
    values += ", " + value;
  };
  add(sql_.action_ref, "input.action_ref::" + sql_.action_ref_type);
  add(sql_.worker, "input.worker::" + sql_.worker_type);
  add(sql_.updated, "now()");

  BinaryArray action_refs(ElementType::kText);
  BinaryArray workers(ElementType::kText);
  for (const NewExecution& execution : executions) {
    action_refs.AddBytes(std::string_view(execution.action_ref));
    workers.AddBytes(execution.worker_id);
  }
  Statement insert{
      .sql = FillIn(sql::kExecutionSubmit, {{"table", sql_.table},
                                            {"columns", columns},
                                            {"values", values},
                                            {"id", sql_.id},
                                            {"updated", OrNull(sql_.updated, "timestamptz")}}),
      .parameters = {}};
  insert.parameters.Array(action_refs).Array(workers).Bytes(table_.replay_status);
  return insert;
}

LedgerResult<std::vector<ExecutionId>> PostgresExecutions::Submit(
    std::span<const NewExecution> executions, Instant now, const std::optional<AuditEntry>& audit) {
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  const auto inserted = connection_.Begin({InsertStatement(executions)});
  if (!inserted) return tl::unexpected(Refused(inserted.error()));

  const Rows& rows = inserted->front();
  std::vector<Submitted> submitted;
  std::vector<ExecutionId> ids;
  for (int row = 0; row < rows.size(); ++row) {
    auto id = ParseExecutionId(table_.id_type, rows.Bytes(row, 0));
    if (!id) {
      return tl::unexpected(LedgerError{
          .fault = LedgerFault::kStatement,
          .code = "",
          .message =
              "executions.id: the table gave a new row an id that is not of executions.id_type"});
    }
    const auto& execution = executions[static_cast<std::size_t>(row)];
    submitted.push_back(
        {.id = *id,
         .message = ComposeSubmission(execution, *id, rows.OptionalMoment(row, 1), now)});
    ids.push_back(std::move(*id));
  }
  fault::Hit("submit.before");
  std::vector<Statement> last = {OutboxStatement(schema_, submitted, now)};
  if (audit) last.push_back(AuditStatement(schema_, *audit));
  const auto committed = connection_.Commit(std::move(last));
  if (!committed) return tl::unexpected(Refused(committed.error()));
  fault::Hit("submit.after");
  return ids;
}

LedgerResult<std::optional<ExecutionRow>> PostgresExecutions::Find(const ExecutionId& id) {
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  Statement find{
      .sql = FillIn(sql::kExecutionFind, {{"table", sql_.table},
                                          {"id", sql_.id},
                                          {"id_param", sql_.id_param},
                                          {"status", sql_.status},
                                          {"result", OrNull(sql_.result, "text")},
                                          {"action_ref", OrNull(sql_.action_ref, "text")},
                                          {"updated", OrNull(sql_.updated, "timestamptz")}}),
      .parameters = {}};
  find.parameters.Bytes(OneId(id));
  const auto rows = connection_.Run(find);
  if (!rows) return tl::unexpected(Refused(rows.error()));
  if (rows->size() == 0) return std::nullopt;
  return ExecutionRow{.id = id,
                      .status = std::string(rows->Bytes(0, 0)),
                      .result_json = rows->OptionalBytes(0, 1),
                      .action_ref = rows->OptionalBytes(0, 2),
                      .updated = rows->OptionalMoment(0, 3)};
}

LedgerResult<bool> PostgresExecutions::FinishIfFailable(const ExecutionId& id,
                                                        const MessageAttempt& attempt,
                                                        const std::string& status,
                                                        const std::string& result_json) {
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  std::string assignments = sql_.status + " = wanted.status::" + sql_.status_type;
  if (!sql_.result.empty()) {
    assignments += ", " + sql_.result + " = wanted.result::" + sql_.result_type;
  }
  if (!sql_.updated.empty()) assignments += ", " + sql_.updated + " = now()";
  if (!sql_.finished.empty()) assignments += ", " + sql_.finished + " = now()";
  const std::string updated = "e." + sql_.updated + "::timestamptz";
  const std::string is_of_attempt =
      sql_.updated.empty()
          ? "true"
          : "(" + updated + " >= wanted.attempt_from AND " + updated + " < wanted.attempt_until)";
  Statement lock{
      .sql = FillIn(sql::kExecutionLock,
                    {{"table", sql_.table}, {"id", sql_.id}, {"id_param", sql_.id_param}}),
      .parameters = {}};
  lock.parameters.Bytes(OneId(id));
  Statement finish{.sql = FillIn(sql::kExecutionFinish, {{"schema", schema_},
                                                         {"table", sql_.table},
                                                         {"assignments", assignments},
                                                         {"id", sql_.id},
                                                         {"id_param", sql_.id_param},
                                                         {"status", sql_.status},
                                                         {"is_of_attempt", is_of_attempt}}),
                   .parameters = {}};
  finish.parameters.Bytes(OneId(id)).Bytes(status).Bytes(result_json).Texts(table_.failable);
  AddAttempt(finish.parameters, attempt);
  finish.parameters.Bytes(id.ToString());
  const auto finished = connection_.Transact({std::move(lock), std::move(finish)});
  if (!finished) return tl::unexpected(Refused(finished.error()));
  return finished->back().size() > 0;
}

}  // namespace deadletter::postgres
