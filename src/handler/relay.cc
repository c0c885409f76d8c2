#include "handler/relay.h"

#include <algorithm>
#include <map>

#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kUnroutableFirst(30);
constexpr seconds kUnroutableLimit(600);
constexpr seconds kAgainFirst(1);
constexpr seconds kAgainLimit(60);
constexpr seconds kWatchEvery(5);
constexpr milliseconds kBacklogWait(50);  // until intake is asked again whether it has one still
// Longer than any wait or lease that is given here; what waits longer was given it by a clock that
// was set back since.
constexpr seconds kLongestWait(900);

seconds Doubled(seconds first, seconds limit, int attempts) {
  return std::min(limit, first * (1 << std::clamp(attempts, 0, 12)));
}

bool IsUnavailable(const PublishResult& result) {
  return result.outcome == PublishOutcome::kUnavailable;
}

}  // namespace

OutboxResult MarkFor(const OutboxEntry& entry, const PublishResult& result, Instant now) {
  OutboxResult mark{entry.id, OutboxMark::kAgain, result.detail, now};
  switch (result.outcome) {
    case PublishOutcome::kConfirmed:
      mark.mark = OutboxMark::kPublished;
      break;
    case PublishOutcome::kUnroutable:
    case PublishOutcome::kNoTarget:
      // Nobody wants it, or nobody is there yet: it is kept, and asked for again slowly.
      mark.mark = OutboxMark::kUnroutable;
      mark.retry_at = now + Doubled(kUnroutableFirst, kUnroutableLimit, entry.attempts);
      break;
    case PublishOutcome::kNacked:
    case PublishOutcome::kInDoubt:
      mark.retry_at = now + Doubled(kAgainFirst, kAgainLimit, entry.attempts);
      break;
    case PublishOutcome::kUnavailable:
      // Not its fault: due again at once, and the relay itself waits for the broker.
      mark.mark = OutboxMark::kUntried;
      break;
  }
  return mark;
}

Relay::Relay(std::unique_ptr<Outbox> outbox, std::unique_ptr<Publisher> publisher,
             const Clock& clock, Metrics& metrics, Health& health, RelayOptions options,
             Backlog backlog)
    : outbox_(std::move(outbox)),
      publisher_(std::move(publisher)),
      clock_(clock),
      metrics_(metrics),
      health_(health),
      options_(std::move(options)),
      ledger_backoff_(milliseconds(200), seconds(5)),  // within the publisher's heartbeats
      broker_backoff_(milliseconds(200), seconds(15)),
      deference_(std::move(backlog), options_.longest_backlog) {}

Relay::~Relay() {
  Stop(steady_clock::now());
}

void Relay::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Relay::Notify() {
  signal_.Notify();
}

void Relay::Stop(steady_clock::time_point deadline) {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  if (!done_.WaitUntil(deadline)) {
    publisher_->Abort();
    outbox_->Abort();
  }
  thread_.join();
}

void Relay::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (LetsIntakeGoFirst()) {
      publisher_->KeepAlive();
      signal_.WaitFor(stop, kBacklogWait);
      WatchExchange();
      WatchBacklog();
      continue;
    }
    const auto began = steady_clock::now();
    const std::size_t sent = SendOnce(stop);
    if (has_caught_up_) behind_since_.reset();
    if (stop.stop_requested()) break;
    if (broker_away_) {
      signal_.WaitFor(stop, broker_backoff_.Next());
    } else if (sent == 0) {
      publisher_->KeepAlive();
      signal_.WaitFor(stop, options_.idle_wait);
    } else if (has_caught_up_) {
      const auto took = std::chrono::floor<milliseconds>(steady_clock::now() - began);
      rest_.WaitFor(stop, options_.shortest_round - took);
    }
    WatchExchange();
    WatchBacklog();
  }
  // What the last batches have written, and what has waited for intake, where there is a broker to
  // have it, and until Stop() has no more patience.
  while (!broker_away_ && SendOnce(stop) > 0 && !has_caught_up_) {
  }
  publisher_->Close();
  done_.Open();
}

// As much as may be claimed at once: there may be more.
bool Relay::IsFull(const std::vector<OutboxEntry>& entries) const {
  std::size_t bytes = 0;
  for (const OutboxEntry& entry : entries) bytes += entry.message.body.size();
  return entries.size() >= options_.batch_messages || bytes >= options_.batch_bytes;
}

bool Relay::LetsIntakeGoFirst() {
  const auto now = steady_clock::now();
  if (!deference_.MustWait(now)) return false;
  if (!behind_since_) behind_since_ = now;
  return now - *behind_since_ < options_.longest_behind;
}

