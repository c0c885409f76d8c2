#include "ledger/sqlite/examination.h"

#include <algorithm>
#include <set>
#include <thread>

#include "base/signal.h"
#include "ledger/embedded_sql.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_migrator.h"
#include "ledger/sqlite/sqlite_outbox.h"

namespace deadletter {

namespace {

namespace sql = sqlite::sql;

constexpr std::chrono::milliseconds kReadThroughLimit{5'000};

// As SQLite compares names.
std::string InLowerCase(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

class SqliteLedgerLook {
 public:
  SqliteLedgerLook(const SqliteLedgerOptions& options, const LedgerExpectations& wanted,
                   const Clock& clock)
      : options_(options),
        wanted_(wanted),
        clock_(clock),
        file_(options.path, options.lock_timeout),
        migrator_(options),
        outbox_(options) {}

  void Abort() {
    file_.Abort();
    migrator_.Abort();
    outbox_.Abort();
  }

  SqliteLedgerFacts Look() {
    facts_.file = sqlite::LookAtFile(options_.path, kReadThroughLimit);
    if (facts_.file.soundness != sqlite::Soundness::kSound &&
        facts_.file.soundness != sqlite::Soundness::kNotFinished) {
      return std::move(facts_);
    }
    facts_.schema = migrator_.Status();
    if (*facts_.schema && (*facts_.schema)->IsCurrent())
      facts_.backlog = outbox_.Backlog(clock_.Now());
    if (wanted_.mode == ExecutionsMode::kFail) {
      const auto database = file_.Open();
      if (database) {
        AskTable(**database);
      } else {
        facts_.error = database.error().message;
      }
    }
    return std::move(facts_);
  }

 private:
  void AskTable(sqlite::Database& database) {
    const auto& names = options_.executions;
    const auto [schema, table] = SplitTable(names.table);
    auto& facts = facts_.table.emplace();
    std::set<std::string> columns;
    auto found = database.Prepare(sql::kExamineColumns);
    found.Bind(table, schema);
    while (found.Next()) columns.insert(InLowerCase(found.Text(0)));
    facts.exists = !columns.empty();
    if (!facts.exists) return;
    const std::pair<const char*, const std::string*> wanted[] = {
        {"id", &names.id},         {"status", &names.status},   {"result", &names.result},
        {"error", &names.error},   {"updated", &names.updated}, {"finished", &names.finished},
        {"worker", &names.worker}, {"action", &names.action},   {"action_ref", &names.action_ref}};
    for (const auto& [key, name] : wanted) {
      if (!name->empty() && !columns.contains(InLowerCase(*name)))
        facts.missing_columns.push_back(std::string("executions.") + key + ": \"" + *name + "\"");
    }
    auto indexed = database.Prepare(sql::kExamineTable);
    indexed.Bind(table, schema, names.id);
    facts.id_indexed = indexed.Next() && indexed.Bool(0);
    auto triggers = database.Prepare(sql::kExamineTriggers);
    triggers.Bind(table);
    while (triggers.Next()) {
      if (triggers.Bool(1)) facts.raising_triggers.push_back(triggers.Text(0));
    }
    if (facts.missing_columns.empty()) CountOverdue(database, facts.overdue);
  }

  void CountOverdue(sqlite::Database& database, OverdueFacts& overdue) {
    const auto& names = options_.executions;
    if (names.updated.empty()) {
      overdue.why_not = "executions.updated is \"\": how long they have waited is not known";
      return;
    }
    const auto text = FillIn(sql::kExamineOverdue, {{"table", QuotedTable(names.table)},
                                                    {"status", QuotedName(names.status)},
                                                    {"updated", QuotedName(names.updated)}});
    auto count = database.Prepare(text);
    count.Bind(names.replay_status, clock_.Now() - wanted_.overdue_after, kMostOverdue + 1);
    if (count.Next()) overdue.count = count.Int64(0);
    if (count.error()) overdue.why_not = count.error()->message;
  }

  const SqliteLedgerOptions& options_;
  const LedgerExpectations& wanted_;
  const Clock& clock_;
  LedgerFile file_;
  SqliteMigrator migrator_;
  SqliteOutbox outbox_;
  SqliteLedgerFacts facts_;
};

std::string Listed(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + text;
  return list;
}

void JudgeSqliteTable(const ExecutionTable& names, const LedgerExpectations& wanted,
                      const SqliteTableFacts& table, bool schema_is_current, Diagnoses& out) {
  const auto check = "executions table " + names.table;
  if (!table.exists) {
    // The embedded platform's own table comes with the migration.
    if (schema_is_current)
      out.Wrong(check, "there is no such table in the ledger's file",
                "make it, or correct executions.table");
    return;
  }
  if (!table.missing_columns.empty()) {
    out.Wrong(check, "it has no column " + Listed(table.missing_columns),
              "correct the section [executions], or the table");
    return;
  }
  if (table.id_indexed) {
    out.Ok(check, "its columns fit the configuration, and its id has an index");
  } else {
    out.Warning(check, "column " + names.id + " has no index: every letter reads the whole table",
                "CREATE UNIQUE INDEX execution_id ON " + names.table + " (" + names.id + ")");
  }
  if (table.raising_triggers.empty()) {
    out.Ok("triggers", "none of the table's raises");
  } else {
    out.Warning(
        "triggers",
        "these run in our transaction and may refuse a letter: " + Listed(table.raising_triggers),
        "see that they let an execution fail");
  }
  out.Append({JudgeOverdue(table.overdue, wanted)});
}

}  // namespace

SqliteLedgerFacts LookAtSqliteLedger(const SqliteLedgerOptions& options,
                                     const LedgerExpectations& wanted, const Clock& clock,
                                     std::chrono::seconds limit) {
  SqliteLedgerLook look(options, wanted, clock);
  const std::jthread timer([&](const std::stop_token& ended) {
    Signal never;
    never.WaitFor(ended, limit);
    if (!ended.stop_requested()) look.Abort();
  });
  return look.Look();
}

std::vector<Diagnosis> JudgeSqliteLedger(const SqliteLedgerOptions& options,
                                         const LedgerExpectations& wanted,
                                         const SqliteLedgerFacts& facts) {
  Diagnoses out;
  out.Append(sqlite::JudgeFile("ledger file",
                               "`deadletter migrate` makes it, or `deadletter serve`", facts.file));
  if (facts.error) {
    out.Unknown("executions table " + options.executions.table, *facts.error,
                "mend that, and look again");
  }
  bool is_current = false;
  if (facts.schema) {
    is_current = *facts.schema && (*facts.schema)->IsCurrent();
    out.Append({JudgeSchema(*facts.schema, wanted.auto_migrate, facts.file.writable)});
  }
  if (facts.backlog) out.Append({JudgeBacklog(*facts.backlog)});
  if (wanted.mode == ExecutionsMode::kObserve) {
    out.Ok("executions table " + options.executions.table,
           "is not touched (executions.mode = \"observe\")");
  } else if (facts.table) {
    JudgeSqliteTable(options.executions, wanted, *facts.table, is_current, out);
  }
  return out.Take();
}

}  // namespace deadletter
