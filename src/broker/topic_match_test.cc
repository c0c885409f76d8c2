#include "broker/topic_match.h"

#include <gtest/gtest.h>

#include <string>

namespace deadletter {
namespace {

TEST(TopicMatch, WordsMatchThemselves) {
  EXPECT_TRUE(TopicMatches("a.b", "a.b"));
  EXPECT_FALSE(TopicMatches("a.b", "a.c"));
  EXPECT_FALSE(TopicMatches("a.b", "a"));
  EXPECT_FALSE(TopicMatches("a", "a.b"));
  EXPECT_TRUE(TopicMatches("", ""));
  EXPECT_FALSE(TopicMatches("", "a"));
}

TEST(TopicMatch, AStarIsExactlyOneWord) {
  EXPECT_TRUE(TopicMatches("a.*.c", "a.b.c"));
  EXPECT_TRUE(TopicMatches("a.*.c", "a..c"));
  EXPECT_FALSE(TopicMatches("a.*.c", "a.c"));
  EXPECT_FALSE(TopicMatches("a.*.c", "a.b.b.c"));
  EXPECT_FALSE(TopicMatches("*", ""));
  EXPECT_TRUE(TopicMatches("*", "a"));
  EXPECT_FALSE(TopicMatches("a*", "ab"));
}

TEST(TopicMatch, AHashIsAnyNumberOfWords) {
  EXPECT_TRUE(TopicMatches("#", ""));
  EXPECT_TRUE(TopicMatches("#", "a.b.c"));
  EXPECT_TRUE(TopicMatches("x.#", "x"));
  EXPECT_TRUE(TopicMatches("x.#", "x.y.z"));
  EXPECT_FALSE(TopicMatches("x.#", "y.x"));
  EXPECT_TRUE(TopicMatches("#.z", "x.y.z"));
  EXPECT_TRUE(TopicMatches("#.*.#", "a"));
  EXPECT_FALSE(TopicMatches("#.*.#", ""));
  EXPECT_TRUE(TopicMatches("a.#.#.b", "a.b"));
}

TEST(TopicMatch, P9_APatternOfManyWildcardsAnswersSoon) {
  std::string pattern = "#";
  std::string key = "a";
  for (int i = 0; i < 60; ++i) {
    pattern += ".a.#";
    key += ".a";
  }
  EXPECT_FALSE(TopicMatches(pattern + ".b", key));
}

}  // namespace
}  // namespace deadletter
