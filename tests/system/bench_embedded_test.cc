// `deadletter bench` over the embedded pair, and what is refused before anything is made.
#include <fstream>

#include "sqlite/database.h"
#include "tests/system/bench.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {
namespace {

std::filesystem::path LedgerFolder(World& world) {
  return std::filesystem::path(world.pair().LedgerUrl().substr(std::string("sqlite:").size()))
      .parent_path();
}

std::vector<std::string> BenchFolders(World& world) {
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(LedgerFolder(world))) {
    if (entry.path().filename().string().starts_with("deadletter-bench-"))
      folders.push_back(entry.path().string());
  }
  return folders;
}

std::int64_t FailedInFolders(World& world) {
  std::int64_t failed = 0;
  for (const std::string& folder : BenchFolders(world)) {
    const auto database =
        sqlite::Database::Open(folder + "/ledger.sqlite3", {.create = false, .accept = nullptr});
    if (!database) continue;  // not yet there
    auto rows = (*database)->Prepare("SELECT count(*) FROM execution WHERE status = 'failed'");
    if (rows.Next()) failed += rows.Int64(0);
  }
  return failed;
}

INSTANTIATE_TEST_SUITE_P(Embedded, Bench,
                         testing::Values(BenchPair{
                             EmbeddedPair(), BenchFolders,
                             [](World&) { return std::vector<std::string>(); }, FailedInFolders}),
                         [](const auto&) { return "Pair"; });

constexpr const char* kReleased = DEADLETTER_BINARY_DIR "/deadletter";

void ExpectOneLine(const Finished& finished, int status, const std::string& said) {
  EXPECT_EQ(finished.status, status) << finished.output;
  EXPECT_EQ(finished.standard_output, "");
  EXPECT_THAT(finished.output, testing::HasSubstr(said));
  EXPECT_EQ(std::count(finished.output.begin(), finished.output.end(), '\n'), 1) << finished.output;
}

TEST(BenchProgram, WhatIsTypedWrongIsOneLineAndTwo) {
  const TemporaryFolder folder;
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {kReleased, "bench", "--embedded"});
    return RunProgram(more, {{}, folder.path().string()});
  };
  ExpectOneLine(run({"--letters", "99"}), 2, "--letters must be a number from 100 to 1000000");
  ExpectOneLine(run({"--letters", "many"}), 2, "--letters must be a number from 100 to 1000000");
  ExpectOneLine(run({"--runs", "0"}), 2, "--runs must be a number from 1 to 20");
  ExpectOneLine(run({"--runs", "21"}), 2, "--runs must be a number from 1 to 20");
  ExpectOneLine(run({"--body-bytes", "449"}), 2,
                "--body-bytes must be a number from 450 to 1048576");
  ExpectOneLine(run({"--body-bytes", "1048577"}), 2, "--body-bytes must be a number from 450");
  ExpectOneLine(run({"--letters", "1000000", "--body-bytes", "10000", "--runs", "2"}), 2,
                "with --body-bytes 10000 and --runs 2 at most --letters 214748");
  ExpectOneLine(run({"--output", "xml"}), 2, "--output must be table or json");
  ExpectOneLine(run({"--broker-url", "amqp://localhost"}), 2, "broker.url");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

// As `serve`: a lost file must not be taken for the wish to measure files in this folder.
TEST(BenchProgram, WithoutConfigurationItMeasuresNothing) {
  const TemporaryFolder folder;
  ExpectOneLine(RunProgram({kReleased, "bench"}, {{}, folder.path().string()}), 2,
                "bench: no configuration file and no URL");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(BenchProgram, WhereThereAreNoFilesYetItMakesNone) {
  const TemporaryFolder folder;
  const Finished bench =
      RunProgram({kReleased, "bench", "--embedded", "--letters", "100", "--runs", "1"},
                 {{}, folder.path().string()});
  EXPECT_EQ(bench.status, 0) << bench.output;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(BenchProgram, SaysWhereItMayNotMakeItsFolder) {
  const TemporaryFolder folder;
  std::ofstream(folder / "in_the_way") << "a file";
  const Finished bench =
      RunProgram({kReleased, "bench", "--embedded", "--data-dir", "/proc/nowhere"});
  ExpectOneLine(bench, 1, "cannot make the folder /proc/deadletter-bench-");
}

// Only what carries our mark, and has nobody, is ours to remove.
TEST(BenchProgram, LeavesFoldersAloneThatOnlyLookLikeItsOwn) {
  const TemporaryFolder folder;
  const std::string theirs = folder / "deadletter-bench-0123456789ab";
  std::filesystem::create_directory(theirs);
  std::ofstream(theirs + "/notes.txt") << "dear";
  const Finished bench =
      RunProgram({kReleased, "bench", "--embedded", "--letters", "100", "--runs", "1"},
                 {{}, folder.path().string()});
  EXPECT_EQ(bench.status, 0) << bench.output;
  EXPECT_TRUE(std::filesystem::exists(theirs + "/notes.txt"));
}

}  // namespace
}  // namespace deadletter::test
