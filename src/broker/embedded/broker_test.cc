#include "broker/embedded/broker.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "broker/embedded/owner_lock.h"
#include "broker/embedded/test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class EmbeddedBrokerTest : public EmbeddedQueueFile {
 protected:
  [[nodiscard]] std::string BytesOfFile() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string OwnersFile() const { return path_ + "-owners"; }
  // As if it had been made an hour ago.
  void AgeOwnersFile() const { AgeOwnersFile(path_); }
  static void AgeOwnersFile(const std::string& path) {
    std::filesystem::last_write_time(path + "-owners",
                                     std::filesystem::file_time_type::clock::now() - 1h);
  }
  // Whether one who comes now would see that it lives.
  [[nodiscard]] bool IsKnownToLive(const EmbeddedBroker& broker) const {
    if (!std::filesystem::exists(OwnersFile())) return false;
    const auto looker = embedded::OwnerLock::Open(OwnersFile());
    return looker && (*looker)->IsHeldElsewhere(broker.owner());
  }
  // With what SQLite keeps beside it.
  static void MoveFile(const std::string& from, const std::string& to) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      if (std::filesystem::exists(from + suffix))
        std::filesystem::rename(from + suffix, to + suffix);
    }
  }
};

TEST_F(EmbeddedBrokerTest, DeclaringTheSameAgainChangesNothing) {
  auto broker = Open();
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(broker->DeclareExchange("exchange", ExchangeType::kDirect));
    EXPECT_TRUE(
        broker->DeclareQueue({.name = "queue", .message_ttl = 5s, .dead_letter_exchange = "dlx"}));
    EXPECT_TRUE(broker->Bind("exchange", "queue", "key"));
  }
}

TEST_F(EmbeddedBrokerTest, DeclaringItDifferentlyIsRefusedWithWhatDiffers) {
  auto broker = Open();
  ASSERT_TRUE(broker->DeclareExchange("exchange", ExchangeType::kDirect));
  ASSERT_TRUE(broker->DeclareQueue({.name = "queue", .message_ttl = 5s}));
  const auto exchange = broker->DeclareExchange("exchange", ExchangeType::kTopic);
  ASSERT_FALSE(exchange);
  EXPECT_EQ(exchange.error().fault, BrokerFault::kRefused);
  EXPECT_THAT(exchange.error().message, HasSubstr("direct"));
  const auto queue = broker->DeclareQueue({.name = "queue", .message_ttl = 6s, .max_length = 3});
  ASSERT_FALSE(queue);
  EXPECT_THAT(queue.error().message, HasSubstr("message TTL is 5000 ms, not 6000 ms"));
  EXPECT_THAT(queue.error().message, HasSubstr("maximal length is none, not 3"));
}

TEST_F(EmbeddedBrokerTest, WhatCannotBeIsRefused) {
  auto broker = Open();
  EXPECT_FALSE(broker->DeclareQueue({.name = ""}));
  EXPECT_FALSE(broker->DeclareQueue({.name = std::string(256, 'q')}));
  EXPECT_FALSE(broker->DeclareQueue({.name = "q", .message_ttl = -1ms}));
  EXPECT_FALSE(broker->DeclareQueue({.name = "q", .max_length = -1}));
  EXPECT_FALSE(broker->DeclareQueue({.name = "q", .delivery_limit = -1}));
  EXPECT_FALSE(broker->DeclareQueue({.name = "q", .dead_letter_routing_key = "k"}));
  EXPECT_FALSE(broker->DeclareExchange("", ExchangeType::kTopic));
  EXPECT_FALSE(broker->Bind("nowhere", "q", ""));
  EXPECT_FALSE(broker->SetAlternateExchange("nowhere", "other"));
  ASSERT_TRUE(broker->DeclareQueue({.name = "q"}));
  EXPECT_FALSE(broker->Bind("nowhere", "q", ""));
  EXPECT_FALSE(broker->Bind("", "q", ""));
  EXPECT_EQ(broker->Count("nowhere").error().fault, BrokerFault::kQueueMissing);
}

TEST_F(EmbeddedBrokerTest, ADatabaseOfSomethingElseIsLeftAlone) {
  {
    auto other = sqlite::Database::Open(path_);
    ASSERT_TRUE(other);
    ASSERT_TRUE((*other)->Execute("CREATE TABLE letters (id); PRAGMA journal_mode = DELETE"));
  }
  const std::string before = BytesOfFile();
  const auto opened = EmbeddedBroker::Open(path_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, BrokerFault::kRefused);
  EXPECT_THAT(opened.error().message, HasSubstr("no queue file"));
  EXPECT_TRUE(BytesOfFile() == before);
}

