// The one table of everything that can be configured. Loading, describing, the environment's names
// and the check of docs/configuration.md all go through it.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/key.h"

namespace deadletter {

[[nodiscard]] const std::vector<Key<Config>>& ConfigKeys();  // "data_dir", "broker.url", …
[[nodiscard]] const std::vector<Key<QueueConfig>>&
QueueKeys();  // of one [[queue]]: "queue.name", …
[[nodiscard]] const std::vector<Key<Rule>>&
PolicyKeys();  // of one [[policy]]: "policy.match.reason", …

// "broker.url" -> "DEADLETTER_BROKER_URL"
[[nodiscard]] std::string VariableName(const std::string& key);

}  // namespace deadletter
