#include "letter/replay_edit.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

TEST(ReplayEdit, ChangesBodyAndHeadersAndNothingElse) {
  const auto edit = ParseReplayEdit(
      R"({"body":[{"op":"replace","path":"/n","value":123456789012345678901234567890}],)"
      R"("set_headers":{"lane":"slow","tries":3,"urgent":false},"unset_headers":["old"]})");
  ASSERT_TRUE(edit) << edit.error().message;
  Message message;
  message.properties.priority = 4;
  message.body = R"({"n":1, "m":1e400})";
  message.headers.entries = {{"lane", {std::string("fast")}},
                             {"old", {std::int64_t{1}}},
                             {"kept", {true}},
                             {"lane", {std::string("faster")}}};
  ASSERT_TRUE(ApplyEdit(*edit, 1 << 20, message));
  EXPECT_EQ(message.body, R"({"n":123456789012345678901234567890, "m":1e400})");
  const std::vector<FieldEntry> expected = {{"kept", {true}},
                                            {"lane", {std::string("slow")}},
                                            {"tries", {std::int64_t{3}}},
                                            {"urgent", {false}}};
  EXPECT_EQ(message.headers.entries, expected);
  EXPECT_EQ(message.properties.priority, 4);
}

TEST(ReplayEdit, WhatCannotBeDoneLeavesTheMessageAsItWas) {
  const auto edit =
      ParseReplayEdit(R"({"body":[{"op":"add","path":"/a","value":1},{"op":"remove","path":"/b"}],)"
                      R"("set_headers":{"lane":"slow"}})");
  ASSERT_TRUE(edit) << edit.error().message;
  Message message;
  message.body = "{}";
  const Message before = message;
  const auto applied = ApplyEdit(*edit, 1 << 20, message);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message, "operation 1 of the edit: there is nothing at '/b'");
  EXPECT_EQ(message, before);
}

// 1 KiB that is copied into itself 26 times would be 64 GiB.
TEST(ReplayEdit, P9_CopiesOfCopiesEndWhereABodyMayGetNoLarger) {
  std::string patch =
      R"([{"op":"add","path":"/payload/x","value":")" + std::string(1'000, 'y') + R"("})";
  for (int copy = 0; copy < 26; ++copy) {
    patch +=
        R"(,{"op":"copy","from":"/payload","path":"/payload/c)" + std::to_string(copy) + R"("})";
  }
  const auto edit = ParseReplayEdit(R"({"body":)" + patch + "]}");
  ASSERT_TRUE(edit) << edit.error().message;
  Message message;
  message.body = R"({"payload":{}})";
  const auto applied = ApplyEdit(*edit, 1 << 20, message);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message,
            "operation 11 of the edit: the body would have more than 1048576 bytes");
  EXPECT_EQ(message.body, R"({"payload":{}})");
}

TEST(ReplayEdit, WhoMadeItIsKeptAndCannotBeAskedFor) {
  const std::string asked = R"({"set_headers":{"lane":"slow"}})";
  EXPECT_EQ(KeptEdit(asked, false), asked);
  EXPECT_FALSE(ParseKeptEdit(asked)->at_redacted);
  const auto kept = ParseKeptEdit(KeptEdit(asked, true));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_TRUE(kept->at_redacted);
  EXPECT_EQ(kept->set_headers.size(), 1U);
  EXPECT_FALSE(ParseReplayEdit(KeptEdit(asked, true)));
}

TEST(ReplayEdit, WhatIsNoneIsToldSo) {
  EXPECT_TRUE(ParseReplayEdit("")->IsNone());
  for (const char* text :
       {"{}", "[]", "x", R"({"body":[]})", R"({"body":{}})", R"({"headers":{}})",
        R"({"set_headers":{}})", R"({"set_headers":{"a":1.5}})", R"({"set_headers":{"a":null}})",
        R"({"set_headers":{"x-death":"a"}})", R"({"set_headers":{"x-first-death-queue":"a"}})",
        R"({"set_headers":{"deadletter-replay-id":"a"}})", R"({"set_headers":{"":"a"}})",
        R"({"unset_headers":[]})", R"({"unset_headers":[1]})", R"({"unset_headers":["CC"]})"}) {
    EXPECT_FALSE(ParseReplayEdit(text)) << text;
  }
}

}  // namespace
}  // namespace deadletter
