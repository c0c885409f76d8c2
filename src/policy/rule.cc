#include "policy/rule.h"

#include <array>
#include <utility>

namespace deadletter {
namespace {

constexpr std::array kVerdicts = {VerdictKind::kFail, VerdictKind::kRetry, VerdictKind::kPark,
                                  VerdictKind::kDiscard};

}  // namespace

std::string_view VerdictName(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kFail:
      return "fail";
    case VerdictKind::kRetry:
      return "retry";
    case VerdictKind::kPark:
      return "park";
    case VerdictKind::kDiscard:
      return "discard";
  }
  std::unreachable();
}

std::optional<VerdictKind> VerdictFromName(std::string_view name) {
  for (const VerdictKind kind : kVerdicts) {
    if (VerdictName(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace deadletter
