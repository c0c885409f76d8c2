// What `deadletter doctor` asks of a RabbitMQ, and how it judges the answers.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "broker/examination.h"
#include "broker/rabbitmq/options.h"
#include "broker/rabbitmq/topology_facts.h"

namespace deadletter::rabbitmq {

struct NodeFacts {
  std::string name;
  bool running = true;
  bool memory_alarm = false;
  bool disk_alarm = false;
  bool partitioned = false;
};

// One of the configured URLs.
struct AddressFacts {
  std::string shown;                 // without a password
  std::optional<BrokerError> error;  // of connecting; none: it answers
  bool tried = true;                 // false: no time was left for it
};

enum class Right { kThere, kRefused, kNotKnown };

struct BrokerFacts {
  std::vector<AddressFacts> addresses;
  std::string user;
  TopologyFacts topology;  // by the management API, else by AMQP
  bool has_topology = false;
  bool management_configured = false;
  std::optional<std::string> management_error;
  std::map<std::string, Right> reading;  // queues that letters are taken from
  std::map<std::string, Right> writing;  // exchanges that messages are sent to; "" the default one
  std::optional<bool> events_exchange_exists;
  std::vector<NodeFacts> nodes;
  std::optional<std::string> nodes_error;
};

// Asks, and changes nothing: exchanges and queues are looked for passively, no message is taken,
// none is sent. `limit` bounds it, but for the resolution of names.
[[nodiscard]] BrokerFacts LookAtBroker(const Options& options, const BrokerExpectations& wanted,
                                       std::chrono::seconds limit);

// Pure.
[[nodiscard]] std::vector<Diagnosis> JudgeBroker(const BrokerExpectations& wanted,
                                                 const BrokerFacts& facts);
// A part of that: what becomes of the messages that die in any queue of the virtual host.
[[nodiscard]] std::vector<Diagnosis> JudgeDeaths(const BrokerExpectations& wanted,
                                                 const TopologyFacts& facts);

}  // namespace deadletter::rabbitmq
