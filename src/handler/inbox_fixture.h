// What tests of the inbox share: a queue in memory, and a clock that goes when it is told to.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "handler/inbox.h"
#include "handler/scripted_consumer.h"

namespace deadletter::test {

// Goes when it is told to.
class TestClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return now_; }
  void Pass(Microseconds time) { now_ = now_.load() + time; }

 private:
  std::atomic<Instant> now_{Instant(std::chrono::seconds(1'800'000'000))};
};

class InboxTest : public ::testing::Test {
 protected:
  void StartInbox(InboxOptions options = {.prefetch = 10, .max_buffered_bytes = 1 << 20}) {
    batch_ = {};
    inbox_ = std::make_unique<Inbox>(std::make_unique<ScriptedConsumer>(queue_), reader_, judge_,
                                     clock_, metrics_, health_, options);
    inbox_->Start();
  }
  // What was taken before is done with.
  std::vector<Judgement> Take(std::size_t limit = 100) {
    inbox_->Release(std::exchange(batch_, {}));
    batch_ = inbox_->Take(limit, {});
    return batch_.judgements;
  }
  // Of the batch taken last.
  void Acknowledge(DeliveryTag tag) { inbox_->Recorded(batch_, tag, true); }

  // Takes the first letter, which comes alone, and reports it recorded: after this everything is
  // delivered.
  void PassTheFirst() {
    const auto first = Take();
    ASSERT_THAT(first, testing::SizeIs(1));
    Acknowledge(first.back().letter.delivery.tag);
    ASSERT_TRUE(queue_.WaitForCall("subscribe 10"));
  }

  // Until the queue's part of /readyz says that; false after 10 s.
  bool WaitForHealth(const std::string& words) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
      for (const auto& part : health_.Reports()) {
        if (part.message.find(words) != std::string::npos) return true;
      }
      std::this_thread::yield();
    }
    return false;
  }

  static std::vector<std::string> Bodies(const std::vector<Judgement>& judgements) {
    std::vector<std::string> bodies;
    for (const Judgement& one : judgements) bodies.push_back(one.letter.delivery.message.body);
    return bodies;
  }

  ScriptedQueue queue_;
  TestClock clock_;
  LetterReader reader_{LetterFormat::Default()};
  Judge judge_{{}, clock_};
  Metrics metrics_;
  Health health_;
  std::unique_ptr<Inbox> inbox_;
  TakenBatch batch_;
};

}  // namespace deadletter::test
