// What is known of a virtual host: enough to say whether letters get lost in it.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/broker_error.h"
#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/management.h"
#include "broker/topology.h"

namespace deadletter::rabbitmq {

struct ExchangeFacts {
  std::string type;  // empty: not known
  bool durable = true;
  bool auto_delete = false;
  std::optional<std::string> alternate_exchange;  // by argument or by policy
  std::string policy;                             // that applies; empty: none, or not known
};

struct QueueFacts {
  bool durable = true;
  bool auto_delete = false;
  bool exclusive = false;
  std::string type = "classic";
  // Arguments and policies together, under the names of policies ("message-ttl", "max-length",
  // "dead-letter-exchange").
  boost::json::object limits;
  std::vector<std::string> consumer_tags;
  boost::json::object arguments;          // those it was declared with, "x-…"
  boost::json::object policy_definition;  // of the policies that apply to it
  std::string policy;                     // the name of the user's; empty: none, or not known
  std::optional<std::int64_t> waiting;    // messages that nobody was given
  std::optional<std::int64_t>
      head_time;  // seconds since 1970: what its oldest message says, if it does
};

struct BindingFacts {
  std::string exchange;
  std::string queue;
  std::string key;

  friend auto operator<=>(const BindingFacts&, const BindingFacts&) = default;
};

struct PolicyFacts {
  std::string pattern;
  std::string apply_to;
  std::int64_t priority = 0;
  boost::json::object definition;
};

struct TopologyFacts {
  // True: the management API told everything, of every exchange and queue of the virtual host.
  // False: bindings, policies, limits and consumers are not known, and only those that a plan names
  // were looked for.
  bool complete = false;
  std::string why_incomplete;
  std::string vhost;
  std::string broker_version;
  std::map<std::string, ExchangeFacts> exchanges;
  std::map<std::string, QueueFacts> queues;
  std::set<BindingFacts> bindings;
  std::set<BindingFacts> exchange_bindings;  // `queue` is the exchange that the other one feeds
  std::map<std::string, PolicyFacts> policies;
};

[[nodiscard]] std::vector<std::string> ExchangesOf(const TopologyPlan& plan);
// Those that letters are consumed from: the DLQ, the unrouted queue, every other configured dead
// letter queue.
[[nodiscard]] std::vector<std::string> LetterQueuesOf(const TopologyPlan& plan);
[[nodiscard]] std::vector<std::string> OtherQueuesOf(const TopologyPlan& plan);

// Without a management API, or where it does not answer, only what AMQP itself tells: what exists,
// and of what type the DLX is. Changes nothing. On an IoThread.
[[nodiscard]] BrokerResult<TopologyFacts> GatherFacts(Connection& connection,
                                                      const std::optional<Management>& management,
                                                      const TopologyPlan& plan);

// The two ways of it, for who wants to go them alone. `facts.vhost` is set. After an error `facts`
// holds a part.
[[nodiscard]] BrokerResult<void> GatherByManagement(const Management& management,
                                                    TopologyFacts& facts);
enum class Asking {
  kPassively,
  // What type the DLX is as well: it is declared as it is, or refused.
  kWithTheType,
};
[[nodiscard]] BrokerResult<void> GatherByAmqp(Connection& connection, const TopologyPlan& plan,
                                              Asking asking, TopologyFacts& facts);

// A queue's limits under the names of policies. Where policy and argument both give a number, the
// broker takes the lower one; of anything else, the argument.
[[nodiscard]] boost::json::object EffectiveLimits(boost::json::object policy,
                                                  const boost::json::object& arguments);

// The type in "inequivalent arg 'type' for exchange …: received 'topic' but current is 'direct'".
[[nodiscard]] std::optional<std::string> CurrentTypeIn(std::string_view refusal);

}  // namespace deadletter::rabbitmq
