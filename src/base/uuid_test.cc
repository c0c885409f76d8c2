#include "base/uuid.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace deadletter {
namespace {

constexpr std::string_view kText = "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f";

TEST(UuidText, ReadsEitherCaseAndWritesLowerCase) {
  const auto uuid = ParseUuid(kText);
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->bytes[0], 0x01);
  EXPECT_EQ(uuid->bytes[15], 0x5f);
  EXPECT_EQ(FormatUuid(*uuid), kText);
  EXPECT_EQ(ParseUuid("01938F2A-7C00-7B2E-9F2E-4A1C2B3D4E5F"), uuid);
}

TEST(UuidText, AnythingElseIsNothing) {
  for (const char* text :
       {"", "01938f2a7c007b2e9f2e4a1c2b3d4e5f", "{01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f}",
        "urn:uuid:01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f", "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5",
        "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5g", "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f0",
        "01938f2a+7c00-7b2e-9f2e-4a1c2b3d4e5f", "01938f2-a7c00-7b2e-9f2e-4a1c2b3d4e5f"}) {
    EXPECT_FALSE(ParseUuid(text)) << text;
  }
}

TEST(UuidText, EachByteComesBack) {
  for (int value = 0; value < 256; ++value) {
    Uuid uuid;
    uuid.bytes.fill(static_cast<std::uint8_t>(value));
    EXPECT_EQ(ParseUuid(FormatUuid(uuid)), uuid);
  }
}

TEST(UuidVersions, SayWhatTheyAre) {
  const Uuid random = RandomUuid();
  EXPECT_EQ(random.bytes[6] >> 4, 4);
  EXPECT_EQ(random.bytes[8] >> 6, 2);
  const Uuid ordered = TimeOrderedUuid(Instant(std::chrono::seconds(1'800'000'000)));
  EXPECT_EQ(ordered.bytes[6] >> 4, 7);
  EXPECT_EQ(ordered.bytes[8] >> 6, 2);
}

TEST(TimeOrderedUuids, GrowAlsoWhenTheClockStandsStillOrGoesBack) {
  Uuid last;
  for (int step = 0; step < 20'000; ++step) {
    const Instant now(
        std::chrono::milliseconds(1'700'000'000'000 + (step % 3 == 0 ? -step : step / 100)));
    const Uuid next = TimeOrderedUuid(now);
    EXPECT_LT(last, next);
    last = next;
  }
}

TEST(TimeOrderedUuids, HoldTheMilliseconds) {
  const std::int64_t milliseconds = 4'000'000'000'000;  // beyond what the other tests use
  const Uuid uuid = TimeOrderedUuid(Instant(std::chrono::milliseconds(milliseconds)));
  std::int64_t held = 0;
  for (std::size_t index = 0; index < 6; ++index) held = held << 8 | uuid.bytes[index];
  EXPECT_EQ(held, milliseconds);
}

TEST(TimeOrderedUuids, AreNeverGivenTwiceToSeveralThreads) {
  constexpr std::size_t kEach = 5'000;
  std::vector<std::vector<Uuid>> given(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : given) {
      threads.emplace_back([&mine] {
        for (std::size_t count = 0; count < kEach; ++count)
          mine.push_back(TimeOrderedUuid(Instant()));
      });
    }
  }
  std::set<Uuid> all;
  for (const auto& mine : given) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), given.size() * kEach);
}

// Each has fetched randomness ahead.
TEST(RandomUuids, AreOthersInAProcessThatWasForked) {
  (void)RandomUuid();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    const std::string text = FormatUuid(RandomUuid());
    _exit(write(ends[1], text.data(), text.size()) == 36 ? 0 : 1);
  }
  std::string theirs(36, ' ');
  EXPECT_EQ(read(ends[0], theirs.data(), theirs.size()), 36);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  close(ends[0]);
  close(ends[1]);
  EXPECT_NE(FormatUuid(RandomUuid()), theirs);
}

}  // namespace
}  // namespace deadletter
