#include "cli/json_slice.h"

#include <gtest/gtest.h>

namespace deadletter::cli {
namespace {

TEST(FindMember, GivesTheValueAsItIsWritten) {
  const std::string_view json =
      R"( { "a" : 1.500 , "b":{"a":[2,"}]"]}, "c\"":"x\\", "d":[], "e":12345678901234567890123, "f":true} )";
  for (const auto& [name, value] :
       {std::pair{"a", "1.500"}, std::pair{"b", R"({"a":[2,"}]"]})"},
        std::pair{R"(c\")", R"("x\\")"}, std::pair{"d", "[]"},
        std::pair{"e", "12345678901234567890123"}, std::pair{"f", "true"}}) {
    EXPECT_EQ(FindMember(json, name), value) << name;
  }
  EXPECT_EQ(FindMember(json, "g"), std::nullopt);
  EXPECT_EQ(FindMember("{}", "a"), std::nullopt);
  EXPECT_EQ(FindMember("[]", "a"), std::nullopt);
}

TEST(PrettyJson, SpreadsOverLinesAndChangesNothing) {
  EXPECT_EQ(PrettyJson(R"({"a":[1e400,{"b":"x: {y},"}],"c":{},"d":[ ],"e":null})"), R"({
  "a": [
    1e400,
    {
      "b": "x: {y},"
    }
  ],
  "c": {},
  "d": [],
  "e": null
})");
  EXPECT_EQ(PrettyJson("5"), "5");
  EXPECT_EQ(PrettyJson(R"("a\"b")"), R"("a\"b")");
}

TEST(PrettyJson, DoesNotDoubleSpaces) {
  EXPECT_EQ(PrettyJson("{ \"a\" : 1 }"), "{\n  \"a\": 1\n}");
}

}  // namespace
}  // namespace deadletter::cli
