#include "letter/json_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <regex>

#include "letter/json_text.h"

namespace deadletter {
namespace {

using namespace std::string_literals;

JsonPointer Pointer(std::string_view text) {
  return JsonPointer::Parse(text).value();
}

std::optional<JsonValue> Find(std::string_view json, std::string_view pointer) {
  const auto reading = JsonReader({Pointer(pointer)}).Read(json);
  return reading ? reading->values.at(0) : std::nullopt;
}

std::string RawAt(std::string_view json, std::string_view pointer) {
  const auto value = Find(json, pointer);
  return value ? std::string(value->raw) : "nothing";
}

bool IsJson(std::string_view text) {
  return JsonReader({}).Read(text).has_value();
}

TEST(JsonReader, KeepsEachKindWithItsWholeText) {
  const std::string json =
      R"( {"o":{"a":[ ]},"a":[1, "]"],"s":"a\"b","n":-1.50e+3,"t":true,"f":false,"z":null} )";
  EXPECT_EQ(Find(json, "/o"), (JsonValue{JsonKind::kObject, R"({"a":[ ]})"}));
  EXPECT_EQ(Find(json, "/a"), (JsonValue{JsonKind::kArray, R"([1, "]"])"}));
  EXPECT_EQ(Find(json, "/s"), (JsonValue{JsonKind::kString, R"("a\"b")"}));
  EXPECT_EQ(Find(json, "/n"), (JsonValue{JsonKind::kNumber, "-1.50e+3"}));
  EXPECT_EQ(Find(json, "/t"), (JsonValue{JsonKind::kTrue, "true"}));
  EXPECT_EQ(Find(json, "/f"), (JsonValue{JsonKind::kFalse, "false"}));
  EXPECT_EQ(Find(json, "/z"), (JsonValue{JsonKind::kNull, "null"}));
  EXPECT_EQ(Find(json, "/missing"), std::nullopt);
  EXPECT_EQ(Find(json, "")->kind, JsonKind::kObject);
}

TEST(JsonReader, TellsWhatTheWholeIs) {
  const JsonReader reader({});
  EXPECT_EQ(reader.Read("{}")->root, JsonKind::kObject);
  EXPECT_EQ(reader.Read("[]")->root, JsonKind::kArray);
  EXPECT_EQ(reader.Read("\"\"")->root, JsonKind::kString);
  EXPECT_EQ(reader.Read("0")->root, JsonKind::kNumber);
  EXPECT_EQ(reader.Read("true")->root, JsonKind::kTrue);
  EXPECT_EQ(reader.Read("false")->root, JsonKind::kFalse);
  EXPECT_EQ(reader.Read("null")->root, JsonKind::kNull);
}

TEST(JsonReader, ReadsSeveralPlacesInOnePassAlsoWhereTheyOverlap) {
  const JsonReader reader(
      {Pointer("/a/b"), Pointer("/a"), Pointer("/a/b"), Pointer("/c/1/d"), Pointer("")});
  const auto reading = reader.Read(R"({"a":{"b":1},"c":[0,{"d":2}]})");
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->values[0]->raw, "1");
  EXPECT_EQ(reading->values[1]->raw, R"({"b":1})");
  EXPECT_EQ(reading->values[2]->raw, "1");
  EXPECT_EQ(reading->values[3]->raw, "2");
  EXPECT_EQ(reading->values[4]->raw, R"({"a":{"b":1},"c":[0,{"d":2}]})");
}

TEST(JsonReader, OfDuplicateKeysTheLastWinsAtEveryLevel) {
  EXPECT_EQ(RawAt(R"({"a":1,"a":2})", "/a"), "2");
  EXPECT_EQ(RawAt(R"({"a":{"b":1},"a":{"b":2}})", "/a/b"), "2");
  EXPECT_EQ(RawAt(R"({"a":{"b":1},"a":{"c":2}})", "/a/b"), "nothing");
  EXPECT_EQ(RawAt(R"({"a":{"b":1},"a":null})", "/a/b"), "nothing");
  EXPECT_EQ(RawAt(R"({"a":{"b":1},"a":[2]})", "/a/b"), "nothing");
  EXPECT_EQ(RawAt(R"({"a":{"b":{"c":1}},"a":{"b":3}})", "/a/b/c"), "nothing");
  EXPECT_EQ(RawAt(R"({"a":[1],"a":{"0":2}})", "/a/0"), "2");
  EXPECT_EQ(RawAt(R"({"a":1,"\u0061":2})", "/a"), "2");
}

