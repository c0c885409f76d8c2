// From a letter that was read to everything that settle may have to write for it. Pure but for the
// names it mints.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/execution_table.h"
#include "ledger/settlement.h"
#include "policy/rule.h"

namespace deadletter {

struct JudgeOptions {
  std::vector<Rule> rules;
  ExecutionsMode mode = ExecutionsMode::kFail;
  std::string failed_status = "failed";  // the platform's word
  bool publish_events = true;
  Address event_address{"attune.executions", "execution.completed"};
};

// Immutable; safe from any thread. `clock` must outlive it.
class Judge {
 public:
  Judge(JudgeOptions options, const Clock& clock);

  // `tries`: how often the letter was settled before (0: it has just come).
  [[nodiscard]] Judgement operator()(Letter letter, int tries = 0) const;
  // Only what its execution and the platform are told if this letter fails it, once more.
  [[nodiscard]] Judgement Failing(const Letter& letter) const;

 private:
  void DescribeFailing(const Letter& letter, Judgement& judgement, Instant now) const;
  void Apply(const Verdict& verdict, Judgement& judgement, Instant now) const;

  JudgeOptions options_;
  const Clock& clock_;
};

// When a letter that the ledger could not settle is looked at again: deferred ones soon (1 s,
// doubling to 1 min), refused ones slowly (1 min, doubling to 1 h).
[[nodiscard]] Instant TryAgainAt(Outcome outcome, int tries, Instant now);

}  // namespace deadletter
