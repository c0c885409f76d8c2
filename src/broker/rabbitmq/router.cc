#include "broker/rabbitmq/router.h"

#include "broker/topic_match.h"

namespace deadletter::rabbitmq {

namespace {

enum class Takes { kYes, kNo, kPerhaps };

Takes TakesKey(std::string_view type, std::string_view binding, std::string_view key) {
  if (type == "fanout") return Takes::kYes;
  if (type == "direct") return binding == key ? Takes::kYes : Takes::kNo;
  if (type == "topic") return TopicMatches(binding, key) ? Takes::kYes : Takes::kNo;
  return Takes::kPerhaps;
}

}  // namespace

Router::Router(const TopologyFacts& facts) : facts_(facts) {
  for (const auto& binding : facts.bindings) ways_[binding.exchange].push_back({&binding, true});
  for (const auto& binding : facts.exchange_bindings)
    ways_[binding.exchange].push_back({&binding, false});
}

Reached Router::Route(const std::string& exchange, std::string_view key) const {
  Reached reached;
  reached.exchange_missing = !exchange.empty() && !facts_.exchanges.contains(exchange);
  std::set<std::string> passed;
  Follow(exchange, key, passed, reached);
  return reached;
}

bool Router::LeadsSomewhere(const std::string& exchange) const {
  const auto found = facts_.exchanges.find(exchange);
  if (found == facts_.exchanges.end()) return exchange.empty();
  return ways_.contains(exchange) || found->second.alternate_exchange.has_value();
}

// As deep as there are exchanges: each is passed once.
void Router::Follow(const std::string& exchange, std::string_view key,
                    std::set<std::string>& passed, Reached& reached) const {
  if (!passed.insert(exchange).second) return;
  if (exchange.empty()) {
    if (facts_.queues.contains(std::string(key))) reached.queues.emplace(key);
    return;
  }
  const auto found = facts_.exchanges.find(exchange);
  if (found == facts_.exchanges.end()) return;
  bool routed = false;
  if (const auto ways = ways_.find(exchange); ways != ways_.end()) {
    for (const auto& way : ways->second) {
      switch (TakesKey(found->second.type, way.binding->key, key)) {
        case Takes::kYes:
          routed = true;
          if (way.to_queue) {
            reached.queues.insert(way.binding->queue);
          } else {
            Follow(way.binding->queue, key, passed, reached);
          }
          break;
        case Takes::kPerhaps:
          reached.unsure = true;
          break;
        case Takes::kNo:
          break;
      }
    }
  }
  // RabbitMQ asks whether the message was routed to a queue, over however many exchanges.
  if (found->second.alternate_exchange && (!routed || reached.queues.empty()))
    Follow(*found->second.alternate_exchange, key, passed, reached);
}

std::set<std::string> KeysInto(const TopologyFacts& facts, const std::string& queue) {
  std::set<std::string> keys;
  for (const auto& binding : facts.bindings) {
    if (binding.queue != queue) continue;
    const auto exchange = facts.exchanges.find(binding.exchange);
    const bool is_exact =
        binding.exchange.empty() || (exchange != facts.exchanges.end() &&
                                     (exchange->second.type == "direct" ||
                                      (exchange->second.type == "topic" &&
                                       binding.key.find_first_of("#*") == std::string::npos)));
    if (is_exact) keys.insert(binding.key);
  }
  return keys;
}

}  // namespace deadletter::rabbitmq
