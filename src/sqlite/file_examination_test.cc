#include "sqlite/file_examination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sqlite/database.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::sqlite {
namespace {

constexpr std::chrono::milliseconds kPlenty{60'000};

class FileExamination : public testing::Test {
 protected:
  void Make(int rows) {
    const auto database = Database::Open(path_);
    ASSERT_TRUE(database) << database.error().message;
    ASSERT_TRUE((*database)->Execute(
        "CREATE TABLE t (a TEXT); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < " +
        std::to_string(rows) + ") INSERT INTO t SELECT hex(randomblob(100)) FROM n;"));
  }
  [[nodiscard]] static DiagnosisLevel WorstOf(const FileFacts& facts) {
    auto worst = DiagnosisLevel::kOk;
    for (const auto& one : JudgeFile("file", "make it", facts)) {
      if (one.level != DiagnosisLevel::kOk) worst = one.level;
    }
    return worst;
  }

  const test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "file.sqlite3";
};

TEST_F(FileExamination, ASoundFileIsOk) {
  Make(1'000);
  const auto facts = LookAtFile(path_, kPlenty);
  EXPECT_EQ(facts.soundness, Soundness::kSound) << facts.problem;
  EXPECT_EQ(facts.journal_mode, "wal");
  EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kOk);
}

TEST_F(FileExamination, ADamagedFileIsWrong) {
  Make(1'000);
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3 * 4096);
  file << std::string(4096, 'x');
  file.close();
  const auto facts = LookAtFile(path_, kPlenty);
  EXPECT_EQ(facts.soundness, Soundness::kDamaged);
  EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kWrong);
}

TEST_F(FileExamination, P9_ALargeFileIsReadNoLongerThanTheLimit) {
  Make(100'000);
  const auto facts = LookAtFile(path_, std::chrono::milliseconds(0));
  EXPECT_EQ(facts.soundness, Soundness::kNotFinished);
  EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kUnknown);
}

TEST_F(FileExamination, WhatIsNotThereIsNotMade) {
  const std::string nowhere = (folder_ / "none") + "/file.sqlite3";
  EXPECT_EQ(WorstOf(LookAtFile(nowhere, kPlenty)), DiagnosisLevel::kWarning);
  EXPECT_EQ(WorstOf(LookAtFile(path_, kPlenty)), DiagnosisLevel::kWarning);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(FileExamination, AFileInAnotherModeIsLeftInIt) {
  Make(1);
  {
    const auto database = Database::Open(path_);
    (void)(*database)->Execute("PRAGMA journal_mode=DELETE;");
  }
  for (int look = 0; look < 2; ++look) {
    const auto facts = LookAtFile(path_, kPlenty);
    EXPECT_EQ(facts.soundness, Soundness::kNotLooked);
    EXPECT_EQ(facts.journal_mode, "delete");
    EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kWrong);
  }
}

TEST_F(FileExamination, ADiskThatIsAlmostFullIsTold) {
  FileFacts facts{.path = path_,
                  .folder = "f",
                  .folder_exists = true,
                  .folder_writable = true,
                  .free_bytes = {},
                  .exists = true,
                  .readable = true,
                  .writable = true,
                  .size_bytes = 4096,
                  .journal_mode = "wal",
                  .soundness = Soundness::kSound,
                  .problem = ""};
  EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kOk);
  facts.free_bytes = std::uint64_t{100} << 20;
  EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kWarning);
  facts.free_bytes = std::uint64_t{1} << 20;
  EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kWrong);
  facts.free_bytes.reset();
  facts.folder_writable = false;
  EXPECT_EQ(WorstOf(facts), DiagnosisLevel::kWrong);
}

}  // namespace
}  // namespace deadletter::sqlite
