// What tests of intake share: a queue in memory, and a ledger that answers as it is told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "handler/intake.h"
#include "handler/scripted_consumer.h"

namespace deadletter::test {

// What the ledger answers, changed while intake runs, and what it was asked. Letters are told by
// their bodies.
class LedgerScript {
 public:
  explicit LedgerScript(ScriptedQueue& queue) : queue_(queue) {}

  void Fail(std::optional<LedgerFault> settle, std::optional<LedgerFault> probe = {},
            std::optional<LedgerFault> rehearse = {}) {
    const std::lock_guard lock(mutex_);
    settle_fault_ = settle;
    probe_fault_ = probe;
    rehearse_fault_ = rehearse;
  }
  [[nodiscard]] bool WaitForCalls(const std::string& call, std::ptrdiff_t count) {
    std::unique_lock lock(mutex_);
    return asked_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return std::ranges::count(calls_, call) >= count; });
  }
  void Abort() {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
    asked_.notify_all();
  }
  // False after 10 s.
  [[nodiscard]] bool WaitForAbort() {
    std::unique_lock lock(mutex_);
    return asked_.wait_for(lock, std::chrono::seconds(10), [this] { return aborted_; });
  }
  // Before the start: what a settle of these letters does before it answers.
  void When(std::function<LedgerResult<void>(std::span<const Judgement>)> met) {
    met_ = std::move(met);
  }
  LedgerResult<void> Meet(std::span<const Judgement> batch) const {
    return met_ ? met_(batch) : LedgerResult<void>{};
  }
  [[nodiscard]] std::vector<std::ptrdiff_t> closes_before_settle() {
    const std::lock_guard lock(mutex_);
    return closes_before_settle_;
  }

  LedgerResult<void> Answer(const std::string& call) {
    const std::lock_guard lock(mutex_);
    const auto fault = call == "settle"  ? settle_fault_
                       : call == "probe" ? probe_fault_
                                         : rehearse_fault_;
    if (call == "settle")
      closes_before_settle_.push_back(std::ranges::count(queue_.calls(), std::string("close")));
    calls_.push_back(call);
    asked_.notify_all();
    if (!fault) return {};
    return Unexpected<LedgerError>({.fault = *fault, .code = "", .message = "scripted"});
  }

 private:
  ScriptedQueue& queue_;
  std::function<LedgerResult<void>(std::span<const Judgement>)> met_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::optional<LedgerFault> settle_fault_;
  std::optional<LedgerFault> probe_fault_;
  std::optional<LedgerFault> rehearse_fault_;
  bool aborted_ = false;
  std::vector<std::string> calls_;
  std::vector<std::ptrdiff_t> closes_before_settle_;
};

class ScriptedLedger final : public Settlement {
 public:
  explicit ScriptedLedger(LedgerScript& script) : script_(script) {}

  LedgerResult<std::vector<SettledLetter>> Settle(std::span<const Judgement> batch,
                                                  LockedRows) override {
    if (auto answer = script_.Answer("settle"); !answer)
      return Unexpected<LedgerError>(answer.error());
    if (auto answer = script_.Meet(batch); !answer) return Unexpected<LedgerError>(answer.error());
    return std::vector<SettledLetter>(batch.size(), {.recorded = true, .outcome = {}});
  }
  LedgerResult<std::vector<SettledLetter>> SettleAgain(std::span<const Judgement> batch,
                                                       LockedRows locked) override {
    return Settle(batch, locked);
  }
  LedgerResult<std::vector<DueLetter>> TakeDue(Instant, std::size_t, std::size_t,
                                               std::chrono::milliseconds) override {
    return std::vector<DueLetter>{};
  }
  LedgerResult<void> BringForward(Instant, std::chrono::microseconds,
                                  std::chrono::microseconds) override {
    return {};
  }
  LedgerResult<std::size_t> CloseFinished(std::size_t) override { return std::size_t{0}; }
  LedgerResult<void> Probe() override { return script_.Answer("probe"); }
  LedgerResult<void> Rehearse(std::span<const Judgement>) override {
    return script_.Answer("rehearse");
  }
  void Abort() override { script_.Abort(); }

 private:
  LedgerScript& script_;
};

inline constexpr std::chrono::milliseconds kForEver = std::chrono::hours(24);
inline constexpr std::chrono::milliseconds kAtOnce{0};

class IntakeTest : public ::testing::Test {
 protected:
  void StartIntake(std::chrono::milliseconds hold) {
    IntakeOptions options;
    options.hold = hold;
    options.first_return = options.longest_return = std::chrono::milliseconds(1);
    options.batch_letters = batch_letters_;
    intake_ = std::make_unique<Intake>(
        std::make_unique<ScriptedConsumer>(queue_), std::make_unique<ScriptedLedger>(ledger_),
        has_helper_ ? std::make_unique<ScriptedLedger>(helping_) : nullptr, reader_, judge_, clock_,
        metrics_, health_, options, [] {});
    intake_->Start();
  }
  void StopIntake() {
    intake_->FinishBy(std::chrono::steady_clock::now() + std::chrono::seconds(10));
    intake_.reset();
  }
  std::ptrdiff_t Count(const std::string& call) { return std::ranges::count(queue_.calls(), call); }

  ScriptedQueue queue_;
  LedgerScript ledger_{queue_};
  LedgerScript helping_{queue_};  // the helper's session
  SystemClock clock_;
  LetterReader reader_{LetterFormat::Default()};
  Judge judge_{{}, clock_};
  Metrics metrics_;
  Health health_;
  std::size_t batch_letters_ = IntakeOptions{}.batch_letters;
  bool has_helper_ = false;
  std::unique_ptr<Intake> intake_;
};

}  // namespace deadletter::test