TEST(JsonReader, FindsOnlyAtTheVeryPlace) {
  EXPECT_EQ(RawAt(R"({"x":{"a":1},"y":[{"a":2}]})", "/a"), "nothing");
  EXPECT_EQ(RawAt(R"({"a":{"a":{"a":7}}})", "/a/a/a"), "7");
  EXPECT_EQ(RawAt(R"({"a":{"x":{"b":1}}})", "/a/b"), "nothing");
  EXPECT_EQ(RawAt(R"([{"a":1}])", "/a"), "nothing");
}

TEST(JsonReader, NamesAnArraysElementsByIndex) {
  const std::string json = R"({"a":[10,[20,21],12,13,14,15,16,17,18,19,110]})";
  EXPECT_EQ(RawAt(json, "/a/0"), "10");
  EXPECT_EQ(RawAt(json, "/a/1/1"), "21");
  EXPECT_EQ(RawAt(json, "/a/10"), "110");
  for (const char* none :
       {"/a/11", "/a/00", "/a/01", "/a/-", "/a/-1", "/a/+1", "/a/18446744073709551616", "/a/"}) {
    EXPECT_EQ(RawAt(json, none), "nothing") << none;
  }
}

TEST(JsonReader, ComparesKeysAsTheyAreMeant) {
  EXPECT_EQ(RawAt(R"({"\u0061\/b~\n\ud83d\udc80":1})", "/a~1b~0\n\xF0\x9F\x92\x80"), "1");
  EXPECT_EQ(RawAt(R"({"":{"":5}})", "//"), "5");
  EXPECT_EQ(RawAt(R"({"\ud800":5})", "/\xEF\xBF\xBD"), "nothing");
  EXPECT_EQ(RawAt(R"({"a\u0000":5})", "/a"), "nothing");
}

TEST(JsonReader, WhatTheGrammarAllowsIsAllowed) {
  for (const std::string& text :
       {"0"s, "-0"s, "1e400"s, "-1E-400"s, "0.000e+00"s, std::string(100'000, '9'), R"("\ud800")"s,
        R"("\udc00\ud800")"s, R"("\u0000")"s, "\"\x7F\""s, "\"\xF4\x8F\xBF\xBF\""s,
        " \t\r\n[ ] \n"s, R"({"":0,"":0})"s, R"("\"\\\/\b\f\n\r\t\uAbCd")"s}) {
    EXPECT_TRUE(IsJson(text)) << text.substr(0, 60);
  }
}

TEST(JsonReader, WhatTheGrammarForbidsIsNotJson) {
  for (const std::string& text : {""s,
                                  " "s,
                                  "{"s,
                                  "}"s,
                                  "["s,
                                  "]"s,
                                  ","s,
                                  ":"s,
                                  "\""s,
                                  "-"s,
                                  "--1"s,
                                  "01"s,
                                  "-01"s,
                                  "1."s,
                                  ".1"s,
                                  "1e"s,
                                  "1e+"s,
                                  "+1"s,
                                  "0x0"s,
                                  "1 2"s,
                                  "tru"s,
                                  "truex"s,
                                  "nulll"s,
                                  "[1"s,
                                  "[1,"s,
                                  "[1,]"s,
                                  "[,]"s,
                                  "[1 2]"s,
                                  "{1:2}"s,
                                  "{\"a\"}"s,
                                  "{\"a\":}"s,
                                  "{\"a\":1,}"s,
                                  "{,}"s,
                                  "{\"a\":1 \"b\":2}"s,
                                  "{]"s,
                                  "[}"s,
                                  "[{]}"s,
                                  "\"\\\""s,
                                  "\"\\u\""s,
                                  "\"\\u123\""s,
                                  "\"\\u12G4\""s,
                                  "\"\\x\""s,
                                  "\"\n\""s,
                                  "\"\0\""s,
                                  "\0"s,
                                  "1\0"s,
                                  "\xEF\xBB\xBF"
                                  "1"s,
                                  "[1]]"s,
                                  "\x0B"
                                  "1"s,
                                  "\xC2\xA0"
                                  "1"s}) {
    EXPECT_FALSE(IsJson(text)) << text;
  }
}

// The fast path looks at eight bytes at once: what it must stop at is put at each of its places.
TEST(JsonReader, AStringsByteIsSeenWhereverItStands) {
  for (std::size_t length = 1; length < 40; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = '"' + std::string(length, 'a') + '"';
        text[place + 1] = static_cast<char>(byte);
        const bool escapes_next = byte == '\\' && place + 1 == length;
        const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        if (!plain && !escapes_next && byte == '\\') continue;  // "\a": covered above
        ASSERT_EQ(IsJson(text), plain) << length << ' ' << place << ' ' << byte;
      }
    }
  }
}

