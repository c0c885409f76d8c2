#include "operations/operations.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>

#include "operations/ledger_test_support.h"

namespace deadletter {
namespace {

using test::kFirstId;

class OperationsTest : public ::testing::Test {
 protected:
  OperationsTest() {
    ledger_->Add().summary.execution_id = "5";
    ledger_->letters.front().message.body = std::string("\0\xff", 2);
    ledger_->executions.push_back({.id = ExecutionId(std::int64_t{5}),
                                   .status = "failed",
                                   .result_json = std::nullopt,
                                   .action_ref = std::nullopt,
                                   .updated = std::nullopt});
  }

  Operations Make(std::size_t readers, bool with_executions, OperationsOptions options = {}) {
    std::vector<LedgerReaders> made;
    for (std::size_t index = 0; index < readers; ++index) {
      made.push_back(
          {.catalog = std::make_unique<test::FakeCatalog>(ledger_), .executions = nullptr});
      if (with_executions) made.back().executions = std::make_unique<test::FakeExecutions>(ledger_);
    }
    return Operations(std::move(made), std::move(options));
  }

  static boost::json::value ShownExecution(Operations& operations) {
    return boost::json::parse(operations.ShowLetter(kFirstId).value()).at("execution");
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
};

TEST_F(OperationsTest, ALetterIsShownWithItsExecution) {
  Operations operations = Make(1, true);
  EXPECT_EQ(ShownExecution(operations).at("status"), "failed");
}

// P9: two that search leave a thread to whoever else asks.
TEST_F(OperationsTest, P9_OneSearchesByWordsAtATimeAndOneWaits) {
  Operations operations = Make(2, true, {.search_patience = std::chrono::minutes(1)});
  const std::vector<Parameter> words = {{"q", "host"}};
  const auto search = [&] { return operations.ListLetters(words).has_value(); };
  std::unique_lock held(ledger_->entry);
  auto first = std::async(std::launch::async, search);
  ledger_->WaitForCalls(1);
  auto second = std::async(std::launch::async, search);
  // Whichever of the two comes later is refused; the other one waits.
  auto third = std::async(std::launch::async, search);
  const auto is_ready = [](std::future<bool>& each) {
    return each.wait_for(std::chrono::milliseconds(10)) == std::future_status::ready;
  };
  while (!is_ready(second) && !is_ready(third) && ledger_->calls == 1) continue;
  const int searching = ledger_->calls;
  if (searching != 1) held.unlock();
  ASSERT_EQ(searching, 1);
  auto plain =
      std::async(std::launch::async, [&] { return operations.ListLetters({}).has_value(); });
  ledger_->WaitForCalls(2);  // what searches nothing has the other reader
  held.unlock();
  EXPECT_TRUE(first.get() && plain.get());
  EXPECT_NE(second.get(), third.get());
  EXPECT_TRUE(search());
}

TEST_F(OperationsTest, P9_WhoHasWaitedLongEnoughForAnotherSearchIsToldSo) {
  Operations operations = Make(2, true, {.search_patience = std::chrono::milliseconds(1)});
  const std::vector<Parameter> words = {{"q", "host"}};
  const auto search = [&] { return operations.ListLetters(words); };
  std::unique_lock held(ledger_->entry);
  auto first = std::async(std::launch::async, search);
  ledger_->WaitForCalls(1);
  auto second = std::async(std::launch::async, search);
  while (second.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready &&
         ledger_->calls == 1)
    continue;
  held.unlock();
  EXPECT_TRUE(first.get());
  const auto refused = second.get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, OperationFault::kUnavailable);
  EXPECT_EQ(refused.error().message,
            "others search by q on this server, one at a time: ask again in a moment");
}

TEST_F(OperationsTest, ALetterIsShownWithoutItsExecutionWhereTheTableCannotBeRead) {
  ledger_->executions_error =
      LedgerError{.fault = LedgerFault::kStatement, .code = "42501", .message = "denied"};
  Operations failing = Make(1, true);
  EXPECT_TRUE(ShownExecution(failing).is_null());
  Operations observing = Make(1, false);
  EXPECT_TRUE(ShownExecution(observing).is_null());
}

TEST_F(OperationsTest, ALetterIsShownWithoutAnExecutionThatIsNotThere) {
  ledger_->executions.clear();
  Operations operations = Make(1, true);
  EXPECT_TRUE(ShownExecution(operations).is_null());
  ledger_->letters.front().summary.execution_id = "no number";
  EXPECT_TRUE(ShownExecution(operations).is_null());
}

TEST_F(OperationsTest, TheBodyIsTheBytesAsTheyCame) {
  Operations operations = Make(1, true);
  EXPECT_EQ(operations.LetterBody(kFirstId).value(), std::string("\0\xff", 2));
}

TEST_F(OperationsTest, TheLinkToTheBodyBeginsWithTheBasePath) {
  for (const auto& [base, url] :
       {std::pair{"/", "/v1/letters/"}, std::pair{"/dead", "/dead/v1/letters/"}}) {
    Operations operations = Make(1, true, {.base_path = base});
    const auto letter = boost::json::parse(operations.ShowLetter(kFirstId).value());
    EXPECT_EQ(letter.at("body").at("url").as_string(), url + std::string(kFirstId) + "/body");
  }
}

TEST_F(OperationsTest, WhatIsNotThereIsNotFound) {
  Operations operations = Make(1, true);
  for (const char* id : {"01980000-0000-0000-0000-0000000000ff", "", "x", "..", "1"}) {
    EXPECT_EQ(operations.ShowLetter(id).error().fault, OperationFault::kNotFound) << id;
    EXPECT_EQ(operations.LetterBody(id).error().fault, OperationFault::kNotFound) << id;
  }
}

TEST_F(OperationsTest, ALedgerThatMayComeBackIsUnavailableAndAnyOtherRefusalAFailure) {
  Operations operations = Make(1, true);
  for (const auto& [ledger_fault, fault] :
       {std::pair{LedgerFault::kUnavailable, OperationFault::kUnavailable},
        std::pair{LedgerFault::kInDoubt, OperationFault::kUnavailable},
        std::pair{LedgerFault::kBusy, OperationFault::kUnavailable},
        std::pair{LedgerFault::kRowLocked, OperationFault::kUnavailable},
        std::pair{LedgerFault::kLetter, OperationFault::kFailed},
        std::pair{LedgerFault::kStatement, OperationFault::kFailed}}) {
    ledger_->catalog_error =
        LedgerError{.fault = ledger_fault, .code = "XX000", .message = "no luck"};
    for (const auto& error :
         {operations.ListLetters({}).error(), operations.ShowLetter(kFirstId).error(),
          operations.LetterBody(kFirstId).error()}) {
      EXPECT_EQ(error.fault, fault);
      EXPECT_EQ(error.message, "the ledger could not be read: no luck (XX000)");
    }
  }
}

TEST_F(OperationsTest, CallsWaitForAReaderAndAllAreAnswered) {
  Operations operations = Make(2, true);
  std::unique_lock held(ledger_->entry);
  std::vector<std::future<bool>> calls;
  for (int index = 0; index < 8; ++index) {
    calls.push_back(
        std::async(std::launch::async, [&] { return operations.ListLetters({}).has_value(); }));
  }
  held.unlock();
  for (auto& call : calls) EXPECT_TRUE(call.get());
}

// Answers nobody until it is told to end.
class SilentCatalog final : public Catalog {
 public:
  explicit SilentCatalog(std::promise<void>& asked) : asked_(asked) {}
  LedgerResult<LetterPage> List(const LetterFilter&, std::size_t,
                                std::optional<LetterId>) override {
    asked_.set_value();
    aborted_.get_future().wait();
    return Unexpected<LedgerError>({.fault = LedgerFault::kUnavailable, .code = "", .message = ""});
  }
  LedgerResult<std::optional<LetterRecord>> Show(LetterId) override { return std::nullopt; }
  LedgerResult<LedgerCounts> Counts() override { return LedgerCounts{}; }
  void Abort() override { aborted_.set_value(); }

 private:
  std::promise<void>& asked_;
  std::promise<void> aborted_;
};

TEST_F(OperationsTest, ClosingEndsACallThatTheLedgerDoesNotAnswerAndThoseThatWaitForTheirTurn) {
  std::promise<void> asked;
  std::vector<LedgerReaders> readers;
  readers.push_back({.catalog = std::make_unique<SilentCatalog>(asked), .executions = nullptr});
  Operations operations(std::move(readers), {});
  const auto fault_of_list = [&] { return operations.ListLetters({}).error().fault; };
  auto in_progress = std::async(std::launch::async, fault_of_list);
  asked.get_future().wait();
  auto waiting = std::async(std::launch::async, fault_of_list);
  operations.Close(std::chrono::steady_clock::now());
  EXPECT_EQ(in_progress.get(), OperationFault::kUnavailable);
  EXPECT_EQ(waiting.get(), OperationFault::kUnavailable);
  EXPECT_EQ(fault_of_list(), OperationFault::kUnavailable);
}

}  // namespace
}  // namespace deadletter
