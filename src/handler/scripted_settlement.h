// For tests of the handler's own decisions: a settlement that fails exactly where a real ledger
// cannot be made to. What a real ledger does is shown by the conformance suite and the system
// tests.
#pragma once

#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/settlement.h"

namespace deadletter::test {

// Letters are told apart by message_id. Set the script before use.
class ScriptedSettlement final : public Settlement {
 public:
  std::set<std::string> refuses;  // a batch with one of these that is not fixed fails with kLetter
  std::set<std::string> locked;   // kRowLocked, or deferred
  std::set<std::string> stuck;    // kBusy for a batch with one of these that is not fixed
  std::size_t most_in_time = std::numeric_limits<std::size_t>::max();  // kTooLong for more letters
  std::set<std::string> never_in_time;  // kTooLong for a batch with one of these that is not fixed
  int busy_calls = 0;                   // so many calls fail with kBusy first
  std::optional<std::pair<int, LedgerFault>> fails_from;  // from this call on, every one fails so
  std::map<int, LedgerFault> fails_at;                    // these calls fail so
  std::optional<LedgerFault> probe_fault;
  std::optional<LedgerFault> rehearse_fault;

  std::vector<DueLetter> due;  // what the next TakeDue gives

  std::set<std::string> committed;
  std::vector<std::string> refused_details;

  [[nodiscard]] int calls() const { return calls_; }

  LedgerResult<std::vector<SettledLetter>> Settle(std::span<const Judgement> batch,
                                                  LockedRows rows) override {
    const int call = calls_++;
    if (fails_from && call >= fails_from->first) return Fault(fails_from->second);
    if (const auto fault = fails_at.find(call); fault != fails_at.end())
      return Fault(fault->second);
    if (busy_calls-- > 0) return Fault(LedgerFault::kBusy);
    if (batch.size() > most_in_time) return Fault(LedgerFault::kTooLong);
    std::vector<SettledLetter> settled;
    for (const Judgement& judgement : batch) {
      const std::string name = judgement.letter.message_id.value_or("");
      if (!judgement.fixed && refuses.contains(name)) return Fault(LedgerFault::kLetter);
      if (!judgement.fixed && stuck.contains(name)) return Fault(LedgerFault::kBusy);
      if (!judgement.fixed && never_in_time.contains(name)) return Fault(LedgerFault::kTooLong);
      const bool meets_lock = !judgement.fixed && locked.contains(name);
      if (meets_lock && rows == LockedRows::kWait) return Fault(LedgerFault::kRowLocked);
      const Outcome moved = meets_lock ? Outcome::kDeferred : Outcome::kFailed;
      settled.push_back({true, judgement.fixed ? judgement.fixed->outcome : moved});
    }
    for (const Judgement& judgement : batch) {
      committed.insert(judgement.letter.message_id.value_or(""));
      if (judgement.fixed) refused_details.push_back(judgement.fixed->detail);
    }
    return settled;
  }

  LedgerResult<std::vector<SettledLetter>> SettleAgain(std::span<const Judgement> batch,
                                                       LockedRows rows) override {
    return Settle(batch, rows);
  }

  LedgerResult<std::vector<DueLetter>> TakeDue(Instant, std::size_t, std::size_t,
                                               std::chrono::milliseconds) override {
    return std::exchange(due, {});
  }

  LedgerResult<void> BringForward(Instant, std::chrono::microseconds,
                                  std::chrono::microseconds) override {
    return {};
  }
  LedgerResult<std::size_t> CloseFinished(std::size_t) override { return std::size_t{0}; }

  LedgerResult<void> Probe() override {
    if (probe_fault) return Fault(*probe_fault);
    return {};
  }

  LedgerResult<void> Rehearse(std::span<const Judgement>) override {
    if (rehearse_fault) return Fault(*rehearse_fault);
    return {};
  }

  void Abort() override {}

 private:
  static Unexpected<LedgerError> Fault(LedgerFault fault) {
    return Unexpected<LedgerError>(LedgerError{fault, "22000", "scripted"});
  }

  int calls_ = 0;
};

}  // namespace deadletter::test
