// `deadletter bench` as users run it, over whichever pair includes this.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/folders.h"
#include "tests/system/world.h"

namespace deadletter::test {

// A pair, and how a test finds there what a bench has made.
struct BenchPair {
  PairFactory pair;
  std::function<std::vector<std::string>(World&)> places;  // folders, schemas
  std::function<std::vector<std::string>(World&)>
      queues;                                  // and exchanges; none where they go with the place
  std::function<std::int64_t(World&)> failed;  // executions of the bench, so far
};

inline void PrintTo(const BenchPair& bench, std::ostream* out) {
  *out << bench.pair.name;
}

class Bench : public testing::TestWithParam<BenchPair> {
 protected:
  Finished Measure(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"bench", "--letters", "100", "--runs", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return world_.Run(words);
  }
  // One that goes on until it is ended.
  ChildProcess Begin() {
    return ChildProcess({DEADLETTER_BINARY_DIR "/deadletter", "bench", "--letters", "3000",
                         "--runs", "20", "--config", world_.config_file()},
                        {{}, world_.folder()});
  }
  void ExpectNothingIsLeft() {
    EXPECT_THAT(GetParam().places(world_), testing::IsEmpty());
    EXPECT_THAT(GetParam().queues(world_), testing::IsEmpty());
  }

  World world_{GetParam().pair};
};

inline std::vector<std::string> LinesOf(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST_P(Bench, TellsEachScenarioInATableThatFitsAndLeavesNothing) {
  const Finished bench = Measure();
  ASSERT_EQ(bench.status, 0) << bench.output;
  EXPECT_EQ(bench.output, bench.standard_output);
  for (const char* row : {"drain     received and acknowledged", "commit    one row, p99",
                          "road      executions failed", "road      events confirmed",
                          "latency   sent to committed, p99", "road / drain ", " limits it: "}) {
    EXPECT_THAT(bench.standard_output, testing::HasSubstr(row));
  }
  for (const std::string& line : LinesOf(bench.standard_output))
    EXPECT_LE(line.size(), 80U) << line;
  ExpectNothingIsLeft();
}

TEST_P(Bench, TellsEveryRunAsJson) {
  const Finished bench = Measure({"--output", "json", "--body-bytes", "2000"});
  ASSERT_EQ(bench.status, 0) << bench.output;
  const std::vector<std::string> lines = LinesOf(bench.standard_output);
  ASSERT_EQ(lines.size(), 5U) << bench.output;
  const std::vector<std::pair<std::string, std::vector<std::string>>> scenarios = {
      {"drain", {"letters_per_second"}},
      {"commit", {"p50_ms", "p99_ms"}},
      {"road", {"letters_per_second", "events_per_second", "settle_share", "cpu_share"}},
      {"latency", {"p50_ms", "p99_ms"}}};
  for (std::size_t n = 0; n < scenarios.size(); ++n) {
    const boost::json::value told = boost::json::parse(lines[n]);
    const auto& [name, figures] = scenarios[n];
    EXPECT_EQ(told.at("scenario").as_string(), name);
    EXPECT_EQ(told.at("count").as_int64(), 100);
    EXPECT_EQ(told.at("body_bytes").as_int64(), 2'000);
    ASSERT_EQ(told.at("runs").as_array().size(), 2U);
    for (const std::string& figure : figures) {
      EXPECT_GT(told.at("median").at(figure).to_number<double>(), 0) << name << " " << figure;
      for (const auto& run : told.at("runs").as_array())
        EXPECT_GT(run.at(figure).to_number<double>(), 0) << name << " " << figure;
    }
  }
  const boost::json::value summary = boost::json::parse(lines[4]);
  EXPECT_EQ(summary.at("scenario").as_string(), "summary");
  EXPECT_GT(summary.at("road_to_drain").to_number<double>(), 0);
  EXPECT_GT(summary.at("latency_p99_to_commit_p99").to_number<double>(), 0);
  EXPECT_FALSE(summary.at("limits").as_array().empty());
}

// Whatever it fails and publishes is its own.
TEST_P(Bench, P7_LeavesTheUsersQueuesLedgerAndExecutionsAlone) {
  const ExecutionId settled = world_.AddExecution(1);
  const ExecutionId waiting = world_.AddExecution(2);
  {
    Server server = world_.Serve();
    world_.PublishDead(world_.Envelope("1"));
    ASSERT_TRUE(world_.WaitForStatus(settled, "failed"));
    ASSERT_EQ(world_.WaitForEvents(1).size(), 1U);
    EXPECT_TRUE(server.StopsAsPromised());
  }
  world_.PublishDead(world_.Envelope("2"));
  const PlatformRow before = world_.Row(settled);
  ASSERT_EQ(Measure().status, 0);
  EXPECT_EQ(world_.pair().broker().ReadyMessages(kDeadLetterQueue), 1U);
  EXPECT_EQ(world_.pair().broker().ReadyMessages(kEventQueue), 0U);
  EXPECT_EQ(world_.Letters().size(), 1U);
  EXPECT_EQ(world_.Row(waiting).status, "scheduled");
  EXPECT_EQ(world_.Row(settled).updated, before.updated);
  EXPECT_EQ(world_.Run({"topology", "check"}).status, 0);
}

TEST_P(Bench, AnInterruptInTheMiddleLeavesNothing) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ChildProcess bench = Begin();
    ASSERT_TRUE(WaitUntil([&] { return GetParam().failed(world_) > 0; })) << bench.output();
    bench.Signal(signal);
    EXPECT_EQ(bench.WaitForExit(kStopPromise), 1);
    EXPECT_EQ(bench.output(),
              "deadletter: bench: stopped before it was done: nothing was measured\n");
    ExpectNothingIsLeft();
  }
}

TEST_P(Bench, WhatAKilledOneHasLeftIsRemovedByTheNextAndSaid) {
  {
    ChildProcess bench = Begin();
    ASSERT_TRUE(WaitUntil([&] { return GetParam().failed(world_) > 0; })) << bench.output();
    bench.Signal(SIGKILL);
    ASSERT_TRUE(bench.WaitForExit(kPatience));
  }
  const std::vector<std::string> left = GetParam().places(world_);
  ASSERT_EQ(left.size(), 1U);
  // A server notices a moment later that a session is dead.
  Finished next;
  ASSERT_TRUE(WaitUntil([&] {
    next = Measure();
    return next.output != next.standard_output;
  }));
  EXPECT_EQ(next.status, 0) << next.output;
  EXPECT_THAT(next.output,
              testing::HasSubstr(left.front() + ", which a bench that was killed had left\n"));
  EXPECT_THAT(GetParam().places(world_), testing::IsEmpty());
}

// Neither does it take the place of one that is alive, nor that of somebody else.
TEST_P(Bench, TwoAtOnceDoNotDisturbEachOther) {
  ChildProcess first = Begin();
  ASSERT_TRUE(WaitUntil([&] { return GetParam().failed(world_) > 0; })) << first.output();
  const std::vector<std::string> place = GetParam().places(world_);
  const Finished second = Measure();
  EXPECT_EQ(second.status, 0) << second.output;
  EXPECT_EQ(second.output, second.standard_output);
  EXPECT_EQ(GetParam().places(world_), place);
  EXPECT_FALSE(first.WaitForExit(std::chrono::milliseconds(0))) << first.output();
  first.Signal(SIGINT);
  EXPECT_EQ(first.WaitForExit(kStopPromise), 1);
  ExpectNothingIsLeft();
}

}  // namespace deadletter::test
