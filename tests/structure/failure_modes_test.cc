// docs/failure-modes.md names for each fault the tests that prove what it says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/structure/source_tree.h"

namespace deadletter {
namespace {

using test::ProjectFolder;
using test::ReadText;

TEST(FailureModes, EachIsProvedByTestsThatExist) {
  static const std::regex kSeparator(", *");
  const std::set<std::string>& tests = test::TestsInTheSources();
  const auto rows = test::MarkdownTable(ReadText(ProjectFolder() / "docs" / "failure-modes.md"),
                                        "fault", "you see");
  ASSERT_FALSE(rows.empty());
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 5U) << row.front();
    if (row[3] == "outside P1") continue;
    std::sregex_token_iterator name(row[4].begin(), row[4].end(), kSeparator, -1);
    for (; name != std::sregex_token_iterator(); ++name)
      EXPECT_TRUE(tests.contains(name->str())) << row.front() << ": " << name->str();
  }
}

}  // namespace
}  // namespace deadletter
