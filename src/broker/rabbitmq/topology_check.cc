#include "broker/rabbitmq/topology_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "broker/consumer_tag.h"

namespace deadletter::rabbitmq {

namespace {

bool HasWildcard(std::string_view key) {
  return key.find_first_of("#*") != std::string_view::npos;
}

class Judgement {
 public:
  Judgement(const TopologyPlan& plan, const TopologyFacts& facts) : plan_(plan), facts_(facts) {}

  std::vector<Finding> Make() {
    JudgeBroker();
    JudgeDeadLetterExchange();
    JudgeUnrouted();
    JudgeConfiguredQueues();
    for (const auto& queue : LetterQueuesOf(plan_)) JudgeLetterQueue(queue);
    JudgeDispatch();
    for (const auto& id : plan_.worker_ids) JudgeWorkerQueue(id);
    for (const auto& listener : plan_.listeners) JudgeListener(listener);
    if (!facts_.complete) {
      Add(FindingKind::kUnknown, "virtual host " + facts_.vhost,
          "policies, bindings, queue limits and foreign consumers were not looked at: " +
              facts_.why_incomplete);
    }
    return std::move(findings_);
  }

 private:
  void Add(FindingKind kind, std::string subject, std::string message) {
    findings_.push_back({kind, std::move(subject), std::move(message)});
  }

  void JudgeBroker() {
    if (!HasBrokenDeadLettering(facts_.broker_version)) return;
    Add(FindingKind::kLosesLetters, "broker",
        fmt::format("RabbitMQ {} has broken dead lettering; upgrade to 3.13.3, 4.0.5 or later",
                    facts_.broker_version));
  }

  const ExchangeFacts* FindExchange(const std::string& name) {
    const auto found = facts_.exchanges.find(name);
    if (found != facts_.exchanges.end()) return &found->second;
    Add(FindingKind::kMissing, "exchange " + name,
        "it does not exist; `deadletter topology apply` declares it");
    return nullptr;
  }

  void JudgeLifetime(const std::string& subject, bool durable, bool auto_delete) {
    if (!durable) {
      Add(FindingKind::kLosesLetters, subject,
          "it is not durable: gone after the broker's next restart; declare it anew as durable");
    }
    if (auto_delete) {
      Add(FindingKind::kLosesLetters, subject,
          "it deletes itself once nobody uses it (auto-delete); declare it anew without that");
    }
  }

  void JudgeLifetime(const std::string& subject, const QueueFacts& queue) {
    JudgeLifetime(subject, queue.durable, queue.auto_delete);
    if (!queue.exclusive) return;
    Add(FindingKind::kLosesLetters, subject,
        "it is exclusive: it goes with the connection that declared it");
  }

  void JudgeBinding(const std::string& exchange, const std::string& queue, const std::string& key) {
    const bool both = facts_.exchanges.contains(exchange) && facts_.queues.contains(queue);
    if (!facts_.complete || !both || facts_.bindings.contains({exchange, queue, key})) return;
    Add(FindingKind::kMissing, fmt::format("binding {} -> {}", exchange, queue),
        fmt::format("there is none with routing key \"{}\"; `deadletter topology apply` makes it",
                    key));
  }

  void JudgeDeadLetterExchange() {
    const auto* dlx = FindExchange(plan_.dlx);
    if (dlx == nullptr) return;
    const auto subject = "exchange " + plan_.dlx;
    JudgeLifetime(subject, dlx->durable, dlx->auto_delete);
    JudgeBinding(plan_.dlx, plan_.dlq, plan_.dlq_binding);
    if (dlx->alternate_exchange) {
      JudgeAlternate(subject, *dlx->alternate_exchange);
    } else if (dlx->type == "fanout") {
      return;  // every queue bound to it gets everything
    } else if (!dlx->type.empty() && dlx->type != "topic") {
      JudgeTypeWithoutAlternate(subject, dlx->type);
    } else if (facts_.complete) {
      const bool catches_all = plan_.dlq_binding == "#";
      Add(catches_all ? FindingKind::kDiffers : FindingKind::kLosesLetters, subject,
          fmt::format(
              "it has no alternate exchange: what matches no binding vanishes{}; attach one: {}",
              catches_all ? " (nothing does while \"#\" is bound)" : "",
              AttachCommand(plan_, facts_)));
    }
  }

  void JudgeAlternate(const std::string& subject, const std::string& alternate) {
    if (alternate == plan_.unrouted_exchange) return;
    if (facts_.complete && !facts_.exchanges.contains(alternate)) {
      Add(FindingKind::kLosesLetters, subject,
          fmt::format("its alternate exchange {} does not exist: what matches no binding vanishes; "
                      "declare it, or give it {}",
                      alternate, plan_.unrouted_exchange));
      return;
    }
    Add(FindingKind::kDiffers, subject,
        fmt::format("its alternate exchange is {}, not {}: make sure that a queue of ours gets "
                    "what comes there",
                    alternate, plan_.unrouted_exchange));
  }

