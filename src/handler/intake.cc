#include "handler/intake.h"

#include <utility>

#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstBackoff(100);
constexpr milliseconds kLongestBackoff(10'000);

}  // namespace

// The road of a letter, and what happens if we die on each line of it: before the settle has
// committed, the broker still has every letter of the batch and delivers it again; after it, the
// ledger has them all, and letters delivered again are known by their keys.
void Intake::HandleOneBatch(const std::stop_token& stop) {
  // Received, read and decided by the inbox, while the batch before was being settled.
  const std::vector<Judgement> judgements = inbox_.Take(options_.batch_letters, stop);
  std::span<const Judgement> rest = judgements;
  while (!rest.empty()) {
    const auto began = steady_clock::now();
    settling_letters_ = rest.size();
    const SettleProgress progress = settler_.Settle(rest);  // settle
    settling_letters_ = 0;
    const std::size_t recorded = progress.settled.size();
    // Acknowledge last, and only what the ledger has answered for: from here on the broker may
    // forget it (P1).
    if (recorded > 0) inbox_.AcknowledgeUpTo(rest[recorded - 1].letter.delivery.tag);
    Report(rest.first(recorded), progress, began);
    rest = rest.subspan(recorded);
    if (!progress.error) {
      Resume();
    } else if (!WaitForLedger(*progress.error, rest, stop)) {
      return;  // given back to the broker
    }
  }
}

Intake::Intake(std::unique_ptr<Consumer> consumer, std::unique_ptr<Settlement> settlement,
               const LetterReader& reader, const Judge& judge, const Clock& clock, Metrics& metrics,
               Health& health, IntakeOptions options, std::function<void()> events_written)
    : queue_(consumer->queue()),
      part_("intake of " + queue_),
      settlement_(std::move(settlement)),
      settler_(
          *settlement_,
          [this](auto batch, auto locked) { return settlement_->Settle(batch, locked); }, clock),
      clock_(clock),
      metrics_(metrics),
      health_(health),
      options_(options),
      events_written_(std::move(events_written)),
      inbox_(std::move(consumer), reader, judge, clock, metrics, health, options.inbox),
      backoff_(kFirstBackoff, kLongestBackoff),
      return_backoff_(options.first_return, options.longest_return) {
  // From before anything runs: nobody is to find everything ready that has not begun.
  health_.Set(part_, HealthState::kMissing, "not begun yet");
}

Intake::~Intake() {
  FinishBy(steady_clock::now());
}

void Intake::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Intake::RequestStop() {
  thread_.request_stop();
}

void Intake::FinishBy(steady_clock::time_point deadline) {
  if (!thread_.joinable()) return;
  RequestStop();
  if (done_.WaitUntil(deadline)) return;
  // The ledger or the broker does not answer: the batch goes back unacknowledged.
  settlement_->Abort();
  inbox_.Abort();
}

bool Intake::HasBacklog() const {
  return settling_letters_ >= options_.batch_letters ||
         inbox_.HoldsMoreThan(options_.batch_letters / 4, options_.inbox.max_buffered_bytes / 4);
}

void Intake::Run(const std::stop_token& stop) {
  // Before the first letter is taken: settling must be possible, or letters would only travel to
  // and fro.
  AwaitLedger({}, stop);
  if (!stop.stop_requested()) {
    Resume();
    inbox_.Start();
    health_.Set(part_, HealthState::kReady);
  }
  while (!stop.stop_requested()) HandleOneBatch(stop);
  inbox_.Stop();
  done_.Open();
}

// The ledger refused or did not answer. True: try the rest of the batch again. False: it went back
// to the broker, which delivers it again, and now it could be settled (or we stop).
bool Intake::WaitForLedger(const LedgerError& error, std::span<const Judgement> rest,
                           const std::stop_token& stop) {
  Pause(error);
  const bool in_doubt = error.fault == LedgerFault::kInDoubt;
  const bool held_long = steady_clock::now() - paused_since_ >= options_.hold;
  if (!in_doubt && !held_long && !stop.stop_requested()) {
    nap_.WaitFor(stop, backoff_.Next());
    return true;
  }
  // In doubt: perhaps the letters are recorded. Delivered again, those with a key are known, and
  // those without one are marked as possible duplicates; settling them here once more would make
  // duplicates that nobody could tell.
  inbox_.GiveBack();
  nap_.WaitFor(stop, return_backoff_.Next());
  AwaitLedger(rest, stop);
  if (!stop.stop_requested()) Resume();
  return false;
}

// Returns once settling is possible, or on stop. What made the batch fail must be gone, and not
// only the ledger be there: a refusal that an empty settle does not meet (a trigger's, say) would
// send the letters to and fro until a queue with a delivery limit destroys them.
void Intake::AwaitLedger(std::span<const Judgement> rest, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto rehearsed = Rehearse(rest);
    if (rehearsed) return;
    Pause(rehearsed.error());
    nap_.WaitFor(stop, backoff_.Next());
  }
}

LedgerResult<void> Intake::Rehearse(std::span<const Judgement> rest) {
  auto probed = settlement_->Probe();
  if (!probed || rest.empty()) return probed;
  auto rehearsed = settlement_->Rehearse(rest);
  if (rehearsed) return rehearsed;
  switch (rehearsed.error().fault) {
    case LedgerFault::kLetter:
    case LedgerFault::kBusy:
    case LedgerFault::kRowLocked:
    case LedgerFault::kTooLong:
      return {};  // the settler has an answer to these
    case LedgerFault::kUnavailable:
    case LedgerFault::kInDoubt:
    case LedgerFault::kStatement:
      break;
  }
  return rehearsed;
}

void Intake::Pause(const LedgerError& error) {
  const std::string cause(LedgerFaultName(error.fault));
  metrics_.SettleError(cause);
  health_.Set(part_, HealthState::kMissing, "paused (" + cause + "): " + error.message);
  if (paused_cause_ == cause) return;
  if (paused_cause_.empty()) {
    paused_since_ = steady_clock::now();
    inbox_.Hold();
  } else {
    metrics_.SetIntakePaused(queue_, paused_cause_, false);
  }
  paused_cause_ = cause;
  metrics_.SetIntakePaused(queue_, cause, true);
  LogWarning("intake_paused",
             {{"queue", queue_}, {"cause", cause}, {"code", error.code}, {"why", error.message}});
}

void Intake::Resume() {
  if (paused_cause_.empty()) return;
  metrics_.SetIntakePaused(queue_, paused_cause_, false);
  paused_cause_.clear();
  health_.Set(part_, HealthState::kReady);
  LogInfo("intake_resumed", {{"queue", queue_}});
  inbox_.Resume();
}

void Intake::Report(std::span<const Judgement> judgements, const SettleProgress& progress,
                    steady_clock::time_point began) {
  if (judgements.empty()) return;
  backoff_.Reset();
  return_backoff_.Reset();
  const auto took = steady_clock::now() - began;
  metrics_.BatchSettled(judgements.size(), std::chrono::duration_cast<Microseconds>(took));
  const Instant now = clock_.Now();
  bool events = false;
  for (std::size_t index = 0; index < judgements.size(); ++index) {
    const SettledLetter& settled = progress.settled[index];
    if (!settled.recorded) continue;
    const Letter& letter = judgements[index].letter;
    metrics_.LetterAge(now - letter.ExpiredAt());
    if (!settled.outcome) continue;
    metrics_.LetterSettled(letter.delivery.dead_letter_queue, *settled.outcome);
    events =
        events || *settled.outcome == Outcome::kFailed || *settled.outcome == Outcome::kRetried;
  }
  if (events) events_written_();
}

}  // namespace deadletter
