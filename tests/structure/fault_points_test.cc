// docs/architecture.md lists the named fault points, and the list is the truth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "tests/structure/source_tree.h"

namespace deadletter {
namespace {

using test::MarkdownTable;
using test::ProjectFolder;
using test::ReadText;
using test::SourceFiles;

struct Point {
  std::string pair;
  std::string killed_by;
};

std::map<std::string, Point> Listed() {
  std::map<std::string, Point> points;
  const std::string text = ReadText(ProjectFolder() / "docs" / "architecture.md");
  for (const auto& row : MarkdownTable(text, "point", "pair")) {
    EXPECT_TRUE(points.insert({row.at(0), {row.at(1), row.at(3)}}).second) << row.at(0);
  }
  return points;
}

// The pair that a file belongs to; "both": it is above the adapters.
std::string PairOf(const std::string& file) {
  for (const char* folder : {"broker/embedded/", "ledger/sqlite/"}) {
    if (file.starts_with(folder)) return "embedded";
  }
  for (const char* folder : {"broker/rabbitmq/", "ledger/postgres/"}) {
    if (file.starts_with(folder)) return "servers";
  }
  return "both";
}

// By point, the pairs in whose sources it stands.
std::map<std::string, std::set<std::string>> InTheSource() {
  static const std::regex kOne(R"rx(fault::Hit\(\s*"([^"]+)"\s*\))rx");
  static const std::regex kTwo(
      R"rx((?:Commit|Send)Points\s+\w+\s*\{\s*"([^"]+)",\s*"([^"]+)"\s*\})rx");
  std::map<std::string, std::set<std::string>> points;
  for (const auto& file : SourceFiles()) {
    if (file.filename().string().find("test") != std::string::npos) continue;
    const std::string text = ReadText(ProjectFolder() / "src" / file);
    for (const std::regex& pattern : {kOne, kTwo}) {
      for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end;
           ++found) {
        for (std::size_t group = 1; group < found->size(); ++group) {
          points[(*found)[group]].insert(PairOf(file.string()));
        }
      }
    }
  }
  return points;
}

TEST(FaultPoints, TheListHasEveryOneOfTheSourceAndNoOther) {
  std::set<std::string> listed;
  for (const auto& [name, point] : Listed()) listed.insert(name);
  std::set<std::string> found;
  for (const auto& [name, pairs] : InTheSource()) found.insert(name);
  EXPECT_THAT(found, testing::Not(testing::IsEmpty()));
  EXPECT_THAT(listed, testing::ContainerEq(found));
}

TEST(FaultPoints, StandOnThePairsThatTheListTells) {
  const auto found = InTheSource();
  for (const auto& [name, point] : Listed()) {
    const auto pairs = found.find(name);
    if (pairs == found.end()) continue;
    const bool both = pairs->second.contains("both") ||
                      (pairs->second.contains("embedded") && pairs->second.contains("servers"));
    EXPECT_EQ(point.pair, both ? "both" : *pairs->second.begin()) << name;
  }
}

TEST(FaultPoints, AreNamedByStepAndSide) {
  for (const auto& [name, point] : Listed()) {
    EXPECT_THAT(name, testing::MatchesRegex("[a-z]+\\.(before|after|written|moved)"));
  }
}

// The crash matrix takes its points from the list itself; any other killer must name them.
TEST(FaultPoints, AreKilledAt) {
  for (const auto& [name, point] : Listed()) {
    if (point.killed_by == "crash matrix") continue;
    EXPECT_NE(ReadText(ProjectFolder() / point.killed_by).find('"' + name + '"'), std::string::npos)
        << point.killed_by << " does not kill at " << name;
  }
}

}  // namespace
}  // namespace deadletter
