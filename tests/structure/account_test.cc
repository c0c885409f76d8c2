// docs/evidence.md says that each fault test ends with the account.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "tests/structure/source_tree.h"

namespace deadletter {
namespace {

using test::ProjectFolder;
using test::ReadText;

std::vector<std::filesystem::path> FaultTests() {
  const std::filesystem::path tests = ProjectFolder() / "tests";
  std::vector<std::filesystem::path> files = {tests / "replay" / "replay_kill.h",
                                              tests / "replay" / "replay_many.h"};
  for (const auto& entry : std::filesystem::directory_iterator(tests / "fault")) {
    const auto extension = entry.path().extension();
    if (extension == ".cc" || extension == ".h") files.push_back(entry.path());
  }
  return files;
}

// In the test's own block and behind no condition. The helpers of these names close the books.
TEST(FaultTests, EachEndsWithTheAccount) {
  static const std::regex kTest(R"(\nTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  static const std::regex kEnd(
      R"(\n  (?:const Balance balance = )?(?:EXPECT_EQ\()?(?:\w+\.)?(?:CloseBooks|ExpectAllIsWell|Close)\()");
  std::size_t tests = 0;
  for (const std::filesystem::path& file : FaultTests()) {
    const std::string text = ReadText(file);
    for (std::sregex_iterator match(text.begin(), text.end(), kTest), end; match != end; ++match) {
      ++tests;
      const auto begin = static_cast<std::size_t>(match->position());
      const std::string body = text.substr(begin, text.find("\n}\n", begin) - begin);
      EXPECT_TRUE(std::regex_search(body, kEnd))
          << file.filename() << ": " << (*match)[1] << "." << (*match)[2];
    }
  }
  EXPECT_GT(tests, 50U);
}

}  // namespace
}  // namespace deadletter
