#include "letter/json_patch.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

Result<std::string> Patched(const std::string& patch, std::string text) {
  const auto operations = ParseJsonPatch(patch);
  if (!operations) return Unexpected<Error>(operations.error());
  for (const PatchOperation& operation : *operations) {
    if (auto applied = ApplyOperation(operation, 1 << 20, text); !applied)
      return Unexpected<Error>(applied.error());
  }
  return text;
}

struct Case {
  std::string patch;
  std::string before;
  std::string after;
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.patch << " on " << each.before;
}

class Patches : public ::testing::TestWithParam<Case> {};

TEST_P(Patches, ChangeWhatTheyNameAndNoOtherByte) {
  const auto patched = Patched(GetParam().patch, GetParam().before);
  ASSERT_TRUE(patched) << patched.error().message;
  EXPECT_EQ(*patched, GetParam().after);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Patches,
    ::testing::Values(
        Case{R"([{"op":"add","path":"/b","value":2}])", R"({"a":1})", R"({"a":1,"b":2})"},
        Case{R"([{"op":"add","path":"/a","value":2}])", R"({})", R"({"a":2})"},
        Case{R"([{"op":"add","path":"/a","value":2}])", "{ }", R"({"a":2 })"},
        Case{R"([{"op":"add","path":"/a","value":2}])", R"({"a" : 1 , "b":1})",
             R"({"a" : 2 , "b":1})"},
        Case{R"([{"op":"add","path":"/a/1","value":"x"}])", R"({"a":[1, 2]})",
             R"({"a":[1, "x",2]})"},
        Case{R"([{"op":"add","path":"/a/2","value":3}])", R"({"a":[1, 2 ]})", R"({"a":[1, 2,3 ]})"},
        Case{R"([{"op":"add","path":"/a/-","value":[3]}])", R"({"a":[]})", R"({"a":[[3]]})"},
        Case{R"([{"op":"add","path":"/a/0","value":null}])", R"({"a":[ ]})", R"({"a":[null ]})"},
        Case{R"([{"op":"add","path":"","value":{"n":1}}])", "[]", R"({"n":1})"},
        Case{R"([{"op":"replace","path":"","value":7}])", "[]", "7"},
        Case{R"([{"op":"add","path":"/a~1b~0\"","value":1}])", "{}", R"({"a/b~\"":1})"},
        Case{R"([{"op":"remove","path":"/a"}])", R"({"a":1,"b":2})", R"({"b":2})"},
        Case{R"([{"op":"remove","path":"/b"}])", R"({"a":1 , "b" : 2 })", R"({"a":1  })"},
        Case{R"([{"op":"remove","path":"/a"}])", R"({ "a" : {"x":[1]} })", R"({  })"},
        Case{R"([{"op":"remove","path":"/q\"\\"}])", R"({"x":1,"q\"\\":2})", R"({"x":1})"},
        Case{R"([{"op":"remove","path":"/a"}])", R"({"a":1,"b":2,"a":3})", R"({"b":2})"},
        Case{R"([{"op":"remove","path":"/0"}])", "[1, 2]", "[2]"},
        Case{R"([{"op":"remove","path":"/1"}])", "[1, 2]", "[1]"},
        Case{R"([{"op":"remove","path":"/0"}])", "[1]", "[]"},
        Case{R"([{"op":"replace","path":"/a","value":"x"}])",
             R"({"n":123456789012345678901234567890,"a":1e400,"z":"\ud800"})",
             R"({"n":123456789012345678901234567890,"a":"x","z":"\ud800"})"},
        Case{R"([{"op":"replace","path":"/a","value":2}])", R"({"a":1,"a":1})", R"({"a":1,"a":2})"},
        Case{R"([{"op":"move","from":"/a","path":"/b/c"}])", R"({"a":[1],"b":{}})",
             R"({"b":{"c":[1]}})"},
        Case{R"([{"op":"move","from":"/1","path":"/0"}])", "[1,2]", "[2,1]"},
        Case{R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})", R"({"a":1})"},
        Case{R"([{"op":"copy","from":"/a","path":"/b"}])", R"({"a":1.50})",
             R"({"a":1.50,"b":1.50})"},
        Case{R"([{"op":"test","path":"/a","value":{"y":[10e-1],"x":"\u0041"}}])",
             R"({"a":{"x":"A","y":[1]}})", R"({"a":{"x":"A","y":[1]}})"},
        Case{R"([{"op":"add","path":"/a","value":1},{"op":"remove","path":"/a"}])", R"({"b":2})",
             R"({"b":2})"},
        Case{R"([{"op":"remove","path":"/a","extra":true}])", R"({"a":1})", "{}"}));

struct Refusal {
  std::string patch;
  std::string before;
  std::string why;
};

class Refusals : public ::testing::TestWithParam<Refusal> {};

