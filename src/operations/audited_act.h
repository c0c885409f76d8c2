// What people do that the audit keeps, by the words it has for it.
#pragma once

#include <array>
#include <string_view>

namespace deadletter {

enum class AuditedAct {
  kNote,
  kTag,
  kReveal,
  kMute,
  kDiscard,
  kReplay,
  kPause,   // }
  kResume,  // } a replay
  kCancel,  // }
  kSubmit,
  kLease,
};

inline constexpr std::array kEveryAuditedAct = {
    AuditedAct::kNote,    AuditedAct::kTag,    AuditedAct::kReveal, AuditedAct::kMute,
    AuditedAct::kDiscard, AuditedAct::kReplay, AuditedAct::kPause,  AuditedAct::kResume,
    AuditedAct::kCancel,  AuditedAct::kSubmit, AuditedAct::kLease};

[[nodiscard]] std::string_view AuditedActName(AuditedAct act);  // "note", "tag", …

}  // namespace deadletter
