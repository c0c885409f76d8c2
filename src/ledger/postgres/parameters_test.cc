#include "ledger/postgres/parameters.h"

#include <gtest/gtest.h>

namespace deadletter::postgres {
namespace {

using namespace std::string_literals;

TEST(BinaryArray, AnEmptyOneHasNoDimension) {
  EXPECT_EQ(BinaryArray(ElementType::kText).Encoded(), "\0\0\0\0\0\0\0\0\0\0\0\x19"s);
}

TEST(BinaryArray, HoldsLengthsAndBytesInNetworkOrder) {
  BinaryArray array(ElementType::kBytea);
  array.AddBytes(std::string_view("a\0b", 3));
  array.AddNull();
  EXPECT_EQ(std::move(array).Encoded(),
            "\0\0\0\x01\0\0\0\x01\0\0\0\x11\0\0\0\x02\0\0\0\x01"
            "\0\0\0\x03"
            "a\0b"
            "\xFF\xFF\xFF\xFF"s);
}

TEST(BinaryArray, CountsTimeFromTheYear2000) {
  BinaryArray array(ElementType::kTimestamptz);
  array.AddInstant(Instant(std::chrono::seconds(946'684'800)) + Microseconds(1));
  EXPECT_TRUE(std::move(array).Encoded().ends_with("\0\0\0\x08\0\0\0\0\0\0\0\x01"s));
}

TEST(BinaryArray, KeepsATimeBeyondTheCalendarAsTheNearestThatThereIs) {
  BinaryArray array(ElementType::kTimestamptz);
  array.AddInstant(Instant::min());
  array.AddInstant(Instant::max());
  const std::string encoded = std::move(array).Encoded();
  // Neither is an infinity: not the smallest and not the largest number of 64 bits.
  EXPECT_NE(encoded.substr(encoded.size() - 20, 8), "\x80\0\0\0\0\0\0\0"s);
  EXPECT_NE(encoded.substr(encoded.size() - 8), "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
}

TEST(Parameters, AreEncodedOneByOne) {
  Parameters parameters;
  parameters.Null().Number(-2).Bytes("x"s);
  ASSERT_EQ(parameters.values().size(), 3U);
  EXPECT_EQ(parameters.values()[0], std::nullopt);
  EXPECT_EQ(parameters.values()[1], "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"s);
  EXPECT_EQ(parameters.values()[2], "x");
}

}  // namespace
}  // namespace deadletter::postgres
