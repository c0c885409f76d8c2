// A settle that takes as long as a test wants: updates of chosen executions sleep.
#pragma once

#include <string>

#include "tests/fault/fire.h"

namespace deadletter::test {

class SleepingUpdates : public Fire {
 protected:
  using Fire::Fire;

  // The update of those executions takes until the sleepers are woken by force.
  void MakeUpdatesSleep(const std::vector<int>& numbers) {
    PlatformConnection platform = Platform();
    platform.Run(
        "CREATE TABLE sleepy (id bigint); "
        "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT FROM sleepy WHERE id = NEW.id) THEN PERFORM pg_sleep(600); END IF;"
        "RETURN NEW; END $$;"
        "CREATE TRIGGER sleeping BEFORE UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION sleep()");
    for (const int number : numbers)
      platform.Run("INSERT INTO sleepy VALUES (" + std::to_string(number) + ")");
  }
  [[nodiscard]] bool AwaitSleepers(int count) {
    PlatformConnection admin = Platform();
    return WaitUntil(
        [&] { return admin.Value("SELECT count(*) " + Sleepers()) == std::to_string(count); });
  }
  // Those that sleep do so still.
  void MakeNoMoreUpdatesSleep() { Platform().Run("DELETE FROM sleepy"); }
  // Waits for the settle that sleeps, and does that to its session; updates sleep no more.
  void DoToTheSleeper(const std::string& function) {
    ASSERT_TRUE(AwaitSleepers(1));
    MakeNoMoreUpdatesSleep();
    EXPECT_EQ(Platform().Value("SELECT count(" + function + "(pid)) " + Sleepers()), "1");
  }
  void ExpectNothingWasGivenBack() {
    for (const LetterSummary& letter : world_.Letters()) EXPECT_FALSE(letter.redelivered);
  }

 private:
  static std::string Sleepers() {
    return "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
  }
};

}  // namespace deadletter::test
