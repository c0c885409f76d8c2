// The embedded message queue: one SQLite file with RabbitMQ's dead-letter meaning (deaths.h tells
// the differences).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "broker/broker_error.h"
#include "broker/embedded/topology_specs.h"
#include "sqlite/database.h"

namespace deadletter {

namespace embedded {
class OwnerLock;
class Tables;

// Named fault points around a commit.
struct CommitPoints {
  std::string_view before;
  std::string_view after;
};
inline constexpr CommitPoints kLook{"look.before", "look.after"};  // of whatever is only read
}  // namespace embedded

struct EmbeddedBrokerOptions {
  // How long a write waits for another process's write. Short: a stop may have to wait for it.
  std::chrono::milliseconds busy_timeout{3'000};
  // How often to look for other processes' changes and for lost owners, and at the clock.
  std::chrono::milliseconds look_interval{50};
};

struct QueueCounts {
  std::size_t ready = 0;
  std::size_t unacknowledged = 0;
  std::size_t held = 0;  // dead, and their dead letter exchange could not place them
};

// One open queue file. Any number of brokers, in any number of processes, may have the same file
// open; what one publishes, the others' consumers get within the look interval, and within one
// process at once.
//
// While it is open, its keeper (a thread) does what time does: messages expire, leases end, and
// what a lost broker's consumers held goes back to its queue. Whatever was due while nobody had the
// file open happens at the next opening, each at its own time of death.
//
// Every change is one transaction, durable when the call returns; killed at any moment, it has
// happened or not.
//
// A file that was moved or deleted while it is open is let go: calls fail with kUnreachable until
// there is a file at the path again, which the keeper then opens. It is never made anew: what was
// in the queues is to be brought back by a person, and until then nothing is confirmed that exists
// nowhere.
//
// Threads: any. Consumers, publishers and work queues share its ownership.
class EmbeddedBroker {
 public:
  // Makes the file where there is none. The clock must outlive the broker.
  [[nodiscard]] static BrokerResult<std::shared_ptr<EmbeddedBroker>> Open(
      const std::string& path, const Clock& clock, const EmbeddedBrokerOptions& options = {});
  // The same, but where that fails the keeper tries again and again, and calls fail with the reason
  // until it has succeeded.
  [[nodiscard]] static std::shared_ptr<EmbeddedBroker> OpenWhenPossible(
      const std::string& path, const Clock& clock, const EmbeddedBrokerOptions& options = {});
  ~EmbeddedBroker();
  EmbeddedBroker(const EmbeddedBroker&) = delete;
  EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;

  // Declaring what is there as it is changes nothing; declaring it differently is an error
  // (kRefused) that says what differs. Each declaration lets held messages die once more.
  [[nodiscard]] BrokerResult<void> DeclareExchange(const std::string& name, ExchangeType type);
  [[nodiscard]] BrokerResult<void> DeclareQueue(const QueueSpec& spec);
  // Both must exist. The default exchange ("") needs no binding and takes none.
  [[nodiscard]] BrokerResult<void> Bind(const std::string& exchange, const std::string& queue,
                                        const std::string& routing_key);
  // Like a policy: what `exchange` cannot route goes to `alternate` from now on.
  [[nodiscard]] BrokerResult<void> SetAlternateExchange(const std::string& exchange,
                                                        const std::string& alternate);
  // The queue with all its messages; its consumers are cancelled. False: there was none.
  [[nodiscard]] BrokerResult<bool> DeleteQueue(const std::string& name);

  [[nodiscard]] BrokerResult<QueueCounts> Count(const std::string& queue);  // kQueueMissing

  // Does at once what the keeper would do soon: everything due by the clock. For tests that move
  // the clock.
  [[nodiscard]] BrokerResult<void> HandleDue();
  // The error of the keeper's last round, if it failed: nothing expires while it lasts.
  [[nodiscard]] BrokerResult<void> KeeperHealth() const;

  // The rest is for the consumers, publishers and work queues of this folder.

  // Runs `work` in one transaction. An error: nothing of it happened, whatever `work` has noted
  // elsewhere.
  [[nodiscard]] BrokerResult<void> Write(const embedded::CommitPoints& points,
                                         const std::function<void(embedded::Tables&)>& work);
  // Counts the moments after which there may be something to receive; to be read before looking.
  [[nodiscard]] std::uint64_t changes() const;
  // Waits until changes() differs from `seen`, or `woken` is set (and Notify() called). False:
  // `deadline` came first.
  bool WaitForChange(std::uint64_t seen, std::chrono::steady_clock::time_point deadline,
                     const std::atomic<bool>& woken);
  void Notify();
  // What was delivered under `token` goes back to its queue: now, or as soon as the file can be
  // written.
  void ReturnAll(std::int64_t token);
  // Both change when the file is opened again, but not while a Write() runs its work.
  [[nodiscard]] std::int64_t owner() const { return owner_; }
  [[nodiscard]] std::uint64_t opening() const { return opening_; }  // counts them, from 1
  [[nodiscard]] Instant Now() const { return clock_.Now(); }

 private:
  EmbeddedBroker(std::string path, const Clock& clock, const EmbeddedBrokerOptions& options);

  BrokerResult<void> OpenFile(std::chrono::milliseconds patience);
  BrokerResult<std::int64_t> Register(sqlite::Database& database,
                                      std::unique_ptr<embedded::OwnerLock>& lock);
  void StartKeeper(BrokerResult<void> health);
  // } with database_mutex_ held
  BrokerResult<void> WriteInto(sqlite::Database& database, const embedded::CommitPoints& points,
                               const std::function<void(embedded::Tables&)>& work);
  BrokerResult<void> CheckFile();
  BrokerResult<void> Declare(const std::function<void(embedded::Tables&, std::string&)>& work);
  void Keep(const std::stop_token& stop);
  BrokerResult<void> KeepOnce();
  bool SomethingIsDue();
  BrokerResult<bool> HandleDueBatch();  // true: that was all
  BrokerResult<void> NoteNextDue();
  BrokerResult<void> StayKnown();
  BrokerResult<void> ReturnAbandoned();
  BrokerResult<void> ReturnFromTheLost();
  std::vector<std::int64_t> LostOwners();
  // Opens the file where it is not open.
  BrokerResult<void> LookAtOthersChanges();
  void NoteDue(Instant at);

  const std::string path_;
  const Clock& clock_;
  const EmbeddedBrokerOptions options_;
  std::atomic<std::int64_t> owner_{0};
  std::atomic<std::uint64_t> opening_{0};

  std::mutex database_mutex_;  // guards the connection; taken before signal_mutex_
  std::unique_ptr<embedded::OwnerLock> lock_;
  std::unique_ptr<sqlite::Database> database_;  // null: not open, and `away_` says why
  BrokerError away_;
  std::int64_t data_version_ = 0;

  mutable std::mutex signal_mutex_;  // guards what follows
  std::condition_variable changed_;
  std::condition_variable_any keeper_wanted_;
  std::uint64_t changes_ = 0;
  Instant next_due_{};  // the keeper looks into the file from then on
  std::set<std::int64_t> abandoned_;
  BrokerResult<void> keeper_health_;

  std::jthread keeper_;  // last: it uses all the rest
};

}  // namespace deadletter