TEST(JsonReader, P9_DepthCostsABitALevelAndNoStack) {
  const std::size_t levels = std::size_t{20} << 20;
  EXPECT_FALSE(IsJson(std::string(levels, '[')));
  EXPECT_TRUE(IsJson(std::string(levels, '[') + std::string(levels, ']')));
  EXPECT_FALSE(IsJson(std::string(levels, '[') + std::string(levels, ']') + ']'));
}

TEST(JsonReader, NestingRemembersEachLevelsKind) {
  for (const std::size_t levels : {63, 64, 65, 127, 128, 129, 1000}) {
    std::string opened;
    std::string closed;
    for (std::size_t level = 0; level < levels; ++level) {
      const bool array = level % 3 == 0 || level % 64 == 0;
      opened += array ? "[" : R"({"a":)";
      closed.insert(0, array ? "]" : "}");
    }
    EXPECT_TRUE(IsJson(opened + "1" + closed)) << levels;
    std::string wrong = closed;
    wrong[levels / 2] = wrong[levels / 2] == ']' ? '}' : ']';
    EXPECT_FALSE(IsJson(opened + "1" + wrong)) << levels;
  }
}

TEST(JsonText, ResolvesEscapes) {
  EXPECT_EQ(UnescapeJson(R"("")").text, "");
  EXPECT_EQ(UnescapeJson(R"("a\"\\\/\b\f\n\r\tz")").text, "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(UnescapeJson(R"("\u0000\u007f\u0080\u07ff\u0800\uffff\ud800\udc00\udbff\udfff")").text,
            "\0\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"s);
}

TEST(JsonText, SaysWhereHalfOfAPairStood) {
  for (const char* raw :
       {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\n")", R"("\ud800\u0041")"}) {
    const JsonText text = UnescapeJson(raw);
    EXPECT_TRUE(text.lone_surrogate) << raw;
    EXPECT_TRUE(text.text.starts_with("\xEF\xBF\xBD")) << raw;
  }
  EXPECT_EQ(UnescapeJson(R"("\ud800\ud800\udc00")").text, "\xEF\xBF\xBD\xF0\x90\x80\x80");
  EXPECT_FALSE(UnescapeJson(R"("\ud800\udc00")").lone_surrogate);
}

TEST(JsonText, IntegersHaveNeitherFractionNorExponent) {
  EXPECT_TRUE(IsIntegerLiteral("-0"));
  EXPECT_TRUE(IsIntegerLiteral("99999999999999999999"));
  EXPECT_FALSE(IsIntegerLiteral("5.0"));
  EXPECT_FALSE(IsIntegerLiteral("5e0"));
  EXPECT_FALSE(IsIntegerLiteral("5E0"));
}

// ---- Against Boost.JSON, whose checks of grammar and UTF-8 are a second opinion.

// Grows JSON text out of random bytes: few keys, so that they come twice and lie on the places that
// are read.
class Grower {
 public:
  explicit Grower(const std::vector<std::uint8_t>& choices) : choices_(choices) {}

  [[nodiscard]] std::string Grow() {
    Value(0);
    return std::move(text_);
  }

 private:
  std::size_t Choose(std::size_t count) {
    return next_ < choices_.size() ? choices_[next_++] % count : 0;
  }

  void Add(std::initializer_list<std::string_view> kinds) {
    text_ += kinds.begin()[Choose(kinds.size())];
  }

  void Space() { Add({"", "", "", " ", "\n\t"}); }

  void String() {
    text_ += '"';
    for (std::size_t count = Choose(4); count > 0; --count) {
      Add({"a", "longer than a word, ", "\\n", "\\\"", "\\u0041", "\\ud83d\\udc80", "\xC3\xA9",
           "\xF0\x9F\x92\x80", "\\u0000"});
    }
    text_ += '"';
  }

  void Key() {
    Add({R"("a")", R"("b")", R"("c")", R"("0")", R"("")", R"("\u0061")", R"("\u0062")"});
  }

  void Value(int depth) {
    Space();
    switch (Choose(depth > 6 ? 3 : 7)) {
      case 0:
        Add({"null", "true", "false"});
        break;
      case 1:
        String();
        break;
      case 2:
        Add({"0", "-1", "12345678901234567890123", "1.5", "-0.25e3", "1E+2", "1e400",
             "9223372036854775808"});
        break;
      case 3:
        Elements(depth);
        break;
      default:
        Members(depth);
        break;
    }
    Space();
  }

  void Elements(int depth) {
    text_ += '[';
    const std::size_t count = Choose(4);
    for (std::size_t index = 0; index < count; ++index) {
      if (index > 0) text_ += ',';
      Value(depth + 1);
    }
    text_ += ']';
  }

  void Members(int depth) {
    text_ += '{';
    const std::size_t count = Choose(5);
    for (std::size_t index = 0; index < count; ++index) {
      if (index > 0) text_ += ',';
      Space();
      Key();
      Space();
      text_ += ':';
      Value(depth + 1);
    }
    text_ += '}';
  }

  const std::vector<std::uint8_t>& choices_;
  std::size_t next_ = 0;
  std::string text_;
};

// Boost.JSON refuses halves of surrogate pairs and exponents that overflow its counters, which RFC
// 8259 allows.
bool BoostIsRight(const std::string& text) {
  static const std::regex kRefusedByBoost(R"(\\u[dD][89a-fA-F]|[eE][+-]?\d{4})");
  return !std::regex_search(text, kRefusedByBoost);
}

std::optional<boost::json::value> BoostParse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 1 << 20;
  boost::json::error_code error;
  auto value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
  return error ? std::nullopt : std::optional(std::move(value));
}

