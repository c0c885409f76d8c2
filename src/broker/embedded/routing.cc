#include "broker/embedded/routing.h"

#include "broker/embedded/sql.h"
#include "broker/topic_match.h"

namespace deadletter::embedded {

namespace {

std::set<QueueId> QueuesNamed(Tables& tables, const std::vector<std::string>& names) {
  std::set<QueueId> queues;
  for (const auto& name : names) {
    if (const auto queue = tables.FindQueue(name)) queues.insert(queue->id);
  }
  return queues;
}

std::set<QueueId> BoundWith(Tables& tables, const std::string& exchange,
                            const std::vector<std::string>& routing_keys) {
  std::set<QueueId> queues;
  auto bindings = tables.Prepare(sql::kBindingsOfKey);
  for (const auto& key : routing_keys) {
    bindings.Bind(exchange, key);
    while (bindings.Next()) queues.insert(bindings.Int64(0));
  }
  return queues;
}

std::set<QueueId> BoundLike(Tables& tables, const std::string& exchange, ExchangeType type,
                            const std::vector<std::string>& routing_keys) {
  std::set<QueueId> queues;
  auto bindings = tables.Prepare(sql::kBindingsOfExchange);
  bindings.Bind(exchange);
  while (bindings.Next()) {
    const auto pattern = bindings.Text(0);
    bool wanted = type == ExchangeType::kFanout;
    for (auto key = routing_keys.begin(); !wanted && key != routing_keys.end(); ++key) {
      wanted = TopicMatches(pattern, *key);
    }
    if (wanted) queues.insert(bindings.Int64(1));
  }
  return queues;
}

std::set<QueueId> BoundTo(Tables& tables, const std::string& exchange, ExchangeType type,
                          const std::vector<std::string>& routing_keys) {
  switch (type) {
    case ExchangeType::kDirect:
      return BoundWith(tables, exchange, routing_keys);
    case ExchangeType::kTopic:
    case ExchangeType::kFanout:
      return BoundLike(tables, exchange, type, routing_keys);
  }
  return {};
}

}  // namespace

Route FindRoute(Tables& tables, const std::string& exchange,
                const std::vector<std::string>& routing_keys) {
  if (exchange.empty()) return {true, QueuesNamed(tables, routing_keys)};
  auto found = tables.FindExchange(exchange);
  if (!found) return {false, {}};
  std::set<std::string> asked;
  for (auto name = exchange; found && asked.insert(name).second;) {
    if (auto queues = BoundTo(tables, name, found->type, routing_keys); !queues.empty()) {
      return {true, std::move(queues)};
    }
    if (!found->alternate) break;
    name = *found->alternate;
    found = tables.FindExchange(name);
  }
  return {true, {}};
}

}  // namespace deadletter::embedded
