#include "app/bench_settles.h"

#include <utility>

#include "letter/outcome.h"

namespace deadletter {
namespace {

using std::chrono::steady_clock;

class WatchedSettlement final : public Settlement {
 public:
  WatchedSettlement(std::unique_ptr<Settlement> settlement, BenchSettles& settles)
      : settlement_(std::move(settlement)), settles_(settles) {}

  LedgerResult<std::vector<SettledLetter>> Settle(std::span<const Judgement> batch,
                                                  LockedRows locked) override {
    const auto began = steady_clock::now();
    auto settled = settlement_->Settle(batch, locked);
    if (settled) settles_.Note(batch, *settled, began, steady_clock::now());
    return settled;
  }
  LedgerResult<std::vector<SettledLetter>> SettleAgain(std::span<const Judgement> batch,
                                                       LockedRows locked) override {
    return settlement_->SettleAgain(batch, locked);
  }
  LedgerResult<std::vector<DueLetter>> TakeDue(Instant now, std::size_t limit,
                                               std::size_t max_bytes,
                                               std::chrono::milliseconds lease) override {
    return settlement_->TakeDue(now, limit, max_bytes, lease);
  }
  LedgerResult<void> BringForward(Instant now, std::chrono::microseconds longest_deferred,
                                  std::chrono::microseconds longest_refused) override {
    return settlement_->BringForward(now, longest_deferred, longest_refused);
  }
  LedgerResult<std::size_t> CloseFinished(std::size_t limit) override {
    return settlement_->CloseFinished(limit);
  }
  LedgerResult<void> Probe() override { return settlement_->Probe(); }
  LedgerResult<void> Rehearse(std::span<const Judgement> batch) override {
    return settlement_->Rehearse(batch);
  }
  void Abort() override { settlement_->Abort(); }

 private:
  const std::unique_ptr<Settlement> settlement_;
  BenchSettles& settles_;
};

}  // namespace

void BenchSettles::Note(std::span<const Judgement> batch, const std::vector<SettledLetter>& settled,
                        Moment began, Moment ended) {
  const std::lock_guard lock(mutex_);
  account_.in_settle += ended - began;
  account_.last = ended;
  for (std::size_t index = 0; index < settled.size(); ++index) {
    const SettledLetter& one = settled[index];
    if (!one.recorded || !one.outcome) continue;
    if (*one.outcome == Outcome::kFailed) {
      ++account_.failed;
    } else if (account_.other.empty()) {
      const auto& fixed = batch[index].fixed;
      account_.other = std::string(OutcomeName(*one.outcome)) +
                       (fixed && !fixed->detail.empty() ? ": " + fixed->detail : "");
    }
    if (each_) {
      const auto& id = batch[index].letter.delivery.message.properties.message_id;
      if (id) moments_.emplace(*id, ended);
    }
  }
}

BenchSettles::Account BenchSettles::account() const {
  const std::lock_guard lock(mutex_);
  return account_;
}

std::map<std::string, BenchSettles::Moment> BenchSettles::moments() const {
  const std::lock_guard lock(mutex_);
  return moments_;
}

std::unique_ptr<Settlement> Watched(std::unique_ptr<Settlement> settlement, BenchSettles& settles) {
  return std::make_unique<WatchedSettlement>(std::move(settlement), settles);
}

}  // namespace deadletter
