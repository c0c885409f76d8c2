// Port: the exchanges and queues that the road needs, and what is wrong with those that exist.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/broker_error.h"

namespace deadletter {

// A plain durable queue that listens to an exchange: what the demo and tests hear events with.
struct Listener {
  std::string queue;
  std::string exchange;
  std::string routing_key;
};

// Configuration section [topology], with the names written out.
struct TopologyPlan {
  std::string dlx = "attune.dlx";
  std::string dlx_type = "topic";
  std::string dlq = "attune.dlx.queue";
  std::string dlq_binding = "#";
  std::string unrouted_exchange = "attune.dlx.unrouted";  // fanout; the DLX's alternate exchange
  std::string unrouted_queue = "attune.dlx.unrouted.queue";
  std::string dispatch_exchange = "attune.executions";
  std::string worker_queue = "worker.{id}.executions";
  std::vector<std::string> worker_ids;
  std::chrono::milliseconds worker_ttl{300'000};
  std::vector<std::string>
      dead_letter_queues;  // every configured [[queue]], for the check of consumers and limits
  std::vector<std::string> consumer_tags;  // ours; any other on those queues is foreign
  std::vector<Listener> listeners;  // declared and bound by Apply(), missing ones found by Check()

  [[nodiscard]] std::string WorkerQueueName(const std::string& worker_id) const;
  // Those of `dlq` and `unrouted_queue` that are not among `dead_letter_queues`: what comes there
  // is never handled.
  [[nodiscard]] std::vector<std::string> UnconsumedLetterQueues() const;
  [[nodiscard]] static std::string DispatchKey(
      const std::string& worker_id);  // execution.dispatch.worker.{id}
};

enum class FindingKind {
  kMissing,          // not there; apply would declare it
  kLosesLetters,     // as it is, letters vanish
  kDiffers,          // not as configured, harmless or apply does not touch it
  kForeignConsumer,  // somebody else consumes a dead letter queue of ours
  kUnknown,  // could not be looked at (say, no management_url); the message says what that hides
};

[[nodiscard]] std::string_view FindingKindName(FindingKind kind);  // "missing", "loses_letters", …

struct Finding {
  FindingKind kind = FindingKind::kMissing;
  std::string subject;  // "exchange attune.dlx"
  std::string message;  // what is wrong and what to do, one line
};

// What a Check() says of one of TopologyPlan::UnconsumedLetterQueues().
[[nodiscard]] std::string UnconsumedMessage(const std::string& queue);

struct AppliedChange {
  bool conflict =
      false;  // true: it could not be done, and `message` holds the command or the reason
  std::string message;
};

// Threads: one at a time.
class Topology {
 public:
  virtual ~Topology() = default;
  // Looks, changes nothing. No finding: everything is as configured and loses nothing.
  [[nodiscard]] virtual BrokerResult<std::vector<Finding>> Check(const TopologyPlan& plan) = 0;
  // Declares what is missing; never deletes, never redeclares. What exists keeps its type.
  [[nodiscard]] virtual BrokerResult<std::vector<AppliedChange>> Apply(
      const TopologyPlan& plan) = 0;
};

}  // namespace deadletter
