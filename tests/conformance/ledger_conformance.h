// The fixture of the ledger's suites: a fresh ledger a test, and short ways to say what tests say
// often.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/conformance/ledger_under_test.h"
#include "tests/support/letters.h"

namespace deadletter::test {

template <class T>
T Good(LedgerResult<T> result) {
  if (!result) {
    throw std::runtime_error(std::string(LedgerFaultName(result.error().fault)) + " " +
                             result.error().code + ": " + result.error().message);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

[[nodiscard]] inline ExecutionId Number(std::int64_t number) {
  return ExecutionId(number);
}
[[nodiscard]] inline ExecutionId Text(std::string text) {
  return ExecutionId(std::move(text));
}

// An id of the shape's type, the same for the same number.
[[nodiscard]] inline ExecutionId IdFor(PlatformShape shape, std::uint8_t number) {
  switch (shape) {
    case PlatformShape::kAttune:
    case PlatformShape::kPlainJobs:
      return Number(number);
    case PlatformShape::kTextIds:
      return Text("job " + std::to_string(number));
    case PlatformShape::kUuidIds: {
      Uuid uuid;
      uuid.bytes.fill(0xAB);
      uuid.bytes[15] = number;
      return ExecutionId(uuid);
    }
  }
  return Number(number);
}

constexpr std::size_t kMany = 100'000;
constexpr std::size_t kMuch = std::size_t{1} << 30;
constexpr std::chrono::minutes kLease{1};

class LedgerConformance : public testing::TestWithParam<MakeLedger> {
 protected:
  void SetUp() override { Use({}); }

  void Use(const LedgerSetup& setup) {
    outbox_.reset();
    catalog_.reset();
    settlement_.reset();
    ledger_.reset();
    ledger_ = GetParam()(setup);
    settlement_ = ledger_->OpenSettlement();
    outbox_ = ledger_->OpenOutbox();
    catalog_ = ledger_->OpenCatalog();
  }

  void Put(const ExecutionId& id, const std::string& status = "scheduled") {
    ledger_->Put({.id = id, .status = status, .action = std::nullopt});
  }
  [[nodiscard]] std::string StatusOf(const ExecutionId& id) {
    const auto row = ledger_->Read(id);
    return row ? row->status : "(no row)";
  }
  [[nodiscard]] Instant UpdatedOf(const ExecutionId& id) {
    return ledger_->Read(id)->updated.value();
  }

  [[nodiscard]] std::vector<SettledLetter> Settle(const std::vector<Judgement>& batch,
                                                  LockedRows locked = LockedRows::kWait) {
    return Good(settlement_->Settle(batch, locked));
  }
  [[nodiscard]] SettledLetter SettleOne(const Judgement& judgement,
                                        LockedRows locked = LockedRows::kWait) {
    return Settle({judgement}, locked).at(0);
  }
  // Settles one new letter and gives the outcome recorded.
  [[nodiscard]] Outcome OutcomeOf(const Judgement& judgement) {
    const SettledLetter settled = SettleOne(judgement);
    EXPECT_TRUE(settled.recorded);
    return settled.outcome.value();
  }
  [[nodiscard]] LetterRecord Show(const Judgement& judgement) {
    return Good(catalog_->Show(judgement.letter.id)).value();
  }
  [[nodiscard]] LetterState StateOf(const Judgement& judgement) {
    return Show(judgement).summary.state;
  }
  [[nodiscard]] std::size_t LettersInLedger() {
    return Good(catalog_->List({}, 1000, {})).letters.size();
  }

  // Everything due within a day, leased.
  [[nodiscard]] std::vector<OutboxEntry> Claim() {
    return Good(outbox_->Claim(Now() + std::chrono::hours(24), kMany, kMuch, kLease));
  }

  std::unique_ptr<LedgerUnderTest> ledger_;
  std::unique_ptr<Settlement> settlement_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace deadletter::test