TEST_F(EmbeddedBrokerTest, P6_AFileThatIsGoneTakesNothingMore) {
  auto broker = Open();
  ASSERT_TRUE(broker->DeclareQueue({.name = "q"}));
  auto consumer = Subscribed(broker, "q");
  auto waiting = Subscribed(broker, "q");
  std::jthread receiving([&] {
    EXPECT_FALSE(waiting->Receive({1, 1000, std::chrono::hours(1)})) << "it must not wait for ever";
  });
  MoveFile(path_, path_ + ".away");

  EmbeddedPublisher publisher(broker);
  const auto sent = publisher.Publish(std::vector{To("q", "into nowhere")});
  EXPECT_EQ(sent.at(0).outcome, PublishOutcome::kUnavailable);
  EXPECT_THAT(sent.at(0).detail, HasSubstr("bring it back"));
  EXPECT_EQ(broker->Count("q").error().fault, BrokerFault::kUnreachable);
  EXPECT_TRUE(Becomes([&] { return !broker->KeeperHealth(); }));
  EXPECT_FALSE(std::filesystem::exists(path_)) << "it must not be made anew";
  receiving.join();

  MoveFile(path_ + ".away", path_);
  EXPECT_TRUE(Becomes([&] { return broker->Count("q").has_value(); }));
  EXPECT_EQ(consumer->Receive({1, 1000, 0ms}).error().fault, BrokerFault::kUnreachable)
      << "what it held and where is another file's matter";
  ASSERT_TRUE(consumer->Subscribe(0));
  Send(broker, To("q", "safe"));
  EXPECT_THAT(Bodies(Receive(*consumer, 1)), ElementsAre("safe"));
}

TEST_F(EmbeddedBrokerTest, P3_WhoLivesIsNotTakenForLostWhereTheOwnersFileIsRemoved) {
  auto living = Open();
  ASSERT_TRUE(living->DeclareQueue({.name = "q"}));
  Send(living, To("q", "held"));
  auto consumer = Subscribed(living, "q");
  const auto held = Ready(*consumer);
  ASSERT_EQ(held.size(), 1U);
  std::filesystem::remove(OwnersFile());
  const auto second = Open();
  EXPECT_EQ(Count(*second, "q").unacknowledged, 1U);
  EXPECT_TRUE(Becomes([&] { return IsKnownToLive(*living); }));
  AgeOwnersFile();
  const auto third = Open();  // judges before it is open
  EXPECT_EQ(Count(*third, "q").unacknowledged, 1U);
  EXPECT_TRUE(consumer->AcknowledgeUpTo(held[0].tag));
  EXPECT_EQ(Count(*third, "q").ready, 0U);
}

// Nobody comes: whoever lives makes the file again, and does not judge the others by it at once.
TEST_F(EmbeddedBrokerTest, P3_TheLivingMakeTheOwnersFileAgain) {
  auto one = Open();
  auto other = Open();
  ASSERT_TRUE(one->DeclareQueue({.name = "q"}));
  Send(one, To("q", "held"));
  auto consumer = Subscribed(one, "q");
  ASSERT_EQ(Ready(*consumer).size(), 1U);
  std::filesystem::remove(OwnersFile());
  EXPECT_TRUE(Becomes([&] { return IsKnownToLive(*one) && IsKnownToLive(*other); }));
  AgeOwnersFile();
  const auto third = Open();
  EXPECT_EQ(Count(*third, "q").unacknowledged, 1U);
}

// One that was stopped for longer than anybody waits, say.
TEST_F(EmbeddedBrokerTest, P5_WhoWasTakenForLostComesAgain) {
  auto sleeping = Open({.look_interval = 1h});
  ASSERT_TRUE(sleeping->DeclareQueue({.name = "q"}));
  ASSERT_TRUE(sleeping->DeclareQueue({.name = "wakes", .message_ttl = 0ms}));
  Send(sleeping, To("q", "held"));
  auto consumer = Subscribed(sleeping, "q");
  const auto held = Ready(*consumer);
  ASSERT_EQ(held.size(), 1U);
  std::filesystem::remove(OwnersFile());
  const auto other = Open();
  AgeOwnersFile();
  EXPECT_TRUE(Becomes([&] { return Count(*other, "q").ready == 1; }));
  const std::int64_t taken_for_lost = sleeping->owner();
  Send(sleeping, To("wakes", "the keeper"));
  EXPECT_TRUE(
      Becomes([&] { return sleeping->owner() != taken_for_lost && IsKnownToLive(*sleeping); }));
  EXPECT_TRUE(consumer->AcknowledgeUpTo(held[0].tag)) << "too late, and so without effect";
  EXPECT_EQ(consumer->Receive({1, 1000, 0ms}).error().fault, BrokerFault::kUnreachable);
  EXPECT_THAT(Bodies(Receive(*Subscribed(sleeping, "q"), 1)), ElementsAre("held"));
}

