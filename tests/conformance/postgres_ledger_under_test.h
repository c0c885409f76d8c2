// A database on the shared PostgreSQL as the ledger of a test, with the platform's table in it.
#pragma once

#include <mutex>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/postgres_ledger.h"
#include "tests/conformance/ledger_conformance.h"
#include "tests/conformance/ledger_under_test.h"
#include "tests/support/platform_connection.h"
#include "tests/support/private_postgres.h"

namespace deadletter::test {

// timestamptz as microseconds since 1970.
inline std::string Micros(const std::string& column) {
  return "(extract(epoch FROM " + column + ") * 1000000)::bigint::text";
}

class PostgresLedgerUnderTest final : public LedgerUnderTest {
 public:
  // In a database of its own.
  explicit PostgresLedgerUnderTest(const LedgerSetup& setup)
      : PostgresLedgerUnderTest(setup, SharedPostgres().MakeDatabase("ledger")) {}

  // In that database; what an earlier test left there goes.
  PostgresLedgerUnderTest(const LedgerSetup& setup, std::string url)
      : url_(std::move(url)), platform_(url_) {
    platform_.Run(
        "DROP SCHEMA IF EXISTS deadletter CASCADE; DROP SCHEMA public CASCADE;"
        "CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC");
    options_.url = url_;
    options_.executions = TableOf(setup.shape);
    options_.mode = setup.mode;
    options_.lock_timeout = setup.lock_timeout;
    platform_.Run(std::string(PostgresTable(setup.shape)));
    if (setup.migrated) Good(OpenMigrator()->Migrate());
  }

  std::unique_ptr<Settlement> OpenSettlement() override {
    return postgres::MakeSettlement(options_);
  }
  std::unique_ptr<Outbox> OpenOutbox() override { return postgres::MakeOutbox(options_); }
  std::unique_ptr<Outbox> OpenObservingOutbox() override {
    postgres::Options observing = options_;
    observing.mode = ExecutionsMode::kObserve;
    return postgres::MakeOutbox(observing);
  }
  std::unique_ptr<Catalog> OpenCatalog() override { return postgres::MakeCatalog(options_); }
  std::unique_ptr<Executions> OpenExecutions() override {
    return postgres::MakeExecutions(options_);
  }
  std::unique_ptr<ReplayBook> OpenReplayBook() override {
    return postgres::MakeReplayBook(options_);
  }
  std::unique_ptr<ReplayWork> OpenReplayWork() override {
    return postgres::MakeReplayWork(options_);
  }
  std::unique_ptr<Migrator> OpenMigrator() override { return postgres::MakeMigrator(options_); }
  std::unique_ptr<Audit> OpenAudit() override { return postgres::MakeAudit(options_); }
  std::unique_ptr<Remarks> OpenRemarks() override { return postgres::MakeRemarks(options_); }
  std::unique_ptr<Discards> OpenDiscards() override { return postgres::MakeDiscards(options_); }
  std::unique_ptr<Counting> OpenCounting() override { return postgres::MakeCounting(options_); }
  std::unique_ptr<GroupBook> OpenGroupBook() override { return postgres::MakeGroupBook(options_); }
  std::unique_ptr<TextIndex> OpenTextIndex() override { return postgres::MakeTextIndex(options_); }

  void Put(const PlatformExecution& execution) override {
    const ExecutionTable& table = options_.executions;
    std::string columns = table.id + ", " + table.status + ", " + table.action_ref;
    std::string values = "$1, $2, $3";
    std::vector<std::optional<std::string>> parameters = {execution.id.ToString(), execution.status,
                                                          execution.action_ref};
    if (execution.action) {
      columns += ", " + table.action;
      values += ", $4";
      parameters.emplace_back(std::to_string(*execution.action));
    }
    Ask("INSERT INTO " + table.table + " (" + columns + ") VALUES (" + values + ")", parameters);
  }

  void SetStatus(const ExecutionId& id, const std::string& status) override {
    const ExecutionTable& table = options_.executions;
    Ask("UPDATE " + table.table + " SET " + table.status + " = $2 WHERE " + table.id + " = $1",
        {id.ToString(), status});
  }

  void ClearStatus(const ExecutionId& id) override {
    const ExecutionTable& table = options_.executions;
    Ask("UPDATE " + table.table + " SET " + table.status + " = NULL WHERE " + table.id + " = $1",
        {id.ToString()});
  }

  void Remove(const ExecutionId& id) override {
    Ask("DELETE FROM " + options_.executions.table + " WHERE " + options_.executions.id + " = $1",
        {id.ToString()});
  }

