#include <gtest/gtest.h>

#include "cli/command_line.h"

namespace deadletter::cli {
namespace {

Result<CommandLine, EarlyExit> ParseBench(const std::vector<std::string>& words) {
  std::vector<const char*> arguments = {"deadletter", "bench"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(BenchCommandLine, SaysHowMuchIsMeasured) {
  const auto usual = ParseBench({});
  ASSERT_TRUE(usual) << usual.error().text;
  EXPECT_EQ(std::get<BenchCommand>(usual->command).letters, 20'000U);
  EXPECT_EQ(std::get<BenchCommand>(usual->command).runs, 3U);
  EXPECT_EQ(std::get<BenchCommand>(usual->command).body_bytes, 450U);
  const auto told = ParseBench({"--letters", "204", "--runs", "20", "--body-bytes", "1048576"});
  ASSERT_TRUE(told) << told.error().text;
  EXPECT_EQ(std::get<BenchCommand>(told->command).letters, 204U);
  EXPECT_EQ(std::get<BenchCommand>(told->command).runs, 20U);
  EXPECT_EQ(std::get<BenchCommand>(told->command).body_bytes, 1'048'576U);
}

TEST(BenchCommandLine, P9_AsksForNoMoreThanADiskMayHold) {
  const std::vector<std::vector<std::string>> mistakes = {
      {"--letters", "99"},     {"--letters", "1000001"},
      {"--runs", "0"},         {"--runs", "1.5"},
      {"--body-bytes", "449"}, {"--body-bytes", "-1"},
      {"--runs", "21"},        {"--letters", "4097", "--body-bytes", "1048576"}};
  for (const auto& words : mistakes) {
    const auto line = ParseBench(words);
    ASSERT_FALSE(line) << words.back();
    EXPECT_EQ(line.error().status, kExitUsage);
    EXPECT_EQ(line.error().text.find('\n'), line.error().text.size() - 1) << line.error().text;
  }
}

TEST(BenchCommandLine, ItsHelpFitsIntoEightyColumns) {
  const auto help = ParseBench({"--help"});
  ASSERT_FALSE(help);
  EXPECT_EQ(help.error().status, kExitDone);
  std::size_t begin = 0;
  while (begin < help.error().text.size()) {
    const std::size_t end = help.error().text.find('\n', begin);
    EXPECT_LE(end - begin, 80U) << help.error().text.substr(begin, end - begin);
    begin = end + 1;
  }
}

}  // namespace
}  // namespace deadletter::cli
