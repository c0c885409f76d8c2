// What somebody submits, and the rows and messages that come of it: over HTTP and on the command
// line alike.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/topology.h"
#include "ledger/executions.h"

namespace deadletter {

// Every limit has a unit in its name (P9).
inline constexpr std::size_t kMaxQueueNameBytes = 255;
inline constexpr std::int64_t kMaxSubmittedTtlMs =
    std::int64_t{49} * 24 * 3600 * 1000;  // RabbitMQ counts in 32 bits

struct Submission {
  std::string queue;
  std::string action;
  std::string payload_json = "{}";               // valid JSON, kept as it was written
  std::optional<std::chrono::milliseconds> ttl;  // how long the message may wait for a worker
  std::size_t count = 1;
  std::optional<std::string> worker_id;  // else the one whose queue it is, if it is one's
};

// Where letters go: nobody submits there, and nobody works on them.
[[nodiscard]] bool IsDeadLetterQueue(const TopologyPlan& plan, const std::string& queue);
// Why nothing is submitted to such a queue, and what to do.
[[nodiscard]] std::string NoSubmissionTo(const std::string& dead_letter_queue);

// A worker's queue of the topology gets its messages through the dispatch exchange, as the
// platform's do; any other queue straight, through the default exchange.
[[nodiscard]] std::vector<NewExecution> NewExecutions(const TopologyPlan& plan,
                                                      const Submission& submission);

}  // namespace deadletter
