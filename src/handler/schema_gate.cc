#include "handler/schema_gate.h"

#include "base/backoff.h"
#include "base/signal.h"
#include "telemetry/log.h"

namespace deadletter {

SchemaVerdict CheckSchema(Migrator& migrator, bool may_migrate) {
  const auto status = migrator.Status();
  if (!status) return {SchemaAnswer::kUnknown, status.error().message};
  const std::string versions = "the ledger's schema is version " + std::to_string(status->version) +
                               ", this program needs " + std::to_string(status->wanted);
  if (status->IsCurrent()) return {SchemaAnswer::kCurrent, ""};
  if (status->IsNewer()) return {SchemaAnswer::kNewer, versions + ": run the newer deadletter"};
  if (!may_migrate) return {SchemaAnswer::kOld, versions + ": run `deadletter migrate`"};
  const auto migrated = migrator.Migrate();
  if (!migrated) return {SchemaAnswer::kUnknown, migrated.error().message};
  for (const std::string& name : *migrated) LogInfo("migrated", {{"name", name}});
  return {SchemaAnswer::kCurrent, ""};
}

bool AwaitSchema(Migrator& migrator, bool may_migrate, Health& health,
                 const std::stop_token& stop) {
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(10));
  Signal never;
  while (!stop.stop_requested()) {
    const SchemaVerdict verdict = CheckSchema(migrator, may_migrate);
    if (verdict.answer == SchemaAnswer::kCurrent) {
      health.Set("ledger schema", HealthState::kReady);
      return true;
    }
    if (health.Set("ledger schema", HealthState::kMissing, verdict.message)) {
      LogWarning("ledger_not_ready", {{"why", verdict.message}});
    }
    never.WaitFor(stop, backoff.Next());
  }
  return false;
}

}  // namespace deadletter
