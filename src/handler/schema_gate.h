// Before anything is consumed the ledger must have the schema that this program knows.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "ledger/migrator.h"
#include "telemetry/health.h"

namespace deadletter {

enum class SchemaAnswer {
  kCurrent,
  kOld,      // and we may not migrate: `deadletter migrate` is a person's decision
  kNewer,    // made by a newer program: hands off
  kUnknown,  // the ledger does not answer
};

struct SchemaVerdict {
  SchemaAnswer answer = SchemaAnswer::kUnknown;
  std::string message;  // one line where it is not kCurrent
};

// Looks once; migrates where that is needed and allowed.
[[nodiscard]] SchemaVerdict CheckSchema(Migrator& migrator, bool may_migrate);

// Threads: one awaits; Abort() may come from any.
class SchemaGate {
 public:
  // Called where the schema is of another version and only a person may change that, with why.
  using Refused = std::function<void(const std::string& why)>;

  // Without `refused` a person is waited for. `health` must outlive it.
  SchemaGate(std::unique_ptr<Migrator> migrator, bool may_migrate, Health& health, Refused refused);

  // Looks again, with back-off, until the schema is current (true), or `stop` or `refused` was
  // called (false); says through `health` what it waits for. Once only: the migrator, and with it
  // its connection, is let go at the end.
  [[nodiscard]] bool Await(const std::stop_token& stop);
  // Ends a look in progress, and lets each later one fail.
  void Abort();

 private:
  [[nodiscard]] bool Look(const std::stop_token& stop);

  const bool may_migrate_;
  Health& health_;
  const Refused refused_;
  std::mutex mutex_;  // held to let `migrator_` go, and by whoever is not the one that awaits
  std::unique_ptr<Migrator> migrator_;  // null: let go
};

}  // namespace deadletter