  void JudgeTypeWithoutAlternate(const std::string& subject, const std::string& type) {
    auto message =
        HasWildcard(plan_.dlq_binding)
            ? fmt::format(
                  "it is of type {}, and \"{}\" is a wildcard for topic exchanges only: every "
                  "letter whose "
                  "routing key is not literally \"{}\" vanishes",
                  type, plan_.dlq_binding, plan_.dlq_binding)
            : fmt::format("it is of type {}: letters with another routing key than \"{}\" vanish",
                          type, plan_.dlq_binding);
    if (!facts_.complete) message += ", unless a policy gives it an alternate exchange";
    Add(FindingKind::kLosesLetters, subject,
        fmt::format("{}; leave its type and attach an alternate exchange (`deadletter topology "
                    "apply` with a "
                    "management_url, or: {})",
                    message, AttachCommand(plan_, facts_)));
  }

  void JudgeUnrouted() {
    const auto* exchange = FindExchange(plan_.unrouted_exchange);
    if (exchange == nullptr) return;
    const auto subject = "exchange " + plan_.unrouted_exchange;
    JudgeLifetime(subject, exchange->durable, exchange->auto_delete);
    JudgeBinding(plan_.unrouted_exchange, plan_.unrouted_queue, "");
    if (!exchange->type.empty() && exchange->type != "fanout") {
      Add(FindingKind::kLosesLetters, subject,
          fmt::format(
              "it is of type {}, not fanout: unrouted letters that match no binding of it vanish",
              exchange->type));
    }
  }

  void JudgeConfiguredQueues() {
    for (const auto& queue : plan_.UnconsumedLetterQueues()) {
      Add(FindingKind::kLosesLetters, "configuration", UnconsumedMessage(queue));
    }
  }

  void JudgeLetterQueue(const std::string& name) {
    const auto subject = "queue " + name;
    const auto found = facts_.queues.find(name);
    if (found == facts_.queues.end()) {
      const bool ours = name == plan_.dlq || name == plan_.unrouted_queue;
      Add(FindingKind::kMissing, subject,
          ours ? "it does not exist; `deadletter topology apply` declares it"
               : "it does not exist; it is configured as [[queue]], and whoever fills it declares "
                 "it");
      return;
    }
    const auto& queue = found->second;
    JudgeLifetime(subject, queue);
    JudgeLimits(subject, queue);
    for (const auto& tag : queue.consumer_tags) {
      const bool is_ours = std::ranges::any_of(
          plan_.consumer_tags, [&](const std::string& ours) { return IsConsumerTagOf(tag, ours); });
      if (is_ours) continue;
      Add(FindingKind::kForeignConsumer, subject,
          fmt::format("a consumer with tag {} takes letters from it that we never see; stop it, or "
                      "configure that "
                      "consumer_tag if it is ours",
                      tag));
    }
  }

  void JudgeLimits(const std::string& subject, const QueueFacts& queue) {
    struct Limit {
      const char* name;
      const char* what;
    };
    constexpr std::array kLimits{
        Limit{"message-ttl", "letters expire in it"},
        Limit{"expires", "the whole queue expires when unused"},
        Limit{"max-length", "letters beyond the limit are dropped"},
        Limit{"max-length-bytes", "letters beyond the limit are dropped"},
        Limit{"delivery-limit", "letters delivered too often are dropped"}};
    for (const auto& limit : kLimits) {
      const auto* value = queue.limits.if_contains(limit.name);
      if (value == nullptr || IsNoLimit(limit.name, *value)) continue;
      Add(FindingKind::kLosesLetters, subject,
          fmt::format("it has {} = {}: {}; a dead letter queue must keep everything", limit.name,
                      boost::json::serialize(*value), limit.what));
    }
    const auto version = VersionOf(facts_.broker_version);
    if (queue.type == "quorum" && version && (*version)[0] >= 4 &&
        !queue.limits.contains("delivery-limit")) {
      Add(FindingKind::kLosesLetters, subject,
          "it is a quorum queue with the broker's default delivery limit of 20: letters delivered "
          "more often are dropped; "
          "set delivery-limit to -1 by policy");
    }
    JudgeOwnDeadLettering(subject, queue);
  }

  static bool IsNoLimit(std::string_view name, const boost::json::value& value) {
    return name == "delivery-limit" && value.is_int64() && value.get_int64() < 0;
  }

  void JudgeOwnDeadLettering(const std::string& subject, const QueueFacts& queue) {
    const auto dlx = TextLimit(queue, "dead-letter-exchange");
    if (!dlx) return;
    if (*dlx == plan_.dlx) {
      Add(FindingKind::kLosesLetters, subject,
          fmt::format(
              "its own dead letters go to {} again: the broker drops letters that go in a circle",
              *dlx));
    } else {
      Add(FindingKind::kDiffers, subject,
          fmt::format("it has a dead letter exchange of its own, {}", *dlx));
    }
  }

