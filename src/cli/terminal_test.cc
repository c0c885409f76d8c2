#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/characters.h"

namespace deadletter::cli {
namespace {

using namespace std::string_literals;

TEST(SafeText, LeavesWhatIsHarmless) {
  for (const char* text : {"", "core.echo", "Grüße 你好 🙂", "\"quoted\" <b>"})
    EXPECT_EQ(SafeText(text), text);
}

TEST(SafeText, HostileBytesNeverReachTheTerminal) {
  EXPECT_EQ(SafeText("\x1b[31mred\x1b[0m"), "␛[31mred␛[0m");
  EXPECT_EQ(SafeText("a\nb\r\tc\x7f"), "a␊b␍␉c␡");
  EXPECT_EQ(SafeText("nul\0x"s), "nul�x");
  EXPECT_EQ(SafeText("\xff\xc3"), "��");
  EXPECT_EQ(SafeText("\xc2\x9b"
                     "31m"),
            "�31m");  // CSI as one character
  EXPECT_EQ(SafeText("a\xe2\x80\xae"
                     "b"),
            "a�b");  // right-to-left override
  EXPECT_EQ(SafeText("a\xe2\x81\xa6"
                     "b"),
            "a�b");  // isolate
  EXPECT_EQ(SafeText("a\xe2\x80\x8b"
                     "b"),
            "a�b");  // zero width space
  EXPECT_EQ(SafeText("a\xef\xbb\xbf"
                     "b"),
            "a�b");  // byte order mark
  EXPECT_EQ(SafeText("a\xf3\xa0\x81\x81"
                     "b"),
            "a�b");  // language tag
}

TEST(SafeText, NoByteSequenceGetsThrough) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes = {static_cast<char>(first), static_cast<char>(second), 'x'};
      const std::string safe = SafeText(bytes);
      for (std::size_t at = 0; at < safe.size();) ASSERT_TRUE(IsHarmless(NextCharacter(safe, at)));
    }
  }
}

TEST(SafeJson, SaysTheSameInEscapes) {
  EXPECT_EQ(SafeJson("{\"a\":\"\xe2\x80\xae\xc2\x9b\x7f\"}"), R"({"a":"\u202e\u009b\u007f"})");
  EXPECT_EQ(SafeJson("\"\xf3\xa0\x81\x81\""), R"("\udb40\udc41")");
  EXPECT_EQ(SafeJson(R"({"a":"ü\n"})"), R"({"a":"ü\n"})");
}

TEST(Terminal, AnErrorIsOneLine) {
  std::ostringstream out;
  std::ostringstream error;
  SayError({.out = out, .error = error}, "no\nluck");
  EXPECT_EQ(error.str(), "deadletter: no␊luck\n");
  EXPECT_EQ(out.str(), "");
}

TEST(Characters, WidthsAreThoseOfATerminal) {
  for (const auto& [text, width] :
       {std::pair{"", 0U}, std::pair{"abc", 3U}, std::pair{"ü", 1U}, std::pair{"你好", 4U},
        std::pair{"e\xcc\x81", 1U}, std::pair{"🙂", 2U}, std::pair{"…", 1U}}) {
    EXPECT_EQ(Width(text), width) << text;
  }
}

TEST(Characters, FitFillsUpOrCuts) {
  EXPECT_EQ(Fit("abc", 5), "abc  ");
  EXPECT_EQ(Fit("abc", 3), "abc");
  EXPECT_EQ(Fit("abcd", 3), "ab…");
  EXPECT_EQ(Fit("你好吗", 5), "你好…");
  EXPECT_EQ(Fit("你好吗", 4), "你… ");
  EXPECT_EQ(Fit("abc", 1), "…");
}

TEST(Characters, EncodingAndDecodingAgree) {
  for (char32_t character = 1; character <= 0x10ffff; ++character) {
    if (character >= 0xd800 && character <= 0xdfff) continue;
    std::size_t at = 0;
    const std::string text = ToUtf8(character);
    ASSERT_EQ(NextCharacter(text, at), character);
    ASSERT_EQ(at, text.size());
  }
}

}  // namespace
}  // namespace deadletter::cli
