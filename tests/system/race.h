// Workers finish executions at the very moment at which their letters arrive.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>

#include "tests/system/world.h"

namespace deadletter::test {

class Race : public testing::TestWithParam<PairFactory> {};

// Each round publishes the letters of some executions from the first to the last while workers
// finish the same ones from the last to the first: somewhere between they meet. Who was too slow to
// win his share gets a head start in the next round.
TEST_P(Race, P2_NoCompletedExecutionIsEverFailedAndEveryOutcomeAgreesWithItsRow) {
  constexpr int kExecutions = 10'000;
  constexpr int kRound = 250;
  constexpr int kShare = 1'000;
  World world(GetParam());
  for (int number = 1; number <= kExecutions; ++number) world.AddExecution(number, "running");
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();

  std::vector<char> completed(kExecutions + 1, 0);
  std::atomic<int> finished_in_round = 0;
  const auto finish_downwards = [&](int first, int last, int step) {
    const auto executions = world.pair().ledger().OpenExecutions();
    for (int number = last; number >= first; number -= step) {
      LedgerResult<bool> finished = false;
      ASSERT_TRUE(WaitUntil([&] {
        finished =
            executions->FinishIfFailable(ExecutionId(std::int64_t{number}), {}, "completed", "{}");
        return finished.has_value();
      }));
      completed[static_cast<std::size_t>(number)] = *finished;
      ++finished_in_round;
      finished_in_round.notify_all();
    }
  };
  int worker_wins = 0;
  for (int first = 1; first <= kExecutions; first += kRound) {
    const int last = first + kRound - 1;
    std::vector<Message> messages;
    for (int number = first; number <= last; ++number) {
      messages.push_back(World::DeadMessage(world.Envelope(std::to_string(number))));
    }
    const int decided = first - 1;
    const bool letters_are_behind = decided - worker_wins < decided / 3;
    const bool workers_are_behind = worker_wins < decided / 3;
    std::vector<std::jthread> workers;
    const auto start_workers = [&] {
      for (int worker = 0; worker < 2; ++worker) {
        workers.emplace_back([&, worker] { finish_downwards(first, last - worker, 2); });
      }
    };
    finished_in_round = 0;
    if (workers_are_behind) {
      start_workers();
      for (int seen = 0; seen < kRound / 2; seen = finished_in_round) {
        finished_in_round.wait(seen);
      }
    }
    world.Publish({kDeadLetterExchange, "any"}, messages);
    if (letters_are_behind) {
      ASSERT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{first}), "failed"));
    }
    if (!workers_are_behind) start_workers();
    workers.clear();
    worker_wins = static_cast<int>(std::count(completed.begin(), completed.end(), 1));
  }

  const auto letters = world.WaitForLetters(kExecutions);
  ASSERT_EQ(letters.size(), static_cast<std::size_t>(kExecutions));
  std::size_t failed = 0;
  for (const LetterSummary& letter : letters) {
    const std::int64_t number = std::stoll(letter.execution_id.value());
    const std::string status = world.Row(ExecutionId(number)).status;
    EXPECT_EQ(status, completed[static_cast<std::size_t>(number)] ? "completed" : "failed")
        << number;
    EXPECT_EQ(letter.outcome, status == "failed" ? Outcome::kFailed : Outcome::kNotFailable)
        << number;
    failed += status == "failed" ? 1 : 0;
  }
  EXPECT_GE(failed, static_cast<std::size_t>(kShare));
  EXPECT_GE(worker_wins, kShare);
  EXPECT_EQ(world.WaitForEvents(failed).size(), failed);
  std::cout << failed << " letters and " << worker_wins << " workers won\n";
}

}  // namespace deadletter::test
