// For tests: Work over queues and a ledger in memory.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "operations/work.h"
#include "operations/work_test_support.h"

namespace deadletter::test {

inline const Caller kOtto{.name = "otto", .role = Role::kOperator};
inline const Caller kChief{.name = "anna", .role = Role::kAdmin};
inline const std::string kOwnQueue = "worker.7.executions";

class WorkTest : public ::testing::Test {
 protected:
  WorkTest() {
    queues_->Declare(kOwnQueue);
    queues_->Declare("work");
  }

  std::unique_ptr<Work> MakeWork(WorkOptions options = {}) {
    options.clock = clock_;
    return std::make_unique<Work>(WorkPortsOver(queues_, ledger_), std::move(options));
  }
  static Redaction Hiding(const std::string& place) {
    return {{place}, LetterFormat::Default(), std::size_t{1} << 20};
  }
  // Executions 1 to `count`, scheduled.
  void AddExecutions(std::int64_t count) {
    for (std::int64_t id = 1; id <= count; ++id) {
      ledger_->executions.push_back({.id = ExecutionId(id),
                                     .status = "scheduled",
                                     .result_json = std::nullopt,
                                     .action_ref = "core.echo",
                                     .updated = std::nullopt});
    }
  }
  static boost::json::value Json(const OperationResult<std::string>& result) {
    EXPECT_TRUE(result) << result.error().message;
    return result ? boost::json::parse(*result) : boost::json::value();
  }
  OperationResult<std::string> Lease(Work& work, const std::string& queue, const std::string& body,
                                     const Caller& caller = kOtto,
                                     const std::stop_token& gone = {}) {
    return work.LeaseDeliveries(queue, body, caller, gone);
  }
  // One delivery's id.
  std::string LeaseOne(Work& work, const std::string& queue = "work") {
    const auto given = Json(Lease(work, queue, "{}"));
    EXPECT_EQ(given.at("deliveries").as_array().size(), 1U);
    return std::string(given.at("deliveries").at(0).at("id").as_string());
  }
  template <class T>
  static void ExpectFault(const OperationResult<T>& result, OperationFault fault,
                          const std::string& message) {
    ASSERT_FALSE(result) << "was to fail with " << message;
    EXPECT_EQ(result.error().fault, fault) << result.error().message;
    EXPECT_THAT(result.error().message, testing::HasSubstr(message));
    EXPECT_THAT(result.error().message, testing::Not(testing::HasSubstr("\n")));
  }

  const std::shared_ptr<StandingClock> clock_ = std::make_shared<StandingClock>();
  const std::shared_ptr<FakeQueues> queues_ = std::make_shared<FakeQueues>(clock_);
  const std::shared_ptr<FakeLedger> ledger_ = std::make_shared<FakeLedger>();
};

}  // namespace deadletter::test
