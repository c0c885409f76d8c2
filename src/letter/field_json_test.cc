#include "letter/field_json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>

namespace deadletter {
namespace {

using namespace std::string_literals;

FieldTable TableOf(FieldValue value) {
  return {{{"a", std::move(value)}}};
}

TEST(FieldJson, WritesEachTypeInItsForm) {
  const std::pair<FieldValue, const char*> forms[] = {
      {{FieldVoid{}}, "null"},
      {{true}, "true"},
      {{false}, "false"},
      {{std::int8_t{-1}}, R"({"!int8":-1})"},
      {{std::uint8_t{255}}, R"({"!uint8":255})"},
      {{std::int16_t{-1}}, R"({"!int16":-1})"},
      {{std::uint16_t{1}}, R"({"!uint16":1})"},
      {{std::int32_t{-1}}, R"({"!int32":-1})"},
      {{std::uint32_t{1}}, R"({"!uint32":1})"},
      {{std::int64_t{42}}, "42"},
      {{UINT64_MAX}, R"({"!uint64":18446744073709551615})"},
      {{1.5f}, R"({"!float":"3fc00000"})"},
      {{-1.5}, R"({"!double":"bff8000000000000"})"},
      {{FieldDecimal{2, 314}}, R"({"!decimal":{"scale":2,"value":314}})"},
      {{FieldTimestamp{1'700'000'000}}, R"({"!timestamp":1700000000})"},
      {{"caf\xC3\xA9 \xF0\x9F\x92\x80\n\"\\\0\x7F"s},
       R"("caf\u00e9 \ud83d\udc80\u000a\"\\\u0000\u007f")"},
      {{"\xFF"s}, R"({"!string":"/w=="})"},
      {{FieldBytes{"ab"}}, R"({"!bytes":"YWI="})"},
      {{FieldEncoded{"F"}}, R"({"!encoded":"Rg=="})"},
      {{FieldArray{{std::int64_t{1}}, {FieldArray{}}}}, "[1,[]]"},
      {{FieldTable{}}, "{}"}};
  for (const auto& [value, form] : forms) {
    EXPECT_EQ(FieldTableToJson(TableOf(value)), R"({"a":)"s + form + "}");
    EXPECT_EQ(FieldTableFromJson(R"({"a":)"s + form + "}"), TableOf(value)) << form;
  }
}

TEST(FieldJson, WritesATableAsPairsWhereAnObjectCouldNotTellIt) {
  const std::pair<FieldTable, const char*> forms[] = {
      {{{{"a", {true}}, {"b", {true}}}}, R"({"a":true,"b":true})"},
      {{{{"!a", {true}}, {"!b", {true}}}}, R"({"!a":true,"!b":true})"},
      {{{{"!int8", {std::int64_t{1}}}}}, R"({"!table":[["!int8",1]]})"},
      {{{{"!", {true}}}}, R"({"!table":[["!",true]]})"},
      {{{{"a", {true}}, {"a", {false}}}}, R"({"!table":[["a",true],["a",false]]})"},
      {{{{"\xFF", {true}}, {"a", {false}}}}, R"({"!table":[["!","/w==",true],["a",false]]})"},
      {{{{"", {true}}}}, R"({"":true})"}};
  for (const auto& [table, form] : forms) {
    EXPECT_EQ(FieldTableToJson(table), form);
    EXPECT_EQ(FieldTableFromJson(form), table) << form;
  }
}

TEST(FieldJson, NaNsComeBackBitForBit) {
  const auto odd = std::bit_cast<double>(std::uint64_t{0xFFF4'0000'DEAD'BEEF});
  const auto table = FieldTableFromJson(FieldTableToJson(TableOf({odd}))).value();
  EXPECT_EQ(std::bit_cast<std::uint64_t>(std::get<double>(table.Find("a")->value)),
            0xFFF4'0000'DEAD'BEEFu);
  const auto single =
      FieldTableFromJson(FieldTableToJson(TableOf({std::bit_cast<float>(0xFFA0'1234u)}))).value();
  EXPECT_EQ(std::bit_cast<std::uint32_t>(std::get<float>(single.Find("a")->value)), 0xFFA0'1234u);
}

TEST(FieldJson, ReadsWhatAPersonOrADatabaseSpacedOut) {
  EXPECT_EQ(FieldTableFromJson(
                " {\n\t\"a\" : { \"!int8\" : 1 } , \"b\" : [ 1 , \"\xC3\xA9\" ] , \"c\": { } } "),
            (FieldTable{{{"a", {std::int8_t{1}}},
                         {"b", {FieldArray{{std::int64_t{1}}, {"\xC3\xA9"s}}}},
                         {"c", {FieldTable{}}}}}));
}

TEST(FieldJson, WhatWeDoNotWriteIsAnErrorThatSaysWhere) {
  for (const char* json : {"",
                           "{",
                           "[]",
                           "5",
                           "null",
                           R"("a")",
                           R"({"!int8":1})",
                           R"({"a":1.5})",
                           R"({"a":1e2})",
                           R"({"a":9223372036854775808})",
                           R"({"a":{"!int8":128}})",
                           R"({"a":{"!uint8":-1}})",
                           R"({"a":{"!uint64":-1}})",
                           R"({"a":{"!uint64":18446744073709551616}})",
                           R"({"a":{"!int9":1}})",
                           R"({"a":{"!":1}})",
                           R"({"a":{"!float":"3fc0000"}})",
                           R"({"a":{"!float":"3fc0000g"}})",
                           R"({"a":{"!double":"3fc00000"}})",
                           R"({"a":{"!double":1}})",
                           R"({"a":{"!decimal":{"scale":2}}})",
                           R"({"a":{"!decimal":{"scale":256,"value":1}}})",
                           R"({"a":{"!decimal":5}})",
                           R"({"a":{"!bytes":"?"}})",
                           R"({"a":{"!string":5}})",
                           R"({"a":{"!table":{}}})",
                           R"({"a":{"!table":[["a"]]}})",
                           R"({"a":{"!table":[[1,2]]}})",
                           R"({"a":{"!table":[["!","?",1]]}})",
                           R"({"a":{"!table":[["x","YQ==",1]]}})",
                           R"({"a":"\ud800"})",
                           R"({"a":1,"a":2})",
                           R"({"!uint64":18446744073709551615,"b":1})",
                           R"({"a":{"!timestamp":"x"}})",
                           R"({"a":"\u0000)"}) {
    const auto table = FieldTableFromJson(json);
    ASSERT_FALSE(table) << json;
    EXPECT_TRUE(table.error().message.starts_with("not a field table: ")) << table.error().message;
  }
  EXPECT_EQ(FieldTableFromJson(R"({"a":1.5})").error().message,
            "not a field table: a number that is no 64-bit integer at byte 5");
}

TEST(FieldJson, P9_DepthIsBoundedWhateverTheInput) {
  for (const std::size_t levels : {1'000u, 1'000'000u}) {
    const std::string arrays =
        R"({"a":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
    EXPECT_NE(FieldTableFromJson(arrays).error().message.find("nested too deep"),
              std::string::npos);
  }
  std::string tagged = "1";
  // A reader that tries a tag first and a table then would read it 2^200 times.
  for (int level = 0; level < 200; ++level) tagged = R"({"!x":)" + tagged + R"(,"b":1})";
  EXPECT_TRUE(FieldTableFromJson(tagged));
}

TEST(FieldJson, TablesAsDeepAsAdaptersKeepThemComeBack) {
  FieldTable plain;
  FieldTable pairs;
  for (int level = 0; level < kMaxFieldDepth; ++level) {
    plain = TableOf({FieldArray{{std::move(plain)}}});
    pairs = FieldTable{{{"a", {std::move(pairs)}}, {"a", {FieldVoid{}}}}};
  }
  EXPECT_EQ(FieldTableFromJson(FieldTableToJson(plain)), plain);
  EXPECT_EQ(FieldTableFromJson(FieldTableToJson(pairs)), pairs);
}

TEST(PropertiesJson, HoldsOnlyWhatWasThere) {
  EXPECT_EQ(PropertiesToJson({}), "{}");
  Properties properties;
  properties.content_type = "application/json";
  properties.delivery_mode = 2;
  EXPECT_EQ(PropertiesToJson(properties),
            R"({"content_type":"application/json","delivery_mode":2})");
}

TEST(PropertiesJson, AllOfThemComeBackWithAnyBytes) {
  const Properties all = {"a", "b\xFF",    2,   255, "c\0"s, "d", "e",
                          "f", UINT64_MAX, "g", "h", "i",    ""};
  EXPECT_EQ(PropertiesFromJson(PropertiesToJson(all)), all);
  Properties time;
  time.timestamp = 1'700'000'000;
  EXPECT_EQ(PropertiesToJson(time), R"({"timestamp":1700000000})");
  EXPECT_EQ(PropertiesFromJson(PropertiesToJson(time)), time);
}

TEST(PropertiesJson, WhatIsNoPropertyIsAnError) {
  for (const char* json :
       {R"({"message-id":"a"})", R"({"message_id":5})", R"({"delivery_mode":256})",
        R"({"priority":-1})", R"({"timestamp":"now"})", R"({"priority":null})", "[]"}) {
    EXPECT_FALSE(PropertiesFromJson(json)) << json;
  }
}

// ---- Any table at all.

rc::Gen<std::string> Bytes() {
  return rc::gen::oneOf(rc::gen::container<std::string>(rc::gen::arbitrary<char>()),
                        rc::gen::element(""s, "a"s, "!"s, "!int8"s, "!table"s, "\xC3\xA9"s,
                                         "\xF0\x9F\x92\x80"s, "\0"s));
}

template <class T>
rc::Gen<FieldValue> Plain() {
  return rc::gen::map(rc::gen::arbitrary<T>(), [](T value) { return FieldValue{value}; });
}

rc::Gen<FieldTable> Table(int depth);

rc::Gen<FieldValue> Value(int depth) {
  auto scalars = rc::gen::oneOf(
      rc::gen::just(FieldValue{FieldVoid{}}), Plain<bool>(), Plain<std::int8_t>(),
      Plain<std::uint8_t>(), Plain<std::int16_t>(), Plain<std::uint16_t>(), Plain<std::int32_t>(),
      Plain<std::uint32_t>(), Plain<std::int64_t>(), Plain<std::uint64_t>(), Plain<float>(),
      Plain<double>(),
      rc::gen::map(
          rc::gen::pair(rc::gen::arbitrary<std::uint8_t>(), rc::gen::arbitrary<std::uint32_t>()),
          [](std::pair<std::uint8_t, std::uint32_t> parts) {
            return FieldValue{FieldDecimal{parts.first, parts.second}};
          }),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                   [](std::uint64_t v) { return FieldValue{FieldTimestamp{v}}; }),
      rc::gen::map(Bytes(), [](std::string v) { return FieldValue{std::move(v)}; }),
      rc::gen::map(Bytes(), [](std::string v) { return FieldValue{FieldBytes{std::move(v)}}; }),
      rc::gen::map(Bytes(), [](std::string v) { return FieldValue{FieldEncoded{std::move(v)}}; }));
  if (depth == 0) return scalars;
  auto arrays = rc::gen::map(
      rc::gen::container<FieldArray>(rc::gen::lazy([depth] { return Value(depth - 1); })),
      [](FieldArray v) { return FieldValue{std::move(v)}; });
  auto tables = rc::gen::map(rc::gen::lazy([depth] { return Table(depth - 1); }),
                             [](FieldTable v) { return FieldValue{std::move(v)}; });
  return rc::gen::oneOf(scalars, arrays, tables);
}

rc::Gen<FieldTable> Table(int depth) {
  return rc::gen::map(
      rc::gen::container<std::vector<FieldEntry>>(
          rc::gen::construct<FieldEntry>(Bytes(), Value(depth))),
      [](std::vector<FieldEntry> entries) { return FieldTable{std::move(entries)}; });
}

RC_GTEST_PROP(FieldJsonOfAnything, ComesBackAndIsAsciiJson, ()) {
  const FieldTable table = *rc::gen::resize(6, Table(3));
  const std::string json = FieldTableToJson(table);
  RC_ASSERT(std::ranges::all_of(json, [](char c) { return c >= 0x20 && c < 0x7F; }));
  RC_ASSERT(FieldTableToJson(FieldTableFromJson(json).value()) == json);
  RC_ASSERT(FieldTableFromJson(json).value() == table);
}

RC_GTEST_PROP(FieldJsonOfAnything, IsReadSafelyAlsoWhereItIsSpoiled,
              (std::uint16_t place, char byte)) {
  std::string json = FieldTableToJson(*rc::gen::resize(6, Table(2)));
  json[place % json.size()] = byte;
  const auto table = FieldTableFromJson(json);
  if (!table) RC_ASSERT(!table.error().message.empty());
}

}  // namespace
}  // namespace deadletter
