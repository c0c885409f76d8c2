// A program run by a test: its lines are read as they come, and it never outlives the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace deadletter::test {

struct ChildOptions {
  // Beside this process's own, of which nothing that begins with DEADLETTER_ is passed on.
  std::map<std::string, std::string> environment;
  std::string folder;  // to run in; empty: this one's
};

// Standard input is /dev/null. Safe from any thread; waits end with the program's end too.
class ChildProcess {
 public:
  explicit ChildProcess(std::vector<std::string> command, ChildOptions options = {});
  ~ChildProcess();  // SIGKILL, if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The first line of standard output or standard error, from the `from`th on, that contains
  // `text`. Nothing: it did not come within `limit`, or the program ended without it.
  [[nodiscard]] std::optional<std::string> WaitForLine(const std::string& text,
                                                       std::chrono::milliseconds limit,
                                                       std::size_t from = 0);
  // Its exit status, or 128 + the signal that ended it, once its last lines are read. Nothing: it
  // still runs after `limit`.
  [[nodiscard]] std::optional<int> WaitForExit(std::chrono::milliseconds limit);
  // Whether SIGSTOP holds it, waited for up to `limit`: where a fault point says "stop".
  [[nodiscard]] bool WaitForStop(std::chrono::milliseconds limit);

  void Signal(int signal);
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::size_t lines() const;
  [[nodiscard]] std::string output() const;           // both streams, everything so far
  [[nodiscard]] std::string standard_output() const;  // that one alone

 private:
  void Read(int descriptor, bool is_standard_output);
  void Reap();

  pid_t pid_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::string standard_output_;
  std::optional<int> exit_;
  int open_streams_ = 2;
  std::vector<std::jthread> threads_;
};

// Runs it to its end.
struct Finished {
  int status = -1;
  std::string standard_output;
  std::string output;  // both streams
};
[[nodiscard]] Finished RunProgram(std::vector<std::string> command, ChildOptions options = {},
                                  std::chrono::milliseconds limit = std::chrono::minutes(2));

}  // namespace deadletter::test
