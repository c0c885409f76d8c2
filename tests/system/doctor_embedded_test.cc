// `deadletter doctor` over the embedded pair.
#include <filesystem>

#include "tests/folders.h"
#include "tests/system/doctor.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Doctor, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

namespace {

TEST(DoctorOnFiles, P7_SaysWhatIsNotThereYetAndMakesNothing) {
  const TemporaryFolder folder;
  const std::string data = folder / "data";
  const Finished finished = RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "doctor", "--embedded",
                                        "--data-dir", data, "--listen", "127.0.0.1:0"},
                                       {{}, folder.path().string()});
  EXPECT_EQ(finished.status, 3) << finished.output;
  EXPECT_THAT(finished.standard_output, testing::HasSubstr("there are none yet"));
  EXPECT_THAT(finished.standard_output,
              testing::HasSubstr("`deadletter topology apply` makes it\n"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(DoctorOnFiles, FindsADamagedLedger) {
  World world(EmbeddedPair());
  const std::string copy = world.folder() + "/copy.sqlite3";
  const std::string url = world.pair().LedgerUrl();
  std::filesystem::copy_file(url.substr(url.find(':') + 1), copy);
  {
    // A page in the middle; the first one says what kind of file it is.
    std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3 * 4096);
    file << std::string(4096, 'x');
  }
  const DoctorSays says = AskDoctor(world, {{"DEADLETTER_LEDGER_URL", "sqlite:" + copy}});
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "ledger file", "is damaged", "backup")));
}

TEST(DoctorOnFiles, LeavesAFileThatIsNotOursAsItIs) {
  World world(EmbeddedPair());
  const std::string other = world.folder() + "/other.txt";
  std::ofstream(other) << "some notes\n";
  const DoctorSays says = AskDoctor(world, {{"DEADLETTER_LEDGER_URL", "sqlite:" + other}});
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "ledger file", "cannot be used")));
  std::ifstream file(other);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "some notes\n");
}

}  // namespace
}  // namespace deadletter::test
