#include "app/bench_letters.h"

#include <algorithm>
#include <utility>

#include "app/submission.h"
#include "ledger/submit_message.h"

namespace deadletter {
namespace {

constexpr std::size_t kChunkLetters = 1'000;
constexpr std::size_t kChunkBytes = std::size_t{8} << 20;
constexpr std::chrono::seconds kClaimedFor(600);
constexpr std::chrono::seconds kBusyLedger(30);
constexpr std::chrono::milliseconds kReceiveEvery(200);
constexpr std::int64_t kActions = 50;
constexpr std::int64_t kWorkers = 16;
// A letter that strays (a policy of the broker's may send it anywhere) must name no execution of
// the user's.
constexpr std::int64_t kNobodysIds = 4'000'000'000'000'000'000;

std::string PayloadOf(std::size_t body_bytes) {
  const std::string bare = R"({"input":""})";
  NewExecution sample;
  sample.action_ref = "bench.action_10";
  sample.worker_id = "10";
  sample.payload_json = bare;
  const Instant now{};
  const auto id = ExecutionId(kNobodysIds);
  const std::size_t least = ComposeSubmission(sample, id, now, now).message.body.size();
  const std::size_t filler = body_bytes > least ? body_bytes - least : 0;
  return R"({"input":")" + std::string(filler, 'x') + "\"}";
}

}  // namespace

BenchLetters::BenchLetters(BenchScene& scene, const BenchSizes& sizes, const Clock& clock,
                           std::stop_token stop, BenchProgress& progress)
    : scene_(scene),
      sizes_(sizes),
      clock_(clock),
      stop_(std::move(stop)),
      progress_(progress),
      executions_(scene.wiring().MakeExecutions()),
      outbox_(scene.wiring().MakeOutbox()),
      watch_(scene.wiring().MakeBrokerWatch()),
      payload_json_(PayloadOf(sizes.body_bytes)) {}

std::size_t BenchLetters::AtOnce(std::size_t most, std::size_t most_bytes) const {
  return std::max<std::size_t>(1, std::min(most, most_bytes / sizes_.body_bytes));
}

NewExecution BenchLetters::Wanted() {
  ++number_;
  NewExecution wanted;
  wanted.action_ref = "bench.action_" + std::to_string(number_ % kActions);
  wanted.worker_id = std::to_string(number_ % kWorkers);
  wanted.payload_json = payload_json_;
  wanted.address = {scene_.queues().exchange, scene_.queues().dying_queue};
  return wanted;
}

Result<void> BenchLetters::Send(std::span<const OutgoingMessage> messages) {
  for (const PublishResult& result : publisher_->Publish(messages)) {
    if (result.outcome == PublishOutcome::kConfirmed) continue;
    return Fail("broker: a message was not taken (" +
                std::string(PublishOutcomeName(result.outcome)) + "): " + result.detail);
  }
  return {};
}

void BenchLetters::BeginToSend() {
  publisher_ = scene_.wiring().MakePublisher();
}

Result<void> BenchLetters::FillWithout(std::size_t count, const std::string& stage) {
  BeginToSend();
  BenchStage filling(stage, static_cast<std::int64_t>(count), stop_, progress_);
  const std::size_t chunk = AtOnce(kChunkLetters, kChunkBytes);
  std::vector<OutgoingMessage> messages;
  for (std::size_t sent = 0; sent < count; sent += messages.size()) {
    if (auto on = filling.Reached(static_cast<std::int64_t>(sent)); !on) return on;
    messages.clear();
    const Instant now = clock_.Now();
    while (messages.size() < std::min(chunk, count - sent)) {
      const NewExecution wanted = Wanted();
      auto composed = ComposeSubmission(wanted, ExecutionId(kNobodysIds + number_), now, now);
      messages.push_back({std::move(composed.address), std::move(composed.message)});
    }
    if (auto done = Send(messages); !done) return done;
  }
  return AwaitDeaths(count, stage);
}

