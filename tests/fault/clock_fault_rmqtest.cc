// The clock is set back by an hour under a running program, or between two of them: letters, leases
// and events do not wait for the hour to come again.
//
// libfaketime moves CLOCK_REALTIME of that one process, and from a file, so that a test moves it
// when it likes and needs no privileges; time namespaces do not cover that clock.
#include <chrono>
#include <filesystem>

#include "tests/fault/fire.h"

namespace deadletter::test {
namespace {

class ClockSetBack : public Fire {
 protected:
  ClockSetBack() { Shift("+0"); }

  // Of the processes that have Environment(), from now on.
  void Shift(const std::string& by) {
    std::ofstream(clock_file_ + ".new") << by << "\n";
    ASSERT_EQ(std::rename((clock_file_ + ".new").c_str(), clock_file_.c_str()), 0);
  }
  [[nodiscard]] std::map<std::string, std::string> Environment() const {
    return {{"LD_PRELOAD", "/usr/$LIB/faketime/libfaketimeMT.so.1"},
            {"FAKETIME_TIMESTAMP_FILE", clock_file_},
            {"FAKETIME_NO_CACHE", "1"},
            {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
            {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
  }
  // What libfaketime leaves behind of a killed process, and would find when its number comes again.
  static void RemoveTracesOf(pid_t killed) {
    for (const char* trace : {"faketime_shm_", "sem.faketime_sem_"})
      std::filesystem::remove("/dev/shm/" + (trace + std::to_string(killed)));
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
  Shift("-3600");
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
  Shift("-3600");
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
  RemoveTracesOf(doomed.process().pid());
  Shift("-3600");
  Server server = world_.Serve(Environment());
  SendLetters(5);
  ExpectAllIsWell(server);
  ExpectSomeReceivedAnHourAgo();
}

}  // namespace
}  // namespace deadletter::test