// As after a backup of the queue file alone was brought back.
TEST_F(EmbeddedBrokerTest, P5_TheLostAreFoundWithoutTheOwnersFileThatKnewThem) {
  auto gone = Open();
  ASSERT_TRUE(gone->DeclareQueue({.name = "q"}));
  Send(gone, To("q", "held"));
  auto consumer = Subscribed(gone, "q");
  ASSERT_EQ(Ready(*consumer).size(), 1U);
  const std::string copy = folder_ / "copy.sqlite";
  {
    auto database = sqlite::Database::Open(path_);
    ASSERT_TRUE((*database)->Execute("VACUUM INTO '" + copy + "'"));
  }
  auto opened = EmbeddedBroker::Open(copy, clock_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(Count(**opened, "q").unacknowledged, 1U) << "its owner might live and not know yet";
  AgeOwnersFile(copy);
  EXPECT_TRUE(Becomes([&] { return Count(**opened, "q").ready == 1; }));
}

TEST_F(EmbeddedBrokerTest, P5_AFileThatIsLockedIsOpenedOnceItIsFree) {
  ASSERT_TRUE(Open()->DeclareQueue({.name = "q"}));
  auto other = sqlite::Database::Open(path_);
  ASSERT_TRUE(other);
  auto writing = std::optional(sqlite::Transaction::Begin(**other));
  ASSERT_TRUE(*writing);

  EXPECT_FALSE(EmbeddedBroker::Open(path_, clock_, {.busy_timeout = 1ms}));
  auto broker = EmbeddedBroker::OpenWhenPossible(path_, clock_, {.busy_timeout = 1ms});
  const auto health = broker->KeeperHealth();
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().fault, BrokerFault::kUnreachable);
  EXPECT_THAT(health.error().message, HasSubstr("locked"));
  EXPECT_EQ(broker->Count("q").error().message, health.error().message);

  writing.reset();
  EXPECT_TRUE(Becomes([&] { return broker->KeeperHealth() && broker->Count("q"); }));
}

TEST_F(EmbeddedBrokerTest, AFileOfANewerProgramIsLeftAlone) {
  Open();
  {
    auto file = sqlite::Database::Open(path_);
    ASSERT_TRUE((*file)->Execute("PRAGMA user_version = 9999"));
  }
  const auto opened = EmbeddedBroker::Open(path_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("newer"));
}

TEST_F(EmbeddedBrokerTest, APathThatCannotBeIsAnError) {
  EXPECT_FALSE(EmbeddedBroker::Open(folder_ / "missing/queues.sqlite", clock_));
}

TEST_F(EmbeddedBrokerTest, P1_WhatWasPublishedIsThereAfterOpeningAnew) {
  {
    auto broker = Open();
    ASSERT_TRUE(broker->DeclareQueue({.name = "work"}));
    Send(broker, To("work", "kept"));
  }
  auto broker = Open();
  auto consumer = Subscribed(broker, "work");
  EXPECT_THAT(Bodies(Ready(*consumer)), ElementsAre("kept"));
}

TEST_F(EmbeddedBrokerTest, AConsumerHearsWhatAnotherBrokerPublishes) {
  auto mine = Open();
  auto others = Open();
  ASSERT_TRUE(mine->DeclareQueue({.name = "work"}));
  auto consumer = Subscribed(mine, "work");
  std::jthread sender([&] { Send(others, To("work", "from elsewhere")); });
  EXPECT_THAT(Bodies(Receive(*consumer, 1)), ElementsAre("from elsewhere"));
}

TEST_F(EmbeddedBrokerTest, ABrokerThatClosesGivesBackWhatItsConsumersHeld) {
  auto other = Open();
  ASSERT_TRUE(other->DeclareQueue({.name = "work"}));
  Send(other, To("work", "held"));
  {
    auto broker = Open();
    auto consumer = Subscribed(broker, "work");
    ASSERT_EQ(Ready(*consumer).size(), 1U);
    EXPECT_EQ(Count(*other, "work").unacknowledged, 1U);
  }
  auto consumer = Subscribed(other, "work");
  const auto again = Ready(*consumer);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_TRUE(again[0].redelivered);
  EXPECT_EQ(again[0].DeliveryCount(), 1U);
}

