#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"

namespace deadletter {
namespace {

std::string HashOf(const std::vector<std::string>& parts) {
  Sha256 hash;
  for (const std::string& part : parts) hash.AddPart(part);
  const auto digest = hash.Finish();
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

TEST(Sha256Hash, IsSha256) {
  EXPECT_EQ(HashOf({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Hash, APartIsItsLengthAndItsBytes) {
  Sha256 by_hand;
  by_hand.AddNumber(3);
  EXPECT_NE(by_hand.Finish(), Sha256().Finish());
  EXPECT_EQ(HashOf({"abc"}), "c3494ca1a2cf8eeb8a11ded316fb55b83c3bbbedb6313cd50415251e5d09e12f");
}

TEST(Sha256Hash, DifferentListsOfPartsNeverHashAlike) {
  EXPECT_NE(HashOf({"ab", "c"}), HashOf({"a", "bc"}));
  EXPECT_NE(HashOf({"abc"}), HashOf({"abc", ""}));
  EXPECT_NE(HashOf({"", "abc"}), HashOf({"abc", ""}));
  EXPECT_NE(HashOf({std::string("a\0", 2)}), HashOf({"a"}));
}

TEST(Sha256Hash, NumbersOfEitherSignDiffer) {
  Sha256 minus;
  Sha256 plus;
  minus.AddNumber(-1);
  plus.AddNumber(1);
  EXPECT_NE(minus.Finish(), plus.Finish());
}

}  // namespace
}  // namespace deadletter
