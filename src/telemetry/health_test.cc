#include "telemetry/health.h"

#include <gtest/gtest.h>

#include <thread>

namespace deadletter {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAtOnce(0);
constexpr milliseconds kForLong(10'000);

TEST(Health, APartIsWaitedForUntilItIsReady) {
  Health health;
  EXPECT_FALSE(health.WaitUntilReady("queue q", kAtOnce)) << "it has said nothing yet";
  health.Set("queue q", HealthState::kMissing, "does not exist");
  health.Set("ledger", HealthState::kReady);
  EXPECT_FALSE(health.WaitUntilReady("queue q", kAtOnce));
  const std::jthread later([&health] { health.Set("queue q", HealthState::kReady); });
  EXPECT_TRUE(health.WaitUntilReady("queue q", kForLong));
}

TEST(Health, APartThatOnlyWarnsDoesItsWork) {
  Health health;
  health.Set("queue q", HealthState::kWarning, "somebody else consumes it");
  EXPECT_TRUE(health.WaitUntilReady("queue q", kAtOnce));
  EXPECT_TRUE(health.IsReady());
}

}  // namespace
}  // namespace deadletter
