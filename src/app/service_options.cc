#include "app/wiring.h"
#include "operations/edit_guard.h"

namespace deadletter {

namespace {

// Where two share a batch, there must be enough for both.
constexpr std::size_t kFewestToShare = 4;

bool HasHelper(const Config& config, const QueueConfig& queue) {
  if (config.pair == Pair::kEmbedded) return false;  // a file lets one write at a time
  return config.intake.batch_letters >= kFewestToShare &&
         queue.prefetch >= config.intake.batch_letters;
}

}  // namespace

ServiceOptions MakeServiceOptions(const Config& config) {
  ServiceOptions options;
  const Redaction redaction = RedactionOf(config);
  for (const QueueConfig& queue : config.queues) {
    IntakeOptions intake;
    intake.batch_letters = config.intake.batch_letters;
    intake.inbox.prefetch = queue.prefetch;
    intake.inbox.max_buffered_bytes = config.intake.max_buffered_bytes;
    intake.inbox.optional = queue.optional;
    options.queues.push_back({queue.name, queue.consumer_tag, intake, HasHelper(config, queue)});
  }
  options.format = config.letter;
  options.judge.rules = config.policies;
  options.judge.mode = config.executions_mode;
  options.judge.failed_status = config.executions.failed;
  options.judge.publish_events = config.events.enabled;
  options.judge.event_address = {config.events.exchange, config.events.routing_key};
  options.relay.event_exchange = config.events.enabled ? config.events.exchange : "";
  options.second_look.close_finished = config.executions_mode == ExecutionsMode::kFail;
  options.replayer->edit_guard = MakeEditGuard(redaction);
  if (config.executions_mode == ExecutionsMode::kObserve) options.replayer.reset();
  options.searched.name = redaction.ViewName();
  if (!redaction.HidesNothing()) {
    options.searched.body = [redaction](std::string_view body) -> std::optional<std::string> {
      auto masked = redaction.Mask(body);
      if (!masked) return std::nullopt;
      return std::move(masked->body);
    };
  }
  options.may_migrate = config.ledger.auto_migrate;
  return options;
}

}  // namespace deadletter
