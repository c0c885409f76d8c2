// The embedded pair beside the same writes made by plain, batched SQLite calls.
#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

#include "bench/cpu.h"
#include "bench/report.h"
#include "bench/road.h"
#include "bench/scenarios.h"

namespace deadletter::bench {
namespace {

using std::chrono::steady_clock;

constexpr int kBatch = 1'000;

// Throws where SQLite does not answer OK. Opened as the product does it: without a lock around each
// call, and without counting what is allocated.
class File {
 public:
  explicit File(const std::string& path) {
    static const int kCountsNoMemory = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (kCountsNoMemory != SQLITE_OK) throw std::runtime_error("SQLite is in use already");
    sqlite3* opened = nullptr;
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    sqlite3_open_v2(path.c_str(), &opened, kFlags, nullptr);
    database_.reset(opened);
    sqlite3_busy_timeout(opened, 10'000);
    Run("PRAGMA journal_mode=WAL");
    Run("PRAGMA synchronous=FULL");
  }
  void Run(const std::string& sql) {
    char* message = nullptr;
    if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK)
      throw std::runtime_error(sql.substr(0, 60) + ": " + message);
  }
  [[nodiscard]] sqlite3* get() const { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
};

struct Blob {
  const std::string& bytes;
};

class Query {
 public:
  Query(File& file, const char* sql) {
    if (sqlite3_prepare_v2(file.get(), sql, -1, &statement_, nullptr) != SQLITE_OK)
      throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(file.get()));
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  template <class... Values>
  Query& Bind(const Values&... values) {
    sqlite3_reset(statement_);
    int place = 0;
    (BindOne(++place, values), ...);
    return *this;
  }
  bool Next() {
    const int status = sqlite3_step(statement_);
    if (status != SQLITE_ROW && status != SQLITE_DONE)
      throw std::runtime_error(sqlite3_errmsg(sqlite3_db_handle(statement_)));
    return status == SQLITE_ROW;
  }
  [[nodiscard]] std::string Text(int column) const {
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  [[nodiscard]] std::int64_t Number(int column) const {
    return sqlite3_column_int64(statement_, column);
  }

 private:
  void BindOne(int place, std::int64_t value) { sqlite3_bind_int64(statement_, place, value); }
  void BindOne(int place, const std::string& text) {
    sqlite3_bind_text(statement_, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void BindOne(int place, const Blob& blob) {
    const std::string& bytes = blob.bytes;
    sqlite3_bind_blob(statement_, place, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
  }

  sqlite3_stmt* statement_ = nullptr;
};

// The two files as the product makes them, with executions that wait and their letters in the dead
// letter queue.
class Files {
 public:
  explicit Files(std::size_t letters) {
    Served served(BrokerUrl(), "", LedgerUrl(), {kDeadLetterQueue});
    served.Migrate();
    served.ApplyTopology();
    const std::string count = std::to_string(letters);
    File ledger(LedgerPath());
    ledger.Run(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < " + count +
        ") INSERT INTO execution (id, action, action_ref, worker, config, status, updated) SELECT "
        "n, 1 + n % 50, 'core.action_' || (1 + n % 50), 1 + n % 16, '{\"command\":\"echo\"}', "
        "'scheduled', '2026-01-01T00:00:00.000000Z' FROM n");
    File queues(QueuesPath());
    queues.Run(
        "INSERT INTO queue (name) VALUES ('events'); INSERT INTO binding SELECT "
        "'attune.executions', 'execution.completed', id FROM queue WHERE name = 'events'");
    queues.Run("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < " +
               count +
               R"sql() INSERT INTO body (id, bytes) SELECT n, CAST(format(
          '{"message_id":"%s","correlation_id":"%s","message_type":"ExecutionRequested","version":"1.0","timestamp":"2026-01-01T00:00:00.000000Z","headers":{"retry_count":0,"source_service":"executor","trace_id":null},"payload":{"execution_id":%d,"worker_id":%d,"action_ref":"core.action_%d","config":{"command":"echo","number":%d},"scheduled_attempt_updated_at":"2026-01-01T00:00:00.000000Z"}}',
          format('%08x-0000-4000-8000-%012x', n, n), format('%08x-0000-4000-9000-%012x', n, n), n, 1 + n % 16, 1 + n % 50, n)
          AS BLOB) FROM n)sql");
    queues.Run(
        R"sql(INSERT INTO message (queue_id, state, exchange, routing_key, properties, headers, body_id, ready_at)
        SELECT (SELECT id FROM queue WHERE name = 'attune.dlx.queue'), 0, 'attune.dlx',
          'execution.dispatch.worker.' || (1 + id % 16), '{"content_type":"application/json","delivery_mode":2}',
          format('{"x-death":[{"count":1,"reason":"expired","queue":"worker.%d.executions","time":{"!timestamp":1767225600},"exchange":"attune.executions","routing-keys":["execution.dispatch.worker.%d"]}],"x-first-death-exchange":"attune.executions","x-first-death-queue":"worker.%d.executions","x-first-death-reason":"expired"}',
            1 + id % 16, 1 + id % 16, 1 + id % 16), id, 1767225600000000 FROM body ORDER BY id)sql");
    for (File* file : {&ledger, &queues}) file->Run("PRAGMA wal_checkpoint(TRUNCATE); ANALYZE");
  }

  [[nodiscard]] std::string BrokerUrl() const { return "embedded:" + QueuesPath(); }
  [[nodiscard]] std::string LedgerUrl() const { return "sqlite:" + LedgerPath(); }
  [[nodiscard]] std::string QueuesPath() const { return folder_ / "queues.db"; }
  [[nodiscard]] std::string LedgerPath() const { return folder_ / "ledger.db"; }

 private:
  test::TemporaryFolder folder_;
};

struct Message {
  std::int64_t id;
  std::string exchange, routing_key, properties, headers, body;
};

// What a program would do that knows nothing but these two files: take a batch, write it down, take
// it off the queue. Everything in one thread, each step one transaction.
class PlainCalls {
 public:
  explicit PlainCalls(const Files& files)
      : queues_(files.QueuesPath()), ledger_(files.LedgerPath()) {}

  std::size_t SettleOne() {
    const std::vector<Message> batch = Lease();
    if (batch.empty()) return 0;
    ledger_.Run("BEGIN IMMEDIATE");
    for (const Message& message : batch) Settle(message);
    ledger_.Run("COMMIT");
    queues_.Run("BEGIN IMMEDIATE");
    for (const Message& message : batch) {
      delete_message_.Bind(message.id).Next();
      delete_body_.Bind(message.id).Next();
    }
    queues_.Run("COMMIT");
    return batch.size();
  }

 private:
  std::vector<Message> Lease() {
    std::vector<Message> batch;
    queues_.Run("BEGIN IMMEDIATE");
    ready_.Bind(std::int64_t{kBatch});
    while (ready_.Next()) {
      batch.push_back({ready_.Number(0), ready_.Text(1), ready_.Text(2), ready_.Text(3),
                       ready_.Text(4), ready_.Text(5)});
    }
    for (const Message& message : batch) lease_.Bind(message.id, std::int64_t{42}).Next();
    queues_.Run("COMMIT");
    return batch;
  }

  void Settle(const Message& message) {
    const std::string id = fmt::format("{:016x}", message.id);  // 16 bytes, in order
    const std::string number = std::to_string(message.id);
    const std::string message_id =
        fmt::format("{:08x}-0000-4000-8000-{:012x}", message.id, message.id);
    const std::string key = "time-000" + id;
    key_.Bind(Blob{key}, Blob{id}).Next();
    fail_.Bind(result_, message.id).Next();
    letter_
        .Bind(Blob{id}, message.exchange, message.routing_key, message_id, number,
              message.properties, message.headers, Blob{message.body})
        .Next();
    outbox_.Bind(Blob{id}, number, Blob{body_}).Next();
  }

  File queues_;
  File ledger_;
  Query ready_{queues_,
               "SELECT message.id, exchange, routing_key, properties, headers, body.bytes FROM "
               "message CROSS JOIN body ON body.id = message.body_id WHERE queue_id = (SELECT id "
               "FROM queue WHERE name = 'attune.dlx.queue') AND state = 0 ORDER BY message.id "
               "LIMIT ?1"};
  Query lease_{queues_,
               "UPDATE message SET state = 1, delivered = 1, owner_id = 1, lease_token = "
               "?2 WHERE id = ?1 AND state = 0"};
  Query delete_message_{queues_, "DELETE FROM message WHERE id = ?1 AND state = 1"};
  Query delete_body_{queues_, "DELETE FROM body WHERE id = ?1"};
  Query key_{ledger_,
             "INSERT INTO deadletter_letter_key (key, letter_id) VALUES (?1, ?2) "
             "ON CONFLICT DO NOTHING"};
  Query fail_{ledger_,
              "UPDATE execution SET status = 'failed', result = ?1, updated = "
              "'2026-01-01T00:00:01.000000Z' WHERE id = ?2 AND status IN ('scheduled', "
              "'running') AND updated = '2026-01-01T00:00:00.000000Z'"};
  Query letter_{
      ledger_,
      "INSERT INTO deadletter_letter (id, state, outcome, detail, rule, settled_at, reason, queue, "
      "dead_letter_queue, exchange, routing_key, deaths, message_id, correlation_id, type, action, "
      "execution_id, worker_id, group_id, died_at, received_at, redelivered, possible_duplicate, "
      "size_bytes, delivery_exchange, delivery_routing_key, properties, headers, body) VALUES "
      "(?1, 'open', 'failed', '', '', 1767225600000000, 'expired', "
      "'worker.7.executions', 'attune.dlx.queue', 'attune.executions', ?3, 1, ?4, ?4, "
      "'ExecutionRequested', 'core.action_7', ?5, '7', x'00112233445566778899aabbccddeeff', "
      "1767225600000000, 1767225600000000, 0, 0, length(?8), ?2, ?3, ?6, ?7, ?8)"};
  Query outbox_{ledger_,
                "INSERT INTO deadletter_outbox (kind, letter_id, execution_id, exchange, "
                "routing_key, properties, headers, wanted_at, due_at, body) VALUES ('event', "
                "?1, ?2, 'attune.executions', 'execution.completed', "
                "'{\"content_type\":\"application/json\",\"delivery_mode\":2}', '{}', "
                "1767225600000000, 1767225600000000, ?3)"};
  // As long as ours are.
  const std::string result_ = R"({"error":")" + std::string(408, 'r') + R"("})";
  const std::string body_ = std::string(870, 'e');
};

double PerSecond(std::size_t letters, steady_clock::time_point began) {
  return static_cast<double>(letters) /
         std::chrono::duration<double>(steady_clock::now() - began).count();
}

constexpr const char* kQueueIsEmpty =
    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM message WHERE queue_id = (SELECT id FROM queue WHERE "
    "name = 'attune.dlx.queue'))";

// That every letter went the whole way, whoever took it.
void ThrowUnlessThrough(const Files& files, std::size_t letters) {
  File queues(files.QueuesPath());
  if (!Query(queues, kQueueIsEmpty).Bind().Next()) throw std::runtime_error("letters are left");
  File ledger(files.LedgerPath());
  for (const char* const count : {"SELECT count(*) FROM execution WHERE status = 'failed'",
                                  "SELECT count(*) FROM deadletter_letter"}) {
    Query counted(ledger, count);
    counted.Bind().Next();
    if (counted.Number(0) != static_cast<std::int64_t>(letters))
      throw std::runtime_error(fmt::format("{}: {} of {}", count, counted.Number(0), letters));
  }
}

double RunPlain(std::size_t letters) {
  const Files files(letters);
  PlainCalls plain(files);
  const auto began = steady_clock::now();
  while (plain.SettleOne() > 0) {
  }
  const double rate = PerSecond(letters, began);
  ThrowUnlessThrough(files, letters);
  return rate;
}

void AwaitRow(File& file, const char* question) {
  for (;;) {
    Query query(file, question);
    if (query.Bind().Next()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

void AddEmbeddedRoad(Report& report, std::size_t letters) {
  const Files files(letters);
  Served served(files.BrokerUrl(), "", files.LedgerUrl(), {kDeadLetterQueue});
  File ledger(files.LedgerPath());
  File queues(files.QueuesPath());
  served.Start();
  served.AwaitConsuming();
  const auto began = steady_clock::now();
  AwaitRow(ledger,
           "SELECT 1 FROM execution WHERE status = 'failed' AND id = (SELECT max(id) FROM "
           "execution)");
  AwaitRow(queues, kQueueIsEmpty);
  report.Add("embedded road", kRate, PerSecond(letters, began));
  AwaitRow(ledger, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM deadletter_outbox)");
  report.Add("embedded road, until its events are sent", kRate, PerSecond(letters, began));
  report.Add("CPU of deadletter", "us/letter",
             static_cast<double>(CpuMicroseconds(served.pid())) / static_cast<double>(letters));
  report.Add("peak resident memory", "MiB",
             static_cast<double>(PeakResidentKib(served.pid())) / 1024);
  served.Stop();
  ThrowUnlessThrough(files, letters);
}

void Embedded(const Settings& settings, Lab&) {
  Report report("embedded");
  report.Say("letters", std::to_string(settings.letters));
  for (std::size_t run = 0; run < settings.runs; ++run) {
    report.Add("the same writes by plain calls", kRate, RunPlain(settings.letters));
    AddEmbeddedRoad(report, settings.letters);
  }
  report.Ratio("embedded road / plain calls",
               report.MedianOf("embedded road") / report.MedianOf("the same writes by plain calls"),
               "at least 0.7");
  report.Print();
}

}  // namespace deadletter::bench
