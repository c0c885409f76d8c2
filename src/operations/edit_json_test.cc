// What a dry run says of an edit.
#include "operations/edit_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace deadletter {
namespace {

boost::json::value Tried(const std::string& patch, const std::vector<std::string>& redact = {}) {
  LetterFormat format = LetterFormat::Default();
  format.max_body_bytes = std::size_t{64} << 10;
  const auto edit = ParseReplayEdit(R"({"body":[)" + patch + "]}");
  EXPECT_TRUE(edit) << patch;
  LetterRecord letter;
  letter.message.body =
      R"({"message_type":"ExecutionRequested","payload":{"execution_id":7,"list":["secret","b"]}})";
  return boost::json::parse(
      EditDiffJson(*edit, letter, format, Redaction(redact, format, format.max_body_bytes)));
}

TEST(EditPreview, TheProblemIsWhatTheSenderWouldWithdrawItFor) {
  const auto problem = [](const std::string& patch) { return Tried(patch).at("problem"); };
  EXPECT_EQ(problem(R"({"op":"replace","path":"/payload/execution_id","value":1})"),
            "edited, it would be about another execution");
  for (const char* patch :
       {R"({"op":"replace","path":"","value":{}})", R"({"op":"remove","path":"/message_type"})"}) {
    EXPECT_EQ(problem(patch), "edited, it would be no execution request any more") << patch;
  }
  EXPECT_EQ(problem(R"({"op":"remove","path":"/x"})"),
            "operation 0 of the edit: there is nothing at '/x'");
  EXPECT_TRUE(problem(R"({"op":"add","path":"/payload/x","value":1})").is_null());
}

TEST(EditPreview, P9_ABodyThatGrowsWithoutEndIsAProblem) {
  std::string patch = R"({"op":"add","path":"/x","value":[0]})";
  for (int copy = 0; copy < 26; ++copy)
    patch += R"(,{"op":"copy","from":"/payload","path":"/payload/c)" + std::to_string(copy) + "\"}";
  EXPECT_EQ(Tried(patch).at("problem"),
            "operation 11 of the edit: the body would have more than 65536 bytes");
}

TEST(EditPreview, P8_WhatWouldMoveWhatIsRedactedIsAProblemAndShowsNothing) {
  const auto tried =
      Tried(R"({"op":"replace","path":"/payload/list","value":["guess"]})", {"/payload/list/0"});
  EXPECT_EQ(tried.at("problem"),
            "operation 0 of the edit: at '/payload/list' it would touch or move what is redacted: "
            "only an admin may do that");
  EXPECT_EQ(boost::json::serialize(tried).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace deadletter
