#include "ledger/sqlite/stored_time.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

TEST(StoredTime, IsRfc3339WithAnyOffset) {
  const auto noon = ReadStoredTime("2026-11-23T12:00:00.000005Z");
  ASSERT_TRUE(noon);
  EXPECT_EQ(ReadStoredTime("2026-11-23T14:30:00.000005+02:30"), noon);
}

TEST(StoredTime, WithoutAnOffsetIsUtcAsSqliteWritesIt) {
  const auto noon = ReadStoredTime("2026-11-23T12:00:00Z");
  ASSERT_TRUE(noon);
  EXPECT_EQ(ReadStoredTime("2026-11-23 12:00:00"), noon);
  EXPECT_EQ(ReadStoredTime("2026-11-23T12:00:00.000"), noon);
}

TEST(StoredTime, IsNothingElse) {
  for (const char* text :
       {"", "Z", "now", "2026-11-23", "12:00:00", "2026-02-30 12:00:00", "1795000000"}) {
    EXPECT_EQ(ReadStoredTime(text), std::nullopt) << text;
  }
  EXPECT_EQ(ReadStoredTime(std::string(1'000'000, '9')), std::nullopt);
}

}  // namespace
}  // namespace deadletter
