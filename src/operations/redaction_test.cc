#include "operations/redaction.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

Redaction Hiding(const std::vector<std::string>& places) {
  return {places, LetterFormat::Default(), 1 << 20};
}

std::string Masked(const std::vector<std::string>& places, std::string_view body) {
  const auto masked = Hiding(places).Mask(body);
  return masked ? masked->body : "(nothing)";
}

struct RedactionCase {
  std::string name;
  std::vector<std::string> places;
  std::string body;
  std::string masked;
};

class RedactionCases : public ::testing::TestWithParam<RedactionCase> {};

TEST_P(RedactionCases, HideWhatIsAtThePlacesAndNothingElse) {
  EXPECT_EQ(Masked(GetParam().places, GetParam().body), GetParam().masked);
}

INSTANTIATE_TEST_SUITE_P(
    Each, RedactionCases,
    ::testing::Values(
        RedactionCase{"one_member",
                      {"/a/b"},
                      R"({"a":{"b":"secret","c":1},"b":2})",
                      R"({"a":{"b":"***","c":1},"b":2})"},
        RedactionCase{"whatever_it_is",
                      {"/a"},
                      R"({"a":{"x":[1,{"y":"secret"}],"z":null},"b":[]})",
                      R"({"a":"***","b":[]})"},
        RedactionCase{"numbers_and_words",
                      {"/a", "/b", "/c"},
                      R"({"a":12345,"b":true,"c":null,"d":1.50})",
                      R"({"a":"***","b":"***","c":"***","d":1.50})"},
        RedactionCase{"every_duplicate",
                      {"/a"},
                      R"({"a":"one","a":"two","b":1})",
                      R"({"a":"***","a":"***","b":1})"},
        RedactionCase{"elements_by_number",
                      {"/list/1"},
                      R"({"list":["a","b","c"]})",
                      R"({"list":["a","***","c"]})"},
        RedactionCase{"elements_by_glob",
                      {"/list/*/key"},
                      R"({"list":[{"key":1},{"key":2,"k":3},4]})",
                      R"({"list":[{"key":"***"},{"key":"***","k":3},4]})"},
        RedactionCase{"members_by_glob",
                      {"/payload/*pass?ord*"},
                      R"({"payload":{"password":"a","old_passw0rd":"b","pasword":"c"}})",
                      R"({"payload":{"password":"***","old_passw0rd":"b","pasword":"c"}})"},
        RedactionCase{"any_depth",
                      {"/**/secret"},
                      R"({"secret":1,"a":{"secret":2,"b":[{"secret":3}]},"s":4})",
                      R"({"secret":"***","a":{"secret":"***","b":[{"secret":"***"}]},"s":4})"},
        RedactionCase{
            "any_depth_below", {"/a/**"}, R"({"a":{"b":1},"c":2})", R"({"a":"***","c":2})"},
        RedactionCase{"any_depth_between",
                      {"/a/**/z"},
                      R"({"a":{"z":1,"b":{"c":{"z":2}}},"z":3})",
                      R"({"a":{"z":"***","b":{"c":{"z":"***"}}},"z":3})"},
        RedactionCase{
            "escaped_pointer", {"/a~1b/c~0d"}, R"({"a/b":{"c~d":1}})", R"({"a/b":{"c~d":"***"}})"},
        RedactionCase{"escaped_key_in_the_body",
                      {"/password"},
                      "{\"p\\u0061ssword\":\"secret\"}",
                      R"({"password":"***"})"},
        RedactionCase{"everything", {"/**"}, R"({"a":1})", R"("***")"},
        RedactionCase{"several",
                      {"/a", "/b/c"},
                      R"({"a":1,"b":{"c":2,"d":3}})",
                      R"({"a":"***","b":{"c":"***","d":3}})"},
        RedactionCase{"the_rest_digit_by_digit",
                      {"/x"},
                      R"({"n":123456789012345678901234567890.5000e-7,"m":-0.0,"x":1})",
                      R"({"n":123456789012345678901234567890.5000e-7,"m":-0.0,"x":"***"})"},
        RedactionCase{"text_stays_text",
                      {"/x"},
                      "{ \"t\" : \"a\\\"b\\\\ \\u20ac\\n\" , \"x\" : [ ] }",
                      "{\"t\":\"a\\\"b\\\\ \xe2\x82\xac\\n\",\"x\":\"***\"}"},
        RedactionCase{"nothing_there", {"/x"}, R"([{"y":1},"x"])", R"([{"y":1},"x"])"},
        RedactionCase{"a_scalar", {"/x"}, "42", "42"},
        RedactionCase{"an_empty_body", {"/x"}, "", ""}),
    [](const auto& each) { return each.param.name; });

