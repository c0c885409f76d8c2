#include "http/target.h"

#include <gtest/gtest.h>

namespace deadletter::http {
namespace {

using Path = std::vector<std::string>;
using Parameters = std::vector<Parameter>;

struct Case {
  std::string text;
  Path path;
  Parameters parameters;
};

class Targets : public ::testing::TestWithParam<Case> {};

TEST_P(Targets, AreTakenApartAndDecoded) {
  const auto target = ParseTarget(GetParam().text);
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->path, GetParam().path);
  EXPECT_EQ(target->parameters, GetParam().parameters);
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Each, Targets,
    ::testing::Values(
        Case{"/", {}, {}}, Case{"/v1/letters", {"v1", "letters"}, {}}, Case{"/v1/", {"v1", ""}, {}},
        Case{"//v1", {"", "v1"}, {}}, Case{"/a%2Fb/%c3%A9", {"a/b", "\xc3\xa9"}, {}},
        Case{"/a+b", {"a+b"}, {}}, Case{"/../%2e%2e", {"..", ".."}, {}}, Case{"/%00", {"\0"s}, {}},
        Case{"/?", {}, {}}, Case{"/?a", {}, {{"a", ""}}}, Case{"/?a=", {}, {{"a", ""}}},
        Case{"/?=x", {}, {{"", "x"}}}, Case{"/?a=b=c", {}, {{"a", "b=c"}}},
        Case{"/?a=1&&b=2&", {}, {{"a", "1"}, {"b", "2"}}},
        Case{"/?a=1&a=2", {}, {{"a", "1"}, {"a", "2"}}},
        Case{"/?a+b=c+d%2B%26", {}, {{"a b", "c d+&"}}}, Case{"/?a=%00", {}, {{"a", "\0"s}}},
        Case{"/?a=?/", {}, {{"a", "?/"}}}, Case{"/?a=%FF", {}, {{"a", "\xff"}}}));

TEST(Target, WhatCannotBeReadIsRefused) {
  for (const char* text : {"", "*", "v1", "http://localhost/", "/%", "/%4", "/%zz", "/%4g", "/?a=%",
                           "/?%=a", "/?a=%1"}) {
    EXPECT_FALSE(ParseTarget(text)) << text;
  }
}

}  // namespace
}  // namespace deadletter::http
