#include "app/submission.h"

#include "base/signal.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kBetweenTries(50);

}  // namespace

LedgerResult<std::vector<ExecutionId>> SubmitPatiently(Executions& ledger,
                                                       std::span<const NewExecution> executions,
                                                       const Clock& clock, milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  Signal pause;
  while (true) {
    auto ids = ledger.Submit(executions, clock.Now(), std::nullopt);
    const bool busy = !ids && (ids.error().fault == LedgerFault::kBusy ||
                               ids.error().fault == LedgerFault::kRowLocked);
    if (!busy || steady_clock::now() >= deadline) return ids;
    pause.WaitFor({}, kBetweenTries);
  }
}

}  // namespace deadletter
