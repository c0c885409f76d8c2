// What letters are found by.
#include "letter/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace deadletter {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(Words, AreRunsOfLettersAndDigitsInLowerCase) {
  EXPECT_THAT(WordsIn("Host-1.example.com, HOST_2!"),
              ElementsAre("1", "2", "com", "example", "host"));
  EXPECT_THAT(WordsIn("na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac"),
              ElementsAre("na\xc3\xafve", "\xe6\x97\xa5\xe6\x9c\xac"));
  EXPECT_THAT(WordsIn(" -- \t"), IsEmpty());
  EXPECT_THAT(WordsIn(""), IsEmpty());
}

TEST(Words, OfJsonAreNamesAndValuesWithEscapesResolved) {
  const Message message;
  const auto words = WordsOf(
      message, R"({"Na\u006de":["v\u00e4l\nue",12345678901234567890123,-1.5e3,true,null]})");
  EXPECT_THAT(words,
              ElementsAre("1", "12345678901234567890123", "5e3", "name", "ue", "v\xc3\xa4l"));
}

TEST(Words, OfWhatIsNoJsonAreItsBytes) {
  const Message message;
  EXPECT_THAT(WordsOf(message, R"({"half": "a\u0041)"), ElementsAre("a", "half", "u0041"));
  EXPECT_THAT(WordsOf(message, "plain text"), ElementsAre("plain", "text"));
}

TEST(Words, StandInPropertiesAndHeadersToo) {
  Message message;
  message.properties.app_id = "billing";
  message.properties.message_id = "M-7";
  FieldTable inner;
  inner.entries = {{"deep", {std::string("value")}}};
  message.headers.entries = {{"x-trace", {FieldArray{{inner}, {std::int64_t{42}}}}},
                             {"flag", {true}}};
  const auto words = WordsOf(message, "");
  for (const char* word : {"billing", "m", "7", "x", "trace", "deep", "value", "42", "flag"})
    EXPECT_THAT(words, Contains(word));
}

TEST(Words, P9_AreBoundedInLengthAndNumber) {
  const std::string longest(200, 'x');
  EXPECT_THAT(WordsIn(longest), ElementsAre(std::string(kMaxWordBytes, 'x')));
  // Cut between characters, or not at all.
  std::string wide = "a";
  for (int count = 0; count < 40; ++count) wide += "\xe6\x97\xa5";
  const auto cut = WordsIn(wide);
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_TRUE(IsUtf8(cut[0]));
  EXPECT_LE(cut[0].size(), kMaxWordBytes);
  std::string many;
  for (int number = 0; number < 5'000; ++number) many += "w" + std::to_string(number) + " ";
  EXPECT_EQ(WordsIn(many).size(), kMaxWordsOfLetter);
  EXPECT_EQ(WordsOf({}, "[\"" + many + "\"]").size(), kMaxWordsOfLetter);
}

TEST(Words, P4_HostileBytesSpoilTheirOwnWordOnly) {
  EXPECT_THAT(WordsIn(std::string("good \xff\xfe bad\xff also\0fine", 22)),
              ElementsAre("also", "fine", "good"));
  EXPECT_THAT(WordsOf({}, std::string(1'001, '[') + "deep"), Contains("deep"));
  EXPECT_THAT(WordsIn("\xc3"), Not(Contains("\xc3")));
}

}  // namespace
}  // namespace deadletter
