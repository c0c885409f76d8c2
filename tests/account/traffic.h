// Letters of every kind, told to the account as they are sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "broker/publisher.h"
#include "ledger/catalog.h"
#include "ledger/executions.h"
#include "ledger/replay_book.h"
#include "tests/account/books.h"
#include "tests/account/rules.h"
#include "tests/support/platform_connection.h"

namespace deadletter::test {

// A plan of messages that a seed decides: requests with and without message id, with stamps of this
// and of an earlier attempt, second letters, copies, copies of another death, letters of completed
// and of missing executions, executions that their worker completes meanwhile, malformed bodies and
// unknown types; letters that rules park, discard or send back (rules.h), to a worker that keeps
// them or to one where they die again; letters of executions whose rows the platform holds a lock
// on, where single rows can be locked, or whose update its trigger refuses; letters that an
// operator replays, to a worker or to one where they die again or to no queue at all, and other
// letters of their executions meanwhile. Executions are numbered from `first` up.
//
// Threads: one at a time.
class Traffic {
 public:
  // The world is configured with kRules. Declares the workers' queues.
  Traffic(World& world, Account& account, std::uint64_t seed, std::int64_t first = 1);

  // Makes the executions of so many messages and publishes these in one go; waits until the broker
  // has them. What it does not answer for is sent again, and the account knows.
  void Send(std::size_t count);
  // An operator replays a few of the letters that may be and are open: through the ledger's port,
  // as somebody whom no dying server interrupts. Of how many; Send() does it, too, now and then.
  std::size_t Replay();
  // The worker sees what replays have sent to it, and completes some of those executions. Not while
  // it is counted what somebody has in hand: it takes the messages, and gives them back.
  void Work();
  // Only such as are about no execution.
  void SendStrange(std::size_t count);
  // Leaves ids out: where the table gives the next one itself, others may take them.
  void Skip(std::int64_t ids) { next_ += ids; }

  // Sees how the rows stand that are locked, and unlocks them; some of their executions were
  // completed meanwhile. Send() does it by itself after a while; before their server goes away it
  // must be done.
  void Unlock();
  // The same for the rows whose update is refused, from now on no more.
  void RefuseNobody();

 private:
  struct Item {
    Message message;
    Nature nature = Nature::kRequest;
    std::optional<ExecutionId> execution;
  };

  Item Next();
  Item Request(const ExecutionId& id, bool with_id, const std::string& more = "");
  Item NewRequest();
  Item Ruled();
  Item ForAction(const char* action, Nature nature);
  Item ToReplay(Nature nature, const char* queue, const char* key);
  [[nodiscard]] std::vector<LetterSummary> ReplayableLetters();
  [[nodiscard]] ReplaySpec AnySpec();
  Item ToRetry(Nature nature, const char* queue, const char* key);
  Item Locked();
  Item Refused();
  [[nodiscard]] bool IsLockedLongEnough();
  Item Strange();
  Item Again(Item item);
  ExecutionId NewExecution(const std::string& status = "scheduled");
  void Publish(std::vector<Item> items);
  // The worker of some executions comes after all.
  void Complete();
  std::uint64_t Roll(std::uint64_t sides) { return random_() % sides; }

  World& world_;
  Account& account_;
  std::mt19937_64 random_;
  std::int64_t next_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Executions> worker_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<ReplayBook> book_;
  std::vector<Item> earlier_;  // some with a message id, to be copied
  // Done, and by whom has which message in hand.
  std::vector<std::pair<ExecutionId, MessageAttempt>> to_complete_;
  std::unique_ptr<PlatformConnection> holder_;  // in a transaction, while it has any
  std::vector<ExecutionId> locked_;
  std::chrono::steady_clock::time_point locked_since_;
  std::vector<ExecutionId> refused_;
  std::vector<ExecutionId> late_;    // replayed, so that another letter of them comes late
  std::set<std::string> completed_;  // of those that were seen in the worker's queue
  std::uint64_t bodies_ = 0;
};

}  // namespace deadletter::test
