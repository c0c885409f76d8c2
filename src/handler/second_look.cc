#include "handler/second_look.h"

#include <utility>

#include "base/text.h"
#include "letter/outcome.h"
#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kCloseAtOnce = 1000;
constexpr seconds kBringForwardEvery(5);
// Longer than any wait or lease that letters are given (judge.cc); what waits longer was given it
// by a clock that was set back since.
constexpr seconds kLongestDeferred(120);
constexpr seconds kLongestRefused(7200);

// What its record can still tell, recorded as refused: shown, and tried again slowly.
Judgement RefuseUnreadable(DueLetter due, Instant now) {
  LogWarning("letter_unreadable",
             {{"letter", FormatUuid(due.id.value())}, {"why", due.unreadable}});
  Judgement judgement;
  judgement.letter.id = due.id;
  judgement.letter.delivery = std::move(due.delivery);
  judgement.fixed = {Outcome::kRefused, DisplayText(due.unreadable, kMaxDetailBytes)};
  judgement.tries = due.tries;
  judgement.try_again_at = TryAgainAt(Outcome::kRefused, due.tries, now);
  return judgement;
}

bool IsStillWaiting(Outcome outcome) {
  return outcome == Outcome::kDeferred || outcome == Outcome::kRefused;
}

}  // namespace

SecondLook::SecondLook(std::unique_ptr<Settlement> settlement, const LetterReader& reader,
                       const Judge& judge, const Clock& clock, Metrics& metrics, Health& health,
                       SecondLookOptions options, std::function<void()> events_written)
    : settlement_(std::move(settlement)),
      settler_(
          *settlement_,
          [this](auto batch, auto locked) { return settlement_->SettleAgain(batch, locked); },
          clock),
      reader_(reader),
      judge_(judge),
      clock_(clock),
      metrics_(metrics),
      health_(health),
      options_(options),
      events_written_(std::move(events_written)),
      backoff_(milliseconds(200), seconds(10)) {}

SecondLook::~SecondLook() {
  Stop();
}

void SecondLook::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void SecondLook::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  settlement_->Abort();
  thread_.join();
}

void SecondLook::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto busy = LookOnce();
    if (busy) {
      backoff_.Reset();
      health_.Set("second look", HealthState::kReady);
      if (!*busy) signal_.WaitFor(stop, options_.idle_wait);
    } else if (!stop.stop_requested()) {
      if (health_.Set("second look", HealthState::kMissing, busy.error().message)) {
        LogWarning("second_look_waits",
                   {{"cause", std::string(LedgerFaultName(busy.error().fault))},
                    {"why", busy.error().message}});
      }
      signal_.WaitFor(stop, backoff_.Next());
    }
  }
}

LedgerResult<void> SecondLook::BringForward() {
  const auto now = std::chrono::steady_clock::now();
  if (now - brought_forward_ < kBringForwardEvery) return {};
  brought_forward_ = now;
  return settlement_->BringForward(clock_.Now(), kLongestDeferred, kLongestRefused);
}

void SecondLook::Report(std::span<const Judgement> judgements, const SettleProgress& progress) {
  for (std::size_t index = 0; index < progress.settled.size(); ++index) {
    const SettledLetter& settled = progress.settled[index];
    if (!settled.recorded || !settled.outcome) continue;
    if (IsStillWaiting(*settled.outcome)) continue;  // nothing became of it: it was counted before
    metrics_.LetterSettled(judgements[index].letter.delivery.dead_letter_queue, *settled.outcome);
    if (*settled.outcome == Outcome::kFailed || *settled.outcome == Outcome::kRetried)
      events_written_();
  }
}

LedgerResult<bool> SecondLook::LookOnce() {
  if (const auto brought = BringForward(); !brought)
    return Unexpected<LedgerError>(brought.error());
  auto due = settlement_->TakeDue(clock_.Now(), options_.batch_letters, options_.batch_bytes,
                                  options_.lease);
  if (!due) return Unexpected<LedgerError>(due.error());
  std::vector<Judgement> judgements;
  for (DueLetter& letter : *due) {
    if (!letter.unreadable.empty()) {
      judgements.push_back(RefuseUnreadable(std::move(letter), clock_.Now()));
      continue;
    }
    judgements.push_back(judge_(reader_.Read(letter.id, std::move(letter.delivery)), letter.tries));
  }
  for (std::span<const Judgement> rest = judgements; !rest.empty();) {
    const SettleProgress progress = settler_.Settle(rest);
    Report(rest, progress);
    if (progress.error) return Unexpected<LedgerError>(*progress.error);
    rest = rest.subspan(progress.settled.size());
  }

  std::size_t closed = 0;
  if (options_.close_finished) {
    const auto finished = settlement_->CloseFinished(kCloseAtOnce);
    if (!finished) return Unexpected<LedgerError>(finished.error());
    closed = *finished;
  }
  return !due->empty() || closed > 0;
}

}  // namespace deadletter