// The road of an event, and what happens if we die on each line of it: a claim ends with its lease,
// and until the mark has committed the entry is published again, with the same message_id.
std::size_t Relay::SendOnce(const std::stop_token& stop) {
  has_caught_up_ = false;
  auto entries =
      outbox_->Claim(clock_.Now(), options_.batch_messages, options_.batch_bytes, options_.lease);
  if (!entries) {
    LedgerAway(entries.error(), stop);
    return 0;
  }
  ledger_backoff_.Reset();
  has_caught_up_ = !IsFull(*entries);
  if (entries->empty()) {
    BrokerAway(nullptr);  // nothing of ours waits for it; whether it is there, others tell
    return 0;
  }

  const std::size_t claimed = entries->size();
  std::vector<OutboxResult> marks = PutOffWithheld(*entries);
  std::vector<OutgoingMessage> messages;
  messages.reserve(entries->size());
  for (const OutboxEntry& entry : *entries) messages.push_back({entry.address, entry.message});
  std::vector<PublishResult> results;
  if (!messages.empty()) results = publisher_->Publish(messages);

  const Instant now = clock_.Now();
  std::map<std::string_view, std::int64_t> counts;
  for (std::size_t index = 0; index < entries->size(); ++index) {
    marks.push_back(MarkFor((*entries)[index], results[index], now));
    ++counts[PublishOutcomeName(results[index].outcome)];
  }
  MarkUntilItHolds(marks, stop);
  for (const auto& [outcome, count] : counts) metrics_.EventsPublished(outcome, count);

  const auto away = std::find_if(results.begin(), results.end(), IsUnavailable);
  BrokerAway(away == results.end() ? nullptr : &away->detail);
  return claimed;
}

// Not published, and in nobody's way: asked for again slowly, as what nobody wants is.
std::vector<OutboxResult> Relay::PutOffWithheld(std::vector<OutboxEntry>& entries) {
  const Instant now = clock_.Now();
  std::vector<OutboxResult> marks;
  std::erase_if(entries, [&](const OutboxEntry& entry) {
    if (entry.withheld.empty()) return false;
    marks.push_back({entry.id, OutboxMark::kAgain, entry.withheld,
                     now + Doubled(kUnroutableFirst, kUnroutableLimit, entry.attempts)});
    return true;
  });
  if (!marks.empty()) {
    LogWarning("outbox_withheld", {{"messages", std::to_string(marks.size())},
                                   {"entry", std::to_string(marks.front().id)},
                                   {"why", marks.front().detail}});
  }
  return marks;
}

void Relay::BrokerAway(const std::string* why) {
  broker_away_ = why != nullptr;
  if (!broker_away_) {
    broker_backoff_.Reset();
    health_.Set("relay", HealthState::kReady);
  } else if (health_.Set("relay", HealthState::kMissing, *why)) {
    LogWarning("relay_waits", {{"why", *why}});
  }
}

// What was confirmed is marked before anything else is claimed: an answer that is forgotten is a
// message sent twice.
void Relay::MarkUntilItHolds(const std::vector<OutboxResult>& results,
                             const std::stop_token& stop) {
  while (true) {
    const auto marked = outbox_->Mark(results);
    if (marked) return;
    LedgerAway(marked.error(), stop);
    if (stop.stop_requested())
      return;  // the lease ends, and they are published again: at least once
  }
}

void Relay::LedgerAway(const LedgerError& error, const std::stop_token& stop) {
  if (stop.stop_requested()) return;
  // Somebody else's turn, and nothing to tell anybody.
  const bool is_waiting =
      error.fault == LedgerFault::kBusy || error.fault == LedgerFault::kRowLocked;
  if (!is_waiting && health_.Set("outbox", HealthState::kMissing, error.message)) {
    LogWarning("outbox_away",
               {{"cause", std::string(LedgerFaultName(error.fault))}, {"why", error.message}});
  }
  publisher_->KeepAlive();
  signal_.WaitFor(stop, ledger_backoff_.Next());
}

void Relay::WatchExchange() {
  const auto now = steady_clock::now();
  if (options_.event_exchange.empty() || now - watched_ < kWatchEvery) return;
  const auto exists = publisher_->ExchangeExists(options_.event_exchange);
  const std::string part = "events exchange " + options_.event_exchange;
  if (!exists) {
    health_.Set(part, HealthState::kMissing, exists.error().message);
  } else if (!*exists) {
    health_.Set(part, HealthState::kMissing,
                "does not exist; events wait in the outbox until `deadletter topology apply` or "
                "the platform declares it");
  } else {
    health_.Set(part, HealthState::kReady);
  }
}

void Relay::WatchBacklog() {
  const auto now = steady_clock::now();
  if (now - watched_ < kWatchEvery) return;
  watched_ = now;
  if (!outbox_->BringForward(clock_.Now(), kLongestWait)) return;  // the next claim says so
  const auto backlog = outbox_->Backlog(clock_.Now());
  if (!backlog) return;
  health_.Set("outbox", HealthState::kReady);
  metrics_.SetOutbox(backlog->pending, backlog->oldest);
  if (backlog->unroutable > 0) {
    health_.Set("events", HealthState::kWarning,
                std::to_string(backlog->unroutable) +
                    " messages are unroutable: bind a queue to their exchange");
  } else {
    health_.Set("events", HealthState::kReady);
  }
}

}  // namespace deadletter
