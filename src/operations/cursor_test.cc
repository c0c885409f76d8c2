#include "operations/cursor.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

Cursor Sample() {
  Cursor cursor;
  Uuid id;
  for (std::size_t index = 0; index < id.bytes.size(); ++index) {
    id.bytes[index] = static_cast<std::uint8_t>(0xf0 + index);
  }
  cursor.after = LetterId(id);
  cursor.filter = {1, 2, 3, 4, 5, 6, 7, 255};
  return cursor;
}

TEST(Cursor, IsReadAsItWasWritten) {
  EXPECT_EQ(ParseCursor(FormatCursor(Sample())), Sample());
}

TEST(Cursor, AlsoWithAPlaceInAnotherOrder) {
  for (const std::int64_t rank : {std::int64_t{0}, std::int64_t{1'795'000'000'000'000},
                                  std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    Cursor ranked = Sample();
    ranked.rank = rank;
    EXPECT_EQ(ParseCursor(FormatCursor(ranked)), ranked) << rank;
    EXPECT_NE(FormatCursor(ranked), FormatCursor(Sample()));
    EXPECT_EQ(ParseCursor(FormatCursor(ranked).substr(0, FormatCursor(Sample()).size())),
              std::nullopt);
  }
}

TEST(Cursor, NeedsNoEncodingInAUrl) {
  EXPECT_EQ(FormatCursor(Sample()).find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

TEST(Cursor, AnythingElseIsNone) {
  const std::string good = FormatCursor(Sample());
  for (const std::string& text :
       {std::string(), std::string("x"), good + "A", good + "=", good.substr(1),
        good.substr(0, good.size() - 1), "B" + good.substr(1), std::string(good.size(), '+'),
        good.substr(0, good.size() - 1) + "\xff", std::string(1 << 16, 'A')}) {
    EXPECT_EQ(ParseCursor(text), std::nullopt) << text.substr(0, 100);
  }
}

TEST(Cursor, StrayBitsAtTheEndMakeItSomebodyElses) {
  std::string text = FormatCursor(Sample());
  // 25 bytes are 33 digits and a third of one more: its low four bits must be zero.
  ++text.back();
  EXPECT_EQ(ParseCursor(text), std::nullopt);
}

}  // namespace
}  // namespace deadletter
