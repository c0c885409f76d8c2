// Judges what is known of a virtual host against what is configured. Pure: no broker is asked.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/rabbitmq/topology_facts.h"
#include "broker/topology.h"

namespace deadletter::rabbitmq {

[[nodiscard]] std::vector<Finding> Judge(const TopologyPlan& plan, const TopologyFacts& facts);

// 3.13.0–3.13.2 and 4.0.0–4.0.4.
[[nodiscard]] bool HasBrokenDeadLettering(std::string_view version);

// The policy that gives the DLX its alternate exchange.
inline constexpr const char* kUnroutedPolicy = "deadletter-unrouted";

// The three numbers at the front of "3.10.8"; nothing where they are not there.
[[nodiscard]] std::optional<std::array<int, 3>> VersionOf(std::string_view text);

// In single quotes, for a shell.
[[nodiscard]] std::string ShellQuoted(std::string_view text);

// "^attune\.dlx$": matches that name alone.
[[nodiscard]] std::string PatternOf(std::string_view name);
// The command that attaches the alternate exchange. Where a policy applies to the DLX already, that
// one is extended: the broker applies only one policy to an exchange.
[[nodiscard]] std::string AttachCommand(const TopologyPlan& plan, const TopologyFacts& facts);

}  // namespace deadletter::rabbitmq
