#include "letter/letter_key.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "letter/letter_reader.h"
#include "letter/retry_message.h"

namespace deadletter {
namespace {

using namespace std::string_literals;

struct Story {  // of one letter, to be varied in one thing at a time
  std::string message_id = R"("message_id":"m-1",)";
  std::string type = "ExecutionRequested";
  std::string action = "core.echo";
  std::string queue = "worker.7";
  std::string reason = "expired";
  std::string first_queue = "worker.1";
  std::int64_t count = 1;
  std::int64_t time = 1'700'000'000;
  std::string replay;
  bool redelivered = false;
};

Letter Tell(const Story& story) {
  Delivery delivery;
  delivery.redelivered = story.redelivered;
  delivery.message.body = "{" + story.message_id + R"("message_type":")" + story.type +
                          R"(","payload":{"execution_id":5,"action_ref":")" + story.action +
                          R"("}})";
  const FieldTable death{{{"queue", {story.queue}},
                          {"reason", {story.reason}},
                          {"count", {story.count}},
                          {"time", {FieldTimestamp{static_cast<std::uint64_t>(story.time)}}}}};
  auto& headers = delivery.message.headers.entries;
  headers = {{"x-death", {FieldArray{{death}}}}, {"x-first-death-queue", {story.first_queue}}};
  if (!story.replay.empty()) headers.push_back({std::string(kReplayIdHeader), {story.replay}});
  return LetterReader(LetterFormat::Default()).Read(LetterId(RandomUuid()), std::move(delivery));
}

TEST(LetterKey, P3_TheSameDeathOfTheSameMessageHasTheSameKey) {
  Story again;
  again.redelivered = true;
  ASSERT_TRUE(Tell({}).key);
  EXPECT_EQ(Tell({}).key, Tell(again).key);
}

TEST(LetterKey, P3_TwoDifferentLettersAreNeverTakenForOne) {
  std::vector<Story> stories(9);
  stories[1].message_id = R"("message_id":"m-2",)";
  stories[2].action = "core.other";
  stories[3].queue = "worker.8";
  stories[4].reason = "rejected";
  stories[5].count = 2;
  stories[6].time += 1;
  stories[7].replay = "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f";
  stories[8].replay = "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e50";
  std::set<LetterKey> keys;
  for (const Story& story : stories) keys.insert(Tell(story).key.value());
  EXPECT_EQ(keys.size(), stories.size());
}

TEST(LetterKey, P3_WithoutAMessageIdOrATimedDeathThereIsNone) {
  Story nameless;
  nameless.message_id = "";
  EXPECT_EQ(Tell(nameless).key, std::nullopt);
  Letter letter = Tell({});
  letter.history.deaths.front().time_seconds.reset();
  EXPECT_EQ(KeyOf(letter), std::nullopt);
  letter.history.deaths.clear();
  EXPECT_EQ(KeyOf(letter), std::nullopt);
}

TEST(LetterKey, P3_OnlyALetterWithoutAKeyIsAPossibleDuplicate) {
  Story story;
  story.redelivered = true;
  EXPECT_FALSE(Tell(story).PossibleDuplicate());
  story.message_id = "";
  EXPECT_TRUE(Tell(story).PossibleDuplicate());
  story.redelivered = false;
  EXPECT_FALSE(Tell(story).PossibleDuplicate());
}

TEST(LetterKey, SortsAsItsTime) {
  Letter letter = Tell({});
  std::optional<LetterKey> last;
  for (const std::int64_t time : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{255},
                                  std::int64_t{256}, std::int64_t{1'700'000'000}, INT64_MAX}) {
    letter.history.deaths.front().time_seconds = time;
    const auto key = KeyOf(letter);
    EXPECT_LT(last, key) << time;
    last = key;
  }
}

TEST(LetterKey, BeginsWithTheTime) {
  const auto key = Tell({}).key.value().value();
  EXPECT_EQ(Hex({reinterpret_cast<const char*>(key.data()), 8}), "800000006553f100");
}

TEST(GroupIds, AreThoseOfTypeActionReasonAndFirstQueue) {
  std::vector<Story> stories(5);
  stories[1].type = "Heartbeat";
  stories[2].action = "core.other";
  stories[3].reason = "rejected";
  stories[4].first_queue = "worker.x";
  std::set<GroupId> groups;
  for (const Story& story : stories) groups.insert(Tell(story).group);
  EXPECT_EQ(groups.size(), stories.size());

  Story same;
  same.message_id = R"("message_id":"m-9",)";
  same.queue = "another.queue";
  same.count = 7;
  same.time += 1000;
  EXPECT_EQ(Tell(same).group, Tell({}).group);
}

TEST(GroupIds, ForgetWhichNumber) {
  Story seven;
  seven.first_queue = "worker.7.executions";
  Story hundred;
  hundred.first_queue = "worker.100.executions";
  EXPECT_EQ(Tell(seven).group, Tell(hundred).group);
  Story none;
  none.first_queue = "worker..executions";
  EXPECT_NE(Tell(seven).group, Tell(none).group);
  Story two;
  two.first_queue = "worker.1.2.executions";
  EXPECT_NE(Tell(seven).group, Tell(two).group);
}

TEST(GroupIds, AreWrittenInHexAndComeBack) {
  const GroupId group = Tell({}).group;
  EXPECT_EQ(ToHex(group).size(), 32u);
  EXPECT_EQ(GroupIdFromHex(ToHex(group)), group);
  for (const std::string& bad :
       {""s, "00"s, std::string(31, '0'), std::string(34, '0'), std::string(32, 'g')}) {
    EXPECT_EQ(GroupIdFromHex(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace deadletter
