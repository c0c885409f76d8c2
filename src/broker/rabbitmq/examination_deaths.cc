#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/contains.h"
#include "broker/rabbitmq/examination.h"
#include "broker/rabbitmq/router.h"
#include "broker/rabbitmq/topology_check.h"

namespace deadletter::rabbitmq {

namespace {

constexpr std::size_t kMostTold = 20;  // queues of one trouble; the rest is counted
constexpr std::size_t kMostNamed = 5;  // in one line

std::optional<std::string> TextOf(const boost::json::object& limits, std::string_view name) {
  const auto* value = limits.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::string Named(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), kMostNamed);
  auto text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

class DeathExamination {
 public:
  DeathExamination(const BrokerExpectations& wanted, const TopologyFacts& facts)
      : plan_(wanted.topology), facts_(facts), router_(facts) {
    const auto letters = LetterQueuesOf(plan_);
    letter_queues_.insert(letters.begin(), letters.end());
    for (const auto& id : plan_.worker_ids) keys_of_ours_[plan_.WorkerQueueName(id)] = id;
  }

  std::vector<Diagnosis> Make() {
    std::size_t looked = 0;
    for (const auto& [name, queue] : facts_.queues) {
      if (letter_queues_.contains(name)) continue;
      ++looked;
      Look(name, queue);
    }
    if (lost_ > kMostTold) {
      out_.Wrong("deaths in other queues",
                 fmt::format("{} more queues lose what dies in them", lost_ - kMostTold),
                 "mend those that are told, and look again");
    }
    Sum(looked);
    return out_.Take();
  }

 private:
  void Look(const std::string& name, const QueueFacts& queue) {
    LookForTwoLimits(name, queue);
    const auto exchange = TextOf(queue.limits, "dead-letter-exchange");
    const bool is_ours = keys_of_ours_.contains(name);
    if (!exchange) {
      const bool lasts = queue.durable && !queue.auto_delete && !queue.exclusive;
      if (!is_ours && lasts && queue.limits.contains("message-ttl")) forgetful_.push_back(name);
      return;
    }
    if (queue.type == "quorum") {
      const bool asks = TextOf(queue.limits, "dead-letter-strategy") == "at-least-once";
      const bool can = TextOf(queue.limits, "overflow") == "reject-publish";
      if (!asks || !can) at_most_once_.push_back(name);
    }
    if (!exchange->empty() && !facts_.exchanges.contains(*exchange)) {
      return Lose(name, "its dead letter exchange " + *exchange + " does not exist",
                  *exchange == plan_.dlx ? "`deadletter topology apply` declares it"
                                         : "declare it, or take it out of the queue's policy");
    }
    LookWhereTheyGo(name, queue, *exchange, is_ours);
  }

  void LookWhereTheyGo(const std::string& name, const QueueFacts& queue,
                       const std::string& exchange, bool is_ours) {
    std::set<std::string> keys;
    if (const auto own = TextOf(queue.limits, "dead-letter-routing-key")) {
      keys.insert(*own);
    } else {
      keys = KeysInto(facts_, name);
      keys.erase(name);  // from the default exchange: every queue has that one
      if (is_ours) keys.insert(TopologyPlan::DispatchKey(keys_of_ours_.at(name)));
    }
    if (keys.empty() && !router_.LeadsSomewhere(exchange)) {
      return Lose(name, "nothing is bound to its dead letter exchange " + exchange,
                  "bind a queue to it, or attach an alternate exchange");
    }
    std::set<std::string> reached;
    bool unsure = keys.empty();
    for (const auto& key : keys) {
      const auto way = router_.Route(exchange, key);
      if (way.IsLost()) {
        return Lose(name,
                    fmt::format("no binding of its dead letter exchange {} takes what dies in it "
                                "with routing key \"{}\"",
                                exchange.empty() ? "(the default one)" : exchange, key),
                    exchange == plan_.dlx ? AttachCommand(plan_, facts_)
                                          : "bind a queue to it with that key, or attach an "
                                            "alternate exchange");
      }
      reached.insert(way.queues.begin(), way.queues.end());
      unsure = unsure || way.unsure;
    }
    const bool to_us =
        unsure || std::ranges::any_of(plan_.dead_letter_queues,
                                      [&](const auto& ours) { return reached.contains(ours); });
    if (is_ours && !to_us) {
      out_.Warning("deaths in queue " + name,
                   "what dies in it goes to " +
                       Named(std::vector<std::string>(reached.begin(), reached.end())) +
                       ", which is no configured [[queue]]",
                   "add that [[queue]], or bind one of ours");
      return;
    }
    ++sound_;
  }

  void Lose(const std::string& name, std::string why, std::string advice) {
    if (++lost_ > kMostTold) return;
    out_.Wrong("deaths in queue " + name, std::move(why) + ": what dies in it vanishes",
               std::move(advice));
  }

  // Of two numbers the broker takes the lower one, whatever whoever declared the queue had in mind.
  void LookForTwoLimits(const std::string& name, const QueueFacts& queue) {
    const auto* argument = queue.arguments.if_contains("x-message-ttl");
    const auto* policy = queue.policy_definition.if_contains("message-ttl");
    if (argument == nullptr || policy == nullptr || !argument->is_int64() || !policy->is_int64())
      return;
    if (policy->get_int64() >= argument->get_int64()) return;
    out_.Warning("time to live in queue " + name,
                 fmt::format("it is declared with {} ms, and policy {} makes it {} ms",
                             argument->get_int64(), queue.policy, policy->get_int64()),
                 "take message-ttl out of that policy, or narrow its pattern: `rabbitmqctl "
                 "list_policies -p " +
                     ShellQuoted(facts_.vhost) + "`");
  }

  void Sum(std::size_t looked) {
    if (!forgetful_.empty()) {
      out_.Warning(
          "time to live without dead letter exchange",
          "what expires in " + Named(forgetful_) + " vanishes without a letter",
          "where that is not meant: give them dead-letter-exchange " + plan_.dlx + " by policy");
    }
    if (!at_most_once_.empty()) {
      out_.Warning(
          "dead lettering at most once",
          "quorum queues " + Named(at_most_once_) +
              " may lose a letter between two nodes when one of them stops",
          "by policy: \"dead-letter-strategy\":\"at-least-once\",\"overflow\":\"reject-publish\"");
    }
    if (lost_ > 0) return;
    out_.Ok("deaths in queues",
            fmt::format("of {} queues {} have a dead letter exchange that takes what dies in them",
                        looked, sound_));
  }

  const TopologyPlan& plan_;
  const TopologyFacts& facts_;
  const Router router_;
  std::set<std::string> letter_queues_;
  std::map<std::string, std::string> keys_of_ours_;  // worker queue -> worker id
  std::vector<std::string> forgetful_;
  std::vector<std::string> at_most_once_;
  std::size_t sound_ = 0;
  std::size_t lost_ = 0;
  Diagnoses out_;
};

}  // namespace

std::vector<Diagnosis> JudgeDeaths(const BrokerExpectations& wanted, const TopologyFacts& facts) {
  return DeathExamination(wanted, facts).Make();
}

}  // namespace deadletter::rabbitmq
