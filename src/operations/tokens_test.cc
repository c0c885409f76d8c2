#include "operations/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/text.h"
#include "tests/support/temporary_folder.h"

namespace deadletter {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string Line(const std::string& name, const std::string& role, const std::string& token) {
  const SecretDigest digest = DigestOfSecret(token);
  return name + " " + role +
         " sha256:" + Hex({reinterpret_cast<const char*>(digest.data()), digest.size()}) +
         " 2026-11-29T00:00:00Z\n";
}

TEST(TokenFile, EachLineIsAToken) {
  const TokenList list = ParseTokenFile("# ours\n\n" + Line("ci", "viewer", "a") + "  \t\r\n" +
                                        Line("anna@example.com", "admin", "b"));
  EXPECT_THAT(list.problems, IsEmpty());
  ASSERT_THAT(list.entries, SizeIs(2));
  EXPECT_EQ(list.entries[0].caller.name, "ci");
  EXPECT_EQ(list.entries[0].caller.role, Role::kViewer);
  EXPECT_EQ(list.entries[0].digest, DigestOfSecret("a"));
  EXPECT_EQ(list.entries[1].caller.role, Role::kAdmin);
}

TEST(TokenFile, ALineThatCannotBeReadCountsForNobodyAndIsNeverQuoted) {
  const std::string good = Line("ci", "viewer", "a");
  const std::string rest = good.substr(2);  // without its name
  const std::vector<std::string> each = {"dlt_secret",
                                         "x admin dlt_secret",
                                         "x admin sha256:dlt_secret",
                                         "x root sha256:00",
                                         "a/b" + rest,
                                         "local" + rest,
                                         "ci2 viewer sha256:00",
                                         Line("ci", "admin", "b"),
                                         Line("other", "admin", "a"),
                                         std::string(65, 'x') + rest,
                                         good.substr(0, good.size() - 1) + " more"};
  for (const std::string& bad : each) {
    const TokenList list = ParseTokenFile(good + bad + "\n" + Line("last", "operator", "c"));
    ASSERT_THAT(list.problems, SizeIs(1)) << bad;
    EXPECT_THAT(list.problems.front(), testing::StartsWith("line 2 "));
    EXPECT_THAT(list.problems.front(), Not(HasSubstr("secret")));
    EXPECT_THAT(list.entries, SizeIs(2)) << bad;
  }
}

TEST(TokenFile, P9_TheNumberOfTokensIsBounded) {
  std::string text;
  for (std::size_t number = 0; number <= kMaxTokens; ++number)
    text += Line("n" + std::to_string(number), "viewer", std::to_string(number));
  const TokenList list = ParseTokenFile(text);
  EXPECT_THAT(list.entries, SizeIs(kMaxTokens));
  EXPECT_THAT(list.problems, SizeIs(1));
}

class TokensTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) const {
    std::ofstream(path_, std::ios::binary) << text;
    std::filesystem::permissions(path_, std::filesystem::perms(0600));
  }
  [[nodiscard]] std::string Read() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::unique_ptr<Tokens> Open() const {
    auto tokens = Tokens::Open(path_, clock_);
    EXPECT_TRUE(tokens) << tokens.error().message;
    return std::move(*tokens);
  }
  // The name of whose token it is.
  static std::string NameOf(Tokens& tokens, const std::string& token) {
    const auto caller = tokens.Find(token);
    EXPECT_TRUE(caller) << caller.error().message;
    return caller && *caller ? (*caller)->name : "";
  }
  [[nodiscard]] std::string Add(const std::string& name, Role role = Role::kViewer) const {
    const auto token = AddToken(path_, {.name = name, .role = role}, clock_.Now());
    EXPECT_TRUE(token) << token.error().message;
    return token.value_or("");
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_ / "tokens";
  const SystemClock clock_;
};

TEST_F(TokensTest, ANewTokenIsKnownByItsDigestOnly) {
  const std::string token = Add("ci", Role::kOperator);
  EXPECT_THAT(token, testing::MatchesRegex("dlt_[A-Za-z0-9_-]+"));
  EXPECT_EQ(token.size(), 47U);
  EXPECT_THAT(Read(), Not(HasSubstr(token.substr(4))));
  const auto tokens = Open();
  const auto caller = tokens->Find(token);
  ASSERT_TRUE(caller && *caller);
  EXPECT_EQ((*caller)->name, "ci");
  EXPECT_EQ((*caller)->role, Role::kOperator);
  for (const std::string& other : {std::string(), token.substr(1), token + "x", std::string("ci")})
    EXPECT_EQ(NameOf(*tokens, other), "") << other;
}

TEST_F(TokensTest, TheFileIsItsOwnersAlone) {
  static_cast<void>(Add("ci"));
  struct stat found{};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  const ino_t before = found.st_ino;
  static_cast<void>(Add("other"));
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_NE(found.st_ino, before) << "it was written in place, and a reader could see half of it";
  EXPECT_EQ(
      std::distance(std::filesystem::directory_iterator(path_.substr(0, path_.rfind('/'))), {}), 1);
}