  static std::optional<std::string> TextLimit(const QueueFacts& queue, std::string_view name) {
    const auto* value = queue.limits.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
  }

  void JudgeDispatch() {
    const auto* exchange = FindExchange(plan_.dispatch_exchange);
    if (exchange == nullptr || exchange->type.empty() || exchange->type == "topic") return;
    Add(FindingKind::kDiffers, "exchange " + plan_.dispatch_exchange,
        fmt::format("it is of type {}, not topic; it keeps its type", exchange->type));
  }

  void JudgeWorkerQueue(const std::string& id) {
    const auto name = plan_.WorkerQueueName(id);
    const auto subject = "queue " + name;
    const auto found = facts_.queues.find(name);
    if (found == facts_.queues.end()) {
      Add(FindingKind::kMissing, subject,
          "it does not exist; `deadletter topology apply` declares it");
      return;
    }
    if (!facts_.complete) return;
    JudgeBinding(plan_.dispatch_exchange, name, TopologyPlan::DispatchKey(id));
    JudgeLifetime(subject, found->second);
    if (const auto* expires = found->second.limits.if_contains("expires")) {
      Add(FindingKind::kLosesLetters, subject,
          fmt::format("it has expires = {}: unused for so long it goes with all that is in it",
                      boost::json::serialize(*expires)));
    }
    const auto dlx = TextLimit(found->second, "dead-letter-exchange");
    if (!dlx) {
      Add(FindingKind::kLosesLetters, subject,
          fmt::format(
              "it has no dead letter exchange: what dies in it vanishes; give it {} by policy",
              plan_.dlx));
    } else if (*dlx != plan_.dlx) {
      Add(FindingKind::kDiffers, subject,
          fmt::format("its dead letter exchange is {}, not {}: its letters do not come to us", *dlx,
                      plan_.dlx));
    }
    const auto* ttl = found->second.limits.if_contains("message-ttl");
    if (ttl == nullptr || !ttl->is_int64() || ttl->get_int64() != plan_.worker_ttl.count()) {
      Add(FindingKind::kDiffers, subject,
          fmt::format("its message-ttl is {}, not {} ms",
                      ttl == nullptr ? "not set" : boost::json::serialize(*ttl),
                      plan_.worker_ttl.count()));
    }
  }

  void JudgeListener(const Listener& listener) {
    if (!facts_.queues.contains(listener.queue)) {
      Add(FindingKind::kMissing, "queue " + listener.queue,
          "it does not exist; `deadletter topology apply` declares it");
    } else if (facts_.complete) {
      JudgeBinding(listener.exchange, listener.queue, listener.routing_key);
    }
  }

  const TopologyPlan& plan_;
  const TopologyFacts& facts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Judge(const TopologyPlan& plan, const TopologyFacts& facts) {
  return Judgement(plan, facts).Make();
}

bool HasBrokenDeadLettering(std::string_view version) {
  using Version = std::array<int, 3>;
  const auto is = VersionOf(version);
  return is && ((*is >= Version{3, 13, 0} && *is <= Version{3, 13, 2}) ||
                (*is >= Version{4, 0, 0} && *is <= Version{4, 0, 4}));
}

std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::optional<std::array<int, 3>> VersionOf(std::string_view text) {
  std::array<int, 3> version{};
  for (auto& part : version) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
  }
  return version;
}

std::string PatternOf(std::string_view name) {
  std::string pattern = "^";
  for (const char c : name) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos)
      pattern.push_back('\\');
    pattern.push_back(c);
  }
  return pattern + "$";
}

std::string AttachCommand(const TopologyPlan& plan, const TopologyFacts& facts) {
  std::string name = kUnroutedPolicy;
  PolicyFacts policy{
      .pattern = PatternOf(plan.dlx), .apply_to = "exchanges", .priority = 0, .definition = {}};
  const auto dlx = facts.exchanges.find(plan.dlx);
  if (dlx != facts.exchanges.end()) {
    if (const auto applied = facts.policies.find(dlx->second.policy);
        applied != facts.policies.end()) {
      name = applied->first;
      policy = applied->second;
    }
  }
  policy.definition["alternate-exchange"] = plan.unrouted_exchange;
  return fmt::format("rabbitmqctl set_policy -p {} --priority {} --apply-to {} {} {} {}",
                     ShellQuoted(facts.vhost), policy.priority, policy.apply_to, ShellQuoted(name),
                     ShellQuoted(policy.pattern),
                     ShellQuoted(boost::json::serialize(policy.definition)));
}

}  // namespace deadletter::rabbitmq
