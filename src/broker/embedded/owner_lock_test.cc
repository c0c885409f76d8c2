#include "broker/embedded/owner_lock.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace deadletter::embedded {
namespace {

TEST(OwnerLock, OthersSeeWhoLivesAndWhoIsGone) {
  test::TemporaryFolder folder;
  auto one = OwnerLock::Open(folder / "owners");
  auto two = OwnerLock::Open(folder / "owners");
  ASSERT_TRUE(one && two);
  EXPECT_FALSE((*two)->IsHeldElsewhere(1));
  ASSERT_TRUE((*one)->Take(1));
  EXPECT_TRUE((*two)->IsHeldElsewhere(1));
  EXPECT_FALSE((*two)->IsHeldElsewhere(2));
  EXPECT_FALSE((*two)->Take(1));
  one->reset();
  EXPECT_FALSE((*two)->IsHeldElsewhere(1));
}

TEST(OwnerLock, AFileThatCannotBeOpenedIsAnError) {
  EXPECT_FALSE(OwnerLock::Open("/nowhere/owners"));
}

}  // namespace
}  // namespace deadletter::embedded
