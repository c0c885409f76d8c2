#include <gtest/gtest.h>

#include <set>

#include "letter/letter_reader.h"
#include "tests/support/odd_bodies.h"

namespace deadletter {
namespace {

constexpr std::int64_t kFirstId = 1000;

Letter Read(const std::string& body) {
  static const LetterReader kReader(LetterFormat::Default());
  Delivery delivery;
  delivery.message.body = body;
  return kReader.Read(LetterId(RandomUuid()), std::move(delivery));
}

LetterKind KindFor(const std::string& outcome) {
  if (outcome == "malformed") return LetterKind::kMalformed;
  if (outcome == "unexpected_type") return LetterKind::kUnexpectedType;
  return LetterKind::kExecutionRequest;
}

TEST(Bodies, P4_EveryOddBodyBecomesWhatItIsAndIsKeptWhole) {
  for (const test::OddBody& odd : test::OddBodies(kFirstId)) {
    SCOPED_TRACE(odd.name);
    const Letter letter = Read(odd.body);
    EXPECT_EQ(letter.kind, KindFor(odd.outcome));
    EXPECT_EQ(letter.malformation ? MalformationName(*letter.malformation) : "", odd.detail);
    EXPECT_TRUE(letter.delivery.message.body == odd.body) << "the body was not kept as it came";
    if (odd.execution_id) {
      EXPECT_EQ(letter.execution_id, ExecutionId(*odd.execution_id));
    }
  }
}

TEST(Bodies, TheTableIsLargeAndItsNamesAreUnique) {
  const auto bodies = test::OddBodies(kFirstId);
  std::set<std::string> names;
  std::size_t malformed = 0;
  for (const test::OddBody& odd : bodies) {
    names.insert(odd.name);
    malformed += odd.outcome == "malformed" ? 1 : 0;
  }
  EXPECT_EQ(names.size(), bodies.size());
  EXPECT_GE(malformed, 100u);
}

TEST(Bodies, EveryPrefixOfAGoodBodyIsRead) {
  const std::string whole =
      R"({"message_type":"ExecutionRequested","payload":{"execution_id":5,"config":[1.5e3,"\u00e9\n",null,true]}})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Letter letter = Read(whole.substr(0, length));
    EXPECT_EQ(letter.malformation, Malformation::kNotJson) << length;
  }
  EXPECT_EQ(Read(whole).kind, LetterKind::kExecutionRequest);
}

TEST(Bodies, EveryByteInEveryPlaceOfABodyIsRead) {
  const std::string whole = R"({"message_type":"ExecutionRequested","payload":{"execution_id":5}})";
  for (std::size_t place = 0; place < whole.size(); ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string body = whole;
      body[place] = static_cast<char>(byte);
      const Letter letter = Read(body);
      EXPECT_EQ(letter.malformation.has_value(), letter.kind == LetterKind::kMalformed);
      EXPECT_TRUE(letter.kind != LetterKind::kExecutionRequest || letter.execution_id);
    }
  }
}

}  // namespace
}  // namespace deadletter
