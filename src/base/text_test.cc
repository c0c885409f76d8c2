#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace deadletter {
namespace {

using namespace std::string_literals;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

TEST(Text, Utf8IsTakenToTheLetterOfRfc3629) {
  for (const std::string& good :
       {""s, "abc\0"s, "\x7F"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s,
        "\xEE\x80\x80"s, "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s}) {
    EXPECT_TRUE(IsUtf8(good)) << Hex(good);
  }
  for (const std::string& bad :
       {"\x80"s, "\xBF"s, "\xC0\x80"s, "\xC1\xBF"s, "\xC2"s, "\xC2\x41"s, "\xE0\x9F\xBF"s,
        "\xED\xA0\x80"s, "\xED\xBF\xBF"s, "\xE2\x82"s, "\xE2\x28\xA1"s, "\xF0\x8F\xBF\xBF"s,
        "\xF0\x90\x80"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xFF"s}) {
    EXPECT_FALSE(IsUtf8(bad)) << Hex(bad);
    EXPECT_FALSE(IsUtf8("a" + bad)) << Hex(bad);
  }
}

TEST(Text, EveryByteEndsAPlainRunAtEveryPlaceOrDoesNot) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool plain = byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = c;
      EXPECT_EQ(PlainLength(text), plain ? 20 : place) << byte;
    }
  }
}

TEST(Text, CharactersHaveTheirLengths) {
  EXPECT_EQ(Utf8CharacterLength(""), 0u);
  EXPECT_EQ(Utf8CharacterLength("ab"), 1u);
  EXPECT_EQ(Utf8CharacterLength("\xC3\xA9x"), 2u);
  EXPECT_EQ(Utf8CharacterLength("\xE2\x82\xAC"), 3u);
  EXPECT_EQ(Utf8CharacterLength("\xF0\x9F\x92\x80"), 4u);
  EXPECT_EQ(Utf8CharacterLength("\x80"), 0u);
}

TEST(Text, DisplayTextReplacesWhatCannotBeShown) {
  EXPECT_EQ(DisplayText("caf\xC3\xA9", 200), "caf\xC3\xA9");
  EXPECT_EQ(DisplayText("a\0b"s, 200),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(DisplayText("\xFF\xE2\x82", 200), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(DisplayText("abc", kNoLimit), "abc");
}

TEST(Text, DisplayTextNeverExceedsItsLimitAndStaysUtf8) {
  const std::string text = "ab\xC3\xA9\xE2\x82\xAC\xF0\x9F\x92\x80\xFF\0xyz"s;
  for (std::size_t limit = 0; limit < 40; ++limit) {
    const std::string shown = DisplayText(text, limit);
    EXPECT_LE(shown.size(), limit);
    EXPECT_TRUE(IsUtf8(shown)) << limit;
  }
}

TEST(Text, DisplayTextSaysWhereItCut) {
  EXPECT_EQ(DisplayText("abcdef", 6), "abcdef");
  EXPECT_EQ(DisplayText("abcdefg", 6), "abc\xE2\x80\xA6");
  EXPECT_EQ(DisplayText("ab\xE2\x82\xAC\xE2\x82\xAC", 7), "ab\xE2\x80\xA6");
}

TEST(Text, JsonStringsEscapeWhatJsonForbids) {
  EXPECT_EQ(JsonString("a\"\\\n\r\t\x01\x7f\0/\xC3\xA9"s), R"("a\"\\\n\r\t\u0001\u007f\u0000/)"
                                                           "\xC3\xA9\"");
}

TEST(Text, Base64KnowsTheVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64(bytes), text);
    EXPECT_EQ(FromBase64(text), bytes);
  }
}

TEST(Text, Base64AndHexComeBackForEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
    EXPECT_EQ(FromBase64(Base64(bytes)), bytes);
    EXPECT_EQ(FromHex(Hex(bytes)), bytes);
  }
  EXPECT_EQ(FromHex("0aFF"), "\x0A\xFF");
}

TEST(Text, WhatIsNoBase64OrHexIsNothing) {
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Zg===", "====", "=Zg=", "Zg==Zg==", "Zm9v\n", "Zh==", "Zm9=", "Zm-_"}) {
    EXPECT_EQ(FromBase64(bad), std::nullopt) << bad;
  }
  for (const char* bad : {"0", "0g", "0x", " 0", "000"})
    EXPECT_EQ(FromHex(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace deadletter
