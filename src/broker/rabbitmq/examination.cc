#include "broker/rabbitmq/examination.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/contains.h"
#include "base/rfc3339.h"
#include "broker/rabbitmq/router.h"
#include "broker/rabbitmq/topology_check.h"

namespace deadletter::rabbitmq {

namespace {

constexpr std::array<int, 3> kOldestVersion{3, 10, 0};
constexpr int kNewestMajorVersion = 4;
constexpr std::int64_t kShortConsumerTimeoutMs = 300'000;

// Limits of a queue that destroy what is in it.
constexpr std::array kDestroying{"message-ttl", "expires", "max-length", "max-length-bytes",
                                 "delivery-limit"};

std::string Joined(const std::vector<std::string>& texts, std::string_view between) {
  return fmt::format("{}", fmt::join(texts, between));
}

class BrokerExamination {
 public:
  BrokerExamination(const BrokerExpectations& wanted, const BrokerFacts& facts)
      : wanted_(wanted), plan_(wanted.topology), facts_(facts), topology_(facts.topology) {}

  std::vector<Diagnosis> Make() {
    JudgeAddresses();
    JudgeVersion();
    JudgeManagement();
    if (facts_.has_topology) {
      JudgeTopology();
    } else {
      out_.Unknown("exchanges and queues", "the broker could not be asked",
                   "mend what is told above, and look again");
    }
    JudgeReading();
    JudgeWriting();
    JudgeEvents();
    JudgeNodes();
    if (topology_.complete) out_.Append(JudgeDeaths(wanted_, topology_));
    return out_.Take();
  }

 private:
  void JudgeAddresses() {
    const bool any = std::ranges::any_of(
        facts_.addresses, [](const auto& address) { return address.tried && !address.error; });
    for (const auto& address : facts_.addresses) {
      const auto check = "broker " + address.shown;
      if (!address.tried) {
        out_.Unknown(check, "no time was left to try it", "mend those before it, and look again");
      } else if (!address.error) {
        out_.Ok(check, fmt::format("RabbitMQ {} answers, and lets user {} in",
                                   topology_.broker_version, facts_.user));
      } else if (address.error->fault == BrokerFault::kRefused) {
        out_.Wrong(check, address.error->message,
                   "check user, password and virtual host in broker.url: `rabbitmqctl "
                   "list_users`, `rabbitmqctl list_permissions -p " +
                       ShellQuoted(topology_.vhost) + "`");
      } else {
        out_.Add(any ? DiagnosisLevel::kWarning : DiagnosisLevel::kWrong, check,
                 address.error->message,
                 "start it (`rabbitmqctl status` there tells), or correct broker.url");
      }
    }
    connected_ = any;
  }

  void JudgeVersion() {
    if (!connected_) return;
    const auto version = VersionOf(topology_.broker_version);
    const auto check = std::string("broker version");
    const auto told = "RabbitMQ " + topology_.broker_version;
    if (HasBrokenDeadLettering(topology_.broker_version)) {
      out_.Wrong(check, told + " has broken dead lettering", "upgrade to 3.13.3, 4.0.5 or later");
    } else if (!version || *version < kOldestVersion || (*version)[0] > kNewestMajorVersion) {
      out_.Warning(check, told + " is none that this program was tried with",
                   "use 3.10 or later, up to 4");
    } else {
      out_.Ok(check, told);
    }
  }

  void JudgeManagement() {
    const auto check = std::string("management API");
    if (!facts_.management_configured) {
      out_.Unknown(check,
                   "without it limits, policies, bindings, foreign consumers and alarms are not "
                   "known",
                   "set broker.management_url = \"http://USER:PASSWORD@HOST:15672\", with a user "
                   "that has the tag monitoring");
    } else if (facts_.management_error) {
      out_.Wrong(check, *facts_.management_error,
                 "check broker.management_url, and that its user has the tag monitoring: "
                 "`rabbitmqctl set_user_tags USER monitoring`");
    } else {
      out_.Ok(check, "tells of " + std::to_string(topology_.exchanges.size()) + " exchanges and " +
                         std::to_string(topology_.queues.size()) + " queues");
    }
  }

