// What the load tests share: sending by the thousand, waiting for as long as it goes on, and at the
// end the account of every letter and of the memory that was used.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/account/books.h"
#include "tests/load/sizes.h"

namespace deadletter::test {

// What docs/operations.md promises of a server's memory.
struct MemoryPromise {
  std::size_t cache_bytes = 0;         // of the ledger's file, for each who settles
  std::size_t max_buffered_bytes = 0;  // intake.max_buffered_bytes
  std::size_t queues = 1;
  std::size_t largest_letter_bytes = 0;  // where one is larger than a batch may be
};
[[nodiscard]] std::size_t PromisedBytes(const MemoryPromise& promise);

// A message with so many deaths, each in a queue of its own, the newest in "worker.1.executions" at
// the time of World::DeadMessage's.
[[nodiscard]] Message DiedOften(std::string body, int deaths);

// A world under load with its books.
class Load {
 public:
  explicit Load(const PairFactory& pair, WorldOptions options = {});

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] Account& account() { return account_; }

  // A letter for that execution, which does not exist until AddExecution.
  // `bytes`: as long as its body is to be, at least.
  [[nodiscard]] Message Request(std::int64_t execution, std::size_t bytes = 0);
  // What is given, about that execution; it is told to the account and has a message id then.
  [[nodiscard]] Message Telling(Message message, std::int64_t execution);
  void AddExecution(std::int64_t number);
  // One that is no envelope; its message id is a property. Different bodies only.
  [[nodiscard]] Message Malformed(std::string body);

  // In portions, so that nobody holds all of them at once.
  void Publish(const Address& address, int count, const std::function<Message(int)>& make);

  // Until everything that was sent is recorded and everything to be said is said, for as long as
  // one minute after the other brings some of it. Tells how fast it was since `began`.
  [[nodiscard]] bool WaitUntilAllIsDone(std::chrono::steady_clock::time_point began);

  // What every test ends with: the most memory that each server had, against what is promised (also
  // told; under a sanitizer, whose bookkeeping is larger than ours, only told), then the account of
  // every letter, and a stop in order in which nobody has anything to complain of.
  void End(const std::vector<Server*>& servers, const MemoryPromise& promise);

 private:
  World world_;
  Account account_;
};

}  // namespace deadletter::test
