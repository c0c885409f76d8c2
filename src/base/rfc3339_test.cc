#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

using std::chrono::seconds;

Instant At(std::int64_t whole_seconds, std::int64_t microseconds = 0) {
  return Instant(seconds(whole_seconds) + Microseconds(microseconds));
}

TEST(Rfc3339, ReadsInstantsWhateverTheOffset) {
  const Instant noon = At(1'795'435'200);  // 2026-11-23T12:00:00Z
  for (const char* text :
       {"2026-11-23T12:00:00Z", "2026-11-23t12:00:00z", "2026-11-23 12:00:00+00:00",
        "2026-11-23T13:30:00+01:30", "2026-11-22T12:01:00-23:59", "2026-11-24T11:59:00+23:59",
        "2026-11-23T12:00:00-00:00"}) {
    const auto time = ParseRfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->instant, noon) << text;
    EXPECT_EQ(time->fraction_digits, 0) << text;
  }
}

TEST(Rfc3339, CountsFractionDigitsAndCutsOffWhatIsFinerThanAMicrosecond) {
  const std::pair<const char*, std::int64_t> fractions[] = {
      {".5", 500'000},      {".500", 500'000},     {".000001", 1},
      {".123456", 123'456}, {".1234569", 123'456}, {".999999999999999999999999", 999'999}};
  for (const auto& [fraction, microseconds] : fractions) {
    const auto time = ParseRfc3339(std::string("1970-01-01T00:00:00") + fraction + "Z");
    ASSERT_TRUE(time) << fraction;
    EXPECT_EQ(time->instant, At(0, microseconds)) << fraction;
    EXPECT_EQ(time->fraction_digits, static_cast<int>(std::string_view(fraction).size()) - 1)
        << fraction;
  }
}

TEST(Rfc3339, ALeapSecondIsTheInstantAfterIt) {
  EXPECT_EQ(ParseRfc3339("2016-12-31T23:59:60Z")->instant,
            ParseRfc3339("2017-01-01T00:00:00Z")->instant);
}

TEST(Rfc3339, ReachesFromTheYear0000To9999) {
  EXPECT_LT(ParseRfc3339("0000-01-01T00:00:00Z")->instant, At(0));
  EXPECT_EQ(ParseRfc3339("9999-12-31T23:59:59Z")->instant, At(253'402'300'799));
  EXPECT_EQ(ParseRfc3339("2024-02-29T00:00:00Z")->instant, At(1'709'164'800));
}

TEST(Rfc3339, AnythingElseIsNothing) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-23",
                           "2026-11-23T12:00:00",
                           "2026-11-23T12:00Z",
                           "2026-11-23T12:00:00.Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T12:60:00Z",
                           "2026-11-23T12:00:61Z",
                           "2026-02-29T12:00:00Z",
                           "2026-00-10T12:00:00Z",
                           "2026-13-10T12:00:00Z",
                           "2026-11-31T12:00:00Z",
                           "2026-11-00T12:00:00Z",
                           "2026-11-23T12:00:00+24:00",
                           "2026-11-23T12:00:00+00:60",
                           "2026-11-23T12:00:00+0100",
                           "2026-11-23T12:00:00+1:00",
                           "2026-11-23T12:00:00ZZ",
                           " 2026-11-23T12:00:00Z",
                           "2026-11-23T12:00:00Z ",
                           "2026-11-23_12:00:00Z",
                           "26-11-23T12:00:00Z",
                           "+2026-11-23T12:00:00Z",
                           "2026-11-23T12:00:00,5Z",
                           "2026-1-23T12:00:00Z",
                           "12026-11-23T12:00:00Z",
                           "-026-11-23T12:00:00Z"}) {
    EXPECT_FALSE(ParseRfc3339(text)) << text;
  }
  EXPECT_FALSE(ParseRfc3339(std::string_view("2026-11-23T12:00:00Z\0", 21)));
}

TEST(Rfc3339, WritesUtcWithTheDigitsAskedFor) {
  const Instant instant = At(1'795'435'200, 12'345);
  EXPECT_EQ(FormatRfc3339(instant), "2026-11-23T12:00:00.012345Z");
  EXPECT_EQ(FormatRfc3339(instant, 3), "2026-11-23T12:00:00.012Z");
  EXPECT_EQ(FormatRfc3339(instant, 0), "2026-11-23T12:00:00Z");
  EXPECT_EQ(FormatRfc3339(At(-1, 999'999)), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, WhatItWritesItReads) {
  for (std::int64_t instant = -62'000'000'000; instant < 250'000'000'000; instant += 999'999'937) {
    const Instant written = At(instant, instant & 0xFFFF);
    EXPECT_EQ(ParseRfc3339(FormatRfc3339(written))->instant, written);
  }
}

}  // namespace
}  // namespace deadletter
