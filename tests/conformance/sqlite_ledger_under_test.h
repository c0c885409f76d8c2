// A SQLite file as the ledger of a test, with the platform's table in it.
#pragma once

#include <algorithm>
#include <mutex>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/sqlite_audit.h"
#include "ledger/sqlite/sqlite_catalog.h"
#include "ledger/sqlite/sqlite_counting.h"
#include "ledger/sqlite/sqlite_discards.h"
#include "ledger/sqlite/sqlite_executions.h"
#include "ledger/sqlite/sqlite_group_book.h"
#include "ledger/sqlite/sqlite_migrator.h"
#include "ledger/sqlite/sqlite_outbox.h"
#include "ledger/sqlite/sqlite_replay_book.h"
#include "ledger/sqlite/sqlite_replay_work.h"
#include "ledger/sqlite/sqlite_settlement.h"
#include "ledger/sqlite/sqlite_text_index.h"
#include "ledger/sqlite/stored_time.h"
#include "tests/conformance/ledger_conformance.h"
#include "tests/conformance/ledger_under_test.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::test {

// kAttune's table is the one that our own migration makes.
inline std::string SqliteTable(PlatformShape shape) {
  switch (shape) {
    case PlatformShape::kAttune:
      return "";
    case PlatformShape::kTextIds:
      return R"(
CREATE TABLE text_execution (
  id TEXT PRIMARY KEY DEFAULT ('job-' || lower(hex(randomblob(16)))),
  action INTEGER,
  action_ref VARCHAR(200),
  worker TEXT,
  status TEXT NOT NULL,
  result TEXT,
  updated BIGINT NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)));
)";
    case PlatformShape::kUuidIds:
      return R"(
CREATE TABLE uuid_execution (
  id BLOB PRIMARY KEY DEFAULT (randomblob(16)),
  action BLOB,
  action_ref TEXT,
  worker INTEGER,
  status TEXT NOT NULL,
  result TEXT,
  updated TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
)";
    case PlatformShape::kPlainJobs:
      return R"(
CREATE TABLE jobs (
  job_no INTEGER PRIMARY KEY,
  kind TEXT,
  state TEXT,
  problem TEXT,
  ended_at DATETIME);
)";
  }
  return "";
}

