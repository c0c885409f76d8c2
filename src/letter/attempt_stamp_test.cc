#include "letter/attempt_stamp.h"

#include <gtest/gtest.h>

#include "base/rfc3339.h"

namespace deadletter {
namespace {

const Instant kStamp = ParseRfc3339("2026-11-23T19:57:03.123456Z")->instant;
constexpr const char* kWritten = "\"2026-11-23T19:57:03.123456Z\"";

FieldPlace Place(const char* text) {
  return FieldPlace::Parse(text).value();
}

Message WithBody(std::string body) {
  Message message;
  message.body = std::move(body);
  return message;
}

TEST(AttemptStamp, ReplacesTheStampAndNotAByteBesides) {
  const std::string before = "{ \"n\": 1e400,\t\"payload\":{\"x\":\"\\u0000\",\"at\" : ";
  const std::string after = " ,\"big\":12345678901234567890123456789012345678901}}\n";
  Message message = WithBody(before + "\"2001-02-03T04:05:06+02:00\"" + after);
  ASSERT_TRUE(RenewAttemptStamp(message, Place("/payload/at"), kStamp));
  EXPECT_EQ(message.body, before + kWritten + after);
}

TEST(AttemptStamp, OfDuplicateKeysTheLastIsTheOneThatIsRead) {
  Message message = WithBody(R"({"at":"2001-02-03T04:05:06Z","at":"2002-02-03T04:05:06Z"})");
  ASSERT_TRUE(RenewAttemptStamp(message, Place("/at"), kStamp));
  EXPECT_EQ(message.body, std::string(R"({"at":"2001-02-03T04:05:06Z","at":)") + kWritten + "}");
}

TEST(AttemptStamp, MayStandInAHeader) {
  Message message = WithBody("no json");
  message.headers.entries = {{"attempt", {std::string("2001-02-03T04:05:06Z")}}};
  ASSERT_TRUE(RenewAttemptStamp(message, Place("header:attempt"), kStamp));
  EXPECT_EQ(*AsString(message.headers.Find("attempt")), "2026-11-23T19:57:03.123456Z");
  EXPECT_EQ(message.body, "no json");
}

TEST(AttemptStamp, WhereItCannotGoTheMessageStaysAsItWas) {
  for (const char* body : {"no json", R"({"other":1})"}) {
    Message message = WithBody(body);
    EXPECT_FALSE(RenewAttemptStamp(message, Place("/at"), kStamp)) << body;
    EXPECT_EQ(message.body, body);
  }
  Message message;
  EXPECT_FALSE(RenewAttemptStamp(message, Place("property:timestamp"), kStamp));
}

}  // namespace
}  // namespace deadletter