  std::optional<PlatformRow> Read(const ExecutionId& id) override {
    const ExecutionTable& table = options_.executions;
    const auto column = [](const std::string& name) {
      return name.empty() ? "NULL" : name + "::text";
    };
    const auto rows = Ask(
        "SELECT " + column(table.status) + ", " + column(table.result) + ", " +
            column(table.error) + ", " + (table.updated.empty() ? "NULL" : Micros(table.updated)) +
            ", " + column(table.finished) + " FROM " + table.table + " WHERE " + table.id + " = $1",
        {id.ToString()});
    if (rows.empty()) return std::nullopt;
    PlatformRow row{.status = rows[0][0].value(),
                    .result_json = rows[0][1],
                    .error = rows[0][2],
                    .updated = std::nullopt,
                    .finished = rows[0][4].has_value()};
    if (rows[0][3]) row.updated = Instant(Microseconds(std::stoll(*rows[0][3])));
    return row;
  }

  LedgerFacts ReadFacts() override {
    const ExecutionTable& table = options_.executions;
    const auto text = [](const std::optional<std::string>& value) { return value.value_or(""); };
    LedgerFacts facts;
    for (const auto& row :
         Ask("SELECT id, state, outcome, detail, convert_from(execution_id, 'UTF8'), "
             "possible_duplicate, encode(sha256(body), 'hex'), reason, "
             "encode(queue, 'escape'), encode(sha256(properties || headers), 'hex'), "
             "CASE WHEN position('x-delivery-count'::bytea IN headers) > 0 "
             "OR position('deadletter-replay-id'::bytea IN headers) > 0 "
             "THEN convert_from(headers, 'UTF8') END, convert_from(properties, 'UTF8') "
             "FROM deadletter.letter",
             {})) {
      facts.letters.push_back({text(row[0]), text(row[1]), text(row[2]), text(row[3]), row[4],
                               row[5] == "t", text(row[6]), text(row[7]), text(row[8]),
                               row[10] ? FormDigestOf(text(row[11]), *row[10]) : text(row[9]),
                               RetryFactOf(text(row[11]), text(row[10]))});
    }
    for (const auto& row :
         Ask("SELECT encode(key, 'hex'), letter_id FROM deadletter.letter_key", {})) {
      facts.keys.push_back({text(row[0]), text(row[1])});
    }
    for (const auto& row :
         Ask("SELECT kind, convert_from(execution_id, 'UTF8'), detail, letter_id, "
             "convert_from(properties, 'UTF8'), convert_from(headers, 'UTF8') "
             "FROM deadletter.outbox",
             {})) {
      facts.outbox.push_back({text(row[0]), row[1], text(row[2]), text(row[3]),
                              RetryFactOf(text(row[4]), text(row[5]))});
    }
    for (const auto& row : Ask("SELECT letter_id, what FROM deadletter.letter_step "
                               "WHERE what IN ('deferred', 'refused')",
                               {})) {
      facts.steps.push_back({text(row[0]), text(row[1])});
    }
    const std::string result = table.result.empty() ? "NULL" : table.result + "::text";
    for (const auto& row : Ask("SELECT " + table.id + "::text, " + table.status + "::text, " +
                                   result + " FROM " + table.table,
                               {})) {
      facts.rows.push_back({text(row[0]), text(row[1]), row[2]});
    }
    for (const auto& row : Ask("SELECT replay_id, letter_id, step, outcome, "
                               "claimed_at IS NOT NULL, " +
                                   MovedItsRow("deadletter.letter") +
                                   ", sent_at IS NOT NULL FROM deadletter.replay_letter AS part "
                                   "ORDER BY replay_id",
                               {})) {
      facts.replays.push_back({text(row[0]), text(row[1]), text(row[2]), text(row[3]),
                               row[4] == "t", row[5] == "t", row[6] == "t"});
    }
    facts.counts = ReadCounts();
    return facts;
  }

  void ForgetUncounted() override { platform_.Run("DELETE FROM deadletter.uncounted"); }
  void DamageUncounted() override {
    platform_.Run(
        "INSERT INTO deadletter.uncounted (letters, ids) VALUES (3, '{}'), (0, ARRAY[NULL::uuid]), "
        "(-5, ARRAY[gen_random_uuid(), gen_random_uuid()]), "
        "(1000000, ARRAY[[gen_random_uuid()], [gen_random_uuid()]])");
  }

  FactCounts CountFacts() override {
    const auto rows =
        Ask("SELECT count(*), count(try_again_at), (SELECT count(*) FROM deadletter.outbox) "
            "FROM deadletter.letter",
            {});
    const auto number = [&](std::size_t column) { return std::stoull(rows[0][column].value()); };
    return {.letters = number(0), .waiting = number(1), .outbox = number(2)};
  }

  void Meddle(const std::string& sql) override {
    platform_.Run(FillIn(sql, {{"letter", "deadletter.letter"},
                               {"letter_key", "deadletter.letter_key"},
                               {"outbox", "deadletter.outbox"},
                               {"letter_count", "deadletter.letter_count"},
                               {"group_count", "deadletter.group_count"},
                               {"text_index", "deadletter.text_index"},
                               {"text_index_name", "text_index"},
                               {"group_count_name", "group_count"},
                               {"gone", "deadletter.gone"},
                               {"gone_name", "gone"},
                               {"replay", "deadletter.replay"},
                               {"replay_letter", "deadletter.replay_letter"},
                               {"audit", "deadletter.audit"}}));
  }

