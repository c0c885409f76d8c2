// What the doctor asks of a broker, and how it tells what the check of the topology found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "broker/topology.h"
#include "letter/message.h"

namespace deadletter {

struct BrokerExpectations {
  TopologyPlan topology;
  std::vector<std::string> optional_queues;  // dead letter queues that may be missing
  std::optional<Address> events;             // where events go; none: none are sent
};

// "the advice" is what stands behind the last "; " of the finding's message.
[[nodiscard]] Diagnosis DiagnosisOf(const Finding& finding, DiagnosisLevel level);

// Of what is missing or differs only a part harms: what is optional, and what nothing leads to.
// `unrouted_is_used`: the dead letter exchange passes on to it what it cannot route.
[[nodiscard]] DiagnosisLevel LevelOf(const Finding& finding, const BrokerExpectations& wanted,
                                     bool unrouted_is_used);

// "3 letters wait", "no letter waits".
[[nodiscard]] std::string WaitingText(std::int64_t letters);

}  // namespace deadletter
