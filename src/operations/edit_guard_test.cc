#include "operations/edit_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operations/replay_request.h"

namespace deadletter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t kMaxBodyBytes = std::size_t{1} << 20;

ReplayEdit Edit(const std::string& patch) {
  auto edit = ParseReplayEdit(R"({"body":[)" + patch + "]}");
  EXPECT_TRUE(edit) << patch;
  return edit.value_or(ReplayEdit{});
}

// Why it may not be done; empty: it may.
std::string Guarded(const std::vector<std::string>& places, const std::string& body,
                    const std::string& patch, bool at_redacted = false) {
  ReplayEdit edit = Edit(patch);
  edit.at_redacted = at_redacted;
  const auto guarded =
      GuardEdit(edit, body, Redaction(places, LetterFormat::Default(), kMaxBodyBytes));
  return guarded ? "" : guarded.error().message;
}

struct Attempt {
  std::vector<std::string> places;
  std::string body;
  std::string patch;
};

void PrintTo(const Attempt& each, std::ostream* out) {
  *out << each.patch << " on " << each.body;
}

class Attempts : public ::testing::TestWithParam<Attempt> {};

// Whatever the secret is: the words are the same for another one.
TEST_P(Attempts, P8_MoveOrTellNothingThatIsRedacted) {
  const auto [places, body, patch] = GetParam();
  const std::string why = Guarded(places, body, patch);
  EXPECT_THAT(why, HasSubstr("redacted"));
  EXPECT_THAT(why, HasSubstr("only an admin may"));
  EXPECT_THAT(why, Not(HasSubstr("secret")));
  std::string other = body;
  const std::size_t at = other.find("secret");
  ASSERT_NE(at, std::string::npos);
  other.replace(at, 6, "bob");
  EXPECT_EQ(Guarded(places, other, patch), why);
  EXPECT_EQ(Guarded(places, body, patch, true), "") << "who may see it may do so";
}

INSTANTIATE_TEST_SUITE_P(
    Each, Attempts,
    ::testing::Values(
        // Moved by what is put before it, or taken away there.
        Attempt{{"/list/1"},
                R"({"list":[0,"secret","b"]})",
                R"({"op":"add","path":"/list/0","value":1})"},
        Attempt{{"/list/1"}, R"({"list":[0,"secret","b"]})", R"({"op":"remove","path":"/list/0"})"},
        Attempt{{"/list/1"},
                R"({"list":[0,"secret","b"]})",
                R"({"op":"move","from":"/list/0","path":"/list/2"})"},
        // Moved to where it is hidden, too: what is read there is another's.
        Attempt{{"/people/*/id"},
                R"({"people":[{"id":"secret"},{"id":2}]})",
                R"({"op":"add","path":"/people/0","value":{"id":"secret"}})"},
        // Moved, tested and put back.
        Attempt{{"/list/1"},
                R"({"list":[0,"secret"]})",
                R"({"op":"remove","path":"/list/0"},{"op":"add","path":"/list/0","value":0})"},
        // Replaced together with what is around it, perhaps by the same.
        Attempt{{"/a/b"},
                R"({"a":{"b":"secret"}})",
                R"({"op":"replace","path":"/a","value":{"b":"secret"}})"},
        Attempt{{"/**/b"}, R"({"a":{"b":"secret"}})", R"({"op":"add","path":"","value":{}})"},
        Attempt{{"/**/b"}, R"({"a":{"b":"secret"}})", R"({"op":"remove","path":"/a"})"},
        // Of duplicates each.
        Attempt{{"/a/b"}, R"({"a":{"b":"secret"},"a":{"c":1}})", R"({"op":"remove","path":"/a"})"},
        // Changed, entered or taken: the request says so already.
        Attempt{{"/list/0"},
                R"({"list":["secret","b"]})",
                R"({"op":"add","path":"/list/0","value":1})"},
        Attempt{{"/a"}, R"({"a":{"secret":1}})", R"({"op":"remove","path":"/a/bob"})"},
        Attempt{{"/a"}, R"({"a":"secret"})", R"({"op":"replace","path":"/a","value":1})"},
        // Nobody can tell what is hidden in it.
        Attempt{{"/a"},
                std::string("{\"b\":\"\\ud800secret\"}"),
                R"({"op":"add","path":"/c","value":1})"}));

TEST(EditGuard, LetsEverythingElseBeDone) {
  const std::string body = R"({"a":{"b":"secret","c":[1,2]},"list":["x",{"b":7}]})";
  for (const char* patch :
       {R"({"op":"add","path":"/a/new","value":{"b":1}})",
        R"({"op":"replace","path":"/a/c/0","value":5})", R"({"op":"remove","path":"/a/c"})",
        R"({"op":"add","path":"/list/-","value":3})",
        R"({"op":"replace","path":"/list/0","value":3})"}) {
    EXPECT_EQ(Guarded({"/**/b"}, body, patch), "") << patch;
  }
  EXPECT_EQ(Guarded({"/nothing"}, "no json {", R"({"op":"remove","path":"/a"})"),
            "nobody can tell what in the body is redacted, or it is too much: only an admin may "
            "edit it");
  EXPECT_EQ(Guarded({}, "no json {", R"({"op":"remove","path":"/a"})"), "");
  EXPECT_EQ(Guarded({"/a/b"}, R"({"a":{}})", R"({"op":"replace","path":"","value":{}})"), "");
}

TEST(EditGuard, P9_ManyHiddenPlacesAreNotMarkedOneByOne) {
  std::string body = "[0";
  for (std::size_t place = 1; place < kMaxSealedPlaces; ++place) body += ",0";
  const Redaction redaction({"/*"}, LetterFormat::Default(), kMaxBodyBytes);
  EXPECT_FALSE(redaction.Seal(body + ",0]"));
  const auto sealed = redaction.Seal(body + "]");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->places, kMaxSealedPlaces);
  EXPECT_TRUE(redaction.IsWhole(*sealed, sealed->body));
}

class EditRequests : public ::testing::Test {
 protected:
  OperationResult<ReplayRequest> Ask(Role role, const std::string& patch) {
    return ParseReplayRequest(R"({"filter":{"state":"open"},"edit":{"body":[)" + patch + "]}}",
                              {.name = "who", .role = role}, redaction_);
  }
  Redaction redaction_{{"/payload/config/people"}, LetterFormat::Default(), kMaxBodyBytes};
};

TEST_F(EditRequests, P8_WhatReachesIntoWhatIsRedactedIsForAdminsWhateverIsThere) {
  for (const char* patch : {R"({"op":"remove","path":"/payload/config/people/bob@x.org"})",
                            R"({"op":"add","path":"/payload/config/people","value":1})",
                            R"({"op":"replace","path":"/payload/config/people/0/a","value":1})",
                            R"({"op":"copy","from":"/payload/a","path":"/payload/config/people"})",
                            R"({"op":"copy","from":"/payload","path":"/x"})",
                            R"({"op":"test","path":"/payload/config","value":1})"}) {
    const auto refused = Ask(Role::kOperator, patch);
    ASSERT_FALSE(refused) << patch;
    EXPECT_EQ(refused.error().fault, OperationFault::kForbidden);
    EXPECT_THAT(refused.error().message, HasSubstr("is redacted: only an admin may")) << patch;
    const auto made = Ask(Role::kAdmin, patch);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(ParseKeptEdit(made->spec.edit_json)->at_redacted);
  }
  const auto made = Ask(Role::kOperator, R"({"op":"add","path":"/payload/config/x","value":1})");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(ParseKeptEdit(made->spec.edit_json)->at_redacted);
}

}  // namespace
}  // namespace deadletter
