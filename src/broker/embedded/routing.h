// Which queues a message reaches.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "broker/embedded/tables.h"

namespace deadletter::embedded {

struct Route {
  bool exchange_exists = true;
  std::set<QueueId> queues;  // each once, however many bindings match
};

// The default exchange ("") reaches the queue that a key names. An exchange that routes nowhere
// passes the message on to its alternate exchange, where it has one that exists; a ring of
// alternates ends where it began.
[[nodiscard]] Route FindRoute(Tables& tables, const std::string& exchange,
                              const std::vector<std::string>& routing_keys);

}  // namespace deadletter::embedded
