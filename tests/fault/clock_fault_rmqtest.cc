// The clock is set back by an hour under a running program, or between two of them: letters, leases
// and events do not wait for the hour to come again.
//
// A library of ours moves CLOCK_REALTIME of that one process (tests/support/preload), whenever a
// test likes and without privileges; time namespaces do not cover that clock.
#include <chrono>

#include "tests/fault/fire.h"
#include "tests/folders.h"

namespace deadletter::test {
namespace {

class ClockSetBack : public Fire {
 protected:
  ClockSetBack() { Shift(std::chrono::seconds(0)); }

  // Of the processes that have Environment(), from now on.
  void Shift(std::chrono::seconds by) {
    const std::int64_t seconds = by.count();
    std::fstream file(clock_file_, std::ios::binary | std::ios::in | std::ios::out);
    if (!file.is_open()) file.open(clock_file_, std::ios::binary | std::ios::out);
    file.write(reinterpret_cast<const char*>(&seconds), sizeof seconds);
    file.close();
    ASSERT_TRUE(file.good()) << clock_file_;
  }
  [[nodiscard]] std::map<std::string, std::string> Environment() const {
    return {{"LD_PRELOAD", DEADLETTER_BINARY_DIR "/tests/deadletter_shifted_clock.so"},
            {"SHIFTED_CLOCK_BY", clock_file_}};
  }
  // Or nothing was proved.
  void ExpectSomeReceivedAnHourAgo() {
    const Instant half_an_hour_ago =
        std::chrono::floor<Microseconds>(std::chrono::system_clock::now()) -
        std::chrono::minutes(30);
    int earlier = 0;
    for (const LetterSummary& letter : world_.Letters())
      earlier += letter.received_at < half_an_hour_ago ? 1 : 0;
    EXPECT_GT(earlier, 0) << "the clock was never set back";
  }

 private:
  const std::string clock_file_ = world_.folder() + "/clock";
};

TEST_F(ClockSetBack, P5_P6_EventsThatWaitAreSentAndLettersSettledAllTheSame) {
  SendLetters(40);
  PrivateRabbitMq::MemoryAlarm alarm(node());
  Server server = world_.Serve(Environment());
  EXPECT_TRUE(AwaitFailed(1, 40)) << server.process().output();
  // The relay waits with what it claimed first, and the others lie there unclaimed.
  node().AwaitBlockedConnection(vhost());
  Shift(-std::chrono::hours(1));
  alarm.Clear();
  SendLetters(10);
  ExpectAllIsWell(server);
  ExpectSomeReceivedAnHourAgo();
}

TEST_F(ClockSetBack, P5_ALetterThatWaitsForARowIsSettledAllTheSame) {
  Add(1, 1);
  PlatformConnection worker = Platform();
  worker.Run("BEGIN; SELECT 1 FROM execution WHERE id = 1 FOR UPDATE");
  Server server = world_.Serve(Environment());
  SendFor(1, 1);
  ASSERT_EQ(world_.WaitForLetters(1).size(), 1U) << server.process().output();
  Shift(-std::chrono::hours(1));
  SendLetters(5);
  ASSERT_TRUE(AwaitFailed(2, 6)) << server.process().output();
  worker.Run("COMMIT");
  ExpectAllIsWell(server);
  ExpectSomeReceivedAnHourAgo();
}

TEST_F(ClockSetBack, P6_WhatADeadProcessHadClaimedIsSentByTheNextOne) {
  auto environment = Environment();
  environment["DEADLETTER_FAULT"] = "publish.before=kill";
  SendLetters(5);
  Server doomed = world_.Serve(environment);
  ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL) << doomed.process().output();
  Shift(-std::chrono::hours(1));
  Server server = world_.Serve(Environment());
  SendLetters(5);
  ExpectAllIsWell(server);
  ExpectSomeReceivedAnHourAgo();
}

}  // namespace
}  // namespace deadletter::test
