// One worker on a queue file, to be killed by crash_test.cc: by a fault point or from outside.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "broker/embedded/broker.h"
#include "broker/embedded/consumer.h"
#include "broker/embedded/publisher.h"
#include "broker/embedded/work_queue.h"

namespace deadletter {
namespace {

constexpr std::chrono::milliseconds kPatience{30'000};

void Say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

template <class T>
T OrDie(BrokerResult<T> result) {
  if (!result) {
    Say(result.error().message);
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class Worker {
 public:
  explicit Worker(std::shared_ptr<EmbeddedBroker> broker)
      : broker_(std::move(broker)), publisher_(broker_), consumer_(broker_, "work", "crasher") {}

  int Do(const std::string& task) {
    if (task == "expire") OrDie(broker_->HandleDue());
    if (task == "publish") Publish(10);
    if (task == "reject") Reject();
    if (task == "receive" || task == "acknowledge" || task == "hold") Receive(task);
    if (task == "move") Move();
    Say("survived");
    return 0;
  }

 private:
  void Publish(int count) {
    std::vector<OutgoingMessage> messages;
    for (int i = 0; i < count; ++i) {
      messages.push_back(
          {{"", "work"}, {.properties = {}, .headers = {}, .body = std::to_string(i)}});
    }
    static_cast<void>(publisher_.Publish(messages));
  }

  void Reject() {
    EmbeddedWorkQueue work(broker_);
    const auto leases = OrDie(work.Take("work", 1, kPatience, kPatience));
    OrDie(work.Reject(leases.at(0).id, false));
  }

  void Receive(const std::string& task) {
    OrDie(consumer_.Subscribe(0));
    const auto letters = OrDie(consumer_.Receive({10, std::size_t{1} << 30, kPatience}));
    if (task == "acknowledge") OrDie(consumer_.AcknowledgeUpTo(letters.back().tag));
    if (task != "hold") return;
    Say("holding");
    pause();
  }

  // As a careful worker does: first the copy, then the acknowledgement.
  void Move() {
    OrDie(consumer_.Subscribe(20));
    while (true) {
      const auto letters =
          OrDie(consumer_.Receive({7, std::size_t{1} << 30, std::chrono::milliseconds(0)}));
      if (letters.empty()) return;
      std::vector<OutgoingMessage> copies;
      for (const auto& letter : letters) copies.push_back({{"", "done"}, letter.message});
      for (const auto& result : publisher_.Publish(copies)) {
        if (result.outcome != PublishOutcome::kConfirmed) std::exit(1);
      }
      OrDie(consumer_.AcknowledgeUpTo(letters.back().tag));
      Say("moved");
    }
  }

  std::shared_ptr<EmbeddedBroker> broker_;
  EmbeddedPublisher publisher_;
  EmbeddedConsumer consumer_;
};

}  // namespace
}  // namespace deadletter

int main(int count, char** arguments) {
  using namespace deadletter;
  if (count != 3) return 2;
  const SystemClock clock;
  return Worker(OrDie(EmbeddedBroker::Open(arguments[1], clock))).Do(arguments[2]);
}
