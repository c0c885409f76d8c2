#include "handler/replayer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/fault_point.h"
#include "handler/replay_answer.h"
#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kRestAfterCount = 20;  // times as long as it took

// So many letters in one go, none of which any queue wants, are no letters' fault.
constexpr std::size_t kAllUnroutable = 10;

ReplayClaim ClaimFor(const ComposedReplay& composed) {
  return {composed.letter.id, composed.letter.execution_id, composed.letter.attempt};
}

// Those that a token of the pace was spent for: what is unsent had its own when it was claimed
// first.
template <class Letters>
std::size_t Pending(const Letters& letters) {
  return static_cast<std::size_t>(
      std::ranges::count_if(letters, [](const auto& letter) { return !letter.is_unsent; }));
}

}  // namespace

Replayer::Replayer(std::unique_ptr<ReplayWork> work, std::unique_ptr<Publisher> publisher,
                   std::unique_ptr<BrokerWatch> watch, const LetterReader& reader,
                   const LetterFormat& format, const Judge& judge, const Clock& clock,
                   Metrics& metrics, Health& health, ReplayerOptions options)
    : work_(std::move(work)),
      publisher_(std::move(publisher)),
      watch_(std::move(watch)),
      composer_(reader, format, judge, options.edit_guard),
      clock_(clock),
      marker_(*work_, clock, metrics),
      health_(health),
      options_(std::move(options)),
      ledger_backoff_(milliseconds(200), seconds(5)),  // within the publisher's heartbeats
      broker_backoff_(milliseconds(200), seconds(4)) {}

Replayer::~Replayer() {
  Stop(steady_clock::now());
}

void Replayer::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Replayer::Notify() {
  signal_.Notify();
}

void Replayer::RequestStop() {
  thread_.request_stop();
}

void Replayer::Stop(steady_clock::time_point deadline) {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  if (!done_.WaitUntil(deadline)) {
    publisher_->Abort();
    watch_->Abort();
    work_->Abort();
  }
  thread_.join();
}

void Replayer::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto sent = DriveOnce(stop);
    if (stop.stop_requested()) break;
    if (!sent) {
      LedgerAway(sent.error(), stop);
      continue;
    }
    ledger_backoff_.Reset();
    if (!broker_away_) health_.Set("replays", HealthState::kReady);
    if (broker_away_) {
      signal_.WaitFor(stop, broker_backoff_.Next());
    } else if (*sent == 0) {
      publisher_->KeepAlive();
      milliseconds wait = driven_.empty() ? options_.idle_wait : options_.follow_every;
      for (const auto& [id, driven] : driven_) wait = std::min(wait, driven.wait);
      signal_.WaitFor(stop, wait);
    }
  }
  // Nobody has to wait for our leases; what we claimed and could not mark is in doubt for them.
  (void)work_->Release(driver_);
  publisher_->Close();
  done_.Open();
}

LedgerResult<std::size_t> Replayer::DriveOnce(const std::stop_token& stop) {
  std::vector<LetterId> owed;
  for (const auto& [id, driven] : driven_) {
    const auto letters = driven.owed.Letters();
    owed.insert(owed.end(), letters.begin(), letters.end());
  }
  auto replays = work_->Lease(driver_, clock_.Now(), options_.lease, owed);
  if (!replays) return Unexpected<LedgerError>(replays.error());
  std::erase_if(driven_, [&](const auto& known) {
    return std::ranges::find(*replays, known.first, &DrivenReplay::id) == replays->end();
  });
  asked_broker_ = false;
  // So that the lease, which all of them share a round of, outlasts it.
  const auto pay_until = steady_clock::now() + options_.lease / 4;
  std::size_t sent = 0;
  for (const DrivenReplay& replay : *replays) {
    if (stop.stop_requested()) break;
    Driven& driven = driven_[replay.id];
    driven.pay_until = pay_until;
    const auto of_this = Drive(replay, driven, stop);
    if (!of_this) return of_this;
    sent += *of_this;
  }
  if (!asked_broker_) BrokerAway(nullptr);  // nothing of ours waits for it
  return sent;
}

