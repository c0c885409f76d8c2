// The handler's settles, as a measurement sees them: how long each took, and what came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ledger/settlement.h"

namespace deadletter {

// Any thread.
class BenchSettles {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  struct Account {
    std::int64_t failed = 0;  // executions, as the ledger answered
    std::string other;  // the first outcome that was another one, with its detail; empty: none
    std::chrono::steady_clock::duration in_settle{0};
    Moment last{};  // the last answer
  };

  // `each`: keep the moment of every letter's answer, by its message id.
  explicit BenchSettles(bool each) : each_(each) {}

  void Note(std::span<const Judgement> batch, const std::vector<SettledLetter>& settled,
            Moment began, Moment ended);
  [[nodiscard]] Account account() const;
  [[nodiscard]] std::map<std::string, Moment> moments() const;

 private:
  const bool each_;
  mutable std::mutex mutex_;
  Account account_;                        // } guarded by mutex_
  std::map<std::string, Moment> moments_;  // }
};

// That settlement, with every Settle() noted in `settles`, which must outlive it.
[[nodiscard]] std::unique_ptr<Settlement> Watched(std::unique_ptr<Settlement> settlement,
                                                  BenchSettles& settles);

}  // namespace deadletter
