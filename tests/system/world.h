// A small platform around the program under test: its topology, its rows, its messages, its
// listeners; and the program itself, run as users run it.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/pair.h"

namespace deadletter::test {

inline constexpr std::chrono::seconds kPatience(60);  // for what must come; no test waits it out

// The longest time that `serve` may take to end once it is told to.
inline constexpr std::chrono::seconds kStopPromise(10);

// `deadletter serve`, with fault points that may be armed.
class Server {
 public:
  Server(const std::string& program, const std::string& config_file, const std::string& folder,
         std::map<std::string, std::string> environment);

  [[nodiscard]] ChildProcess& process() { return process_; }
  [[nodiscard]] std::string url();      // waits until it listens
  [[nodiscard]] bool WaitUntilReady();  // /readyz says 200
  [[nodiscard]] boost::json::value Get(const std::string& path);
  [[nodiscard]] std::string GetText(const std::string& path, int expected_status = 200);
  // Tells it to end. Success: it has ended with status 0 and in order, as it says itself; nothing
  // cut the stop short, and it was not waited for longer than it promises.
  [[nodiscard]] testing::AssertionResult StopsAsPromised(int signal = SIGTERM);

 private:
  ChildProcess process_;
  std::string url_;
};

struct WorldOptions {
  LedgerSetup ledger{};
  std::vector<std::string> worker_ids = {"7"};
  std::chrono::milliseconds worker_ttl{600'000};
  std::string top{};     // keys that stand before every section
  std::string toml{};    // further sections
  std::string queues{};  // [[queue]] sections in place of the default ones
};

class World {
 public:
  World(const PairFactory& factory, WorldOptions options = {});

  [[nodiscard]] Pair& pair() { return *pair_; }
  [[nodiscard]] const std::string& config_file() const { return config_file_; }
  [[nodiscard]] const std::string& folder() const { return folder_name_; }

  // The program under test with these arguments, run to its end. `--config` is added.
  [[nodiscard]] Finished Run(std::vector<std::string> arguments,
                             std::map<std::string, std::string> environment = {});
  [[nodiscard]] Server Serve(std::map<std::string, std::string> environment = {});
  // The program as users have it, without fault points.
  [[nodiscard]] Server ServeReleased(std::map<std::string, std::string> environment = {});

  // Stops it, until SIGCONT, where it is in no transaction: else an embedded file would be locked
  // for everybody else.
  void PutToSleep(Server& server);

  // Whether nobody can write to an embedded file, because who is asleep would have to.
  [[nodiscard]] bool IsLocked();

  // An execution in status scheduled, and a message for it as the platform sends it.
  ExecutionId AddExecution(std::int64_t number, const std::string& status = "scheduled");
  [[nodiscard]] std::string Envelope(const std::string& execution_id_json,
                                     const std::string& more_payload = "") const;

  // All of them must be taken by a queue.
  void Publish(const Address& address, const std::vector<Message>& messages);
  void Publish(const Address& address, const std::string& body);
  // With a death as the broker would write it; PublishDead sends it straight to the dead letter
  // exchange.
  [[nodiscard]] static Message DeadMessage(std::string body, const std::string& reason = "expired");
  void PublishDead(const std::string& body);
  void PublishDead(const Message& message);

  [[nodiscard]] PlatformRow Row(const ExecutionId& id);
  // Waits until the row has that status.
  [[nodiscard]] bool WaitForStatus(const ExecutionId& id, const std::string& status);
  // Waits until the ledger holds as many letters, newest first; gives what there is after a minute.
  [[nodiscard]] std::vector<LetterSummary> WaitForLetters(std::size_t count);
  [[nodiscard]] std::vector<LetterSummary> Letters();
  [[nodiscard]] LetterSummary OnlyLetter();
  [[nodiscard]] LetterRecord Record(const LetterId& id);
  // The events that the platform hears on attune.executions; waits for as many, and a moment longer
  // for one too many.
  [[nodiscard]] std::vector<boost::json::value> WaitForEvents(std::size_t count);

 private:
  TemporaryFolder folder_;
  std::string folder_name_;
  std::unique_ptr<Pair> pair_;
  std::string config_file_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<WorkQueue> listener_;
};

// Polls `condition` until it holds or a minute has passed: for what happens in other processes and
// signals nobody.
[[nodiscard]] bool WaitUntil(const std::function<bool()>& condition);

inline constexpr const char* kDeadLetterExchange = "attune.dlx";
inline constexpr const char* kDeadLetterQueue = "attune.dlx.queue";
inline constexpr const char* kEventQueue = "test.events";
inline constexpr const char* kWorkerQueue = "worker.7.executions";

}  // namespace deadletter::test