const boost::json::value* BoostFind(const boost::json::value& whole, const JsonPointer& pointer) {
  const boost::json::value* at = &whole;
  for (const std::string& token : pointer.tokens) {
    if (const auto* object = at->if_object()) {
      at = object->if_contains(token);
    } else if (const auto* array = at->if_array();
               array != nullptr && token.size() == 1 && token[0] >= '0') {
      const auto index = static_cast<std::size_t>(token[0] - '0');
      at = index < array->size() ? &(*array)[index] : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

void ExpectAgreement(const std::string& text) {
  static const std::vector<JsonPointer> kPlaces = {
      Pointer(""),     Pointer("/a"),     Pointer("/a/b"), Pointer("/a/b/c"),
      Pointer("/b/0"), Pointer("/b/1/a"), Pointer("/0/0"), Pointer("//a")};
  static const JsonReader kReader(kPlaces);
  if (!BoostIsRight(text)) return;
  const auto theirs = BoostParse(text);
  const auto ours = kReader.Read(text);
  RC_ASSERT(ours.has_value() == theirs.has_value());
  if (!ours) return;
  for (std::size_t place = 0; place < kPlaces.size(); ++place) {
    const auto* const expected = BoostFind(*theirs, kPlaces[place]);
    const auto& found = ours->values[place];
    RC_ASSERT(found.has_value() == (expected != nullptr));
    if (found) RC_ASSERT(BoostParse(found->raw) == *expected);
  }
}

RC_GTEST_PROP(JsonReaderAgainstBoost, AgreesOnJson, (const std::vector<std::uint8_t>& choices)) {
  std::string text = Grower(choices).Grow();
  RC_ASSERT(IsJson(text));
  ExpectAgreement(text);
}

RC_GTEST_PROP(JsonReaderAgainstBoost, AgreesOnWhatIsNearlyJson,
              (const std::vector<std::uint8_t>& choices, std::uint16_t place, std::uint8_t byte,
               bool insert)) {
  std::string text = Grower(choices).Grow();
  text.replace(place % text.size(), insert ? 0 : 1, 1, static_cast<char>(byte));
  ExpectAgreement(text);
}

RC_GTEST_PROP(JsonReaderAgainstBoost, AgreesOnTextWithAPieceTakenOutOrDoubled,
              (const std::vector<std::uint8_t>& choices, std::uint16_t place, std::uint8_t length,
               bool twice)) {
  std::string text = Grower(choices).Grow();
  const std::size_t start = place % text.size();
  const std::string piece = text.substr(start, length);
  text.replace(start, piece.size(), twice ? piece + piece : "");
  ExpectAgreement(text);
}

RC_GTEST_PROP(JsonReaderAgainstBoost, AgreesOnAnyBytes, (const std::string& text)) {
  ExpectAgreement(text);
}

}  // namespace
}  // namespace deadletter
