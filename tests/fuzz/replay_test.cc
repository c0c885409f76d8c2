// The kept inputs through all fuzz targets, built as every other test is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/folders.h"
#include "tests/fuzz/registry.h"
#include "tests/support/odd_bodies.h"

namespace deadletter::fuzz {
namespace {

const std::filesystem::path kCorpora =
    std::filesystem::path(DEADLETTER_SOURCE_DIR) / "tests" / "fuzz" / "corpus";

std::string ReadInput(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Replay(const Target& target, const std::string& input) {
  try {
    target.run(input);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

const Target& TargetNamed(std::string_view name) {
  return *std::ranges::find(Targets(), name, &Target::name);
}

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, HoldsNothingThatBreaksAProperty) {
  std::size_t inputs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(kCorpora / std::string(GetParam().name))) {
    SCOPED_TRACE(entry.path().string());
    Replay(GetParam(), ReadInput(entry.path()));
    ++inputs;
  }
  EXPECT_GT(inputs, 0u);
  Replay(GetParam(), "");
}

INSTANTIATE_TEST_SUITE_P(OfEveryTarget, Corpus, testing::ValuesIn(Targets()),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Corpora, AreThoseOfTheTargets) {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpora))
    folders.insert(entry.path().filename().string());
  std::set<std::string> names;
  for (const Target& target : Targets()) names.insert(std::string(target.name));
  EXPECT_EQ(folders, names);
}

TEST(Corpora, AreSmall) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kCorpora)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  EXPECT_LT(bytes, 2'000'000u);
}

// As the letter target takes them: a format, a header frame without properties, the body.
TEST(OddBodies, P4_HoldWhatTheEnvelopeMust) {
  constexpr std::size_t kMostBytes = 100'000;  // larger ones are too large for the target anyway
  for (const test::OddBody& odd : test::OddBodies(1'000)) {
    if (odd.body.size() > kMostBytes) continue;
    SCOPED_TRACE(odd.name);
    for (const char format : {'\0', '\x01', '\x02'}) {
      Replay(TargetNamed("letter"), format + std::string("\0\2\0\0", 4) + odd.body);
    }
  }
}

}  // namespace
}  // namespace deadletter::fuzz
