// tests/mutants and docs/evidence.md: a mutation that no longer fits the source, or names a test
// that is no more, proves nothing, and is noticed here rather than in the long run that applies
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <regex>

#include "tests/structure/source_tree.h"

namespace deadletter {
namespace {

using test::ProjectFolder;
using test::ReadText;

using testing::IsEmpty;
using testing::Not;

struct Mutation {
  std::string name;
  std::string breaks;
  std::vector<std::string> caught_by;  // "program filter"
  friend bool operator==(const Mutation&, const Mutation&) = default;
  friend void PrintTo(const Mutation& mutation, std::ostream* out) { *out << mutation.name; }
};

std::filesystem::path Folder() {
  return ProjectFolder() / "tests" / "mutants";
}

std::vector<std::string> After(const std::string& word, const std::string& text) {
  const std::regex line("(?:^|\n)" + word + ": (.*)");
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), line), end; match != end; ++match)
    found.push_back((*match)[1]);
  return found;
}

std::vector<Mutation> Mutations() {
  std::vector<Mutation> mutations;
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    const std::string text = ReadText(entry.path());
    mutations.push_back({.name = entry.path().stem(),
                         .breaks = After("Breaks", text).at(0),
                         .caught_by = After("Caught by", text)});
  }
  std::ranges::sort(mutations, {}, &Mutation::name);
  return mutations;
}

TEST(Mutants, EachFitsTheSource) {
  ASSERT_THAT(Mutations(), Not(IsEmpty()));
  for (const Mutation& mutation : Mutations()) {
    const auto patch = (Folder() / (mutation.name + ".patch")).string();
    const std::string command = "patch --dry-run --force --quiet --fuzz=0 --strip=1 --directory='" +
                                ProjectFolder().string() + "' <'" + patch + "' >/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << patch;
  }
}

// What stands between the last "/" and a "*" of the filter "Instances/Suite.Name*" begins the name.
TEST(Mutants, EachNamesTestsThatExist) {
  const auto& tests = test::TestsInTheSources();
  for (const Mutation& mutation : Mutations()) {
    EXPECT_THAT(mutation.caught_by, Not(IsEmpty())) << mutation.name;
    for (const std::string& caught : mutation.caught_by) {
      std::smatch match;
      ASSERT_TRUE(std::regex_match(caught, match, std::regex(R"(\w+ (?:\w+/)?(\w+\.\w*)\*?)")))
          << caught;
      EXPECT_TRUE(std::ranges::any_of(
          tests, [&](const std::string& name) { return name.starts_with(match[1].str()); }))
          << mutation.name << ": " << caught;
    }
  }
}

TEST(Mutants, AllAreListedInTheDocumentation) {
  std::vector<Mutation> listed;
  static const std::regex kSeparator(", *");
  for (const auto& row : test::MarkdownTable(ReadText(ProjectFolder() / "docs" / "evidence.md"),
                                             "mutation", "breaks")) {
    listed.push_back({.name = row.at(0), .breaks = row.at(1), .caught_by = {}});
    std::sregex_token_iterator test(row.at(2).begin(), row.at(2).end(), kSeparator, -1);
    for (; test != std::sregex_token_iterator(); ++test) listed.back().caught_by.push_back(*test);
  }
  EXPECT_EQ(listed, Mutations());
}

}  // namespace
}  // namespace deadletter
