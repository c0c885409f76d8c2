#include <cstdio>
#include <stop_token>
#include <thread>

#include "app/commands.h"
#include "app/json_text.h"
#include "app/submission.h"
#include "app/wiring.h"
#include "base/signal.h"
#include "handler/schema_gate.h"
#include "operations/submission.h"

namespace deadletter {
namespace {

constexpr std::chrono::seconds kSendFor(5);
constexpr std::chrono::seconds kBusyFor(5);
constexpr std::chrono::milliseconds kBetweenLooks(500);
constexpr const char* kNothingRecorded = "; nothing was recorded";

LedgerResult<OutboxBacklog> BacklogOf(const Wiring& wiring, const Clock& clock) {
  return wiring.MakeOutbox()->Backlog(clock.Now());
}

// A running server's relay sends as well; whoever claims a message first sends it. What is left
// after a while waits in the outbox.
void SendOutbox(const Config& config, const Wiring& wiring, const Clock& clock) {
  Metrics metrics;
  Health health;
  Relay relay(wiring.MakeOutbox(), wiring.MakePublisher(), clock, metrics, health,
              MakeServiceOptions(config).relay);
  std::stop_source stop;
  const std::jthread timer([&stop](const std::stop_token& ended) {
    Signal never;
    never.WaitFor(ended, kSendFor);
    stop.request_stop();
  });
  Signal pause;
  while (!stop.stop_requested() && relay.SendOnce(stop.get_token()) > 0) {
    if (!health.IsReady()) pause.WaitFor(stop.get_token(), kBetweenLooks);  // the broker is away
  }
}

// What became of the messages, on standard error where there is something to do about it.
// Other submissions are in the figures too: only what came to be unroutable meanwhile is ours.
int Report(const LedgerResult<OutboxBacklog>& before, const LedgerResult<OutboxBacklog>& after) {
  if (!after) {
    return Complain(cli::kExitDone,
                    "submit: recorded, but whether the messages were sent is not known (" +
                        after.error().message +
                        "); a running `deadletter serve` sends what is "
                        "left");
  }
  if (before && after->unroutable_submissions > before->unroutable_submissions) {
    return Complain(
        cli::kExitFailed,
        "submit: recorded, but no queue wants " +
            std::to_string(after->unroutable_submissions - before->unroutable_submissions) +
            " of the messages: run `deadletter topology apply`, or check --queue; they "
            "are sent once there is one");
  }
  const std::int64_t waiting = after->pending - after->unroutable;
  if (waiting > 0) {
    return Complain(cli::kExitDone,
                    "submit: " + std::to_string(waiting) +
                        " messages wait in the outbox; a running `deadletter serve` "
                        "sends them");
  }
  return cli::kExitDone;
}

// Why nothing is printed: nothing was recorded, and it may be tried again; or nobody knows.
std::string WhatToDo(const LedgerError& error) {
  if (error.fault == LedgerFault::kBusy || error.fault == LedgerFault::kRowLocked) {
    return "somebody else has been writing to the ledger for too long; nothing was recorded, try "
           "again (" +
           error.message + ")";
  }
  if (error.fault == LedgerFault::kInDoubt) {
    return "whether the executions were recorded is not known; look before trying again (" +
           error.message + ")";
  }
  return error.message + kNothingRecorded;
}

void PrintIds(const std::vector<ExecutionId>& ids, cli::OutputFormat output) {
  for (const ExecutionId& id : ids) {
    if (output == cli::OutputFormat::kJson) {
      std::printf("{\"execution_id\":%s}\n", JsonText(id.ToString()).c_str());
    } else {
      std::printf("submitted execution %s\n", cli::SafeText(id.ToString()).c_str());
    }
  }
}

}  // namespace

int RunSubmit(const Config& config, const cli::SubmitCommand& command, cli::OutputFormat output) {
  if (IsDeadLetterQueue(config.topology, command.queue)) {
    return Complain(cli::kExitUsage, "submit: " + NoSubmissionTo(command.queue) + kNothingRecorded);
  }
  const SystemClock clock;
  const auto wiring = Wiring::Open(config, clock);
  if (!wiring)
    return Complain(cli::kExitFailed, "submit: " + wiring.error().message + kNothingRecorded);
  const SchemaVerdict schema = CheckSchema(*(*wiring)->MakeMigrator(), config.ledger.auto_migrate);
  if (schema.answer != SchemaAnswer::kCurrent)
    return Complain(cli::kExitFailed, "submit: " + schema.message + kNothingRecorded);

  const auto before = BacklogOf(**wiring, clock);
  const auto ids = SubmitPatiently(*(*wiring)->MakeExecutions(),
                                   NewExecutions(config.topology, command), clock, kBusyFor);
  if (!ids) return Complain(cli::kExitFailed, "submit: " + WhatToDo(ids.error()));
  PrintIds(*ids, output);
  SendOutbox(config, **wiring, clock);
  return Report(before, BacklogOf(**wiring, clock));
}

}  // namespace deadletter
