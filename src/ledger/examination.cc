#include "ledger/examination.h"

namespace deadletter {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kClockWarning{1'000};
constexpr milliseconds kClockWrong{5'000};
constexpr std::chrono::minutes kOldEvent{10};

}  // namespace

Diagnosis JudgeSchema(const LedgerResult<SchemaStatus>& status, bool auto_migrate,
                      bool may_migrate) {
  const std::string check = "ledger schema";
  if (!status) {
    return {DiagnosisLevel::kUnknown, check, status.error().message,
            "mend what is told above, and look again"};
  }
  const auto versions = "version " + std::to_string(status->version) + ", this program needs " +
                        std::to_string(status->wanted);
  if (status->IsCurrent())
    return {DiagnosisLevel::kOk, check, "version " + std::to_string(status->version), ""};
  if (status->IsNewer())
    return {DiagnosisLevel::kWrong, check, versions, "run the newer deadletter"};
  if (auto_migrate && may_migrate)
    return {DiagnosisLevel::kWarning, check, versions,
            "`deadletter serve` migrates it when it starts; or run `deadletter migrate`"};
  return {DiagnosisLevel::kWrong, check,
          versions + (may_migrate ? ", and ledger.auto_migrate is false"
                                  : ", and our role may not migrate it"),
          may_migrate ? "run `deadletter migrate`"
                      : "run `deadletter migrate` as the owner of the schema; `deadletter migrate "
                        "--print` shows what it does"};
}

Diagnosis JudgeBacklog(const LedgerResult<OutboxBacklog>& backlog) {
  const std::string check = "outbox";
  if (!backlog) {
    return {DiagnosisLevel::kUnknown, check, backlog.error().message,
            "mend what is told above, and look again"};
  }
  if (backlog->pending == 0)
    return {DiagnosisLevel::kOk, check, "nothing waits to be published", ""};
  const auto waiting =
      std::to_string(backlog->pending) + " messages wait to be published, the oldest for " +
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(backlog->oldest).count()) +
      " s";
  if (backlog->unroutable > 0) {
    return {DiagnosisLevel::kWarning, check,
            waiting + "; no queue wants " + std::to_string(backlog->unroutable) + " of them",
            "bind a queue to where they go (the events exchange first); they are sent then"};
  }
  if (backlog->oldest > kOldEvent) {
    return {DiagnosisLevel::kWarning, check, waiting,
            "`deadletter serve` sends them: does it run, and does the broker answer?"};
  }
  return {DiagnosisLevel::kOk, check, waiting, ""};
}

Diagnosis JudgeOverdue(const OverdueFacts& facts, const LedgerExpectations& wanted) {
  const std::string check = "overdue executions";
  const auto seconds = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(wanted.overdue_after).count());
  if (!facts.count) {
    return {DiagnosisLevel::kUnknown, check, facts.why_not,
            "count by hand those that have waited for more than " + seconds + " s"};
  }
  if (*facts.count == 0)
    return {DiagnosisLevel::kOk, check, "none has waited for more than " + seconds + " s", ""};
  const auto count = *facts.count > kMostOverdue ? "more than " + std::to_string(kMostOverdue)
                                                 : std::to_string(*facts.count);
  return {DiagnosisLevel::kWarning, check,
          count + " have waited for more than " + seconds + " s, and no letter has come",
          "did their messages vanish? See the checks of queues above, and `deadletter explain ID` "
          "for one of them"};
}

Diagnosis JudgeClock(milliseconds ahead, milliseconds within) {
  const std::string check = "clocks";
  const auto off = ahead < milliseconds(0) ? -ahead : ahead;
  const auto sure = off > within ? off - within : milliseconds(0);
  const auto seen = "the database's clock is " + std::to_string(off.count()) + " ms " +
                    (ahead < milliseconds(0) ? "behind" : "ahead of") + " ours, give or take " +
                    std::to_string(within.count()) + " ms";
  const std::string advice =
      "synchronise both machines (`timedatectl` shows each): times of letters and of executions "
      "are compared";
  if (sure > kClockWrong) return {DiagnosisLevel::kWrong, check, seen, advice};
  if (sure > kClockWarning) return {DiagnosisLevel::kWarning, check, seen, advice};
  return {DiagnosisLevel::kOk, check, seen, ""};
}

}  // namespace deadletter
