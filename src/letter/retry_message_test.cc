#include "letter/retry_message.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

using namespace std::string_literals;

const ReplayId kReplay(ParseUuid("0d5be1f4-6f3c-4b2e-9f2e-4a1c2b3d4e5f").value());
constexpr std::string_view kReplayText = "0d5be1f4-6f3c-4b2e-9f2e-4a1c2b3d4e5f";
constexpr std::string_view kLetterText = "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f";

Letter SomeLetter() {
  Letter letter;
  letter.id = LetterId(ParseUuid(kLetterText).value());
  letter.message_id = "m-1";
  letter.exchange = "letter.exchange";
  letter.routing_key = "letter.key";
  letter.delivery.message.body = "body";
  return letter;
}

Death DeathIn(std::string queue, std::string exchange, std::vector<std::string> keys) {
  Death death;
  death.queue = std::move(queue);
  death.exchange = std::move(exchange);
  death.routing_keys = std::move(keys);
  death.count = 1;
  return death;
}

TEST(ReplayMessage, KeepsPropertiesAndHeadersAndLeavesTheBodyToTheLedger) {
  Letter letter = SomeLetter();
  letter.delivery.message.properties = {"application/json", "utf-8", 2,  9,   "c",     "r",
                                        std::nullopt,       "old",   77, "t", "guest", "app",
                                        "cluster"};
  letter.delivery.message.headers.entries = {{"custom", {std::int64_t{1}}},
                                             {"x-custom", {"kept"s}}};
  const Message message = MakeReplayMessage(letter, kReplay, 3);
  Properties expected = letter.delivery.message.properties;
  expected.message_id = "m-1";
  expected.user_id.reset();
  EXPECT_EQ(message.properties, expected);
  EXPECT_EQ(message.headers, (FieldTable{{{"custom", {std::int64_t{1}}},
                                          {"x-custom", {"kept"s}},
                                          {"deadletter-letter-id", {std::string(kLetterText)}},
                                          {"deadletter-replay-id", {std::string(kReplayText)}},
                                          {"deadletter-retry-attempt", {std::int64_t{3}}}}}));
  EXPECT_EQ(message.body, "");
}

TEST(ReplayMessage, TakesAwayWhatTheBrokerWouldBelieve) {
  Letter letter = SomeLetter();
  for (const char* name :
       {"x-death", "x-first-death-queue", "x-first-death-reason", "x-first-death-exchange",
        "x-last-death-queue", "x-last-death-reason", "x-last-death-exchange", "x-delivery-count",
        "x-acquired-count", "CC", "BCC"}) {
    letter.delivery.message.headers.entries.push_back({name, {"forged"s}});
  }
  EXPECT_EQ(MakeReplayMessage(letter, kReplay, 1).headers.entries.size(), 3u);
}

TEST(ReplayMessage, ReplacesOurOwnHeaders) {
  Letter letter = SomeLetter();
  letter.delivery.message.headers = MakeReplayMessage(letter, ReplayId(RandomUuid()), 1).headers;
  const Message message = MakeReplayMessage(letter, kReplay, 2);
  EXPECT_EQ(message.headers.entries.size(), 3u);
  EXPECT_EQ(*AsString(message.headers.Find(kReplayIdHeader)), kReplayText);
  EXPECT_EQ(AsInteger(message.headers.Find(kRetryAttemptHeader)), 2);
}

TEST(ReplayMessage, RestoresTheTtlThatItsFirstDeathTook) {
  Letter letter = SomeLetter();
  letter.delivery.message.properties.expiration = "500";
  EXPECT_EQ(MakeReplayMessage(letter, kReplay, 1).properties.expiration, "500");
  letter.history.deaths = {DeathIn("later", "", {}), DeathIn("first", "", {})};
  letter.history.deaths.back().original_expiration = "60000";
  EXPECT_EQ(MakeReplayMessage(letter, kReplay, 1).properties.expiration, "60000");
}

TEST(ReplayMessage, LeavesOutAnExpirationThatTheBrokerWouldCloseTheChannelFor) {
  for (const char* forged : {"", "soon", "-1", "1.5", "60000 ", "4294967296", "0x10"}) {
    Letter letter = SomeLetter();
    letter.history.deaths = {DeathIn("first", "", {})};
    letter.history.deaths.back().original_expiration = forged;
    EXPECT_EQ(MakeReplayMessage(letter, kReplay, 1).properties.expiration, std::nullopt) << forged;
  }
}

TEST(ReplayMessage, HasAMessageIdThatFitsTheProperty) {
  Letter letter = SomeLetter();
  letter.message_id = std::string(255, 'm');
  EXPECT_EQ(MakeReplayMessage(letter, kReplay, 1).properties.message_id, letter.message_id);
  letter.message_id = std::string(256, 'm');
  EXPECT_EQ(MakeReplayMessage(letter, kReplay, 1).properties.message_id, kReplayText);
  letter.message_id.reset();
  EXPECT_EQ(MakeReplayMessage(letter, kReplay, 1).properties.message_id, kReplayText);
}

TEST(RetryAttempts, AreReadFromOurHeader) {
  const auto made = [](FieldValue value) {
    Letter letter = SomeLetter();
    letter.delivery.message.headers.entries = {
        {std::string(kRetryAttemptHeader), std::move(value)}};
    return RetryAttemptsMade(letter);
  };
  EXPECT_EQ(RetryAttemptsMade(SomeLetter()), 0);
  EXPECT_EQ(made({std::int64_t{2}}), 2);
  EXPECT_EQ(made({std::uint8_t{2}}), 2);
  EXPECT_EQ(made({std::int64_t{-2}}), 0);
  EXPECT_EQ(made({"2"s}), 0);
  EXPECT_EQ(made({UINT64_MAX}), std::numeric_limits<int>::max());
}

TEST(Origin, IsWhereTheFirstDeathWasAddressed) {
  Letter letter = SomeLetter();
  letter.history.deaths = {DeathIn("later", "later.exchange", {"later.key"}),
                           DeathIn("first", "", {"first.key", "cc"})};
  EXPECT_EQ(OriginOf(letter), (Address{"", "first.key"}));
}

TEST(Origin, P5_AForgedNameThatNoBrokerCanHaveIsPassedOver) {
  const std::string endless(300, 'x');
  Letter letter = SomeLetter();
  letter.delivery.exchange = "dlx";
  letter.delivery.routing_key = "dead";
  for (const Death& forged :
       {DeathIn("q", endless, {"key"}), DeathIn("q", "exchange", {endless})}) {
    letter.history.deaths = {forged};
    EXPECT_EQ(OriginOf(letter), (Address{"letter.exchange", "letter.key"}));
    letter.exchange = endless;
    EXPECT_EQ(OriginOf(letter), (Address{"dlx", "dead"}));
    letter.exchange = "letter.exchange";
  }
}

TEST(Origin, IsKnownOfWhatHasDiedSomewhere) {
  EXPECT_FALSE(IsOriginKnown(SomeLetter().history));
  Letter letter = SomeLetter();
  letter.history.deaths = {DeathIn("first", "", {})};
  EXPECT_TRUE(IsOriginKnown(letter.history));
}

TEST(Origin, IsElseWhereTheLetterWasAddressed) {
  Letter letter = SomeLetter();
  EXPECT_EQ(OriginOf(letter), (Address{"letter.exchange", "letter.key"}));
  letter.history.deaths = {DeathIn("first", "first.exchange", {})};
  EXPECT_EQ(OriginOf(letter), (Address{"letter.exchange", "letter.key"}));
}

}  // namespace
}  // namespace deadletter
