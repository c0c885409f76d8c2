#include "handler/behind_settle.h"

#include <algorithm>
#include <utility>

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShortestRest(5);

// Somebody else has the lock that we want: it is his turn, and there is nothing wrong.
bool IsSomebodysTurn(const LedgerError& error) {
  return error.fault == LedgerFault::kBusy || error.fault == LedgerFault::kRowLocked;
}

}  // namespace

BehindSettle::BehindSettle(std::vector<std::unique_ptr<Chore>> chores, Backlog backlog,
                           Health& health, BehindSettleOptions options)
    : health_(health), options_(options), deference_(std::move(backlog), options.longest_backlog) {
  for (auto& chore : chores) {
    tasks_.push_back({.chore = std::move(chore),
                      .backoff = Backoff(options_.first_backoff, options_.longest_backoff)});
  }
}

BehindSettle::~BehindSettle() {
  Stop();
}

void BehindSettle::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void BehindSettle::Stop() {
  if (!thread_.joinable()) return;
  is_stopping_ = true;
  thread_.request_stop();
  for (const Task& task : tasks_) task.chore->Abort();
  thread_.join();
}

void BehindSettle::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto began = steady_clock::now();
    switch (WorkOnce()) {
      case Round::kWorked:
        // The embedded ledger has one lock for all: whoever waits for it gets it now.
        nap_.WaitFor(stop, std::max(kShortestRest, std::chrono::duration_cast<milliseconds>(
                                                       steady_clock::now() - began)));
        break;
      case Round::kIdle:
        nap_.WaitFor(stop, IdleWait());
        break;
      case Round::kBacklog:
        nap_.WaitFor(stop, options_.backlog_wait);
        break;
    }
  }
}

BehindSettle::Round BehindSettle::WorkOnce() {
  if (deference_.MustWait(steady_clock::now())) return Round::kBacklog;
  bool more = false;
  for (Task& task : tasks_) more = DoSome(task) || more;
  return more ? Round::kWorked : Round::kIdle;
}

bool BehindSettle::DoSome(Task& task) {
  if (steady_clock::now() < task.due) return false;
  const std::string part(task.chore->part());
  const auto done = task.chore->DoSome();
  const bool is_waiting = !done && IsSomebodysTurn(done.error());
  if (done || is_waiting) {
    task.backoff.Reset();
    health_.Set(part, HealthState::kReady);
    return done.value_or(false);
  }
  // Letters are handled all the same: only what is shown of them is old. And what a stop has ended
  // is no trouble.
  task.due = steady_clock::now() + task.backoff.Next();
  if (!is_stopping_ && health_.Set(part, HealthState::kWarning, done.error().message))
    task.chore->Complain(done.error());
  return false;
}

// Until there may be something, or what has failed is due again.
milliseconds BehindSettle::IdleWait() const {
  milliseconds wait = options_.idle_wait;
  const auto now = steady_clock::now();
  for (const Task& task : tasks_) {
    if (task.due <= now) continue;
    wait = std::min(wait, std::chrono::ceil<milliseconds>(task.due - now));
  }
  return wait;
}

}  // namespace deadletter
