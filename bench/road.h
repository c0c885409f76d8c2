// The product as it is shipped, a process of its own, watched from outside.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/servers.h"
#include "tests/support/child_process.h"

namespace deadletter::bench {

struct RoadOptions {
  Filling filling = {};
  int instances = 1;
  std::vector<std::string> queues = {kDeadLetterQueue};
  bool keep = false;          // the database is not dropped (RoadResult::database)
  std::string database = {};  // one that is already there, with the platform's rows
  // CPU time is told once all letters are counted into groups and indexed by their words, too.
  bool await_what_is_behind = false;
};

struct RoadResult {
  double letters_per_second = 0;  // from consuming to the last execution failed
  double events_per_second = 0;   // from consuming to the last event confirmed
  double first_per_second = 0;    // of the first and the last tenth, by the rows' own `updated`
  double last_per_second = 0;
  double behind_per_second = 0;   // from consuming until all were counted and indexed
  double own_cpu_us = 0;          // a letter, until the last event was confirmed, or all of that
  double postgres_cpu_us = 0;
  double rabbitmq_cpu_us = 0;
  double resident_mib = 0;
  std::string database;
};

// `deadletter serve` with a configuration of its own; ends with this object.
class Served {
 public:
  Served(const std::string& broker_url, const std::string& management_url,
         const std::string& ledger_url, const std::vector<std::string>& queues,
         const std::string& more_toml = "");

  void Migrate();
  void ApplyTopology();
  void Start();
  void AwaitConsuming();  // of its first queue
  void Stop();            // throws where it does not end as promised
  void Kill();            // SIGKILL, and it is gone
  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] std::string output() const { return process_->output(); }
  // Where it listens: http://127.0.0.1:PORT
  [[nodiscard]] std::string Url();

 private:
  void Run(std::vector<std::string> command);

  test::TemporaryFolder folder_;
  std::unique_ptr<test::ChildProcess> process_;
};

// Throws unless every execution is failed and every queue is empty afterwards.
[[nodiscard]] RoadResult RunRoad(Servers& servers, const RoadOptions& options);

}  // namespace deadletter::bench
