#include "broker/rabbitmq/topology.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "broker/rabbitmq/arguments.h"
#include "broker/rabbitmq/topology_check.h"
#include "broker/rabbitmq/topology_facts.h"

namespace deadletter::rabbitmq {

namespace {

class Application {
 public:
  Application(Connection& connection, const std::optional<Management>& management,
              const TopologyPlan& plan, const TopologyFacts& facts)
      : connection_(connection), management_(management), plan_(plan), facts_(facts) {}

  BrokerResult<std::vector<AppliedChange>> Make() {
    if (auto opened = connection_.OpenChannel(kMainChannel); !opened) {
      return Unexpected<BrokerError>(opened.error().error);
    }
    BrokerResult<void> done;
    const auto then = [&](auto step) {
      if (done) done = step();
    };
    // The place for what is unrouted comes first, so that the DLX never points at nothing.
    then([&] { return DeclareExchange(plan_.unrouted_exchange, "fanout", ""); });
    then([&] { return DeclareQueue(plan_.unrouted_queue, {}); });
    then([&] { return Bind(plan_.unrouted_exchange, plan_.unrouted_queue, ""); });
    then([&] { return DeclareExchange(plan_.dlx, plan_.dlx_type, plan_.unrouted_exchange); });
    then([&] { return AttachAlternateExchange(); });
    then([&] { return DeclareQueue(plan_.dlq, {}); });
    then([&] { return Bind(plan_.dlx, plan_.dlq, plan_.dlq_binding); });
    then([&] { return DeclareExchange(plan_.dispatch_exchange, "topic", ""); });
    for (const auto& id : plan_.worker_ids) {
      then([&] { return DeclareWorkerQueue(id); });
    }
    for (const auto& listener : plan_.listeners) {
      then([&] { return DeclareQueue(listener.queue, {}); });
      then([&] { return Bind(listener.exchange, listener.queue, listener.routing_key); });
    }
    if (!done) return Unexpected<BrokerError>(done.error());
    TellWhatStays();
    return std::move(changes_);
  }

 private:
  void Changed(std::string message) { changes_.push_back({false, std::move(message)}); }
  void Conflict(std::string message) { changes_.push_back({true, std::move(message)}); }

  // Queues that exist and are not as planned: never redeclared, but not passed over in silence
  // either. Without the management API nobody can tell.
  void TellWhatStays() {
    for (const auto& finding : Judge(plan_, facts_)) {
      const bool differs =
          finding.kind == FindingKind::kDiffers || finding.kind == FindingKind::kLosesLetters;
      if (differs && finding.subject.starts_with("queue ")) {
        Conflict(fmt::format("{}: {}; left as it is", finding.subject, finding.message));
      }
    }
  }

  // A refusal is a conflict of that one thing, and the rest goes on.
  BrokerResult<void> Conclude(std::string_view doing, std::string done) {
    const auto answer = connection_.LastAnswer(kMainChannel, doing);
    if (answer) {
      Changed(std::move(done));
      return {};
    }
    if (!answer.error().channel_closed) return Unexpected<BrokerError>(answer.error().error);
    Conflict(answer.error().error.message);
    if (auto opened = connection_.OpenChannel(kMainChannel); !opened) {
      return Unexpected<BrokerError>(opened.error().error);
    }
    return {};
  }

  BrokerResult<void> DeclareExchange(const std::string& name, const std::string& type,
                                     const std::string& alternate_exchange) {
    if (facts_.exchanges.contains(name)) return {};
    Arguments arguments;
    if (!alternate_exchange.empty()) arguments.Add("alternate-exchange", alternate_exchange);
    amqp_exchange_declare(connection_.state(), kMainChannel, Bytes(name), Bytes(type),
                          /*passive=*/0, /*durable=*/1,
                          /*auto_delete=*/0, /*internal=*/0, arguments.table());
    return Conclude("declaring exchange " + name,
                    fmt::format("declared exchange {} of type {}", name, type));
  }

  BrokerResult<void> DeclareQueue(const std::string& name, Arguments arguments) {
    if (facts_.queues.contains(name)) return {};
    amqp_queue_declare(connection_.state(), kMainChannel, Bytes(name), /*passive=*/0, /*durable=*/1,
                       /*exclusive=*/0,
                       /*auto_delete=*/0, arguments.table());
    return Conclude("declaring queue " + name, "declared queue " + name);
  }

  BrokerResult<void> DeclareWorkerQueue(const std::string& id) {
    const auto name = plan_.WorkerQueueName(id);
    Arguments arguments;
    arguments.Add("x-message-ttl", std::int64_t{plan_.worker_ttl.count()});
    arguments.Add("x-dead-letter-exchange", plan_.dlx);
    if (auto declared = DeclareQueue(name, std::move(arguments)); !declared) return declared;
    return Bind(plan_.dispatch_exchange, name, TopologyPlan::DispatchKey(id));
  }

  // Binding what is bound changes nothing, so it is done where nobody can tell, too; told is only
  // what was not there.
  BrokerResult<void> Bind(const std::string& exchange, const std::string& queue,
                          const std::string& key) {
    if (facts_.bindings.contains({exchange, queue, key})) return {};
    const bool told =
        facts_.complete || !facts_.exchanges.contains(exchange) || !facts_.queues.contains(queue);
    amqp_queue_bind(connection_.state(), kMainChannel, Bytes(queue), Bytes(exchange), Bytes(key),
                    amqp_empty_table);
    auto concluded = Conclude(
        fmt::format("binding queue {} to exchange {}", queue, exchange),
        fmt::format("bound queue {} to exchange {} with routing key \"{}\"", queue, exchange, key));
    if (!told && !changes_.empty() && !changes_.back().conflict) changes_.pop_back();
    return concluded;
  }

