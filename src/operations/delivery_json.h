// A message as a worker over HTTP gets it: whole, with what we could read of it.
#pragma once

#include <optional>
#include <string>

#include "broker/work_queue.h"
#include "letter/letter.h"

namespace deadletter {

// `read`: of that lease's delivery. `execution_status`: what the platform's row says now; null
// where there is none, or it cannot be told.
[[nodiscard]] std::string DeliveryJson(const Lease& lease, const Letter& read,
                                       const std::optional<std::string>& execution_status);

}  // namespace deadletter
