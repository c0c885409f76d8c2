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

SchemaGate::SchemaGate(std::unique_ptr<Migrator> migrator, bool may_migrate, Health& health,
                       Refused refused)
    : may_migrate_(may_migrate),
      health_(health),
      refused_(std::move(refused)),
      migrator_(std::move(migrator)) {}

bool SchemaGate::Await(const std::stop_token& stop) {
  const bool current = Look(stop);
  const std::lock_guard lock(mutex_);
  migrator_.reset();
  return current;
}

bool SchemaGate::Look(const std::stop_token& stop) {
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(10));
  Signal never;
  while (!stop.stop_requested()) {
    const SchemaVerdict verdict = CheckSchema(*migrator_, may_migrate_);
    if (verdict.answer == SchemaAnswer::kCurrent) {
      health_.Set("ledger schema", HealthState::kReady);
      return true;
    }
    if (health_.Set("ledger schema", HealthState::kMissing, verdict.message)) {
      LogWarning("ledger_not_ready", {{"why", verdict.message}});
    }
    if (verdict.answer != SchemaAnswer::kUnknown && !may_migrate_ && refused_) {
      refused_(verdict.message);
      return false;
    }
    never.WaitFor(stop, backoff.Next());
  }
  return false;
}

void SchemaGate::Abort() {
  const std::lock_guard lock(mutex_);
  if (migrator_) migrator_->Abort();
}

}  // namespace deadletter