TEST(Redaction, WhatCannotBeReadIsHiddenWhole) {
  for (const std::string body :
       {"secret", "{\"password\":\"secret\"", "{\"a\":1} secret", "{'password':'secret'}", "[1,]",
        "\xef\xbb\xbf{\"a\":1}", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}", "\x1f\x8b\x08",
        "{\"password\":\"secret\"} // x", "NaN", " "}) {
    EXPECT_FALSE(Hiding({"/password"}).Mask(body)) << body;
  }
}

TEST(Redaction, P9_WhatIsTooLargeOrTooDeepIsHiddenWhole) {
  const Redaction redaction({"/a"}, LetterFormat::Default(), 10);
  EXPECT_TRUE(redaction.Mask(R"({"b":1234})"));
  EXPECT_FALSE(redaction.Mask(R"({"b":12345})"));
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(Masked({"/a"}, nested(kMaxRedactedDepth)), nested(kMaxRedactedDepth));
  EXPECT_FALSE(Hiding({"/a"}).Mask(nested(kMaxRedactedDepth + 1)));
  EXPECT_FALSE(Hiding({"/a"}).Mask(std::string(500'000, '[')));
}

TEST(Redaction, TellsWhetherAnythingWasHidden) {
  EXPECT_TRUE(Hiding({"/a"}).Mask(R"({"a":1})")->hides);
  EXPECT_FALSE(Hiding({"/a"}).Mask(R"({"b":1})")->hides);
  EXPECT_EQ(Redaction().Mask("{ not json")->body, "{ not json");
  EXPECT_TRUE(Redaction().HidesNothing());
}

TEST(Redaction, FieldsThatWereReadFromHiddenPlacesAreHiddenToo) {
  LetterSummary letter;
  letter.type = "t";
  letter.action = "a";
  letter.execution_id = "e";
  letter.worker_id = "w";
  letter.message_id = "m";
  letter.queue = "q";
  Hiding({"/payload/execution_id", "/**/action_ref"}).Mask(letter);
  EXPECT_EQ(letter.execution_id, "***");
  EXPECT_EQ(letter.action, "***");
  EXPECT_EQ(letter.type, "t");
  EXPECT_EQ(letter.worker_id, "w");
  EXPECT_EQ(letter.correlation_id, std::nullopt);
  Hiding({"/payload"}).Mask(letter);
  EXPECT_EQ(letter.worker_id, "***");
  EXPECT_EQ(letter.message_id, "m");
  Hiding({"/*"}).Mask(letter);
  EXPECT_EQ(letter.type, "***");
  EXPECT_EQ(letter.message_id, "***");
  EXPECT_EQ(letter.queue, "q");
}

TEST(Redaction, FiltersOverHiddenPlacesAreKnown) {
  const Redaction redaction = Hiding({"/payload/worker_id"});
  EXPECT_TRUE(redaction.HidesFilter("worker_id"));
  EXPECT_TRUE(redaction.HidesExecution());
  for (const char* name : {"type", "action", "execution_id", "queue", "tag", "since"})
    EXPECT_FALSE(redaction.HidesFilter(name)) << name;
  EXPECT_FALSE(Hiding({"/payload/config"}).HidesExecution());
}

TEST(Redaction, P9_ManyDeepGlobsEndInTime) {
  std::vector<std::string> places;
  for (int number = 0; number < 64; ++number)
    places.push_back("/**/a/**/a/**/x" + std::to_string(number));
  std::string body;
  for (int depth = 0; depth < 500; ++depth) body += R"({"a":)";
  body += "1" + std::string(500, '}');
  EXPECT_EQ(Masked(places, body), body);
}

TEST(Redaction, TouchesWhatIsHiddenAndWhatIsAroundIt) {
  const Redaction redaction({"/a/b", "/c/**/pass*"}, LetterFormat::Default(), 1 << 20);
  for (const char* place : {"", "/a", "/a/b", "/a/b/below", "/c", "/c/x", "/c/x/password"})
    EXPECT_TRUE(redaction.Touches(JsonPointer::Parse(place).value())) << place;
  for (const char* place : {"/a/x", "/d", "/b"})
    EXPECT_FALSE(redaction.Touches(JsonPointer::Parse(place).value())) << place;
  EXPECT_FALSE(Redaction().Touches({}));
}

TEST(Redaction, ItsViewHasTheSameNameWhereverTheSameIsHidden) {
  const auto name = [](const std::vector<std::string>& places, std::size_t max_body_bytes) {
    return Redaction(places, LetterFormat{}, max_body_bytes).ViewName();
  };
  EXPECT_EQ(name({"/a", "/b/c"}, 100), name({"/b/c", "/a", "/a"}, 100));
  EXPECT_NE(name({"/a"}, 100), name({"/b"}, 100));
  EXPECT_NE(name({"/a/b"}, 100), name({"/a", "/b"}, 100));
  EXPECT_NE(name({"/a"}, 100), name({"/a"}, 101)) << "what is longer cannot be read";
  EXPECT_NE(name({"/a"}, 100), name({}, 100));
  EXPECT_EQ(name({}, 100), name({}, 200));
}

}  // namespace
}  // namespace deadletter
