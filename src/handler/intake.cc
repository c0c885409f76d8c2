#include "handler/intake.h"

#include <algorithm>
#include <utility>

#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstBackoff(100);
constexpr milliseconds kLongestBackoff(10'000);
constexpr milliseconds kFirstHelperRest(1'000);
constexpr milliseconds kLongestHelperRest(60'000);
// So long after it settled the helper's session is taken to be there.
constexpr milliseconds kSessionTrusted(1'000);

// Two that settle side by side have together in hand what one alone would.
std::size_t ShareOf(std::size_t batch, bool has_helper) {
  return has_helper ? std::max<std::size_t>(batch / 2, 1) : batch;
}

InboxOptions ShareOf(InboxOptions options, bool has_helper) {
  options.max_batch_bytes = ShareOf(options.max_batch_bytes, has_helper);
  return options;
}

}  // namespace

// The road of a letter, and what happens if we die on each line of it: before the settle has
// committed, the broker still has every letter of the batch and delivers it again; after it, the
// ledger has them all, and letters delivered again are known by their keys. Only of a queue that
// was deleted the broker has nothing any more: SettleWhatIsGone().
void Intake::HandleOneBatch(const std::stop_token& stop) {
  // Received, read and judged by the inbox, while others were being settled.
  BegunBatch begun = NextBatch(stop);
  while (!begun.Rest().empty()) {
    const SettleProgress progress = SettleSome(settler_, begun);  // settle, acknowledge
    if (!progress.settled.empty()) {
      backoff_.Reset();
      return_backoff_.Reset();
    }
    const bool goes_on =
        progress.error ? WaitForLedger(*progress.error, begun, stop) : GoesOn(begun.batch);
    if (!goes_on) break;  // the broker gives it again
  }
  Leave(std::move(begun), stop);
}

// It settled. Whether what is left of it is ours still: its channel may have been lost meanwhile.
bool Intake::GoesOn(const TakenBatch& batch) {
  Resume();
  return inbox_.IsInHand(batch);
}

Intake::BegunBatch Intake::NextBatch(const std::stop_token& stop) {
  std::optional<Unfinished> unfinished = TakeUnfinished();
  if (!unfinished) return {.batch = inbox_.Take(most_letters_, stop), .recorded = 0};
  BegunBatch& begun = unfinished->begun;
  const bool in_doubt = unfinished->error.fault == LedgerFault::kInDoubt;
  // Given back or lost meanwhile it comes again: settled here once more it would be twice there.
  if (inbox_.IsInHand(begun.batch) && (!in_doubt || WaitForLedger(unfinished->error, begun, stop)))
    return std::move(begun);
  Leave(std::move(begun), stop);
  return {};
}

// It comes again, or is recorded. A queue that was deleted gives nothing again, and whether it was
// is known only at the end.
void Intake::Leave(BegunBatch begun, const std::stop_token& stop) {
  if (stop.stop_requested()) {
    interrupted_.push_back(std::move(begun));
  } else {
    inbox_.Release(std::move(begun.batch));
  }
}

SettleProgress Intake::SettleSome(BatchSettler& settler, BegunBatch& begun) {
  const std::span<const Judgement> rest = begun.Rest();
  const auto began = steady_clock::now();
  settling_letters_ += rest.size();
  SettleProgress progress = settler.Settle(rest);  // settle
  settling_letters_ -= rest.size();
  const std::size_t recorded = progress.settled.size();
  // Acknowledge last, and only what the ledger has answered for: from here on the broker may
  // forget it (P1).
  if (recorded > 0)
    inbox_.Recorded(begun.batch, rest[recorded - 1].letter.delivery.tag, recorded == rest.size());
  begun.recorded += recorded;
  Report(rest.first(recorded), progress, began);
  return progress;
}

// Only in a flood, and only while all goes well: what it meets is left to the other one, who has a
// session of its own, pauses, gives back, and knows when to go on. If we die on any line of it, it
// is as above.
void Intake::Help(const std::stop_token& stop) {
  BatchSettler settler = SettlerOver(*helping_);
  Backoff rest_after_error(kFirstHelperRest, kLongestHelperRest);
  auto trusted_until = steady_clock::now();
  while (inbox_.AwaitWholeBatch(most_letters_, stop)) {
    // Nothing is taken before there is somebody to settle it: what is behind it could not be
    // acknowledged meanwhile.
    if (steady_clock::now() >= trusted_until) {
      if (const auto probed = helping_->Probe(); !probed) {
        const milliseconds rest = rest_after_error.Next();
        TellOfRest(probed.error(), rest);
        helper_nap_.WaitFor(stop, rest);
        continue;
      }
    }
    BegunBatch begun{.batch = inbox_.TakeWholeBatch(most_letters_), .recorded = 0};
    if (begun.batch.judgements.empty()) continue;  // the other one has taken it meanwhile
    const auto error = SettleUntilError(settler, begun);
    if (!error) {
      rest_after_error.Reset();
      trusted_until = steady_clock::now() + kSessionTrusted;
      inbox_.Release(std::move(begun.batch));
      continue;
    }
    trusted_until = steady_clock::now();
    const milliseconds rest = rest_after_error.Next();
    if (!stop.stop_requested()) TellOfRest(*error, rest);
    LeaveUnfinished({std::move(begun), *error}, stop);
    helper_nap_.WaitFor(stop, rest);
  }
}

void Intake::TellOfRest(const LedgerError& error, milliseconds rest) {
  LogWarning("helper_rests", {{"queue", queue_},
                              {"cause", std::string(LedgerFaultName(error.fault))},
                              {"code", error.code},
                              {"why", error.message},
                              {"milliseconds", std::to_string(rest.count())}});
}

std::optional<LedgerError> Intake::SettleUntilError(BatchSettler& settler, BegunBatch& begun) {
  while (!begun.Rest().empty()) {
    SettleProgress progress = SettleSome(settler, begun);
    if (progress.error) return std::move(progress.error);
    if (!inbox_.IsInHand(begun.batch)) return std::nullopt;  // whole, or it comes again
  }
  return std::nullopt;
}

// Until it is taken up: two that are unfinished would have to be taken up in their order.
void Intake::LeaveUnfinished(Unfinished unfinished, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  unfinished_ = std::move(unfinished);
  inbox_.LookUp();
  taken_up_.wait(lock, stop, [this] { return !unfinished_; });
}

std::optional<Intake::Unfinished> Intake::TakeUnfinished() {
  const std::lock_guard lock(mutex_);
  taken_up_.notify_all();
  return std::exchange(unfinished_, std::nullopt);
}

Intake::Intake(std::unique_ptr<Consumer> consumer, std::unique_ptr<Settlement> settlement,
               std::unique_ptr<Settlement> helping, const LetterReader& reader, const Judge& judge,
               const Clock& clock, Metrics& metrics, Health& health, IntakeOptions options,
               std::function<void()> events_written)
    : queue_(consumer->queue()),
      part_("intake of " + queue_),
      settlement_(std::move(settlement)),
      helping_(std::move(helping)),
      clock_(clock),
      metrics_(metrics),
      settler_(SettlerOver(*settlement_)),
      health_(health),
      options_(options),
      most_letters_(ShareOf(options.batch_letters, helping_ != nullptr)),
      events_written_(std::move(events_written)),
      inbox_(std::move(consumer), reader, judge, clock, metrics, health,
             ShareOf(options.inbox, helping_ != nullptr)),
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
  given_up_.request_stop();
  settlement_->Abort();
  if (helping_) helping_->Abort();
  inbox_.Abort();
}

bool Intake::HasBacklog() const {
  return settling_letters_ >= most_letters_ ||
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
  {
    std::jthread helper;  // is waited for at the end of this block
    if (helping_) helper = std::jthread([this, &stop] { Help(stop); });
    while (!stop.stop_requested()) HandleOneBatch(stop);
  }
  if (auto unfinished = TakeUnfinished()) interrupted_.push_back(std::move(unfinished->begun));
  (void)SettleWhatIsGone();  // before anybody waits for a broker that may not answer
  inbox_.Stop();             // which may hear of a deleted queue only now
  if (const auto error = SettleWhatIsGone()) TellOfLost(*error);
  done_.Open();
}

// Nobody but us has the letters of a queue that was deleted: they do not go back at the end as
// others do, and are settled before it (P1), for as long as whoever stops us has patience. If we
// die here, they are lost with their queue.
std::optional<LedgerError> Intake::SettleWhatIsGone() {
  for (TakenBatch gone = inbox_.TakeGone(most_letters_); !gone.judgements.empty();
       gone = inbox_.TakeGone(most_letters_))
    interrupted_.push_back({.batch = std::move(gone)});
  std::optional<LedgerError> error;
  for (BegunBatch& begun : interrupted_) {
    while (inbox_.IsGone(begun.batch)) {
      error = SettleUntilError(settler_, begun);
      if (!error) continue;  // it is recorded
      if (given_up_.stop_requested()) return error;
      nap_.WaitFor(given_up_.get_token(), backoff_.Next());
    }
  }
  return error;
}

void Intake::TellOfLost(const LedgerError& error) {
  std::size_t letters = 0;
  for (const BegunBatch& begun : interrupted_)
    if (inbox_.IsGone(begun.batch)) letters += begun.Rest().size();
  LogError("letters_lost",
           {{"queue", queue_},
            {"letters", std::to_string(letters)},
            {"cause", std::string(LedgerFaultName(error.fault))},
            {"code", error.code},
            {"why",
             "their queue was deleted, or went away with its node, and the ledger did not "
             "take them before the end: " +
                 error.message}});
}

BatchSettler Intake::SettlerOver(Settlement& settlement) {
  return BatchSettler(
      settlement,
      [this, &settlement](auto batch, auto locked) {
        auto settled = settlement.Settle(batch, locked);
        if (!settled) metrics_.SettleError(std::string(LedgerFaultName(settled.error().fault)));
        return settled;
      },
      clock_);
}

// The ledger refused or did not answer. True: try the rest of the batch again. False: it is the
// broker's, which delivers it again, and now it could be settled (or we stop).
bool Intake::WaitForLedger(const LedgerError& error, const BegunBatch& begun,
                           const std::stop_token& stop) {
  const TakenBatch& batch = begun.batch;
  const bool is_held = !paused_cause_.empty();
  // Lost with its channel, which may have been made anew: it comes again.
  if (!is_held && !inbox_.IsInHand(batch)) return false;
  Pause(error);
  if (stop.stop_requested()) return false;  // what is not acknowledged goes back at the end
  const bool in_doubt = error.fault == LedgerFault::kInDoubt;
  const bool held_long = steady_clock::now() - paused_since_ >= options_.hold;
  // Of a queue that is no more nothing would come back.
  if (inbox_.IsGone(batch) || (!in_doubt && !held_long)) {
    nap_.WaitFor(stop, backoff_.Next());
    // Its channel may be lost meanwhile: then it comes again, as what is given back does.
    if (inbox_.IsInHand(batch)) return true;
  }
  // In doubt: perhaps the letters are recorded, and perhaps the server is still at it. Delivered
  // again, those with a key are known, and those without one are marked as possible duplicates.
  // Here the ledger would know those by their ids, but only once that transaction has ended, which
  // nobody can tell.
  inbox_.GiveBack();
  if (inbox_.IsGone(batch)) return true;  // its queue was deleted in this moment
  nap_.WaitFor(stop, return_backoff_.Next());
  AwaitLedger(begun.Rest(), stop);
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
    metrics_.SettleError(std::string(LedgerFaultName(rehearsed.error().fault)));
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
