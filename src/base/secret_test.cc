#include "base/secret.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace deadletter {
namespace {

std::string HexOf(const SecretDigest& digest) {
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

TEST(Secret, RandomTextIsUrlSafeAndNeverTheSame) {
  std::set<std::string> seen;
  for (int count = 0; count < 1'000; ++count) {
    const std::string text = RandomText(32);
    EXPECT_EQ(text.size(), 43U);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_"),
              std::string::npos);
    EXPECT_TRUE(seen.insert(text).second);
  }
}

// FIPS 180-4's examples.
TEST(Secret, TheDigestIsPlainSha256) {
  EXPECT_EQ(HexOf(DigestOfSecret("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexOf(DigestOfSecret("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Secret, DigestsAreEqualOnlyWhereEveryByteIs) {
  const SecretDigest digest = DigestOfSecret("x");
  EXPECT_TRUE(EqualInConstantTime(digest, DigestOfSecret("x")));
  for (std::size_t at = 0; at < digest.size(); ++at) {
    SecretDigest other = digest;
    other[at] ^= 1;
    EXPECT_FALSE(EqualInConstantTime(digest, other)) << at;
  }
}

}  // namespace
}  // namespace deadletter
