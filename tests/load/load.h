// More of everything than a kind world sends. Each test ends with an account of every letter, and
// with the most memory that the server had against what the documentation promises (P9). How fast
// it went is told and never judged.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/load/load_world.h"
#include "tests/system/figures.h"

namespace deadletter::test {

struct LoadCase {
  PairFactory pair;
  std::size_t cache_bytes = 0;  // of the ledger's file, for each who settles
  // Sends letters made by DiedOften(…, deaths) to the dead letter queue; their headers may be
  // longer than a client may send.
  std::function<void(World&, const std::vector<Message>& letters, int deaths)> publish_with_deaths;
};

inline void PrintTo(const LoadCase& load, std::ostream* out) {
  *out << load.pair.name;
}

class UnderLoad : public testing::TestWithParam<LoadCase> {
 protected:
  static constexpr std::size_t kBuffered = 8 * kMebibyte;
  const LoadSizes sizes_ = Sizes();
  const Address dead_{kDeadLetterExchange, "any"};

  static WorldOptions Buffering(std::size_t mebibytes) {
    return {.toml = "[intake]\nmax_buffered_bytes = \"" + std::to_string(mebibytes) + "MiB\"\n"};
  }
  static std::chrono::steady_clock::time_point Now() { return std::chrono::steady_clock::now(); }
};

// One in fifty has an execution to fail.
TEST_P(UnderLoad, P1_P6_P9_AllThatWasQueuedBeforeTheStartIsTakenIn) {
  Load load(GetParam().pair, Buffering(kBuffered / kMebibyte));
  load.Publish(dead_, sizes_.queued_letters, [&](int number) {
    if (number % 50 == 0) load.AddExecution(number);
    return load.Request(number);
  });
  const auto began = Now();
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  EXPECT_TRUE(AwaitFigure(server, "deadletter_letter_age_seconds_count", sizes_.queued_letters));
  EXPECT_TRUE(AwaitFigure(server, R"(deadletter_queue_messages{queue="attune.dlx.queue"})", 0));
  load.End({&server}, {.cache_bytes = GetParam().cache_bytes, .max_buffered_bytes = kBuffered});
}

TEST_P(UnderLoad, P4_P5_P9_MalformedLettersInARowAreKeptAndStopNothing) {
  using namespace std::string_literals;
  const std::string bodies[] = {"{"s, ""s, "[]"s, "\xff\xfe\0"s, "{\"message_type\":1}"s, "null"s};
  Load load(GetParam().pair, Buffering(kBuffered / kMebibyte));
  Server server = load.world().ServeReleased();
  const auto began = Now();
  load.Publish(dead_, sizes_.malformed_letters, [&](int number) {
    const std::string junk(static_cast<std::size_t>(number % 500), '{');
    return load.Malformed(bodies[static_cast<std::size_t>(number) % std::size(bodies)] + junk +
                          std::to_string(number));
  });
  load.AddExecution(7);
  load.Publish(dead_, 1, [&](int) { return load.Request(7); });
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  EXPECT_TRUE(WaitUntil([&] {
    return FigureOf(server, "deadletter_letters_settled_total", R"(outcome="malformed")") ==
           sizes_.malformed_letters;
  })) << server.GetText("/metrics");
  load.End({&server}, {.cache_bytes = GetParam().cache_bytes, .max_buffered_bytes = kBuffered});
}

TEST_P(UnderLoad, P4_P9_AVeryLargeLetterAmongSmallOnesIsKeptWhole) {
  constexpr int kLetters = 200;
  Load load(GetParam().pair, Buffering(kBuffered / kMebibyte));
  load.Publish(dead_, kLetters, [&](int number) {
    if (number == kLetters / 2) return load.Malformed(std::string(sizes_.large_letter_bytes, 'L'));
    load.AddExecution(number);
    return load.Request(number);
  });
  const auto began = Now();
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  EXPECT_THAT(load.world().Letters(),
              testing::Contains(testing::Field(&LetterSummary::detail, "body_too_large")).Times(1));
  load.End({&server}, {.cache_bytes = GetParam().cache_bytes,
                       .max_buffered_bytes = kBuffered,
                       .largest_letter_bytes = sizes_.large_letter_bytes});
}

// Each of them is larger than the buffer, and all of them are on their way at once.
TEST_P(UnderLoad, P9_PrefetchedLettersOfSixteenMebibytesPassOneByOne) {
  constexpr std::size_t kLetterBytes = 16 * kMebibyte;
  Load load(GetParam().pair, Buffering(kBuffered / kMebibyte));
  load.Publish(dead_, sizes_.letters_of_sixteen_mebibytes, [&](int number) {
    load.AddExecution(number);
    return load.Request(number, kLetterBytes);
  });
  const auto began = Now();
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  load.End({&server}, {.cache_bytes = GetParam().cache_bytes,
                       .max_buffered_bytes = kBuffered,
                       .largest_letter_bytes = kLetterBytes});
}

TEST_P(UnderLoad, P2_P5_LettersThatDiedTenThousandTimesAreReadAndHoldUpNobody) {
  constexpr int kDeaths = 10'000;
  constexpr int kLetters = 3;
  Load load(GetParam().pair);
  Server server = load.world().ServeReleased();
  std::vector<Message> letters;
  for (int number = 1; number <= kLetters; ++number) {
    load.AddExecution(number);
    const std::string body = load.world().Envelope(std::to_string(number));
    letters.push_back(load.Telling(DiedOften(body, kDeaths), number));
  }
  GetParam().publish_with_deaths(load.world(), letters, kDeaths);
  for (const Message& letter : letters) load.account().Sent(letter);
  load.Publish(dead_, kLetters, [&](int number) {
    load.AddExecution(100 + number);
    return load.Request(100 + number);
  });
  ASSERT_TRUE(load.WaitUntilAllIsDone(Now())) << server.process().output();
  int read = 0;
  for (const LetterSummary& letter : load.world().Letters()) {
    EXPECT_EQ(letter.outcome, Outcome::kFailed);
    if (letter.deaths == 1) continue;
    EXPECT_EQ(letter.deaths, kDeaths);
    EXPECT_EQ(letter.queue, "worker.1.executions") << "its newest death";
    const FieldTable headers = load.world().Record(letter.id).message.headers;
    ASSERT_NE(headers.Find("x-death"), nullptr);
    EXPECT_EQ(std::get<FieldArray>(headers.Find("x-death")->value).size(),
              static_cast<std::size_t>(kDeaths));
    ++read;
  }
  EXPECT_EQ(read, kLetters);
  load.End({&server},
           {.cache_bytes = GetParam().cache_bytes, .max_buffered_bytes = 64 * kMebibyte});
}

TEST_P(UnderLoad, P1_P9_ManyDeadLetterQueuesAreServedAtOnce) {
  constexpr int kLettersOfAQueue = 100;
  WorldOptions options = Buffering(1);
  std::vector<std::string> queues;
  for (int queue = 1; queue <= sizes_.dead_letter_queues; ++queue) {
    queues.push_back("team." + std::to_string(queue) + ".dlq");
    options.queues += "[[queue]]\nname = \"" + queues.back() + "\"\n";
  }
  Load load(GetParam().pair, std::move(options));
  for (const std::string& queue : queues) load.world().pair().broker().DeclareQueue(queue, {});
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  const auto began = Now();
  std::int64_t execution = 0;
  for (const std::string& queue : queues) {
    load.Publish({"", queue}, kLettersOfAQueue, [&](int) {
      if (++execution % 10 == 0) load.AddExecution(execution);
      return load.Request(execution);
    });
  }
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  for (const std::string& queue : queues) {
    EXPECT_TRUE(WaitUntil([&] { return load.world().pair().broker().ReadyMessages(queue) == 0; }));
  }
  load.End({&server}, {.cache_bytes = GetParam().cache_bytes,
                       .max_buffered_bytes = kMebibyte,
                       .queues = queues.size()});
}

// They start together, each of them takes what it can get, and each of them stops in order.
TEST_P(UnderLoad, P3_P6_ManyInstancesOnOneQueueDoubleNothing) {
  Load load(GetParam().pair);
  int next = 0;
  const auto publish = [&] {
    load.Publish(dead_, 200 * sizes_.instances, [&](int) {
      if (++next % 2 == 0) load.AddExecution(next);
      return load.Request(next);
    });
  };
  publish();
  const auto began = Now();
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<Server*> all;
  for (int instance = 0; instance < sizes_.instances; ++instance) {
    servers.emplace_back(new Server(load.world().ServeReleased()));
    all.push_back(servers.back().get());
  }
  for (Server* server : all) {
    ASSERT_TRUE(server->WaitUntilReady()) << server->process().output();
  }
  publish();
  ASSERT_TRUE(load.WaitUntilAllIsDone(began));
  load.End(all, {.cache_bytes = GetParam().cache_bytes, .max_buffered_bytes = 64 * kMebibyte});
}

}  // namespace deadletter::test