  void JudgeTopology() {
    const auto dlx = topology_.exchanges.find(plan_.dlx);
    const bool unrouted_is_used = dlx != topology_.exchanges.end() &&
                                  dlx->second.alternate_exchange == plan_.unrouted_exchange;
    std::set<std::string> told;
    for (const auto& finding : Judge(plan_, topology_)) {
      if (finding.subject == "broker" || finding.subject.starts_with("virtual host ")) continue;
      told.insert(finding.subject);
      auto diagnosis = DiagnosisOf(finding, LevelOf(finding, wanted_, unrouted_is_used));
      AdviseOnLimits(finding, diagnosis);
      out_.Append({std::move(diagnosis)});
    }
    for (const auto& name : ExchangesOf(plan_)) {
      const auto subject = "exchange " + name;
      if (!told.contains(subject)) out_.Ok(subject, ExchangeText(topology_.exchanges.at(name)));
    }
    auto queues = LetterQueuesOf(plan_);
    const auto others = OtherQueuesOf(plan_);
    queues.insert(queues.end(), others.begin(), others.end());
    for (const auto& name : queues) {
      const auto subject = "queue " + name;
      if (!told.contains(subject)) out_.Ok(subject, QueueText(topology_.queues.at(name)));
      if (!Contains(others, name)) JudgeConsumerTimeout(name);
    }
  }

  static std::string ExchangeText(const ExchangeFacts& exchange) {
    if (exchange.type.empty()) return "it exists";
    std::string text = "of type " + exchange.type;
    if (exchange.alternate_exchange) text += ", alternate exchange " + *exchange.alternate_exchange;
    return text;
  }

