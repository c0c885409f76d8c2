#include "operations/audited_act.h"

namespace deadletter {

std::string_view AuditedActName(AuditedAct act) {
  switch (act) {
    case AuditedAct::kNote:
      return "note";
    case AuditedAct::kTag:
      return "tag";
    case AuditedAct::kReveal:
      return "reveal";
    case AuditedAct::kMute:
      return "mute";
    case AuditedAct::kDiscard:
      return "discard";
    case AuditedAct::kReplay:
      return "replay";
    case AuditedAct::kPause:
      return "pause";
    case AuditedAct::kResume:
      return "resume";
    case AuditedAct::kCancel:
      return "cancel";
    case AuditedAct::kSubmit:
      return "submit";
    case AuditedAct::kLease:
      return "lease";
  }
  return "";
}

}  // namespace deadletter