  void AddTrigger(PlatformTrigger trigger) override {
    std::string action;
    switch (trigger) {
      case PlatformTrigger::kRaises:
        action = "RAISE EXCEPTION 'the platform says no';";
        break;
      case PlatformTrigger::kSuppresses:
        action = "RETURN NULL;";
        break;
    }
    platform_.Run("CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
                  action + " END $$; CREATE TRIGGER meddling BEFORE UPDATE ON " +
                  options_.executions.table + " FOR EACH ROW EXECUTE FUNCTION meddle()");
  }
  void RemoveTrigger() override { platform_.Run("DROP FUNCTION meddle() CASCADE"); }
  void Refuse(const ExecutionId& id) override {
    const std::lock_guard lock(mutex_);
    const ExecutionTable& table = options_.executions;
    if (!std::exchange(refuses_, true)) {
      platform_.Run(
          "CREATE TABLE public.refused (id text);"
          "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
          "IF EXISTS (SELECT FROM public.refused WHERE refused.id = NEW." +
          table.id +
          "::text) THEN RAISE EXCEPTION 'the platform refuses'; END IF; RETURN NEW; END $$;"
          "CREATE TRIGGER refusing BEFORE UPDATE ON " +
          table.table + " FOR EACH ROW EXECUTE FUNCTION public.refuse()");
    }
    (void)platform_.Ask("INSERT INTO public.refused VALUES ($1)", {id.ToString()});
  }
  void RefuseNobody() override {
    const std::lock_guard lock(mutex_);
    if (refuses_) platform_.Run("DELETE FROM public.refused");
  }
  void DropPlatformTable() override { platform_.Run("DROP TABLE " + options_.executions.table); }

  void RecordArrows() override {
    platform_.Run(
        "CREATE TABLE arrow (origin text, target text);"
        "CREATE FUNCTION note_arrow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.arrow VALUES ("
        "CASE TG_OP WHEN 'INSERT' THEN 'new' ELSE OLD.state || ' ' || OLD.outcome END, "
        "NEW.state || ' ' || NEW.outcome); RETURN NULL; END $$;"
        "CREATE TRIGGER note_arrow AFTER INSERT OR UPDATE OF state, outcome ON deadletter.letter "
        "FOR EACH ROW EXECUTE FUNCTION note_arrow()");
  }
  std::set<Arrow> Arrows() override {
    std::set<Arrow> arrows;
    for (const auto& row : Ask("SELECT DISTINCT origin, target FROM arrow", {})) {
      arrows.insert({row.at(0).value(), row.at(1).value()});
    }
    return arrows;
  }

  [[nodiscard]] postgres::Options& options() { return options_; }
  // The platform's own session. Its statements may not run beside the calls above.
  [[nodiscard]] PlatformConnection& platform() { return platform_; }

  // The platform's session again, after the server was away.
  void Reconnect() { platform_ = PlatformConnection(url_); }

 private:
  CountedFacts ReadCounts() {
    const auto rows =
        Ask("SELECT (SELECT coalesce(sum(letters), 0) FROM deadletter.letter_count), counted, "
            "walk IS NOT NULL, (SELECT coalesce(sum(letters), 0) FROM deadletter.group_count), "
            "(SELECT coalesce(sum(letters), 0) FROM deadletter.letter_hour WHERE kind = 'reason'), "
            "(SELECT coalesce(sum(letters), 0) FROM deadletter.letter_hour WHERE kind = 'queue'), "
            "(SELECT coalesce(sum(letters), 0) FROM deadletter.letter_hour "
            "WHERE kind = 'outcome'), "
            "(SELECT count(*) FROM (SELECT group_id, count(*) AS letters FROM deadletter.letter "
            "GROUP BY group_id) AS held FULL JOIN deadletter.group_count AS had "
            "ON had.group_id = held.group_id WHERE held.letters IS DISTINCT FROM had.letters) "
            "FROM deadletter.counting",
            {});
    const auto number = [&](std::size_t column) {
      return std::stoll(rows.at(0).at(column).value());
    };
    return {.letters = number(0),
            .counted = number(1),
            .is_recounting = rows.at(0).at(2) == "t",
            .in_groups = number(3),
            .by_reason = number(4),
            .by_queue = number(5),
            .by_outcome = number(6),
            .wrong_groups = number(7)};
  }

  std::vector<PlatformConnection::Row> Ask(
      const std::string& sql, const std::vector<std::optional<std::string>>& parameters) {
    const std::lock_guard lock(mutex_);
    return platform_.Ask(sql, parameters);
  }

  std::string url_;
  postgres::Options options_;
  std::mutex mutex_;
  PlatformConnection platform_;
  bool refuses_ = false;
};

}  // namespace deadletter::test