// The road of a replay's next letters, and what happens if we die on each line of it: until the
// claim has committed nothing is changed, but that letters which cannot be sent at all have ended;
// from then on until the mark has, the letters of this window, and those whose marks are owed, are
// in doubt for whoever takes the replay over, and are not sent again by themselves.
LedgerResult<std::size_t> Replayer::Drive(const DrivenReplay& replay, Driven& driven,
                                          const std::stop_token& stop) {
  if (steady_clock::now() >= driven.follow_at) {
    const auto goes_on = Look(replay, driven);
    if (!goes_on) return Unexpected<LedgerError>(goes_on.error());
    if (!*goes_on) return 0;
  }
  marker_.Pay(replay.id, driven.owed, driven.pay_until);
  driven.wait = options_.follow_every;
  if (driven.owed.IsFull()) return 0;
  std::size_t most = 0;
  if (replay.state == ReplayState::kRunning) {
    most = driven.batch_messages == 0 ? options_.batch_messages : driven.batch_messages;
    if (replay.spec.ramp) most = std::min(most, RampAllows(driven.counts));
    most = driven.pace.Take(replay.spec.milli_rate, most, steady_clock::now());
  }
  // What has a mark owed stands in the ledger as it did before, and would come again and again.
  auto candidates =
      work_->Next(replay.id, clock_.Now(), most, options_.batch_bytes, driven.owed.Letters());
  if (!candidates) return Unexpected<LedgerError>(candidates.error());
  driven.pace.GiveBack(most - Pending(*candidates));
  if (candidates->empty()) {
    const auto next = driven.pace.UntilNext(replay.spec.milli_rate);
    if (next && most == 0) driven.wait = std::min(driven.wait, *next);
    return 0;
  }
  const auto edit = ParseKeptEdit(replay.spec.edit_json);
  if (!edit) {
    const auto stopped = StopBecause(replay, "its edit cannot be read: " + edit.error().message);
    if (!stopped) return Unexpected<LedgerError>(stopped.error());
    return 0;
  }
  if (replay.spec.ramp)
    driven.follow_at = driven.count_at = {};  // how far it has come decides how far it may go
  std::vector<ComposedReplay> composed = Compose(replay, driven, *edit, std::move(*candidates));
  if (replay.spec.queue_limit > 0) {
    const std::size_t taken = Pending(composed);
    const auto room = KeepToQueueLimit(replay, composed);
    if (!room) return Unexpected<LedgerError>(room.error());
    if (!*room) {
      driven.pace.GiveBack(taken);
      return 0;
    }
    driven.pace.GiveBack((*room)->left_out);
    if ((*room)->stopped || composed.empty()) return 0;
  }
  return Send(replay, driven, std::move(composed), stop);
}

std::vector<ComposedReplay> Replayer::Compose(const DrivenReplay& replay, Driven& driven,
                                              const ReplayEdit& edit,
                                              std::vector<ReplayCandidate> candidates) const {
  std::vector<ComposedReplay> composed;
  std::size_t edited_bytes = 0;
  // A hundred operations read a large body a hundred times, and the lease is to outlast them.
  const auto until = steady_clock::now() + options_.lease / 4;
  for (ReplayCandidate& candidate : candidates) {
    composed.push_back(composer_(replay, edit, std::move(candidate)));
    if (edit.IsNone()) continue;
    edited_bytes += composed.back().message.BufferedBytes();
    if (edited_bytes >= options_.batch_bytes || steady_clock::now() >= until) break;
  }
  driven.pace.GiveBack(Pending(std::span(candidates).subspan(composed.size())));
  return composed;
}

LedgerResult<std::optional<Replayer::Room>> Replayer::KeepToQueueLimit(
    const DrivenReplay& replay, std::vector<ComposedReplay>& composed) {
  asked_broker_ = true;
  std::map<std::string, std::int64_t> room;
  for (const ComposedReplay& one : composed) {
    if (one.queue.empty() || room.contains(one.queue)) continue;
    const auto waiting = watch_->Waiting(one.queue);
    if (!waiting) {
      BrokerAway(&waiting.error().message);
      return std::optional<Room>();
    }
    room[one.queue] = replay.spec.queue_limit - waiting->value_or(0);
    if (room[one.queue] >= 0) continue;
    const auto stopped =
        StopBecause(replay, one.queue + " holds " + std::to_string(waiting->value_or(0)) +
                                " messages, more than " + std::to_string(replay.spec.queue_limit));
    if (!stopped) return Unexpected<LedgerError>(stopped.error());
    return Room{.left_out = Pending(composed), .stopped = true};
  }
  const std::size_t all = Pending(composed);
  std::erase_if(composed, [&](const ComposedReplay& one) {
    return !one.queue.empty() && room.at(one.queue)-- <= 0;
  });
  return Room{.left_out = all - Pending(composed)};
}

// Follows what was sent. False: the replay stops by itself.
LedgerResult<bool> Replayer::Look(const DrivenReplay& replay, Driven& driven) {
  const auto seen =
      work_->Follow(replay.id, driven.followed_up_to, options_.follow_letters, clock_.Now());
  if (!seen) return Unexpected<LedgerError>(seen.error());
  driven.followed_up_to = seen->up_to;
  marker_.Count(seen->ends);
  const auto followed = steady_clock::now();
  driven.follow_at = followed + options_.follow_every;
  if (followed < driven.count_at) return true;
  auto counts = work_->Count(replay.id);
  if (!counts) return Unexpected<LedgerError>(counts.error());
  driven.counts = std::move(*counts);
  const auto counted = steady_clock::now();
  driven.count_at = counted + std::max<steady_clock::duration>(
                                  options_.follow_every, kRestAfterCount * (counted - followed));
  if (replay.state != ReplayState::kRunning) return true;
  const auto why = WhyStop(replay.spec, driven.counts, replay.answered_before);
  if (!why) return true;
  return StopBecause(replay, *why);
}