Result<void> BenchLetters::FillWith(std::size_t count, const std::string& stage) {
  BeginToSend();
  BenchStage filling(stage, static_cast<std::int64_t>(count), stop_, progress_);
  const std::size_t chunk = AtOnce(kChunkLetters, kChunkBytes);
  for (std::size_t sent = 0; sent < count;) {
    if (auto on = filling.Reached(static_cast<std::int64_t>(sent)); !on) return on;
    const auto messages = Request(std::min(chunk, count - sent));
    if (!messages) return Unexpected<Error>(messages.error());
    if (auto done = Send(*messages); !done) return done;
    sent += messages->size();
  }
  if (auto dead = AwaitDeaths(count, stage); !dead) return dead;
  if (auto tidy = scene_.ledger().Tidy(); !tidy) return Fail("ledger: " + tidy.error().message);
  return {};
}

// As `submit` records them; but what is in the outbox is taken out of it here, since it is this
// program that says when each is sent.
Result<std::vector<OutgoingMessage>> BenchLetters::Request(std::size_t count) {
  std::vector<NewExecution> wanted;
  while (wanted.size() < count) wanted.push_back(Wanted());
  const auto ids = SubmitPatiently(*executions_, wanted, clock_, kBusyLedger);
  if (!ids) return Fail("ledger: " + ids.error().message);
  std::vector<OutgoingMessage> messages;
  std::vector<OutboxResult> taken;
  while (messages.size() < count) {
    auto entries =
        outbox_->Claim(clock_.Now(), count - messages.size(), 2 * kChunkBytes, kClaimedFor);
    if (!entries) return Fail("ledger: " + entries.error().message);
    if (entries->empty()) return Fail("ledger: executions were recorded without their messages");
    for (OutboxEntry& entry : *entries) {
      taken.push_back(
          {.id = entry.id, .mark = OutboxMark::kPublished, .detail = "", .retry_at = {}});
      messages.push_back({std::move(entry.address), std::move(entry.message)});
    }
  }
  if (auto marked = outbox_->Mark(taken); !marked) return Fail("ledger: " + marked.error().message);
  return messages;
}

Result<std::int64_t> BenchLetters::Waiting(const std::string& queue) {
  const auto waiting = watch_->Waiting(queue);
  if (!waiting) return Fail("broker: " + waiting.error().message);
  if (!*waiting) return Fail("broker: the queue " + queue + " is gone: somebody has deleted it");
  return **waiting;
}

Result<void> BenchLetters::AwaitDeaths(std::size_t count, const std::string& stage) {
  BenchStage dying(stage, static_cast<std::int64_t>(count), stop_, progress_);
  while (true) {
    const auto waiting = Waiting(scene_.queues().letters_queue);
    if (!waiting) return Unexpected<Error>(waiting.error());
    if (dying.IsDone(*waiting)) return {};
    if (auto on = dying.Await(*waiting); !on) return on;
  }
}

Result<void> BenchLetters::Empty(const std::string& queue, std::size_t at_least,
                                 const std::string& stage) {
  BenchStage emptying(stage, static_cast<std::int64_t>(at_least), stop_, progress_);
  const QueueConfig& settings = scene_.config().queues.front();
  const auto consumer = scene_.wiring().MakeConsumer(queue, settings.consumer_tag);
  if (auto subscribed = consumer->Subscribe(settings.prefetch); !subscribed)
    return Fail("broker: " + subscribed.error().message);
  std::int64_t taken = 0;
  while (true) {
    const auto deliveries = consumer->Receive(
        {.max_letters = kChunkLetters, .max_bytes = kChunkBytes, .wait = kReceiveEvery});
    if (!deliveries) return Fail("broker: " + deliveries.error().message);
    if (deliveries->empty() && emptying.IsDone(taken)) break;
    taken += static_cast<std::int64_t>(deliveries->size());
    if (!deliveries->empty()) {
      if (auto done = consumer->AcknowledgeUpTo(deliveries->back().tag); !done)
        return Fail("broker: " + done.error().message);
    }
    if (auto on = emptying.Reached(taken); !on) return on;
  }
  consumer->Close();
  return {};
}

}  // namespace deadletter
