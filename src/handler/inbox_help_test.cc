// Whole batches for whoever helps in a flood.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <utility>

#include "base/latch.h"
#include "handler/inbox.h"
#include "handler/inbox_fixture.h"

namespace deadletter::test {
namespace {

using ::testing::ElementsAre;

// Takes as one who helps in a flood, two letters at least.
class Helper {
 public:
  explicit Helper(Inbox& inbox)
      : thread_([this, &inbox](const std::stop_token& stop) {
          if (inbox.AwaitWholeBatch(2, stop)) batch_ = inbox.TakeWholeBatch(2);
          inbox.Release(batch_);
          done_.Open();
        }) {}
  // What it took, once it has; nothing after 10 s.
  std::vector<Judgement> Took() {
    (void)done_.WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(10));
    thread_.request_stop();
    thread_.join();
    return batch_.judgements;
  }

 private:
  TakenBatch batch_;
  Latch done_;
  std::jthread thread_;
};

TEST_F(InboxTest, P9_WhoHelpsLeavesALetterThatIsLargerThanABatchAndTakesWhatIsBehindItLater) {
  queue_.Push("first");
  StartInbox({.prefetch = 10, .max_buffered_bytes = 1 << 20, .max_batch_bytes = 50'000});
  PassTheFirst();
  Helper helper(*inbox_);
  const std::string large(60'000, 'x');
  queue_.Push(large);
  queue_.Push("a");
  queue_.Push("b");
  ASSERT_TRUE(queue_.WaitForCall("deliver b"));
  EXPECT_THAT(Bodies(Take()), ElementsAre(large));
  inbox_->Release(std::exchange(batch_, {}));
  EXPECT_THAT(Bodies(helper.Took()), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace deadletter::test