LedgerResult<bool> Replayer::StopBecause(const DrivenReplay& replay, const std::string& why) {
  LogWarning("replay_stopped", {{"replay", FormatUuid(replay.id.value())}, {"why", why}});
  if (const auto stopped = work_->Stop(replay.id, why); !stopped)
    return Unexpected<LedgerError>(stopped.error());
  return false;
}

LedgerResult<std::size_t> Replayer::StopsBecause(const DrivenReplay& replay,
                                                 const std::string& why) {
  const auto stopped = StopBecause(replay, why);
  if (!stopped) return Unexpected<LedgerError>(stopped.error());
  return std::size_t{0};
}

LedgerResult<std::size_t> Replayer::Send(const DrivenReplay& replay, Driven& driven,
                                         std::vector<ComposedReplay> composed,
                                         const std::stop_token& stop) {
  std::vector<ReplayResult> results;
  if (!TakeOutHopeless(composed, results)) {
    driven.pace.GiveBack(Pending(composed));
    return 0;
  }
  const auto without_exchange = static_cast<std::size_t>(
      std::ranges::count(results, ReplayMark::kUnroutable, &ReplayResult::mark));
  const bool leads_nowhere = composed.empty() && without_exchange >= kAllUnroutable;
  MarkUntilItHolds(replay, driven, std::exchange(results, {}), stop);
  if (leads_nowhere) return StopsBecause(replay, "there is no exchange where its messages go");
  if (composed.empty()) return 0;
  const auto claimed = Claim(replay, driven, composed, stop);
  if (!claimed) {
    driven.pace.GiveBack(Pending(composed));
    return Unexpected<LedgerError>(claimed.error());
  }
  if (claimed->empty()) return 0;

  // Those that are left have been dealt with, too: they are put off, and the next ones come.
  const std::size_t dealt_with = claimed->size();
  std::vector<ComposedReplay> ready;
  for (std::size_t index = 0; index < claimed->size(); ++index) {
    const ClaimedLetter& letter = claimed->at(index);
    // The letters behind it are not to wait for its turn.
    if (letter.verdict == ClaimVerdict::kLeft && !composed[index].is_unsent)
      driven.pace.GiveBack(1);
    if (letter.verdict == ClaimVerdict::kWithdrawn) marker_.Count({{ReplayEnd::kWithdrawn, 1}});
    if (letter.verdict != ClaimVerdict::kClaimed) continue;
    ComposedReplay& one = composed[index];
    if (letter.stamp && !composer_.Stamp(one, *letter.stamp)) {
      results.push_back(composer_.Unroutable(one, one.problem));
      continue;
    }
    ready.push_back(std::move(one));
  }
  std::vector<OutgoingMessage> messages;
  messages.reserve(ready.size());
  for (ComposedReplay& one : ready)
    messages.push_back({std::move(one.address), std::move(one.message)});
  std::vector<PublishResult> published;
  fault::Hit("replaysend.before");
  if (!messages.empty()) published = publisher_->Publish(messages);
  fault::Hit("replaysend.after");
  const std::string* away = nullptr;
  std::size_t unroutable = 0;
  const Instant now = clock_.Now();
  for (std::size_t index = 0; index < published.size(); ++index) {
    if (published[index].outcome == PublishOutcome::kUnavailable) away = &published[index].detail;
    results.push_back(MarkFor(ready[index], published[index], composer_, now));
    if (results.back().mark == ReplayMark::kUnroutable) ++unroutable;
  }
  MarkUntilItHolds(replay, driven, std::move(results), stop);
  BrokerAway(away);
  if (unroutable >= kAllUnroutable && unroutable == published.size())
    return StopsBecause(replay, "no queue takes its messages");
  return away == nullptr ? dealt_with : 0;
}