TEST_P(Refusals, AreOneLineAndChangeNothing) {
  const auto patched = Patched(GetParam().patch, GetParam().before);
  ASSERT_FALSE(patched) << *patched;
  EXPECT_EQ(patched.error().message, GetParam().why);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Refusals,
    ::testing::Values(
        Refusal{R"([{"op":"remove","path":"/a"}])", "{}", "there is nothing at '/a'"},
        Refusal{R"([{"op":"replace","path":"/a/b","value":1}])", R"({"a":{}})",
                "there is nothing at '/a/b'"},
        Refusal{R"([{"op":"add","path":"/a/b","value":1}])", "{}", "there is nothing at '/a'"},
        Refusal{R"([{"op":"add","path":"/a/b","value":1}])", R"({"a":"text"})",
                "what is at '/a' holds nothing"},
        Refusal{R"([{"op":"add","path":"/3","value":1}])", "[1]", "'/3' is no place in that array"},
        Refusal{R"([{"op":"add","path":"/01","value":1}])", "[1]",
                "'/01' is no place in that array"},
        Refusal{R"([{"op":"add","path":"/x","value":1}])", "[1]", "'/x' is no place in that array"},
        Refusal{R"([{"op":"remove","path":""}])", "{}", "the whole body cannot be removed"},
        Refusal{R"([{"op":"move","from":"/a","path":"/a/b"}])", R"({"a":{}})",
                "'/a' cannot be moved into itself"},
        Refusal{R"([{"op":"test","path":"/a","value":"secret"}])", R"({"a":"other"})",
                "what is at '/a' is not what the test wants"},
        Refusal{R"([{"op":"test","path":"/a","value":1}])", R"({"a":"1"})",
                "what is at '/a' is not what the test wants"},
        Refusal{R"([{"op":"add","path":"/a","value":1}])", "no json", "there is nothing at ''"},
        Refusal{R"([{"op":"jump","path":"/a"}])", "{}",
                "operation 0 op must be add, remove, replace, move, copy or test"},
        Refusal{R"([{"op":"add","path":"/a"}])", "{}", "operation 0 has no value"},
        Refusal{R"([{"op":"move","path":"/a"}])", "{}", "operation 0 has no from"},
        Refusal{R"([{"op":"remove"}])", "{}", "operation 0 has no path"},
        Refusal{R"([{"op":"remove","path":7}])", "{}", "operation 0 path: must be a string"},
        Refusal{R"([7])", "{}", "operation 0 must be an object"}));

TEST(JsonPatch, IsAnArrayOfOneToAHundredOperations) {
  std::string many = "[";
  for (std::size_t count = 0; count < kMaxPatchOperations; ++count)
    many += R"({"op":"remove","path":"/a"},)";
  EXPECT_TRUE(ParseJsonPatch(many.substr(0, many.size() - 1) + "]"));
  for (const std::string& text :
       {std::string("[]"), std::string("{}"), std::string("x"), many + "{}]"})
    EXPECT_FALSE(ParseJsonPatch(text)) << text;
}

// The operation changes `before` to `after` where that may be just as large, and nothing where it
// may have a byte less.
void ExpectTheBound(const std::string& patch, const std::string& before, const std::string& after) {
  const auto operations = ParseJsonPatch(patch);
  ASSERT_TRUE(operations) << operations.error().message;
  std::string text = before;
  ASSERT_TRUE(ApplyOperation(operations->front(), after.size(), text)) << patch;
  EXPECT_EQ(text, after);
  text = before;
  const auto refused = ApplyOperation(operations->front(), after.size() - 1, text);
  ASSERT_FALSE(refused) << patch;
  EXPECT_EQ(refused.error().message,
            "the body would have more than " + std::to_string(after.size() - 1) + " bytes");
  EXPECT_EQ(text, before);
}

TEST(JsonPatch, P9_NoOperationMakesABodyLargerThanItMayBe) {
  ExpectTheBound(R"([{"op":"add","path":"/b","value":22}])", R"({"a":1})", R"({"a":1,"b":22})");
  ExpectTheBound(R"([{"op":"add","path":"/a","value":22}])", R"({"a":1})", R"({"a":22})");
  ExpectTheBound(R"([{"op":"add","path":"","value":[1,2]}])", "{}", "[1,2]");
  ExpectTheBound(R"([{"op":"add","path":"/0","value":2}])", "[1]", "[2,1]");
  ExpectTheBound(R"([{"op":"add","path":"/-","value":2}])", "[1]", "[1,2]");
  ExpectTheBound(R"([{"op":"replace","path":"/a","value":22}])", R"({"a":1})", R"({"a":22})");
  ExpectTheBound(R"([{"op":"copy","from":"/a","path":"/b"}])", R"({"a":[7]})",
                 R"({"a":[7],"b":[7]})");
  ExpectTheBound(R"([{"op":"move","from":"/a","path":"/long"}])", R"({"a":[7]})",
                 R"({"long":[7]})");
}

TEST(JsonPatch, ABodyThatIsTooLargeAlreadyMayBecomeSmaller) {
  const auto operations = ParseJsonPatch(R"([{"op":"replace","path":"/a","value":1}])");
  std::string text = R"({"a":12345})";
  ASSERT_TRUE(ApplyOperation(operations->front(), 3, text));
  EXPECT_EQ(text, R"({"a":1})");
}

TEST(JsonPatch, APointerIsWrittenAsItIsRead) {
  for (const char* text : {"", "/", "/a/b", "/~0~1/~01", "/0/-"})
    EXPECT_EQ(FormatPointer(JsonPointer::Parse(text).value()), text);
}

}  // namespace
}  // namespace deadletter
