// How the PostgreSQL ledger is reached and what it is told of the platform.
#pragma once

#include <chrono>
#include <string>

#include "ledger/execution_table.h"

namespace deadletter::postgres {

struct Options {
  std::string url;                    // libpq's: postgresql://… or "host=… dbname=…"
  std::string schema = "deadletter";  // of our own tables
  // Below the server's deadlock_timeout (1 s by default), so that it is we who give way and not the
  // platform.
  std::chrono::milliseconds lock_timeout{300};
  // What the server ends: a statement holds rows that the platform may wait for.
  std::chrono::milliseconds statement_timeout{60'000};
  // So long the plans of a settle of few letters are kept. They are made for the tables as they
  // are, and must not outlive what these grow by.
  std::chrono::milliseconds plans_kept{10'000};
  ExecutionTable executions;
  ExecutionsMode mode = ExecutionsMode::kFail;
};

}  // namespace deadletter::postgres
