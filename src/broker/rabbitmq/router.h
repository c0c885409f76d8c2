// Where a message would go, told from what is known of a virtual host. Pure: nothing is sent.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/rabbitmq/topology_facts.h"

namespace deadletter::rabbitmq {

struct Reached {
  std::set<std::string> queues;
  bool exchange_missing = false;  // the one that it is sent to
  // It passes an exchange whose ways only the broker knows (headers, plugins): perhaps a queue
  // more.
  bool unsure = false;

  [[nodiscard]] bool IsLost() const { return queues.empty() && !unsure; }
};

// `facts` must be complete, and outlive it.
class Router {
 public:
  explicit Router(const TopologyFacts& facts);

  [[nodiscard]] Reached Route(const std::string& exchange, std::string_view key) const;
  // Whether anything at all is bound to it, or it has an alternate exchange.
  [[nodiscard]] bool LeadsSomewhere(const std::string& exchange) const;

 private:
  struct Way {
    const BindingFacts* binding;
    bool to_queue;
  };
  void Follow(const std::string& exchange, std::string_view key, std::set<std::string>& passed,
              Reached& reached) const;

  const TopologyFacts& facts_;
  std::map<std::string_view, std::vector<Way>> ways_;
};

// The keys that messages come to `queue` with, as far as its bindings tell: none with a wildcard.
// The default exchange brings those that are addressed to it by name.
[[nodiscard]] std::set<std::string> KeysInto(const TopologyFacts& facts, const std::string& queue);

}  // namespace deadletter::rabbitmq