// Before any execution is touched by this window. What is unsent had its execution touched by an
// earlier claim: it ends as unroutable whatever its problem is, and its execution fails again.
bool Replayer::TakeOutHopeless(std::vector<ComposedReplay>& composed,
                               std::vector<ReplayResult>& hopeless) {
  asked_broker_ = true;
  const Instant now = clock_.Now();
  std::map<std::string, bool> exchanges;
  for (const ComposedReplay& one : composed) exchanges[one.address.exchange] = true;
  for (auto& [exchange, exists] : exchanges) {
    if (exchange.empty()) continue;  // the default one
    const auto answer = publisher_->ExchangeExists(exchange);
    if (!answer) {
      BrokerAway(&answer.error().message);
      return false;
    }
    exists = *answer;
  }
  std::erase_if(composed, [&](const ComposedReplay& one) {
    if (!one.problem.empty()) {
      // What waits for it already must not wait for ever.
      hopeless.push_back(one.is_unsent ? composer_.Unroutable(one, one.problem)
                                       : MarkOf(one, ReplayMark::kWithdrawn, one.problem, now));
      return true;
    }
    if (exchanges.at(one.address.exchange)) return false;
    hopeless.push_back(
        composer_.Unroutable(one, "there is no exchange '" + one.address.exchange + "'"));
    return true;
  });
  return true;
}

LedgerResult<std::vector<ClaimedLetter>> Replayer::Claim(const DrivenReplay& replay, Driven& driven,
                                                         std::vector<ComposedReplay>& composed,
                                                         const std::stop_token& stop) {
  std::vector<ReplayClaim> claims;
  const Instant now = clock_.Now();
  for (ComposedReplay& one : composed) {
    claims.push_back(ClaimFor(one));
    one.claimed_at = now;
  }
  auto claimed = work_->Claim(replay.id, driver_, claims, now);
  if (claimed) {
    driven.batch_messages = std::min(options_.batch_messages, 2 * driven.batch_messages);
    return claimed;
  }
  const std::vector<ClaimedLetter> none;
  const LedgerError& error = claimed.error();
  if (IsSoonOver(error.fault)) {
    // Perhaps it is their number that takes too long.
    driven.batch_messages = std::max<std::size_t>(1, composed.size() / 2);
    driven.pace.GiveBack(Pending(composed));
    return none;
  }
  const auto mark = [&](const ComposedReplay& one, ReplayMark how, const std::string& why) {
    MarkUntilItHolds(replay, driven, {MarkOf(one, how, why, clock_.Now())}, stop);
  };
  if (error.fault == LedgerFault::kInDoubt) {
    // Perhaps they are claimed; certainly none of them is sent.
    std::vector<ReplayResult> unsent;
    for (const ComposedReplay& one : composed)
      unsent.push_back(MarkOf(one, ReplayMark::kUnsent, error.message, clock_.Now()));
    MarkUntilItHolds(replay, driven, std::move(unsent), stop);
    return none;
  }
  if (error.fault != LedgerFault::kLetter) return claimed;
  if (composed.size() == 1) {
    mark(composed.front(), ReplayMark::kWithdrawn, error.message);
    return none;
  }
  // The platform refuses one of them: each alone, and the others go through.
  std::vector<ClaimedLetter> all;
  for (ComposedReplay& one : composed) {
    const ReplayClaim claim = ClaimFor(one);
    one.claimed_at = clock_.Now();
    auto alone = work_->Claim(replay.id, driver_, std::span(&claim, 1), *one.claimed_at);
    if (alone) {
      all.push_back(alone->front());
      continue;
    }
    all.emplace_back();
    const bool is_its_fault = alone.error().fault == LedgerFault::kLetter;
    mark(one, is_its_fault ? ReplayMark::kWithdrawn : ReplayMark::kUnsent, alone.error().message);
  }
  return all;
}

// Before anything else is claimed: an answer that is forgotten is a message in doubt. While the
// ledger is away nothing else is done; what it cannot mark otherwise is owed, and the others go on.
void Replayer::MarkUntilItHolds(const DrivenReplay& replay, Driven& driven,
                                std::vector<ReplayResult> results, const std::stop_token& stop) {
  while (!results.empty()) {
    const auto marked = marker_.Mark(replay.id, results, driven.owed, driven.pay_until);
    if (marked) return;
    LedgerAway(marked.error(), stop);
    if (stop.stop_requested()) return;
  }
}

void Replayer::LedgerAway(const LedgerError& error, const std::stop_token& stop) {
  if (stop.stop_requested()) return;
  if (health_.Set("replays", HealthState::kMissing, error.message)) {
    LogWarning("replays_wait",
               {{"cause", std::string(LedgerFaultName(error.fault))}, {"why", error.message}});
  }
  publisher_->KeepAlive();
  signal_.WaitFor(stop, ledger_backoff_.Next());
}

void Replayer::BrokerAway(const std::string* why) {
  broker_away_ = why != nullptr;
  if (!broker_away_) {
    broker_backoff_.Reset();
  } else if (health_.Set("replays", HealthState::kMissing, *why)) {
    LogWarning("replays_wait", {{"cause", "broker"}, {"why", *why}});
  }
}

}  // namespace deadletter