template <class T>
T Sound(sqlite::DatabaseResult<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class SqliteLedgerUnderTest final : public LedgerUnderTest {
 public:
  explicit SqliteLedgerUnderTest(const LedgerSetup& setup)
      : platform_(Sound(sqlite::Database::Open(folder_ / "ledger.sqlite"))) {
    options_.path = folder_ / "ledger.sqlite";
    options_.executions = TableOf(setup.shape);
    options_.mode = setup.mode;
    options_.lock_timeout = setup.lock_timeout;
    Sound(platform_->Execute(SqliteTable(setup.shape)));
    if (setup.migrated) Good(OpenMigrator()->Migrate());
  }

  std::unique_ptr<Settlement> OpenSettlement() override {
    return std::make_unique<SqliteSettlement>(options_);
  }
  std::unique_ptr<Outbox> OpenOutbox() override { return std::make_unique<SqliteOutbox>(options_); }
  std::unique_ptr<Outbox> OpenObservingOutbox() override {
    SqliteLedgerOptions observing = options_;
    observing.mode = ExecutionsMode::kObserve;
    return std::make_unique<SqliteOutbox>(observing);
  }
  std::unique_ptr<Catalog> OpenCatalog() override {
    return std::make_unique<SqliteCatalog>(options_);
  }
  std::unique_ptr<Executions> OpenExecutions() override {
    return std::make_unique<SqliteExecutions>(options_);
  }
  std::unique_ptr<ReplayBook> OpenReplayBook() override {
    return std::make_unique<SqliteReplayBook>(options_);
  }
  std::unique_ptr<ReplayWork> OpenReplayWork() override {
    return std::make_unique<SqliteReplayWork>(options_);
  }
  std::unique_ptr<Migrator> OpenMigrator() override {
    return std::make_unique<SqliteMigrator>(options_);
  }
  std::unique_ptr<Audit> OpenAudit() override { return std::make_unique<SqliteAudit>(options_); }
  std::unique_ptr<Remarks> OpenRemarks() override {
    return std::make_unique<SqliteRemarks>(options_);
  }
  std::unique_ptr<Discards> OpenDiscards() override {
    return std::make_unique<SqliteDiscards>(options_);
  }
  std::unique_ptr<Counting> OpenCounting() override {
    return std::make_unique<SqliteCounting>(options_);
  }
  std::unique_ptr<GroupBook> OpenGroupBook() override {
    return std::make_unique<SqliteGroupBook>(options_);
  }
  std::unique_ptr<TextIndex> OpenTextIndex() override {
    return std::make_unique<SqliteTextIndex>(options_);
  }

  void Put(const PlatformExecution& execution) override {
    const ExecutionTable& table = options_.executions;
    const std::string action = table.action.empty() ? "" : ", " + table.action;
    Write("INSERT INTO " + table.table + " (" + table.id + ", " + table.status + ", " +
              table.action_ref + action + ") VALUES (?1, ?2, ?3" + (action.empty() ? "" : ", ?4") +
              ")",
          execution.id, [&](sqlite::Statement& insert, const auto& id) {
            if (action.empty()) {
              insert.Bind(id, execution.status, execution.action_ref);
            } else {
              insert.Bind(id, execution.status, execution.action_ref, execution.action);
            }
          });
  }

  void SetStatus(const ExecutionId& id, const std::string& status) override {
    const ExecutionTable& table = options_.executions;
    Write("UPDATE " + table.table + " SET " + table.status + " = ?2 WHERE " + table.id + " = ?1",
          id, [&](sqlite::Statement& update, const auto& stored) { update.Bind(stored, status); });
  }

  void ClearStatus(const ExecutionId& id) override {
    const ExecutionTable& table = options_.executions;
    Write("UPDATE " + table.table + " SET " + table.status + " = NULL WHERE " + table.id + " = ?1",
          id, [](sqlite::Statement& update, const auto& stored) { update.Bind(stored); });
  }

  void Remove(const ExecutionId& id) override {
    Write("DELETE FROM " + options_.executions.table + " WHERE " + options_.executions.id + " = ?1",
          id, [](sqlite::Statement& remove, const auto& stored) { remove.Bind(stored); });
  }

  std::optional<PlatformRow> Read(const ExecutionId& id) override {
    const std::lock_guard lock(mutex_);
    const ExecutionTable& table = options_.executions;
    const auto column = [](const std::string& name) { return name.empty() ? "NULL" : name; };
    auto rows = platform_->Prepare(
        "SELECT " + column(table.status) + ", " + column(table.result) + ", " +
        column(table.error) + ", " + column(table.updated) + ", typeof(" + column(table.updated) +
        "), " + column(table.finished) + " FROM " + table.table + " WHERE " + table.id + " = ?1");
    const StoredId stored(id, IsBlob(id));
    std::optional<PlatformRow> row;
    stored.Visit([&](const auto& value) {
      rows.Bind(value);
      if (!rows.Next()) return;
      row = PlatformRow{.status = rows.Text(0),
                        .result_json = rows.OptionalText(1),
                        .error = rows.OptionalText(2),
                        .updated = std::nullopt,
                        .finished = !rows.IsNull(5)};
      if (rows.Text(4) == "integer") row->updated = rows.Time(3);
      if (rows.Text(4) == "text") row->updated = ReadStoredTime(rows.Text(3)).value();
    });
    if (rows.error()) throw std::runtime_error(rows.error()->message);
    return row;
  }

  LedgerFacts ReadFacts() override {
    const std::lock_guard lock(mutex_);
    const ExecutionTable& table = options_.executions;
    LedgerFacts facts;
    ForEach(
        "SELECT id, state, outcome, detail, execution_id, possible_duplicate, body, reason, queue, "
        "properties, headers FROM deadletter_letter",
        [&](const sqlite::Statement& row) {
          facts.letters.push_back(
              {UuidText(row, 0), row.Text(1), row.Text(2), row.Text(3), row.OptionalText(4),
               row.Bool(5), DigestOf(row.Text(6)), row.Text(7), row.Text(8),
               FormDigestOf(row.Text(9), row.Text(10)), RetryFactOf(row.Text(9), row.Text(10))});
        });
    ForEach("SELECT key, letter_id FROM deadletter_letter_key", [&](const sqlite::Statement& row) {
      facts.keys.push_back({ToHexText(row.Text(0)), UuidText(row, 1)});
    });
    ForEach(
        "SELECT kind, execution_id, detail, letter_id, properties, headers FROM deadletter_outbox",
        [&](const sqlite::Statement& row) {
          facts.outbox.push_back({row.Text(0), row.OptionalText(1), row.Text(2),
                                  row.IsNull(3) ? "" : UuidText(row, 3),
                                  RetryFactOf(row.Text(4), row.Text(5))});
        });
    ForEach(
        "SELECT letter_id, what FROM deadletter_letter_step WHERE what IN ('deferred', 'refused')",
        [&](const sqlite::Statement& row) {
          facts.steps.push_back({UuidText(row, 0), row.Text(1)});
        });
    const std::string result = table.result.empty() ? "NULL" : table.result;
    ForEach("SELECT " + table.id + ", " + table.status + ", " + result + " FROM " + table.table,
            [&](const sqlite::Statement& row) {
              const bool is_blob = table.id_type == ExecutionIdType::kUuid;
              facts.rows.push_back(
                  {is_blob ? UuidText(row, 0) : row.Text(0), row.Text(1), row.OptionalText(2)});
            });
    ForEach("SELECT replay_id, letter_id, step, outcome, claimed_at IS NOT NULL, " +
                MovedItsRow("deadletter_letter") +
                ", sent_at IS NOT NULL FROM deadletter_replay_letter AS part ORDER BY replay_id",
            [&](const sqlite::Statement& row) {
              facts.replays.push_back({UuidText(row, 0), UuidText(row, 1), row.Text(2), row.Text(3),
                                       row.Bool(4), row.Bool(5), row.Bool(6)});
            });
    facts.counts = ReadCounts();
    return facts;
  }

  void ForgetUncounted() override {
    Run("UPDATE deadletter_counting SET counted_to = (SELECT max(number) FROM deadletter_letter)");
  }
  void DamageUncounted() override { Run("UPDATE deadletter_counting SET counted_to = 1 << 40"); }

  FactCounts CountFacts() override {
    const std::lock_guard lock(mutex_);
    FactCounts counts;
    ForEach(
        "SELECT count(*), count(try_again_at), (SELECT count(*) FROM deadletter_outbox) "
        "FROM deadletter_letter",
        [&](const sqlite::Statement& row) {
          const auto number = [&](int column) {
            return static_cast<std::size_t>(row.Int64(column));
          };
          counts = {.letters = number(0), .waiting = number(1), .outbox = number(2)};
        });
    return counts;
  }

  void Meddle(const std::string& sql) override {
    Run(FillIn(sql, {{"letter", "deadletter_letter"},
                     {"letter_key", "deadletter_letter_key"},
                     {"outbox", "deadletter_outbox"},
                     {"letter_count", "deadletter_letter_count"},
                     {"group_count", "deadletter_group_count"},
                     {"text_index", "deadletter_text_index"},
                     {"text_index_name", "deadletter_text_index"},
                     {"group_count_name", "deadletter_group_count"},
                     {"gone", "deadletter_gone"},
                     {"gone_name", "deadletter_gone"},
                     {"replay", "deadletter_replay"},
                     {"replay_letter", "deadletter_replay_letter"},
                     {"audit", "deadletter_audit"}}));
  }

  void AddTrigger(PlatformTrigger trigger) override {
    std::string action;
    switch (trigger) {
      case PlatformTrigger::kRaises:
        action = "SELECT RAISE(ABORT, 'the platform says no');";
        break;
      case PlatformTrigger::kSuppresses:
        action = "SELECT RAISE(IGNORE);";
        break;
    }
    Run("CREATE TRIGGER meddling BEFORE UPDATE ON " + options_.executions.table + " BEGIN " +
        action + " END");
  }
  void RemoveTrigger() override { Run("DROP TRIGGER meddling"); }
  void Refuse(const ExecutionId& id) override {
    const ExecutionTable& table = options_.executions;
    if (!std::exchange(refuses_, true)) {
      Run("CREATE TABLE refused (id PRIMARY KEY); CREATE TRIGGER refusing BEFORE UPDATE ON " +
          table.table + " WHEN EXISTS (SELECT 1 FROM refused WHERE refused.id = NEW." + table.id +
          ") BEGIN SELECT RAISE(ABORT, 'the platform refuses'); END");
    }
    Write("INSERT INTO refused (id) VALUES (?1)", id,
          [](sqlite::Statement& insert, const auto& stored) { insert.Bind(stored); });
  }
  void RefuseNobody() override {
    if (refuses_) Run("DELETE FROM refused");
  }
  void DropPlatformTable() override { Run("DROP TABLE IF EXISTS " + options_.executions.table); }

  void RecordArrows() override {
    Run("CREATE TABLE arrow (origin TEXT, target TEXT);"
        "CREATE TRIGGER came AFTER INSERT ON deadletter_letter BEGIN "
        "INSERT INTO arrow VALUES ('new', NEW.state || ' ' || NEW.outcome); END;"
        "CREATE TRIGGER changed AFTER UPDATE OF state, outcome ON deadletter_letter BEGIN "
        "INSERT INTO arrow VALUES (OLD.state || ' ' || OLD.outcome, NEW.state || ' ' || "
        "NEW.outcome); END");
  }
  std::set<Arrow> Arrows() override {
    const std::lock_guard lock(mutex_);
    auto rows = platform_->Prepare("SELECT DISTINCT origin, target FROM arrow");
    std::set<Arrow> arrows;
    while (rows.Next()) arrows.insert({rows.Text(0), rows.Text(1)});
    if (rows.error()) throw std::runtime_error(rows.error()->message);
    return arrows;
  }

  [[nodiscard]] const std::string& path() const { return options_.path; }

 private:
  // The table with UUIDs keeps them as bytes.
  static bool IsBlob(const ExecutionId& id) { return id.type() == ExecutionIdType::kUuid; }

  static std::string UuidText(const sqlite::Statement& row, int column) {
    Uuid uuid;
    const std::string bytes = row.Text(column);
    if (bytes.size() == uuid.bytes.size()) std::copy_n(bytes.begin(), 16, uuid.bytes.begin());
    return FormatUuid(uuid);
  }

  CountedFacts ReadCounts() {
    CountedFacts counts;
    ForEach(
        "SELECT (SELECT sum(letters) FROM deadletter_letter_count), counted, is_recounting, "
        "(SELECT coalesce(sum(letters), 0) FROM deadletter_group_count), "
        "(SELECT coalesce(sum(letters), 0) FROM deadletter_letter_hour WHERE kind = 'reason'), "
        "(SELECT coalesce(sum(letters), 0) FROM deadletter_letter_hour WHERE kind = 'queue'), "
        "(SELECT coalesce(sum(letters), 0) FROM deadletter_letter_hour WHERE kind = 'outcome'), "
        "(SELECT count(*) FROM (SELECT group_id, count(*) AS letters FROM deadletter_letter "
        "GROUP BY group_id) AS held FULL JOIN deadletter_group_count AS had "
        "ON had.group_id = held.group_id WHERE held.letters IS NOT had.letters) "
        "FROM deadletter_counting",
        [&](const sqlite::Statement& row) {
          counts = {.letters = row.Int64(0),
                    .counted = row.Int64(1),
                    .is_recounting = row.Bool(2),
                    .in_groups = row.Int64(3),
                    .by_reason = row.Int64(4),
                    .by_queue = row.Int64(5),
                    .by_outcome = row.Int64(6),
                    .wrong_groups = row.Int64(7)};
        });
    return counts;
  }

  template <class Function>
  void ForEach(const std::string& sql, Function function) {
    auto rows = platform_->Prepare(sql);
    while (rows.Next()) function(rows);
    if (rows.error()) throw std::runtime_error(rows.error()->message);
  }

  template <class Bind>
  void Write(const std::string& sql, const ExecutionId& id, Bind bind) {
    const std::lock_guard lock(mutex_);
    auto statement = platform_->Prepare(sql);
    const StoredId stored(id, IsBlob(id));
    stored.Visit([&](const auto& value) {
      bind(statement, value);
      Sound(statement.Run());
    });
  }
  void Run(const std::string& sql) {
    const std::lock_guard lock(mutex_);
    Sound(platform_->Execute(sql));
  }

  TemporaryFolder folder_;
  SqliteLedgerOptions options_;
  std::mutex mutex_;
  std::unique_ptr<sqlite::Database> platform_;
  bool refuses_ = false;
};

}  // namespace deadletter::test