  BrokerResult<void> AttachAlternateExchange() {
    const auto dlx = facts_.exchanges.find(plan_.dlx);
    if (dlx == facts_.exchanges.end() || dlx->second.alternate_exchange) return {};
    if (!facts_.complete) return AttachUnseen();
    if (!dlx->second.policy.empty() && dlx->second.policy != kUnroutedPolicy) {
      Conflict(
          fmt::format("exchange {} has no alternate exchange, and policy {} applies to it already: "
                      "the broker applies "
                      "only one; extend it: {}",
                      plan_.dlx, dlx->second.policy, AttachCommand(plan_, facts_)));
      return {};
    }
    return PutPolicy();
  }

  BrokerResult<void> AttachUnseen() {
    const auto carries = CarriesTheArgument();
    if (!carries) return Unexpected<BrokerError>(carries.error());
    if (*carries) return {};
    Conflict(fmt::format(
        "exchange {} exists without an alternate exchange of its own, and policies could not "
        "be looked at ({}); unless it is done already: {}",
        plan_.dlx, facts_.why_incomplete, AttachCommand(plan_, facts_)));
    return {};
  }

  // An exchange that we declared ourselves has the argument, and the broker says so by accepting it
  // again.
  BrokerResult<bool> CarriesTheArgument() {
    const auto type = facts_.exchanges.at(plan_.dlx).type;
    if (type.empty()) return false;
    Arguments arguments;
    arguments.Add("alternate-exchange", plan_.unrouted_exchange);
    if (auto opened = connection_.OpenChannel(kAskChannel); !opened) {
      return Unexpected<BrokerError>(opened.error().error);
    }
    amqp_exchange_declare(connection_.state(), kAskChannel, Bytes(plan_.dlx), Bytes(type),
                          /*passive=*/0,
                          /*durable=*/1, /*auto_delete=*/0, /*internal=*/0, arguments.table());
    const auto answer = connection_.LastAnswer(kAskChannel, "comparing exchange " + plan_.dlx);
    if (answer) {
      connection_.CloseChannel(kAskChannel);
      return true;
    }
    if (!answer.error().channel_closed) return Unexpected<BrokerError>(answer.error().error);
    return false;
  }

  BrokerResult<void> PutPolicy() {
    const boost::json::object policy{
        {"pattern", PatternOf(plan_.dlx)},
        {"apply-to", "exchanges"},
        {"priority", 0},
        {"definition", {{"alternate-exchange", plan_.unrouted_exchange}}}};
    const auto path =
        fmt::format("/api/policies/{}/{}", PercentEncode(facts_.vhost), kUnroutedPolicy);
    const auto reply = management_->Call("PUT", path, policy);
    if (!reply) return Unexpected<BrokerError>(reply.error());
    if (reply->status >= 200 && reply->status < 300) {
      Changed(fmt::format("gave exchange {} the alternate exchange {} by policy {}", plan_.dlx,
                          plan_.unrouted_exchange, kUnroutedPolicy));
    } else {
      Conflict(
          fmt::format("exchange {} has no alternate exchange, and the management API refused the "
                      "policy (status {}); run: {}",
                      plan_.dlx, reply->status, AttachCommand(plan_, facts_)));
    }
    return {};
  }

  Connection& connection_;
  const std::optional<Management>& management_;
  const TopologyPlan& plan_;
  const TopologyFacts& facts_;
  std::vector<AppliedChange> changes_;
};

}  // namespace

RabbitTopology::RabbitTopology(Options options) : options_(std::move(options)) {}

BrokerResult<std::optional<Management>> RabbitTopology::MakeManagement() const {
  if (options_.management_url.empty()) return std::nullopt;
  auto management = Management::Make(options_);
  if (!management) return Unexpected<BrokerError>(management.error());
  return std::move(*management);
}

BrokerResult<std::vector<Finding>> RabbitTopology::Check(const TopologyPlan& plan) {
  return io_.Run([&]() -> BrokerResult<std::vector<Finding>> {
    const auto management = MakeManagement();
    if (!management) return Unexpected<BrokerError>(management.error());
    const auto connection = Connection::Open(options_, Direction::kSending);
    if (!connection) return Unexpected<BrokerError>(connection.error());
    const auto facts = GatherFacts(**connection, *management, plan);
    if (!facts) return Unexpected<BrokerError>(facts.error());
    return Judge(plan, *facts);
  });
}

BrokerResult<std::vector<AppliedChange>> RabbitTopology::Apply(const TopologyPlan& plan) {
  return io_.Run([&]() -> BrokerResult<std::vector<AppliedChange>> {
    const auto management = MakeManagement();
    if (!management) return Unexpected<BrokerError>(management.error());
    const auto connection = Connection::Open(options_, Direction::kSending);
    if (!connection) return Unexpected<BrokerError>(connection.error());
    const auto facts = GatherFacts(**connection, *management, plan);
    if (!facts) return Unexpected<BrokerError>(facts.error());
    return Application(**connection, *management, plan, *facts).Make();
  });
}

}  // namespace deadletter::rabbitmq
