// The keys that hold addresses. A wrong value of one that may hold a password is never shown.
#pragma once

#include "config/config.h"
#include "config/key.h"

namespace deadletter {

[[nodiscard]] Key<Config> BrokerUrlKey();
[[nodiscard]] Key<Config> LedgerUrlKey();
[[nodiscard]] Key<Config> ManagementUrlKey();
[[nodiscard]] Key<Config> ListenKey();

}  // namespace deadletter
