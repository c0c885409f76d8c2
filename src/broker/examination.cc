#include "broker/examination.h"

#include <algorithm>

namespace deadletter {

Diagnosis DiagnosisOf(const Finding& finding, DiagnosisLevel level) {
  Diagnosis diagnosis{level, finding.subject, finding.message, ""};
  const auto cut = finding.message.rfind("; ");
  if (cut != std::string::npos) {
    diagnosis.seen = finding.message.substr(0, cut);
    diagnosis.advice = finding.message.substr(cut + 2);
  }
  return diagnosis;
}

DiagnosisLevel LevelOf(const Finding& finding, const BrokerExpectations& wanted,
                       bool unrouted_is_used) {
  switch (finding.kind) {
    case FindingKind::kMissing: {
      const auto& plan = wanted.topology;
      const bool is_optional = std::ranges::any_of(
          wanted.optional_queues,
          [&](const std::string& queue) { return finding.subject == "queue " + queue; });
      const bool is_unrouted = finding.subject == "exchange " + plan.unrouted_exchange ||
                               finding.subject == "queue " + plan.unrouted_queue ||
                               finding.subject.starts_with("binding " + plan.unrouted_exchange +
                                                           " -> " + plan.unrouted_queue);
      const bool is_used = is_unrouted ? unrouted_is_used : !is_optional;
      return is_used ? DiagnosisLevel::kWrong : DiagnosisLevel::kWarning;
    }
    case FindingKind::kLosesLetters:
    case FindingKind::kForeignConsumer:
      return DiagnosisLevel::kWrong;
    case FindingKind::kDiffers:
      return DiagnosisLevel::kWarning;
    case FindingKind::kUnknown:
      return DiagnosisLevel::kUnknown;
  }
  return DiagnosisLevel::kUnknown;
}

std::string WaitingText(std::int64_t letters) {
  if (letters == 0) return "no letter waits";
  if (letters == 1) return "1 letter waits";
  return std::to_string(letters) + " letters wait";
}

}  // namespace deadletter
