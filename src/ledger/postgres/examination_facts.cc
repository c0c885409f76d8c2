#include <algorithm>
#include <thread>

#include "base/signal.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/examination.h"
#include "ledger/postgres/migrator.h"
#include "ledger/postgres/outbox.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Nobody's work may wait for the doctor's questions.
constexpr milliseconds kStatementTimeout{5'000};
constexpr std::chrono::seconds kQuestionLimit{7};
constexpr milliseconds kQuestionLockTimeout{1'000};

std::vector<std::string> ColumnsOf(const std::vector<const std::string*>& names) {
  std::vector<std::string> columns;
  for (const auto* name : names) {
    if (!name->empty()) columns.push_back(*name);
  }
  return columns;
}

class LedgerLook {
 public:
  LedgerLook(const Options& options, const LedgerExpectations& wanted, const Clock& clock)
      : options_(options),
        wanted_(wanted),
        clock_(clock),
        connection_(options.url, options.schema, kQuestionLockTimeout, kStatementTimeout),
        migrator_(options),
        outbox_(options) {}

  void Abort() {
    connection_.Abort();
    migrator_.Abort();
    outbox_.Abort();
  }

  LedgerFacts Look() {
    if (const auto opened = connection_.Open(); !opened) {
      facts_.unreachable = opened.error();
      return std::move(facts_);
    }
    AskServer();
    AskSchema();
    if (wanted_.mode == ExecutionsMode::kFail) AskTable();
    return std::move(facts_);
  }

 private:
  // Nothing where the question failed; the first such is remembered.
  std::optional<Rows> Ask(Statement statement) {
    auto rows = connection_.Run(statement, kQuestionLimit);
    if (rows) return std::move(*rows);
    if (!facts_.error) facts_.error = rows.error().message;
    return std::nullopt;
  }
  std::optional<Rows> Ask(std::string_view sql, const std::vector<std::string>& parameters = {}) {
    Statement statement{.sql = std::string(sql), .parameters = {}};
    for (const auto& parameter : parameters) statement.parameters.Bytes(parameter);
    return Ask(std::move(statement));
  }

  void AskServer() {
    const auto rows = Ask(sql::kExamineServer);
    if (!rows || rows->size() != 1) return;
    auto& server = facts_.server;
    server.version_number = rows->Number(0, 0);
    server.version = rows->Bytes(0, 1);
    server.standby = rows->Bool(0, 2);
    server.read_only = rows->Bool(0, 3);
    server.fsync = rows->Bool(0, 4);
    server.full_page_writes = rows->Bool(0, 5);
    server.synchronous_commit = rows->Bytes(0, 6);
    server.deadlock_timeout = milliseconds(rows->Number(0, 7));
    server.most_connections = rows->Number(0, 8);
    server.connections = rows->Number(0, 9);
    server.own_connections = rows->Number(0, 10);
    server.own_limit = rows->Number(0, 11);
    server.user = rows->Bytes(0, 12);
    server.database = rows->Bytes(0, 13);
    server.servers_connections = rows->Number(0, 14);
    const auto before = clock_.Now();
    const auto told = Ask(sql::kExamineClock);
    const auto after = clock_.Now();
    const auto theirs = told && told->size() == 1 ? told->OptionalMoment(0, 0) : std::nullopt;
    if (!theirs) return;
    const auto half = (after - before) / 2;
    server.clock_within = std::max(duration_cast<milliseconds>(half), milliseconds(1));
    server.clock_ahead = duration_cast<milliseconds>(*theirs - (before + half));
  }

  void AskSchema() {
    const auto schema = QuotedName(options_.schema);
    facts_.schema = migrator_.Status();
    if (const auto rows = Ask(sql::kExamineMayMigrate, {schema}); rows && rows->size() == 1)
      facts_.may_migrate = rows->Bool(0, 0);
    facts_.missing_grants = TextsOf(Ask(sql::kExamineSchemaRights, {schema}));
    if (facts_.schema && facts_.schema->IsCurrent()) facts_.backlog = outbox_.Backlog(clock_.Now());
  }

  void AskTable() {
    Platform platform(options_.executions);
    const auto learnt = platform.Learn(connection_);
    if (!learnt) {
      facts_.table_does_not_fit = learnt.error().message;
      return;
    }
    const auto& sql = **learnt;
    const auto& names = options_.executions;
    auto& table = facts_.table.emplace();
    if (const auto rows = Ask(sql::kExamineTable, {sql.table, names.id});
        rows && rows->size() == 1) {
      table.kind = rows->Bytes(0, 0);
      table.persistence = rows->Bytes(0, 1);
      table.row_security = rows->Bool(0, 2);
      table.id_indexed = rows->Bool(0, 3);
      table.id_unique = rows->Bool(0, 4);
    }
    Statement grants{.sql = std::string(sql::kExamineColumns), .parameters = {}};
    grants.parameters.Bytes(sql.table);
    grants.parameters.Texts(
        ColumnsOf({&names.id, &names.status, &names.result, &names.error, &names.updated,
                   &names.finished, &names.worker, &names.action, &names.action_ref}));
    grants.parameters.Texts(
        ColumnsOf({&names.status, &names.result, &names.error, &names.updated, &names.finished}));
    table.missing_grants = TextsOf(Ask(std::move(grants)));
    table.status_values = TextsOf(Ask(sql::kExamineStatus, {sql.table, names.status}));
    if (const auto rows = Ask(sql::kExamineTriggers, {sql.table})) {
      for (int row = 0; row < rows->size(); ++row) {
        table.triggers.push_back(
            {std::string(rows->Bytes(row, 0)), rows->Bool(row, 1), rows->Bool(row, 2)});
      }
    }
    CountOverdue(sql, table.overdue);
  }

  void CountOverdue(const PlatformSql& sql, OverdueFacts& overdue) {
    if (sql.updated.empty()) {
      overdue.why_not = "executions.updated is \"\": how long they have waited is not known";
      return;
    }
    Statement count{.sql = FillIn(sql::kExamineOverdue, {{"table", sql.table},
                                                         {"status", sql.status},
                                                         {"status_type", sql.status_type},
                                                         {"updated", sql.updated}}),
                    .parameters = {}};
    count.parameters.Bytes(options_.executions.replay_status)
        .Number(wanted_.overdue_after.count())
        .Number(kMostOverdue + 1);
    const auto rows = connection_.Run(count, kQuestionLimit);
    if (rows) {
      overdue.count = rows->Number(0, 0);
    } else {
      overdue.why_not = rows.error().message;
    }
  }

  static std::vector<std::string> TextsOf(const std::optional<Rows>& rows) {
    std::vector<std::string> texts;
    for (int row = 0; rows && row < rows->size(); ++row) texts.emplace_back(rows->Bytes(row, 0));
    return texts;
  }

  const Options& options_;
  const LedgerExpectations& wanted_;
  const Clock& clock_;
  Connection connection_;
  PostgresMigrator migrator_;
  PostgresOutbox outbox_;
  LedgerFacts facts_;
};

}  // namespace

LedgerFacts LookAtLedger(const Options& options, const LedgerExpectations& wanted,
                         const Clock& clock, std::chrono::seconds limit) {
  LedgerLook look(options, wanted, clock);
  const std::jthread timer([&](const std::stop_token& ended) {
    Signal never;
    never.WaitFor(ended, limit);
    if (!ended.stop_requested()) look.Abort();
  });
  return look.Look();
}

}  // namespace deadletter::postgres