TEST_F(EmbeddedBrokerTest, WhatIsOverdueAtOpeningDiesAtItsOwnTime) {
  const auto sent = Seconds();
  {
    auto broker = Open();
    DeclareDead(*broker);
    ASSERT_TRUE(
        broker->DeclareQueue({.name = "work", .message_ttl = 10s, .dead_letter_exchange = "dlx"}));
    Send(broker, To("work", "late"));
  }
  clock_.Advance(24h);
  auto broker = Open();
  auto consumer = Subscribed(broker, "dead");
  const auto letters = Receive(*consumer, 1);
  const auto history = ReadDeathHistory(letters.at(0).message.headers);
  ASSERT_EQ(history.deaths.size(), 1U);
  EXPECT_EQ(history.deaths[0].time_seconds, sent + 10);
}

TEST_F(EmbeddedBrokerTest, ADowntimesDeathsHappenOneAfterTheOther) {
  const auto sent = Seconds();
  {
    auto broker = Open();
    DeclareDead(*broker);
    ASSERT_TRUE(broker->DeclareQueue({.name = "first",
                                      .message_ttl = 10s,
                                      .dead_letter_exchange = "",
                                      .dead_letter_routing_key = "second"}));
    ASSERT_TRUE(broker->DeclareQueue(
        {.name = "second", .message_ttl = 20s, .dead_letter_exchange = "dlx"}));
    Send(broker, To("first", "twice"));
  }
  clock_.Advance(24h);
  auto broker = Open();
  auto consumer = Subscribed(broker, "dead");
  const auto history = ReadDeathHistory(Receive(*consumer, 1).at(0).message.headers);
  ASSERT_EQ(history.deaths.size(), 2U);
  EXPECT_EQ(history.deaths[0].queue, "second");
  EXPECT_EQ(history.deaths[0].time_seconds, sent + 30);
  EXPECT_EQ(history.deaths[1].time_seconds, sent + 10);
}

TEST_F(EmbeddedBrokerTest, ADeletedQueueTakesItsMessagesAlong) {
  auto broker = Open();
  ASSERT_TRUE(broker->DeclareQueue({.name = "work"}));
  Send(broker, To("work", "gone"));
  EXPECT_TRUE(broker->DeleteQueue("work").value());
  EXPECT_FALSE(broker->DeleteQueue("work").value());
  ASSERT_TRUE(broker->DeclareQueue({.name = "work"}));
  EXPECT_EQ(Count(*broker, "work").ready, 0U);
}

TEST_F(EmbeddedBrokerTest, P5_AFileThatSomebodyElseLocksIsAnErrorAndThenGoesOn) {
  auto broker = Open({.busy_timeout = 1ms, .look_interval = 5ms});
  ASSERT_TRUE(broker->DeclareQueue({.name = "work"}));
  Send(broker, To("work", "held"));
  auto consumer = Subscribed(broker, "work");
  const auto letters = Ready(*consumer);
  ASSERT_EQ(letters.size(), 1U);
  {
    auto other = sqlite::Database::Open(path_);
    auto held = sqlite::Transaction::Begin(**other);
    ASSERT_TRUE(held);
    EmbeddedPublisher publisher(broker);
    const auto results = publisher.Publish(std::vector{To("work", "refused")});
    EXPECT_EQ(results.at(0).outcome, PublishOutcome::kUnavailable);
    const auto acknowledged = consumer->AcknowledgeUpTo(letters[0].tag);
    ASSERT_FALSE(acknowledged);
    EXPECT_EQ(acknowledged.error().fault, BrokerFault::kUnreachable);
    EXPECT_FALSE(consumer->Receive({1, 1, 0ms})) << "the channel is gone";
  }
  // The keeper returns what could not be returned while the file was locked.
  auto again = std::make_unique<EmbeddedConsumer>(broker, "work", "again");
  ASSERT_TRUE(Becomes([&] { return again->Subscribe(0).has_value(); }));
  EXPECT_THAT(Bodies(Receive(*again, 1)), ElementsAre("held"));
  EXPECT_TRUE(Becomes([&] { return broker->KeeperHealth().has_value(); }));
}

TEST_F(EmbeddedBrokerTest, ManyThreadsShareOneBroker) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  auto broker = Open();
  ASSERT_TRUE(broker->DeclareQueue({.name = "work"}));
  std::atomic<int> received = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        EmbeddedPublisher publisher(broker);
        for (int n = 0; n < kEach; ++n) {
          EXPECT_EQ(publisher.Publish(std::vector{To("work", "m")}).at(0).outcome,
                    PublishOutcome::kConfirmed);
        }
      });
      threads.emplace_back([&] {
        auto consumer = Subscribed(broker, "work");
        for (const auto& letter : Receive(*consumer, kEach)) {
          EXPECT_TRUE(consumer->AcknowledgeUpTo(letter.tag));
          ++received;
        }
      });
    }
  }
  EXPECT_EQ(received, kThreads * kEach);
  EXPECT_EQ(Count(*broker, "work").ready, 0U);
}

}  // namespace
}  // namespace deadletter
