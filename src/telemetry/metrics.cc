#include "telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace deadletter {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

using Buckets = Histogram::BucketBoundaries;

// From an idle ledger on a fast disk (1 ms) to one that is nearly given up (60 s).
const Buckets kSettleSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1,      2.5,   5,    10,    30,   60};
const Buckets kBatchLetters = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};
// The broker's times are whole seconds; the end is a day, for letters that waited out an outage.
const Buckets kAgeSeconds = {1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400};

constexpr size_t kReasons = static_cast<size_t>(Reason::kUnknown) + 1;
constexpr size_t kOutcomes = static_cast<size_t>(Outcome::kDiscarded) + 1;

double Seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// The counters of one family by queue and a closed set: found without building a set of labels for
// each letter.
template <size_t kMembers>
class CountersByQueue {
 public:
  explicit CountersByQueue(Family<Counter>& family) : family_(family) {}

  void Increment(const std::string& queue, size_t member, const char* label,
                 std::string_view value) {
    const std::lock_guard lock(mutex_);
    Series(queue, member, label, value).Increment();
  }
  void Expect(const std::string& queue, size_t member, const char* label, std::string_view value) {
    const std::lock_guard lock(mutex_);
    Series(queue, member, label, value);
  }
  // Of all queues.
  std::int64_t Sum(size_t member) const {
    const std::lock_guard lock(mutex_);
    double sum = 0;
    for (const auto& [queue, members] : counters_) {
      if (members.at(member) != nullptr) sum += members.at(member)->Value();
    }
    return static_cast<std::int64_t>(sum);
  }

 private:
  Counter& Series(const std::string& queue, size_t member, const char* label,
                  std::string_view value) {
    Counter*& counter = counters_[queue].at(member);
    if (counter == nullptr) counter = &family_.Add({{"queue", queue}, {label, std::string(value)}});
    return *counter;
  }

  Family<Counter>& family_;
  mutable std::mutex mutex_;
  std::map<std::string, std::array<Counter*, kMembers>> counters_;
};

}  // namespace

struct Metrics::Families {
  Family<Counter>& CounterFamily(const char* name, const char* help) {
    return prometheus::BuildCounter()
        .Name(std::string("deadletter_") + name)
        .Help(help)
        .Register(registry);
  }
  Family<Gauge>& GaugeFamily(const char* name, const char* help) {
    return prometheus::BuildGauge()
        .Name(std::string("deadletter_") + name)
        .Help(help)
        .Register(registry);
  }
  Histogram& AddHistogram(const char* name, const char* help, const Buckets& buckets) {
    return prometheus::BuildHistogram()
        .Name(std::string("deadletter_") + name)
        .Help(help)
        .Register(registry)
        .Add({}, buckets);
  }

  prometheus::Registry registry;

  mutable std::mutex told_mutex;
  Figures told;  // guarded by told_mutex, its gauges only: what a gauge itself cannot give