  std::string QueueText(const QueueFacts& queue) const {
    std::string text = topology_.complete ? queue.type + ", durable" : "it exists";
    if (queue.waiting) text += ", " + WaitingText(*queue.waiting);
    if (queue.head_time) {
      const Instant oldest{std::chrono::seconds(
          std::clamp<std::int64_t>(*queue.head_time, 0, std::int64_t{253'402'300'799}))};
      text += ", the oldest of " + FormatRfc3339(oldest);
    }
    if (!queue.consumer_tags.empty())
      text += fmt::format(", {} consumers", queue.consumer_tags.size());
    return text;
  }

  // How a limit goes depends on where it comes from.
  void AdviseOnLimits(const Finding& finding, Diagnosis& diagnosis) const {
    constexpr std::string_view kQueue = "queue ";
    if (finding.kind != FindingKind::kLosesLetters || !finding.subject.starts_with(kQueue)) return;
    const auto name = finding.subject.substr(kQueue.size());
    const auto found = topology_.queues.find(name);
    if (found == topology_.queues.end() || !Contains(LetterQueuesOf(plan_), name)) return;
    const auto& queue = found->second;
    for (const std::string limit : kDestroying) {
      if (!finding.message.starts_with("it has " + limit + " = ")) continue;
      if (queue.arguments.contains("x-" + limit)) {
        diagnosis.advice =
            "it is an argument of the queue, which cannot be changed: let the queue run empty, "
            "delete it, and `deadletter topology apply`, or whoever declares it, makes it anew "
            "without";
      } else {
        diagnosis.advice = "it comes from a policy: `rabbitmqctl list_policies -p " +
                           ShellQuoted(topology_.vhost) +
                           "` and `list_operator_policies` show it; take it out" +
                           (queue.policy.empty() ? std::string() : " of policy " + queue.policy);
      }
    }
    if (finding.message.find("default delivery limit") == std::string::npos) return;
    if (queue.policy.empty()) {
      diagnosis.advice = fmt::format(
          "rabbitmqctl set_policy -p {} --apply-to queues deadletter-keep {} "
          "'{{\"delivery-limit\":-1}}'",
          ShellQuoted(topology_.vhost), ShellQuoted(PatternOf(name)));
    } else {
      diagnosis.advice = "add \"delivery-limit\":-1 to policy " + queue.policy +
                         ": the broker applies only one policy to a queue";
    }
  }

  // Letters are held for up to a minute while the ledger is away.
  void JudgeConsumerTimeout(const std::string& name) {
    const auto found = topology_.queues.find(name);
    if (found == topology_.queues.end()) return;
    const auto* timeout = found->second.limits.if_contains("consumer-timeout");
    if (timeout == nullptr || !timeout->is_int64() ||
        timeout->get_int64() >= kShortConsumerTimeoutMs) {
      return;
    }
    out_.Warning("consumer timeout of queue " + name,
                 fmt::format("letters must be acknowledged within {} ms", timeout->get_int64()),
                 "raise its consumer-timeout to at least 300000 ms: letters are held for up to a "
                 "minute while the ledger is away");
  }

  std::string PermissionAdvice(std::string_view what, const std::string& name) const {
    return fmt::format(
        "let the {} pattern of user {} match {}: `rabbitmqctl list_permissions -p {}` shows it, "
        "`rabbitmqctl set_permissions -p {} {} CONFIGURE WRITE READ` sets it",
        what, facts_.user, name, ShellQuoted(topology_.vhost), ShellQuoted(topology_.vhost),
        ShellQuoted(facts_.user));
  }

  void JudgeReading() {
    std::vector<std::string> readable;
    for (const auto& [queue, right] : facts_.reading) {
      const auto check = "right to read queue " + queue;
      switch (right) {
        case Right::kThere:
          readable.push_back(queue);
          break;
        case Right::kRefused:
          out_.Wrong(check, "the broker refuses user " + facts_.user + " to consume it",
                     PermissionAdvice("read", queue));
          break;
        case Right::kNotKnown:
          out_.Unknown(
              check, "the broker's answer does not tell",
              "look at `rabbitmqctl list_permissions -p " + ShellQuoted(topology_.vhost) + "`");
          break;
      }
    }
    if (!readable.empty()) {
      out_.Ok("rights to read", "user " + facts_.user + " may consume " + Joined(readable, ", "));
    }
  }

  void JudgeWriting() {
    std::vector<std::string> writable;
    for (const auto& [exchange, right] : facts_.writing) {
      const auto name = exchange.empty() ? std::string("amq.default") : exchange;
      const auto check = "right to write to exchange " + name;
      switch (right) {
        case Right::kThere:
          writable.push_back(name);
          break;
        case Right::kRefused:
          out_.Add(exchange.empty() ? DiagnosisLevel::kWarning : DiagnosisLevel::kWrong, check,
                   "the broker refuses user " + facts_.user + " to publish there" +
                       (exchange.empty() ? ": retries and replays to a queue are refused"
                                         : ": events never leave"),
                   PermissionAdvice("write", name));
          break;
        case Right::kNotKnown:
          out_.Unknown(
              check, "the broker's answer does not tell",
              "look at `rabbitmqctl list_permissions -p " + ShellQuoted(topology_.vhost) + "`");
          break;
      }
    }
    if (!writable.empty()) {
      out_.Ok("rights to write",
              "user " + facts_.user + " may publish to " + Joined(writable, ", "));
    }
  }

  void JudgeEvents() {
    if (!wanted_.events) return out_.Ok("events", "none are sent (events.enabled = false)");
    const auto& [exchange, key] = *wanted_.events;
    const auto check = "events exchange " + exchange;
    if (facts_.events_exchange_exists && !*facts_.events_exchange_exists) {
      return out_.Wrong(check, "it does not exist: events wait, and nobody hears of what failed",
                        "declare it (the platform does, or `deadletter topology apply` where it is "
                        "topology.dispatch_exchange), or set events.exchange");
    }
    if (!topology_.complete) {
      if (!facts_.events_exchange_exists) return;
      return out_.Unknown(check, "it exists; whether anything is bound to it is not known",
                          "set broker.management_url");
    }
    const auto reached = Router(topology_).Route(exchange, key);
    if (reached.exchange_missing) {
      out_.Wrong(check, "it does not exist: events wait, and nobody hears of what failed",
                 "declare it, or set events.exchange");
    } else if (reached.IsLost()) {
      out_.Wrong(check,
                 "no queue gets what is sent there with routing key " + key + ": events wait",
                 "bind a queue to it, or set events.enabled = false where nobody wants to hear");
    } else {
      const auto count = reached.queues.size();
      out_.Ok(check, "events with routing key " + key + " reach " +
                         (count == 0   ? std::string("whom only the broker knows")
                          : count == 1 ? "1 queue"
                                       : std::to_string(count) + " queues"));
    }
  }

  void JudgeNodes() {
    if (facts_.nodes_error) {
      out_.Unknown("alarms of the broker", *facts_.nodes_error,
                   "give the user of broker.management_url the tag monitoring: `rabbitmqctl "
                   "set_user_tags USER monitoring`");
    }
    for (const auto& node : facts_.nodes) {
      const auto check = "node " + node.name;
      const bool alarmed = node.memory_alarm || node.disk_alarm;
      if (!node.running) {
        out_.Warning(check, "it does not run",
                     "start it: `rabbitmqctl -n " + node.name + " status` tells more");
      } else if (node.partitioned) {
        out_.Wrong(check, "it does not see all other nodes: the cluster is partitioned",
                   "`rabbitmqctl cluster_status`, then restart the nodes of the side that is to "
                   "give way");
      } else if (alarmed) {
        out_.Wrong(check,
                   std::string("it is short of ") + (node.memory_alarm ? "memory" : "disk") +
                       ", and takes no message from anybody: events, retries and replays wait",
                   "`rabbitmq-diagnostics alarms`; give it room");
      } else {
        out_.Ok(check, "runs, without alarm");
      }
    }
  }

  const BrokerExpectations& wanted_;
  const TopologyPlan& plan_;
  const BrokerFacts& facts_;
  const TopologyFacts& topology_;
  bool connected_ = false;
  Diagnoses out_;
};

}  // namespace

std::vector<Diagnosis> JudgeBroker(const BrokerExpectations& wanted, const BrokerFacts& facts) {
  return BrokerExamination(wanted, facts).Make();
}

}  // namespace deadletter::rabbitmq
