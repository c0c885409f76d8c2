// Counts recorded letters into groups and hours.
#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "handler/chore.h"
#include "ledger/counting.h"
#include "telemetry/metrics.h"

namespace deadletter {

// Clock and metrics must outlive it.
class Counter final : public Chore {
 public:
  Counter(std::unique_ptr<Counting> counting, const Clock& clock, Metrics& metrics,
          std::chrono::milliseconds prune_every = std::chrono::minutes(1));

  [[nodiscard]] LedgerResult<bool> DoSome() override;
  [[nodiscard]] std::string_view part() const override { return "groups"; }
  void Complain(const LedgerError& error) const override;
  void Abort() override { counting_->Abort(); }

 private:
  [[nodiscard]] LedgerResult<void> Prune();

  const std::unique_ptr<Counting> counting_;
  const Clock& clock_;
  Metrics& metrics_;
  const std::chrono::milliseconds prune_every_;
  std::chrono::steady_clock::time_point pruned_;
};

}  // namespace deadletter