  CountersByQueue<kReasons> received{CounterFamily(
      "letters_received_total", "Letters taken from a dead letter queue, by reason of death.")};
  CountersByQueue<kOutcomes> settled{
      CounterFamily("letters_settled_total", "Letters recorded in the ledger, by outcome.")};
  Counter& redelivered =
      CounterFamily("letters_redelivered_total", "Letters that the broker delivered again.")
          .Add({});
  Counter& possible_duplicate =
      CounterFamily(
          "letters_possible_duplicate_total",
          "Letters delivered again that nothing identifies, each kept as a record of its own.")
          .Add({});
  Histogram& settle_seconds =
      AddHistogram("settle_seconds", "Time that one settled batch took.", kSettleSeconds);
  Histogram& batch_letters =
      AddHistogram("batch_letters", "Letters in one settled batch.", kBatchLetters);
  Histogram& letter_age_seconds = AddHistogram(
      "letter_age_seconds", "From a letter's death until it was settled.", kAgeSeconds);
  Family<Counter>& settle_errors =
      CounterFamily("settle_errors_total", "Batches that the ledger did not settle, by cause.");
  Family<Gauge>& unacked =
      GaugeFamily("unacked_letters", "Letters in our hands that are not acknowledged yet.");
  Family<Gauge>& queue_messages =
      GaugeFamily("queue_messages", "Messages that wait in a dead letter queue.");
  // What is looked for in the ledger or the broker is told from the first look on: nobody is to
  // read a zero that nobody has seen.
  Family<Gauge>& outbox_pending =
      GaugeFamily("outbox_pending", "Messages committed and not yet published.");
  Family<Gauge>& outbox_oldest =
      GaugeFamily("outbox_oldest_seconds", "Age of the oldest message not yet published.");
  Family<Counter>& events_published =
      CounterFamily("events_published_total", "Attempts to publish an event, by outcome.");
  Family<Counter>& replayed =
      CounterFamily("replayed_total", "Letters of replays that have ended, by how.");
  Family<Gauge>& intake_paused =
      GaugeFamily("intake_paused", "1 while no letters are taken from a queue, by cause.");
  Gauge& broker_connected =
      GaugeFamily("broker_connected", "1 while connected to the broker.").Add({});
  Gauge& ledger_connected =
      GaugeFamily("ledger_connected", "1 while connected to the ledger.").Add({});
  Family<Gauge>& ledger_letters = GaugeFamily("ledger_letters", "Letters in the ledger, by state.");
  Family<Gauge>& ledger_bytes = GaugeFamily("ledger_bytes", "Size of the ledger on disk.");
  Family<Gauge>& uncounted_letters =
      GaugeFamily("uncounted_letters", "Letters that groups and statistics do not have yet.");
  Family<Gauge>& unindexed_letters =
      GaugeFamily("unindexed_letters", "Letters that no text search finds yet.");
  Family<Gauge>& build_info = GaugeFamily("build_info", "Always 1; the label tells the version.");
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {
  families_->build_info.Add({{"version", DEADLETTER_VERSION}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::Expect(const ExpectedLabels& labels) {
  for (const std::string& queue : labels.queues) {
    for (size_t member = 0; member < kReasons; ++member) {
      families_->received.Expect(queue, member, "reason", ReasonName(static_cast<Reason>(member)));
    }
    for (size_t member = 0; member < kOutcomes; ++member) {
      families_->settled.Expect(queue, member, "outcome",
                                OutcomeName(static_cast<Outcome>(member)));
    }
    for (const auto cause : labels.causes) SetIntakePaused(queue, cause, false);
    SetUnacked(queue, 0);
  }
  for (const auto cause : labels.causes) {
    families_->settle_errors.Add({{"cause", std::string(cause)}});
  }
  for (const auto outcome : labels.publish_outcomes) EventsPublished(outcome, 0);
  for (const auto end : labels.replay_ends) Replayed(end, 0);
}

void Metrics::LetterReceived(const std::string& queue, Reason reason) {
  families_->received.Increment(queue, static_cast<size_t>(reason), "reason", ReasonName(reason));
}

void Metrics::LetterRedelivered() {
  families_->redelivered.Increment();
}

void Metrics::LetterPossibleDuplicate() {
  families_->possible_duplicate.Increment();
}

void Metrics::LetterSettled(const std::string& queue, Outcome outcome) {
  families_->settled.Increment(queue, static_cast<size_t>(outcome), "outcome",
                               OutcomeName(outcome));
}

void Metrics::LetterAge(std::chrono::microseconds death_to_settled) {
  // The broker's clock may be ahead of ours.
  families_->letter_age_seconds.Observe(std::max(0.0, Seconds(death_to_settled)));
}

void Metrics::BatchSettled(std::size_t letters, std::chrono::microseconds took) {
  families_->batch_letters.Observe(static_cast<double>(letters));
  families_->settle_seconds.Observe(Seconds(took));
}

void Metrics::SettleError(std::string_view cause) {
  families_->settle_errors.Add({{"cause", std::string(cause)}}).Increment();
}

void Metrics::EventsPublished(std::string_view outcome, std::int64_t count) {
  families_->events_published.Add({{"outcome", std::string(outcome)}})
      .Increment(static_cast<double>(count));
}

void Metrics::Replayed(std::string_view end, std::int64_t letters) {
  families_->replayed.Add({{"outcome", std::string(end)}}).Increment(static_cast<double>(letters));
}

void Metrics::SetUnacked(const std::string& queue, std::int64_t letters) {
  families_->unacked.Add({{"queue", queue}}).Set(static_cast<double>(letters));
}

void Metrics::SetQueueMessages(const std::string& queue, std::int64_t messages) {
  families_->queue_messages.Add({{"queue", queue}}).Set(static_cast<double>(messages));
  const std::lock_guard lock(families_->told_mutex);
  families_->told.queue_messages[queue] = messages;
}

std::map<std::string, std::int64_t> Metrics::QueueMessages() const {
  const std::lock_guard lock(families_->told_mutex);
  return families_->told.queue_messages;
}

Figures Metrics::Show() const {
  Figures figures;
  {
    const std::lock_guard lock(families_->told_mutex);
    figures = families_->told;
  }
  for (size_t member = 0; member < kReasons; ++member)
    figures.received += families_->received.Sum(member);
  for (size_t member = 0; member < kOutcomes; ++member) {
    const std::int64_t letters = families_->settled.Sum(member);
    figures.settled_by_outcome[static_cast<Outcome>(member)] = letters;
    figures.settled += letters;
  }
  return figures;
}

void Metrics::SetOutbox(std::int64_t pending, std::chrono::microseconds oldest) {
  families_->outbox_pending.Add({}).Set(static_cast<double>(pending));
  families_->outbox_oldest.Add({}).Set(Seconds(oldest));
  const std::lock_guard lock(families_->told_mutex);
  families_->told.outbox_pending = pending;
}

void Metrics::SetIntakePaused(const std::string& queue, std::string_view cause, bool paused) {
  families_->intake_paused.Add({{"queue", queue}, {"cause", std::string(cause)}})
      .Set(paused ? 1 : 0);
}

void Metrics::SetBrokerConnected(bool connected) {
  families_->broker_connected.Set(connected ? 1 : 0);
}

void Metrics::SetLedgerConnected(bool connected) {
  families_->ledger_connected.Set(connected ? 1 : 0);
}

void Metrics::SetLedgerLetters(LetterState state, std::int64_t letters) {
  families_->ledger_letters.Add({{"state", std::string(LetterStateName(state))}})
      .Set(static_cast<double>(letters));
  const std::lock_guard lock(families_->told_mutex);
  families_->told.ledger_letters[state] = letters;
}

void Metrics::SetLedgerBytes(std::int64_t bytes) {
  families_->ledger_bytes.Add({}).Set(static_cast<double>(bytes));
}

void Metrics::SetUncountedLetters(std::int64_t letters) {
  families_->uncounted_letters.Add({}).Set(static_cast<double>(letters));
  const std::lock_guard lock(families_->told_mutex);
  families_->told.uncounted_letters = letters;
}

void Metrics::SetUnindexedLetters(std::int64_t letters) {
  families_->unindexed_letters.Add({}).Set(static_cast<double>(letters));
}

std::string Metrics::Expose() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace deadletter
