// What every Settlement promises of a settle that is only rehearsed.
#pragma once

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class RehearseConformance : public LedgerConformance {
 protected:
  [[nodiscard]] LedgerResult<void> Rehearse(const std::vector<Judgement>& batch) {
    return settlement_->Rehearse(batch);
  }
};

TEST_P(RehearseConformance, ItLeavesNothingBehind) {
  Put(Number(1));
  const std::vector<Judgement> batch = {
      Fails(LetterBuilder(Number(1)).Key(1)),
      Ends(LetterBuilder().Malformed(Malformation::kNotJson).Build(), Outcome::kMalformed,
           "not_json")};
  Good(Rehearse(batch));
  Good(Rehearse(batch));
  EXPECT_EQ(LettersInLedger(), 0U);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_THAT(Claim(), testing::IsEmpty());
  EXPECT_EQ(Settle(batch).at(0).outcome, Outcome::kFailed) << "the key is still free";
}

// What an empty settle does not meet.
TEST_P(RehearseConformance, P1_ItFindsWhatATriggerRefuses) {
  Put(Number(1));
  ledger_->AddTrigger(PlatformTrigger::kRaises);
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)))};
  Good(settlement_->Probe());
  const auto rehearsed = Rehearse(batch);
  ASSERT_FALSE(rehearsed.has_value());
  EXPECT_EQ(rehearsed.error().fault, LedgerFault::kLetter);
  ledger_->RemoveTrigger();
  Good(Rehearse(batch));
}

TEST_P(RehearseConformance, LettersThatAreRecordedAlreadyAreNoHindrance) {
  Put(Number(1));
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)).Key(1))};
  EXPECT_EQ(Settle(batch).at(0).outcome, Outcome::kFailed);
  Good(Rehearse(batch));
  EXPECT_EQ(LettersInLedger(), 1U);
}

}  // namespace deadletter::test
