// GET /v1/audit, and how its entries come to be.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "ledger/audit.h"
#include "operations/audited_act.h"
#include "operations/cursor.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"
#include "operations/role.h"

namespace deadletter {

// Of an entry's detail.
inline constexpr std::size_t kMaxAuditDetailBytes = 200;

// An entry about something that `caller` does now.
[[nodiscard]] AuditEntry MakeAuditEntry(const Caller& caller, AuditedAct act, std::string subject,
                                        std::string detail, Instant now);

// The parameters of GET /v1/audit; all but limit and cursor are filters.
inline constexpr std::array<std::string_view, 7> kAuditParameters = {
    "who", "what", "subject", "since", "until", "limit", "cursor"};

struct AuditRequest {
  AuditFilter filter;
  FilterDigest digest{};
  std::size_t limit = 0;
  std::optional<Uuid> after;
};

[[nodiscard]] OperationResult<AuditRequest> ParseAuditRequest(
    std::span<const Parameter> parameters);

// {"items":[…],"next_cursor":"…"|null}.
[[nodiscard]] OperationResult<std::string> ListAudit(Audit& audit, const AuditRequest& request);

}  // namespace deadletter
