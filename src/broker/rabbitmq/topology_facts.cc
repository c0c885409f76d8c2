#include "broker/rabbitmq/topology_facts.h"

#include <algorithm>
#include <boost/json.hpp>

namespace deadletter::rabbitmq {

namespace {

namespace json = boost::json;

std::string Text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool Flag(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::int64_t> Number(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

json::object Object(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

template <class Take>
void ForEachObject(const json::value& list, const Take& take) {
  if (!list.is_array()) return;
  for (const auto& item : list.get_array()) {
    if (item.is_object()) take(item.get_object());
  }
}

std::vector<std::string> Unique(std::vector<std::string> names) {
  std::erase(names, "");
  std::vector<std::string> unique;
  for (auto& name : names) {
    if (std::find(unique.begin(), unique.end(), name) == unique.end())
      unique.push_back(std::move(name));
  }
  return unique;
}

class ManagementFacts {
 public:
  ManagementFacts(const Management& management, TopologyFacts& facts)
      : management_(management), facts_(facts) {}

  BrokerResult<void> Gather() {
    // Policies first: what an exchange gets from one is looked up there.
    const std::string vhost = "/" + PercentEncode(facts_.vhost);
    BrokerResult<void> done;
    const auto list = [&](const std::string& path, auto take) {
      if (!done) return;
      const auto answer = management_.Get(path + vhost);
      if (answer) {
        ForEachObject(*answer, take);
      } else {
        done = Unexpected<BrokerError>(answer.error());
      }
    };
    list("/api/policies", [this](const json::object& policy) { TakePolicy(policy); });
    list("/api/exchanges", [this](const json::object& exchange) { TakeExchange(exchange); });
    list("/api/queues", [this](const json::object& queue) { TakeQueue(queue); });
    list("/api/bindings", [this](const json::object& binding) { TakeBinding(binding); });
    list("/api/consumers", [this](const json::object& consumer) { TakeConsumer(consumer); });
    return done;
  }

 private:
  void TakePolicy(const json::object& policy) {
    auto& facts = facts_.policies[Text(policy, "name")];
    facts.pattern = Text(policy, "pattern");
    facts.apply_to = Text(policy, "apply-to");
    facts.definition = Object(policy, "definition");
    if (const auto* priority = policy.if_contains("priority");
        priority != nullptr && priority->is_int64()) {
      facts.priority = priority->get_int64();
    }
  }
  void TakeExchange(const json::object& exchange) {
    const auto name = Text(exchange, "name");
    auto& facts = facts_.exchanges[name];
    facts.type = Text(exchange, "type");
    facts.durable = Flag(exchange, "durable");
    facts.auto_delete = Flag(exchange, "auto_delete");
    facts.policy = Text(exchange, "policy");
    auto alternate = Text(Object(exchange, "arguments"), "alternate-exchange");
    if (alternate.empty() && facts_.policies.contains(facts.policy)) {
      alternate = Text(facts_.policies[facts.policy].definition, "alternate-exchange");
    }
    if (!alternate.empty()) facts.alternate_exchange = alternate;
  }
  void TakeQueue(const json::object& queue) {
    auto& facts = facts_.queues[Text(queue, "name")];
    facts.durable = Flag(queue, "durable");
    facts.auto_delete = Flag(queue, "auto_delete");
    facts.exclusive = Flag(queue, "exclusive");
    facts.arguments = Object(queue, "arguments");
    facts.policy_definition = Object(queue, "effective_policy_definition");
    facts.policy = Text(queue, "policy");
    facts.waiting = Number(queue, "messages_ready");
    facts.head_time = Number(queue, "head_message_timestamp");
    auto type = Text(facts.arguments, "x-queue-type");
    if (type.empty()) type = Text(queue, "type");
    if (!type.empty()) facts.type = std::move(type);
    facts.limits = EffectiveLimits(facts.policy_definition, facts.arguments);
  }
  void TakeBinding(const json::object& binding) {
    auto& bindings =
        Text(binding, "destination_type") == "queue" ? facts_.bindings : facts_.exchange_bindings;
    bindings.insert(
        {Text(binding, "source"), Text(binding, "destination"), Text(binding, "routing_key")});
  }
  void TakeConsumer(const json::object& consumer) {
    const auto found = facts_.queues.find(Text(Object(consumer, "queue"), "name"));
    if (found != facts_.queues.end()) {
      found->second.consumer_tags.push_back(Text(consumer, "consumer_tag"));
    }
  }

  const Management& management_;
  TopologyFacts& facts_;
};

// Declares the exchange as it is planned, which changes nothing where it exists, and reads from the
// refusal what it is.
BrokerResult<std::string> ProbeType(Connection& connection, const std::string& exchange,
                                    const std::string& planned_type) {
  if (auto opened = connection.OpenChannel(kAskChannel); !opened) {
    return Unexpected<BrokerError>(opened.error().error);
  }
  amqp_exchange_declare(connection.state(), kAskChannel, Bytes(exchange), Bytes(planned_type),
                        /*passive=*/0,
                        /*durable=*/1, /*auto_delete=*/0, /*internal=*/0, amqp_empty_table);
  const auto answer = connection.LastAnswer(kAskChannel, "comparing exchange " + exchange);
  if (answer) {
    connection.CloseChannel(kAskChannel);
    return planned_type;
  }
  if (!answer.error().channel_closed) return Unexpected<BrokerError>(answer.error().error);
  // A refusal for another property than the type means that the type is as planned; no permission:
  // not known.
  if (answer.error().reply_code != AMQP_PRECONDITION_FAILED) return std::string();
  return CurrentTypeIn(answer.error().error.message).value_or(planned_type);
}

}  // namespace

std::vector<std::string> ExchangesOf(const TopologyPlan& plan) {
  return Unique({plan.dlx, plan.unrouted_exchange, plan.dispatch_exchange});
}

std::vector<std::string> LetterQueuesOf(const TopologyPlan& plan) {
  std::vector<std::string> queues{plan.dlq, plan.unrouted_queue};
  queues.insert(queues.end(), plan.dead_letter_queues.begin(), plan.dead_letter_queues.end());
  return Unique(std::move(queues));
}

std::vector<std::string> OtherQueuesOf(const TopologyPlan& plan) {
  std::vector<std::string> queues;
  for (const auto& id : plan.worker_ids) queues.push_back(plan.WorkerQueueName(id));
  for (const auto& listener : plan.listeners) queues.push_back(listener.queue);
  return Unique(std::move(queues));
}

BrokerResult<void> GatherByManagement(const Management& management, TopologyFacts& facts) {
  const auto gathered = ManagementFacts(management, facts).Gather();
  facts.complete = gathered.has_value();
  return gathered;
}

BrokerResult<void> GatherByAmqp(Connection& connection, const TopologyPlan& plan, Asking asking,
                                TopologyFacts& facts) {
  for (const auto& exchange : ExchangesOf(plan)) {
    const auto there = connection.ExchangeExists(exchange);
    if (!there) return Unexpected<BrokerError>(there.error());
    if (*there) facts.exchanges[exchange] = {};
  }
  auto queues = LetterQueuesOf(plan);
  const auto others = OtherQueuesOf(plan);
  queues.insert(queues.end(), others.begin(), others.end());
  for (const auto& queue : queues) {
    const auto found = connection.FindQueue(queue);
    if (!found) return Unexpected<BrokerError>(found.error());
    if (*found) facts.queues[queue].waiting = (*found)->messages;
  }
  if (asking == Asking::kPassively) return {};
  if (const auto dlx = facts.exchanges.find(plan.dlx); dlx != facts.exchanges.end()) {
    auto type = ProbeType(connection, plan.dlx, plan.dlx_type);
    if (!type) return Unexpected<BrokerError>(type.error());
    dlx->second.type = std::move(*type);
  }
  return {};
}

BrokerResult<TopologyFacts> GatherFacts(Connection& connection,
                                        const std::optional<Management>& management,
                                        const TopologyPlan& plan) {
  TopologyFacts facts;
  facts.vhost = connection.endpoint().path;
  facts.broker_version = connection.broker_version();
  facts.why_incomplete = "no management_url is configured";
  if (management) {
    const auto gathered = GatherByManagement(*management, facts);
    if (gathered) return facts;
    facts.why_incomplete = gathered.error().message;
    facts.exchanges.clear();
    facts.queues.clear();
    facts.bindings.clear();
    facts.exchange_bindings.clear();
    facts.policies.clear();
  }
  if (auto gathered = GatherByAmqp(connection, plan, Asking::kWithTheType, facts); !gathered) {
    return Unexpected<BrokerError>(gathered.error());
  }
  return facts;
}

json::object EffectiveLimits(json::object policy, const json::object& arguments) {
  for (const auto& argument : arguments) {
    const std::string key(argument.key());
    if (!key.starts_with("x-") || key == "x-queue-type") continue;
    const auto name = key.substr(2);
    auto value = argument.value();
    const auto* other = policy.if_contains(name);
    if (other != nullptr && other->is_int64() && value.is_int64()) {
      // A negative delivery limit is none, and the lower number as well.
      value = std::min(other->get_int64(), value.get_int64());
    }
    policy[name] = std::move(value);
  }
  return policy;
}

std::optional<std::string> CurrentTypeIn(std::string_view refusal) {
  constexpr std::string_view kBefore = "but current is '";
  if (refusal.find("arg 'type'") == std::string_view::npos) return std::nullopt;
  const auto start = refusal.find(kBefore);
  if (start == std::string_view::npos) return std::nullopt;
  const auto rest = refusal.substr(start + kBefore.size());
  const auto end = rest.find('\'');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  return std::string(rest.substr(0, end));
}

}  // namespace deadletter::rabbitmq
