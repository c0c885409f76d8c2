#include "config/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace deadletter {
namespace {

TEST(Units, DurationsAreReadAndWritten) {
  EXPECT_EQ(ParseDurationMs("0"), 0);
  EXPECT_EQ(ParseDurationMs("300ms"), 300);
  EXPECT_EQ(ParseDurationMs("300 ms"), 300);
  EXPECT_EQ(ParseDurationMs("5s"), 5'000);
  EXPECT_EQ(ParseDurationMs("5m"), 300'000);
  EXPECT_EQ(ParseDurationMs("2h"), 7'200'000);
  EXPECT_EQ(ParseDurationMs("30d"), 2'592'000'000);
  EXPECT_EQ(FormatDurationMs(0), "0s");
  EXPECT_EQ(FormatDurationMs(300), "300ms");
  EXPECT_EQ(FormatDurationMs(90'000), "90s");
  EXPECT_EQ(FormatDurationMs(86'400'000), "1d");
}

TEST(Units, SizesAreReadAndWritten) {
  EXPECT_EQ(ParseSizeBytes("1KiB"), 1024);
  EXPECT_EQ(ParseSizeBytes("64 MiB"), 64 << 20);
  EXPECT_EQ(ParseSizeBytes("4GiB"), std::int64_t{4} << 30);
  EXPECT_EQ(FormatSizeBytes(64 << 20), "64MiB");
  EXPECT_EQ(FormatSizeBytes(1536), "1536");
  EXPECT_EQ(FormatSizeBytes(std::int64_t{3} << 29), "1536MiB");
}

TEST(Units, AnythingElseIsNothing) {
  for (const char* text : {"", " ", "5", "-5s", "+5s", "5.5s", "5 weeks", "s", "5S", "5s ", "5  s",
                           "5ss", "99999999999999999999s", "9223372036854775807d", "0x5s"}) {
    EXPECT_FALSE(ParseDurationMs(text)) << text;
  }
  for (const char* text :
       {"", "0", "5", "5MB", "5mib", "5 MiB ", "-5MiB", "9223372036854775807GiB"}) {
    EXPECT_FALSE(ParseSizeBytes(text)) << text;
  }
}

}  // namespace
}  // namespace deadletter