TEST_F(TokensTest, WhatIsInTheFileStaysWhereATokenIsAdded) {
  Write("# a comment\n" +
        Line("old", "viewer", "a").substr(0, Line("old", "viewer", "a").size() - 1));
  const std::string token = Add("new");
  EXPECT_THAT(Read(), testing::StartsWith("# a comment\nold viewer sha256:"));
  const auto tokens = Open();
  EXPECT_EQ(NameOf(*tokens, "a"), "old");
  EXPECT_EQ(NameOf(*tokens, token), "new");
}

TEST_F(TokensTest, ANameIsGivenOnce) {
  static_cast<void>(Add("ci"));
  const std::string before = Read();
  const auto again = AddToken(path_, {.name = "ci", .role = Role::kAdmin}, clock_.Now());
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("the token has the name of an earlier line, '"));
  EXPECT_FALSE(AddToken(path_, {.name = "local", .role = Role::kAdmin}, clock_.Now()));
  EXPECT_EQ(Read(), before);
}

TEST_F(TokensTest, SeveralWhoAddAtOnceLoseNone) {
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number)
    threads.emplace_back([&, number] { static_cast<void>(Add("n" + std::to_string(number))); });
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(ParseTokenFile(Read()).entries, SizeIs(8));
}

TEST_F(TokensTest, ATokenThatIsTakenOutIsNobodysFromThenOn) {
  Write(Line("a", "viewer", "1") + Line("b", "viewer", "2"));
  const auto tokens = Open();
  EXPECT_EQ(NameOf(*tokens, "1"), "a");
  // As long as before and, on most file systems, of the same moment.
  Write(Line("c", "viewer", "3") + Line("b", "viewer", "2"));
  EXPECT_EQ(NameOf(*tokens, "1"), "");
  EXPECT_EQ(NameOf(*tokens, "2"), "b");
  EXPECT_EQ(NameOf(*tokens, "3"), "c");
  const std::string added = Add("d");
  EXPECT_EQ(NameOf(*tokens, added), "d");
}

TEST_F(TokensTest, WithoutTheFileNobodyIsKnown) {
  Write(Line("a", "viewer", "1"));
  const auto tokens = Open();
  EXPECT_EQ(NameOf(*tokens, "1"), "a");
  std::filesystem::remove(path_);
  const auto gone = tokens->Find("1");
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message, HasSubstr("cannot be read: No such file"));
  Write(Line("a", "viewer", "1"));
  EXPECT_EQ(NameOf(*tokens, "1"), "a");
}

TEST_F(TokensTest, AMistakeInOneLineWhileWeRunLocksNobodyElseOut) {
  Write(Line("a", "viewer", "1") + Line("b", "viewer", "2"));
  const auto tokens = Open();
  Write("a viewr" + Line("a", "viewer", "1").substr(8) + Line("b", "viewer", "2"));
  EXPECT_EQ(NameOf(*tokens, "1"), "");
  EXPECT_EQ(NameOf(*tokens, "2"), "b");
}

TEST_F(TokensTest, AtTheStartAnyMistakeIsTold) {
  const auto missing = Tokens::Open(path_, clock_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("cannot be read"));
  Write("nonsense\n");
  const auto unreadable = Tokens::Open(path_, clock_);
  ASSERT_FALSE(unreadable);
  EXPECT_THAT(unreadable.error().message, HasSubstr("line 1 is not NAME ROLE sha256:DIGEST"));
  EXPECT_FALSE(Tokens::Open(folder_.path(), clock_));
  Write(std::string(kMaxTokenFileBytes + 1, '\n'));
  EXPECT_FALSE(Tokens::Open(path_, clock_));
}

TEST_F(TokensTest, AFileThatOthersMayWriteIsRefused) {
  Write(Line("a", "viewer", "1"));
  for (const unsigned mode : {0620U, 0602U, 0666U}) {
    std::filesystem::permissions(path_, std::filesystem::perms(mode));
    const auto tokens = Tokens::Open(path_, clock_);
    ASSERT_FALSE(tokens) << mode;
    EXPECT_THAT(tokens.error().message, HasSubstr("chmod go-w"));
  }
  std::filesystem::permissions(path_, std::filesystem::perms(0640));
  EXPECT_TRUE(Tokens::Open(path_, clock_));
}

TEST(Roles, EachMayDoWhatTheOneBeforeItMay) {
  EXPECT_TRUE(Includes(Role::kAdmin, Role::kOperator));
  EXPECT_TRUE(Includes(Role::kOperator, Role::kViewer));
  EXPECT_TRUE(Includes(Role::kViewer, Role::kViewer));
  EXPECT_FALSE(Includes(Role::kViewer, Role::kOperator));
  EXPECT_FALSE(Includes(Role::kOperator, Role::kAdmin));
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin})
    EXPECT_EQ(RoleFromName(RoleName(role)), role);
  EXPECT_EQ(RoleFromName("root"), std::nullopt);
}

}  // namespace
}  // namespace deadletter
