// The models of the protocol speak of steps of the source: what they name must be there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/structure/source_tree.h"

namespace deadletter {
namespace {

using test::MarkdownTable;
using test::ProjectFolder;
using test::ReadText;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Words = std::set<std::string>;

std::string ModelText(const std::string& model) {
  return ReadText(ProjectFolder() / "model" / (model + ".pml"));
}

std::vector<std::vector<std::string>> Steps() {
  return MarkdownTable(ReadText(ProjectFolder() / "model" / "README.md"), "model", "step");
}

Words AllOf(const std::string& text, const std::string& pattern, std::size_t group) {
  Words found;
  const std::regex regex(pattern);
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    found.insert((*match)[group]);
  }
  return found;
}

TEST(Model, EachStepStandsInItsModelAndInTheSource) {
  ASSERT_THAT(Steps(), Not(IsEmpty()));
  for (const auto& row : Steps()) {
    ASSERT_EQ(row.size(), 5U) << row.at(1);
    EXPECT_TRUE(std::regex_search(ModelText(row[0]), std::regex("\\b" + row[1] + "\\b")))
        << "model/" << row[0] << ".pml has no " << row[1];
    EXPECT_THAT(ReadText(ProjectFolder() / "src" / row[2]), HasSubstr(row[3]))
        << "in src/" << row[2];
  }
}

TEST(Model, EachFaultPointThatItNamesIsInTheSource) {
  Words visited;
  for (const auto& file : test::SourceFiles()) {
    visited.merge(AllOf(ReadText(ProjectFolder() / "src" / file), R"re(Hit\("([a-z_.]+)"\))re", 1));
  }
  Words named;
  for (const auto& row : Steps()) named.merge(AllOf(row.at(4), "[^ ]+", 0));
  ASSERT_THAT(named, Not(IsEmpty()));
  for (const std::string& point : named) EXPECT_TRUE(visited.contains(point)) << point;
}

// A variant that no case runs would be caught by nobody.
TEST(Model, EachBrokenVariantIsACase) {
  std::map<std::string, Words> cases;
  std::istringstream lines(ReadText(ProjectFolder() / "model" / "cases"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    cases[line.substr(0, line.find(' '))].merge(AllOf(line, R"(-D(BREAK_\w+))", 1));
  }
  ASSERT_THAT(cases, Not(IsEmpty()));
  for (const auto& [model, broken] : cases) {
    EXPECT_EQ(AllOf(ModelText(model), R"(\bBREAK_[A-Z_]*[A-Z]\b)", 0), broken) << model;
  }
}

TEST(Model, EachVariantThatTheReadmeNamesIsInAModel) {
  const std::string variant = R"(\bBREAK_[A-Z_]*[A-Z]\b)";
  Words there;
  for (const char* model : {"settle", "road", "relay", "replay", "flood", "deleted"}) {
    there.merge(AllOf(ModelText(model), variant, 0));
  }
  const Words named = AllOf(ReadText(ProjectFolder() / "model" / "README.md"), variant, 0);
  ASSERT_THAT(named, Not(IsEmpty()));
  EXPECT_THAT(there, testing::IsSupersetOf(named));
}

}  // namespace
}  // namespace deadletter
