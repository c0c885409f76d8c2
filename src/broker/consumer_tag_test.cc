#include "broker/consumer_tag.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

TEST(ConsumerTag, ANumberBehindItIsStillOurs) {
  EXPECT_EQ(NumberedConsumerTag("executor.dlq", 2), "executor.dlq.2");
  for (const char* ours : {"executor.dlq", "executor.dlq.2", "executor.dlq.18446744073709551615"})
    EXPECT_TRUE(IsConsumerTagOf(ours, "executor.dlq")) << ours;
  for (const char* foreign : {"", "executor", "executor.dlq.", "executor.dlq.x", "executor.dlq.2a",
                              "executor.dlq2", "executor.dlqs.2", "someone", "my.executor.dlq"})
    EXPECT_FALSE(IsConsumerTagOf(foreign, "executor.dlq")) << foreign;
}

TEST(ConsumerTag, P9_ALongOneStaysWithinWhatTheBrokerTakes) {
  const std::string longest(255, 'x');
  const std::string numbered = NumberedConsumerTag(longest, ~std::uint64_t{0});
  EXPECT_LE(numbered.size(), 255U);
  EXPECT_TRUE(IsConsumerTagOf(numbered, longest));
}

}  // namespace
}  // namespace deadletter
