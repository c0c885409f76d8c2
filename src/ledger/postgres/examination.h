// What `deadletter doctor` asks of a PostgreSQL, and how it judges the answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnosis.h"
#include "ledger/examination.h"
#include "ledger/postgres/options.h"

namespace deadletter::postgres {

struct ServerFacts {
  std::int64_t version_number = 0;  // 150004
  std::string version;
  bool standby = false;
  bool read_only = false;  // by default of the role, the database or the server
  bool fsync = true;
  bool full_page_writes = true;
  std::string synchronous_commit = "on";  // as a session has it that does not raise it
  std::chrono::milliseconds deadlock_timeout{1'000};
  std::int64_t most_connections = 0;     // without those kept for superusers
  std::int64_t connections = 0;          // of everybody, at this moment
  std::int64_t own_connections = 0;      // of our role
  std::int64_t own_limit = -1;           // of our role; -1: none
  std::int64_t servers_connections = 0;  // of our role, by a program that calls itself deadletter
  std::string user;
  std::string database;
  std::chrono::milliseconds clock_ahead{0};
  std::chrono::milliseconds clock_within{0};
};

struct TriggerFacts {
  std::string name;
  bool raises = false;
  bool notifies = false;
};

struct TableFacts {
  std::string kind;         // pg_class.relkind
  std::string persistence;  // pg_class.relpersistence
  bool row_security = false;
  bool id_indexed = false;
  bool id_unique = false;
  std::vector<std::string> missing_grants;
  std::vector<std::string> status_values;  // of the enum; empty: it is of none
  std::vector<TriggerFacts> triggers;
  OverdueFacts overdue;
};

struct LedgerFacts {
  std::optional<LedgerError> unreachable;
  ServerFacts server;
  std::optional<std::string> error;  // of a question in the middle: what follows it is not known
  LedgerResult<SchemaStatus> schema = SchemaStatus{};
  bool may_migrate = false;
  std::vector<std::string> missing_grants;             // on our own schema
  std::optional<LedgerResult<OutboxBacklog>> backlog;  // none: the schema is not there yet
  std::optional<std::string> table_does_not_fit;       // names the configuration's key
  std::optional<TableFacts> table;
};

// Asks, and changes nothing. `limit` bounds it, but for the resolution of names.
[[nodiscard]] LedgerFacts LookAtLedger(const Options& options, const LedgerExpectations& wanted,
                                       const Clock& clock, std::chrono::seconds limit);

// Pure.
[[nodiscard]] std::vector<Diagnosis> JudgeLedger(const Options& options,
                                                 const LedgerExpectations& wanted,
                                                 const LedgerFacts& facts);

}  // namespace deadletter::postgres
