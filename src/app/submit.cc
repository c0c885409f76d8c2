#include <cstdio>

#include "app/commands.h"
#include "app/submission.h"
#include "app/wiring.h"
#include "base/text.h"
#include "handler/schema_gate.h"

namespace deadletter {
namespace {

constexpr std::chrono::seconds kSendFor(5);

// A running server's relay sends as well; whoever claims a message first sends it. What is left
// waits in the outbox.
std::int64_t SendOutbox(const Config& config, const Wiring& wiring, const Clock& clock) {
  Metrics metrics;
  Health health;
  Relay relay(wiring.MakeOutbox(), wiring.MakePublisher(), clock, metrics, health,
              MakeServiceOptions(config).relay);
  const auto deadline = std::chrono::steady_clock::now() + kSendFor;
  while (relay.SendOnce({}) > 0 && std::chrono::steady_clock::now() < deadline) {
  }
  const auto backlog = wiring.MakeOutbox()->Backlog(clock.Now());
  return backlog ? backlog->pending : 0;
}

void PrintIds(const std::vector<ExecutionId>& ids, cli::OutputFormat output) {
  for (const ExecutionId& id : ids) {
    if (output == cli::OutputFormat::kJson) {
      std::printf("{\"execution_id\":%s}\n", JsonString(id.ToString()).c_str());
    } else {
      std::printf("submitted execution %s\n", DisplayText(id.ToString(), 200).c_str());
    }
  }
}

}  // namespace

int RunSubmit(const Config& config, const cli::SubmitCommand& command, cli::OutputFormat output) {
  const SystemClock clock;
  const auto wiring = Wiring::Open(config, clock);
  if (!wiring) return Complain(cli::kExitFailed, "submit: " + wiring.error().message);
  const SchemaVerdict schema = CheckSchema(*(*wiring)->MakeMigrator(), config.ledger.auto_migrate);
  if (schema.answer != SchemaAnswer::kCurrent)
    return Complain(cli::kExitFailed, "submit: " + schema.message);

  const auto ids =
      (*wiring)->MakeExecutions()->Submit(NewExecutions(config.topology, command), clock.Now());
  if (!ids) return Complain(cli::kExitFailed, "submit: " + ids.error().message);
  PrintIds(*ids, output);
  const std::int64_t waiting = SendOutbox(config, **wiring, clock);
  if (waiting > 0) {
    std::fprintf(
        stderr,
        "deadletter: %lld messages wait in the outbox; a running `deadletter serve` sends them\n",
        static_cast<long long>(waiting));
  }
  return cli::kExitDone;
}

}  // namespace deadletter
