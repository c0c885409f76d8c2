#include "operations/body_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace deadletter {
namespace {

struct BodyCase {
  std::string name;
  std::string body;
  std::string encoding;
  std::string value;  // as JSON text
};

std::string Nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

class BodyJsonCases : public ::testing::TestWithParam<BodyCase> {};

TEST_P(BodyJsonCases, IsShownAsWhatItIs) {
  EXPECT_EQ(BodyJson(GetParam().body, "/b"),
            R"({"encoding":")" + GetParam().encoding + R"(","value":)" + GetParam().value +
                R"(,"truncated":false,"redacted":false,"url":"/b"})");
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Bodies, BodyJsonCases,
    ::testing::Values(
        BodyCase{"object", R"({"a": [1, "x y"]})", "json", R"({"a":[1,"x y"]})"},
        BodyCase{"spread_over_lines", "{\n\t\"a\" : 1\r\n}", "json", R"({"a":1})"},
        BodyCase{"escaped_quotes", R"({"a\"b ": "\\"})", "json", R"({"a\"b ":"\\"})"},
        BodyCase{"forty_digits_stay", R"({"n":1234567890123456789012345678901234567890})", "json",
                 R"({"n":1234567890123456789012345678901234567890})"},
        BodyCase{"trailing_zeros_stay", "[1.500, -0.0]", "json", "[1.500,-0.0]"},
        BodyCase{"duplicate_keys_stay", R"({"a":1,"a":2})", "json", R"({"a":1,"a":2})"},
        BodyCase{"scalar", "42", "json", "42"},
        BodyCase{"escaped_nul", R"(["\u0000"])", "json", R"(["\u0000"])"},
        BodyCase{"as_deep_as_allowed", Nested(64), "json", Nested(64)},
        BodyCase{"too_deep", Nested(65), "text", '"' + Nested(65) + '"'},
        BodyCase{"absurdly_deep", Nested(100'000), "text", '"' + Nested(100'000) + '"'},
        BodyCase{"empty", "", "text", R"("")"},
        BodyCase{"broken", R"({"a":)", "text", R"("{\"a\":")"},
        BodyCase{"two_values", "1 2", "text", R"("1 2")"},
        BodyCase{"trailing_comma", "[1,]", "text", R"("[1,]")"},
        BodyCase{"comment", "[1] // x", "text", R"("[1] // x")"},
        BodyCase{"lone_surrogate", R"(["\ud800"])", "text", R"("[\"\\ud800\"]")"},
        BodyCase{"text_with_nul", "a\0b"s, "text", R"("a\u0000b")"},
        BodyCase{"text_with_lines", "a\nb", "text", R"("a\nb")"},
        BodyCase{"not_utf8", "\xff\xfe", "base64", R"("//4=")"},
        BodyCase{"json_with_bad_utf8", "[\"\xff\"]", "base64", R"("WyL/Il0=")"}),
    [](const auto& each) { return each.param.name; });

TEST(BodyJson, LargeJsonIsAStringCutAtTheLimit) {
  const std::string body = "[\"" + std::string(kMaxShownBodyBytes, 'x') + "\"]";
  const auto shown = boost::json::parse(BodyJson(body, "/b")).as_object();
  EXPECT_EQ(shown.at("encoding"), "text");
  EXPECT_EQ(std::string(shown.at("value").as_string()), body.substr(0, kMaxShownBodyBytes));
  EXPECT_EQ(shown.at("truncated"), true);
}

TEST(BodyJson, LargeTextIsNotCutInsideACharacter) {
  const std::string body = "x" + std::string(kMaxShownBodyBytes - 2, 'x') + "\xc3\xa9";
  const auto shown = boost::json::parse(BodyJson(body, "/b")).as_object();
  EXPECT_EQ(shown.at("value").as_string().size(), kMaxShownBodyBytes - 1);
  EXPECT_EQ(shown.at("truncated"), true);
}

TEST(BodyJson, LargeBytesAreCutToo) {
  const auto shown =
      boost::json::parse(BodyJson(std::string(2 * kMaxShownBodyBytes, '\xff'), "/b")).as_object();
  EXPECT_EQ(shown.at("encoding"), "base64");
  EXPECT_EQ(shown.at("value").as_string().size(), (kMaxShownBodyBytes + 2) / 3 * 4);
  EXPECT_EQ(shown.at("truncated"), true);
}

}  // namespace
}  // namespace deadletter
