// What holds for any batch over any ledger: one that fails at any call, in any way.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <map>

#include "handler/batch_settler.h"
#include "handler/scripted_settlement.h"
#include "tests/support/generators.h"

namespace deadletter {
namespace {

using test::Whole;

constexpr int kMostCallsOfAPart = 9;  // eight while busy, one more where a row is locked

rc::Gen<std::size_t> AnySize() {
  return Whole(rc::gen::inRange<std::size_t>(1, 70));
}

// A settlement whose calls are looked at: what is committed must be the batch's front, in order.
struct Scene {
  test::ScriptedSettlement settlement;
  std::vector<std::string> committed;  // in the order of the calls
  SettleProgress progress;
};

std::vector<Judgement> BatchOf(std::size_t size) {
  std::vector<Judgement> batch(size);
  for (std::size_t index = 0; index < size; ++index)
    batch[index].letter.message_id = std::to_string(index);
  return batch;
}

std::set<std::string> SomeOf(std::size_t size) {
  const auto places = *rc::gen::resize(5, rc::gen::container<std::vector<std::size_t>>(
                                              Whole(rc::gen::inRange<std::size_t>(0, size + 1))));
  std::set<std::string> names;
  for (const std::size_t place : places) names.insert(std::to_string(place));
  return names;
}

void Play(Scene& scene, std::size_t size) {
  const SystemClock clock;
  BatchSettler settler(
      scene.settlement,
      [&](std::span<const Judgement> part, LockedRows locked) {
        auto settled = scene.settlement.Settle(part, locked);
        if (settled) {
          for (const Judgement& one : part) scene.committed.push_back(*one.letter.message_id);
        }
        return settled;
      },
      clock);
  scene.progress = settler.Settle(BatchOf(size));
}

void CheckThatTheFrontIsSettled(const Scene& scene, std::size_t size) {
  RC_ASSERT(scene.progress.settled.size() == scene.committed.size());
  RC_ASSERT(scene.progress.settled.size() <= size);
  for (std::size_t index = 0; index < scene.committed.size(); ++index)
    RC_ASSERT(scene.committed[index] == std::to_string(index));
  RC_ASSERT(scene.progress.error.has_value() == (scene.progress.settled.size() < size));
}

// Each trouble leads down one path of halves at most.
void CheckThatCallsAreBounded(const Scene& scene, std::size_t size, std::size_t troubles) {
  const std::size_t depth = static_cast<std::size_t>(std::bit_width(size)) + 1;
  const std::size_t parts = 1 + 2 * depth * troubles;
  RC_ASSERT(scene.settlement.calls() <= static_cast<int>(parts * kMostCallsOfAPart + troubles));
}

RC_GTEST_PROP(AnyBatch, P5_EveryLetterGetsItsOwnOutcomeAndNoGoodOneIsBlamed, ()) {
  const auto size = *AnySize();
  Scene scene;
  auto& script = scene.settlement;
  script.refuses = SomeOf(size);
  script.locked = SomeOf(size);
  script.stuck = SomeOf(size);
  Play(scene, size);
  CheckThatTheFrontIsSettled(scene, size);
  CheckThatCallsAreBounded(scene, size,
                           script.refuses.size() + script.locked.size() + script.stuck.size());
  RC_ASSERT(!scene.progress.error);
  for (std::size_t index = 0; index < size; ++index) {
    const std::string name = std::to_string(index);
    const bool is_met = script.locked.contains(name) || script.stuck.contains(name);
    const Outcome expected = script.refuses.contains(name) ? Outcome::kRefused
                             : is_met                      ? Outcome::kDeferred
                                                           : Outcome::kFailed;
    RC_ASSERT(scene.progress.settled[index].outcome == expected);
  }
}

RC_GTEST_PROP(AnyBatch, P1_WhatIsSettledIsTheFrontWhateverFailsAndWhen, ()) {
  const auto size = *AnySize();
  Scene scene;
  auto& script = scene.settlement;
  script.refuses = SomeOf(size);
  script.locked = SomeOf(size);
  script.stuck = SomeOf(size);
  const auto fault =
      rc::gen::element(LedgerFault::kUnavailable, LedgerFault::kInDoubt, LedgerFault::kBusy,
                       LedgerFault::kRowLocked, LedgerFault::kLetter, LedgerFault::kStatement);
  script.fails_at = *rc::gen::resize(6, rc::gen::container<std::map<int, LedgerFault>>(
                                            Whole(rc::gen::inRange(0, 40)), Whole(fault)));
  if (*Whole(rc::gen::inRange(0, 4)) == 0) script.probe_fault = *fault;
  Play(scene, size);
  CheckThatTheFrontIsSettled(scene, size);
  CheckThatCallsAreBounded(
      scene, size,
      script.refuses.size() + script.locked.size() + script.stuck.size() + script.fails_at.size());
}

RC_GTEST_PROP(AnyBatch, P5_NoLetterIsBlamedByALedgerThatFailsAnEmptySettle, ()) {
  const auto size = *AnySize();
  Scene scene;
  scene.settlement.refuses = SomeOf(size);
  scene.settlement.stuck = SomeOf(size);
  scene.settlement.probe_fault = LedgerFault::kStatement;
  Play(scene, size);
  CheckThatTheFrontIsSettled(scene, size);
  RC_ASSERT(std::ranges::all_of(scene.progress.settled, [](const SettledLetter& letter) {
    return letter.outcome == Outcome::kFailed;
  }));
  if (scene.progress.error) RC_ASSERT(scene.progress.error->fault == LedgerFault::kStatement);
}

RC_GTEST_PROP(AnyBatch, P3_AnOutageEndsItAtOnce, ()) {
  const auto size = *AnySize();
  Scene scene;
  scene.settlement.refuses = SomeOf(size);
  const int call = *Whole(rc::gen::inRange(0, 20));
  const auto fault =
      *rc::gen::element(LedgerFault::kUnavailable, LedgerFault::kInDoubt, LedgerFault::kStatement);
  scene.settlement.fails_at = {{call, fault}};
  Play(scene, size);
  CheckThatTheFrontIsSettled(scene, size);
  // The failing call may not be reached.
  RC_ASSERT(scene.progress.error.has_value() == (scene.settlement.calls() > call));
  if (!scene.progress.error) return;
  RC_ASSERT(scene.progress.error->fault == fault);
  RC_ASSERT(scene.settlement.calls() == call + 1);
}

}  // namespace
}  // namespace deadletter
