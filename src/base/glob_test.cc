#include "base/glob.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace deadletter {
namespace {

using namespace std::string_literals;

TEST(Globs, MatchTheWholeText) {
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("***", ""));
  EXPECT_TRUE(GlobMatches("worker.7", "worker.7"));
  EXPECT_TRUE(GlobMatches("worker.*", "worker."));
  EXPECT_TRUE(GlobMatches("*.7", "worker.7.7"));
  EXPECT_TRUE(GlobMatches("w*r.*.e*s", "worker.7.executions"));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXbYbZc"));
  EXPECT_TRUE(GlobMatches("worker.?", "worker.7"));
  EXPECT_TRUE(GlobMatches("*?", "a"));
  EXPECT_FALSE(GlobMatches("", "a"));
  EXPECT_FALSE(GlobMatches("?", ""));
  EXPECT_FALSE(GlobMatches("*?", ""));
  EXPECT_FALSE(GlobMatches("worker", "worker.7"));
  EXPECT_FALSE(GlobMatches("orker.7", "worker.7"));
  EXPECT_FALSE(GlobMatches("worker.?", "worker.77"));
  EXPECT_FALSE(GlobMatches("a*b*c", "acb"));
  EXPECT_FALSE(GlobMatches("WORKER.*", "worker.7"));
}

TEST(Globs, KnowNoOtherSpecialCharacters) {
  EXPECT_TRUE(GlobMatches("[a-z]\\{x}.+", "[a-z]\\{x}.+"));
  EXPECT_FALSE(GlobMatches("[a-z]", "b"));
  EXPECT_FALSE(GlobMatches("a.c", "abc"));
  EXPECT_TRUE(GlobMatches("*b", "a\0b"s));
}

TEST(Globs, AQuestionMarkIsOneCharacterNotOneByte) {
  EXPECT_TRUE(GlobMatches("?", "\xE2\x82\xAC"));
  EXPECT_FALSE(GlobMatches("??", "\xE2\x82\xAC"));
  EXPECT_FALSE(GlobMatches("*??", "\xE2\x82\xAC"));
  EXPECT_TRUE(GlobMatches("*?x", "a\xF0\x9F\x92\x80x"));
  EXPECT_TRUE(GlobMatches("??", "\xFF\xFE"));
}

TEST(Globs, P9_ManyStarsCostNoMoreThanTextTimesGlob) {
  std::string glob;
  for (int star = 0; star < 200; ++star) glob += "*a";
  EXPECT_FALSE(GlobMatches(glob + "b", std::string(20'000, 'a')));
  EXPECT_TRUE(GlobMatches(glob, std::string(20'000, 'a')));
}

// The obvious definition, too slow for hostile text.
bool MatchesByDefinition(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob.front() == '*') {
    return MatchesByDefinition(glob.substr(1), text) ||
           (!text.empty() && MatchesByDefinition(glob, text.substr(std::max<std::size_t>(
                                                           Utf8CharacterLength(text), 1))));
  }
  if (text.empty()) return false;
  if (glob.front() == '?') {
    return MatchesByDefinition(glob.substr(1),
                               text.substr(std::max<std::size_t>(Utf8CharacterLength(text), 1)));
  }
  return glob.front() == text.front() && MatchesByDefinition(glob.substr(1), text.substr(1));
}

RC_GTEST_PROP(GlobsOfAnything, MatchWhatTheirDefinitionMatches, ()) {
  const auto piece = rc::gen::element("*"s, "?"s, "a"s, "b"s, "\xC3\xA9"s, "\xFF"s);
  const auto pieces = [&] {
    std::string text;
    for (const std::string& one :
         *rc::gen::resize(9, rc::gen::container<std::vector<std::string>>(piece)))
      text += one;
    return text;
  };
  const std::string glob = pieces();
  const std::string text = pieces();
  RC_ASSERT(GlobMatches(glob, text) == MatchesByDefinition(glob, text));
}

}  // namespace
}  // namespace deadletter
