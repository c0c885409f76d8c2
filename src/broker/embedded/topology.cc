#include "broker/embedded/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "broker/embedded/owner_lock.h"
#include "broker/embedded/schema.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/tables.h"
#include "broker/embedded/wanted_topology.h"

namespace deadletter {

namespace {

using embedded::Tables;
using embedded::WantedBinding;
using embedded::WantedExchange;
namespace sql = embedded::sql;

constexpr std::chrono::milliseconds kLookPatience{3'000};  // as long as a broker's write waits

bool HasBinding(Tables& tables, const WantedBinding& wanted) {
  const auto queue = tables.FindQueue(wanted.queue);
  auto statement = tables.Prepare(sql::kHasBinding);
  statement.Bind(wanted.exchange, wanted.routing_key, queue ? queue->id : 0);
  return statement.Next();
}

std::string Named(const WantedBinding& binding) {
  return fmt::format("binding {} -> {} ({})", binding.exchange, binding.queue, binding.routing_key);
}

// Looks at one thing after the other and gathers what is wrong.
class Inspection {
 public:
  // Whether that owner lives: what the others consume is nobody's.
  using Lives = std::function<bool(std::int64_t owner)>;

  // `tables` null: there is nothing.
  Inspection(Tables* tables, Lives lives, const TopologyPlan& plan, std::vector<Finding>& findings)
      : tables_(tables), lives_(std::move(lives)), plan_(plan), findings_(findings) {}

  void Run() {
    const auto wanted = embedded::Wanted(plan_);
    for (const auto& exchange : wanted.exchanges) Look(exchange);
    for (const auto& queue : wanted.queues) Look(queue);
    for (const auto& binding : wanted.bindings) Look(binding);
    for (const auto& queue : plan_.UnconsumedLetterQueues())
      Add(FindingKind::kLosesLetters, "configuration", UnconsumedMessage(queue));
    for (const auto& queue : plan_.dead_letter_queues) LookAtDeadLetterQueue(queue);
    LookAtHeldMessages();
  }

 private:
  void Add(FindingKind kind, std::string subject, std::string message) {
    findings_.push_back({kind, std::move(subject), std::move(message)});
  }

  void Look(const WantedExchange& wanted) {
    const auto subject = "exchange " + wanted.name;
    const auto found = FindExchange(wanted.name);
    if (!found)
      return Add(FindingKind::kMissing, subject, "does not exist; topology apply declares it");
    const bool has_alternate = wanted.alternate.empty() || found->alternate == wanted.alternate;
    if (!has_alternate) {
      Add(FindingKind::kLosesLetters, subject,
          "what it cannot route has nowhere to go: " + wanted.alternate +
              " is not its alternate exchange; topology apply attaches it where there is none");
    }
    if (found->type != wanted.type) {
      Add(has_alternate ? FindingKind::kDiffers : FindingKind::kLosesLetters, subject,
          fmt::format("is of type {}, not {}{}", ExchangeTypeName(found->type),
                      ExchangeTypeName(wanted.type),
                      found->type == ExchangeType::kDirect
                          ? "; a direct exchange takes '#' and '*' in a binding for plain letters"
                          : ""));
    }
  }

  void Look(const QueueSpec& wanted) {
    const auto subject = "queue " + wanted.name;
    const auto found = FindQueue(wanted.name);
    if (!found)
      return Add(FindingKind::kMissing, subject, "does not exist; topology apply declares it");
    const auto difference = Difference(found->spec, wanted);
    if (difference.empty()) return;
    const bool forgets = wanted.dead_letter_exchange && !found->spec.dead_letter_exchange;
    Add(forgets ? FindingKind::kLosesLetters : FindingKind::kDiffers, subject, difference);
  }

  void Look(const WantedBinding& wanted) {
    if (tables_ != nullptr && HasBinding(*tables_, wanted)) return;
    Add(FindingKind::kMissing, Named(wanted), "does not exist; topology apply declares it");
  }

  void LookAtDeadLetterQueue(const std::string& name) {
    const auto subject = "queue " + name;
    const auto found = FindQueue(name);
    if (!found) {
      if (name != plan_.dlq && name != plan_.unrouted_queue) {  // those were looked at already
        Add(FindingKind::kMissing, subject,
            "does not exist, and topology apply does not declare it");
      }
      return;
    }
    const auto& spec = found->spec;
    if (spec.message_ttl || spec.max_length || spec.delivery_limit) {
      Add(FindingKind::kLosesLetters, subject,
          "has a TTL, a maximal length or a delivery limit, which destroys letters");
    }
    auto tags = tables_->Prepare(sql::kSubscriberTags);
    tags.Bind(found->id);
    while (tags.Next()) {
      const auto tag = tags.Text(0);
      if (std::ranges::count(plan_.consumer_tags, tag) > 0 || !lives_(tags.Int64(1))) continue;
      Add(FindingKind::kForeignConsumer, subject, "is also consumed by " + tag);
    }
  }

  void LookAtHeldMessages() {
    if (tables_ == nullptr) return;
    auto held = tables_->Prepare(sql::kHeldQueues);
    while (held.Next()) {
      Add(FindingKind::kLosesLetters, "queue " + held.Text(0),
          fmt::format("holds {} dead messages that its dead letter exchange cannot place; they "
                      "move on once "
                      "that exchange and a binding for them are declared",
                      held.Int64(1)));
    }
  }

  std::optional<embedded::ExchangeRow> FindExchange(const std::string& name) {
    return tables_ == nullptr ? std::nullopt : tables_->FindExchange(name);
  }
  std::optional<embedded::QueueRow> FindQueue(const std::string& name) {
    return tables_ == nullptr ? std::nullopt : tables_->FindQueue(name);
  }

  Tables* const tables_;
  const Lives lives_;
  const TopologyPlan& plan_;
  std::vector<Finding>& findings_;
};

// What is there before anything is declared, so that only what is missing is touched.
struct Existing {
  std::vector<std::optional<embedded::ExchangeRow>> exchanges;
  std::vector<std::optional<embedded::QueueRow>> queues;
  std::vector<bool> bindings;
};

Existing LookFor(Tables& tables, const embedded::WantedTopology& wanted) {
  Existing existing;
  for (const auto& exchange : wanted.exchanges)
    existing.exchanges.push_back(tables.FindExchange(exchange.name));
  for (const auto& queue : wanted.queues) existing.queues.push_back(tables.FindQueue(queue.name));
  for (const auto& binding : wanted.bindings)
    existing.bindings.push_back(HasBinding(tables, binding));
  return existing;
}

AppliedChange Outcome(const BrokerResult<void>& declared, std::string done) {
  if (declared) return {false, std::move(done)};
  return {true, declared.error().message};
}

// Every step is a declaration of its own: what an error leaves undone, the next apply does.
class Application {
 public:
  Application(EmbeddedBroker& broker, std::vector<AppliedChange>& changes)
      : broker_(broker), changes_(changes) {}

  void Apply(const WantedExchange& wanted, const std::optional<embedded::ExchangeRow>& existing) {
    if (!existing) {
      Note(broker_.DeclareExchange(wanted.name, wanted.type),
           fmt::format("declared {} exchange {}", ExchangeTypeName(wanted.type), wanted.name));
    }
    if (wanted.alternate.empty() || (existing && existing->alternate == wanted.alternate)) return;
    if (existing && existing->alternate) {
      changes_.push_back(
          {true, fmt::format("exchange {} has another alternate exchange, {}; left as it is",
                             wanted.name, *existing->alternate)});
      return;
    }
    Note(broker_.SetAlternateExchange(wanted.name, wanted.alternate),
         fmt::format("attached {} to {} as alternate exchange", wanted.alternate, wanted.name));
  }

  void Apply(const QueueSpec& wanted, const std::optional<embedded::QueueRow>& existing) {
    if (!existing) return Note(broker_.DeclareQueue(wanted), "declared queue " + wanted.name);
    const auto difference = Difference(existing->spec, wanted);
    if (!difference.empty()) changes_.push_back({true, difference + "; left as it is"});
  }

  void Apply(const WantedBinding& wanted, bool existing) {
    if (existing) return;
    Note(broker_.Bind(wanted.exchange, wanted.queue, wanted.routing_key),
         "declared " + Named(wanted));
  }

 private:
  void Note(const BrokerResult<void>& declared, std::string done) {
    changes_.push_back(Outcome(declared, std::move(done)));
  }

  EmbeddedBroker& broker_;
  std::vector<AppliedChange>& changes_;
};

}  // namespace

BrokerResult<std::vector<Finding>> EmbeddedTopology::Check(const TopologyPlan& plan) {
  std::vector<Finding> findings;
  // Whoever does not live any more is gone from the file: the broker has seen to that.
  const auto lives = [](std::int64_t) { return true; };
  auto read = broker_->Write(
      embedded::kLook, [&](Tables& tables) { Inspection(&tables, lives, plan, findings).Run(); });
  if (!read) return Unexpected<BrokerError>(read.error());
  return findings;
}

BrokerResult<std::vector<Finding>> CheckQueueFile(const std::string& path, const TopologyPlan& plan,
                                                  const Clock& clock) {
  std::vector<Finding> findings;
  const auto database = embedded::OpenQueueFileToLook(path, kLookPatience);
  if (!database) return Unexpected<BrokerError>(database.error());
  if (*database == nullptr) {
    findings.push_back({FindingKind::kMissing, "queue file " + path,
                        "does not exist; topology apply makes it, and so does serve"});
    Inspection(nullptr, {}, plan, findings).Run();
    return findings;
  }
  const auto owners = embedded::OwnerLock::OpenToLook(embedded::OwnersFileOf(path));
  const auto lives = [&](std::int64_t owner) {
    return !owners || (*owners != nullptr && (*owners)->IsHeldElsewhere(owner));
  };
  auto transaction = sqlite::Transaction::Begin(**database);
  if (!transaction) return Unexpected<BrokerError>(embedded::ToBrokerError(transaction.error()));
  Tables tables(**database, *transaction, clock.Now());
  Inspection(&tables, lives, plan, findings).Run();
  if (const auto looked = transaction->Commit(); !looked)
    return Unexpected<BrokerError>(embedded::ToBrokerError(looked.error()));
  return findings;
}

BrokerResult<std::vector<AppliedChange>> EmbeddedTopology::Apply(const TopologyPlan& plan) {
  const auto wanted = embedded::Wanted(plan);
  Existing existing;
  auto read =
      broker_->Write(embedded::kLook, [&](Tables& tables) { existing = LookFor(tables, wanted); });
  if (!read) return Unexpected<BrokerError>(read.error());
  std::vector<AppliedChange> changes;
  Application application(*broker_, changes);
  for (std::size_t i = 0; i < wanted.exchanges.size(); ++i) {
    application.Apply(wanted.exchanges[i], existing.exchanges[i]);
  }
  for (std::size_t i = 0; i < wanted.queues.size(); ++i)
    application.Apply(wanted.queues[i], existing.queues[i]);
  for (std::size_t i = 0; i < wanted.bindings.size(); ++i) {
    application.Apply(wanted.bindings[i], existing.bindings[i]);
  }
  return changes;
}

}  // namespace deadletter
