// What the feed tells, as JSON on one line. Internal to http/.
#pragma once

#include <string>

#include "telemetry/metrics.h"

namespace deadletter::http {

// Numbers only, and names from sets of ours or from the configuration: nothing of a letter.
[[nodiscard]] std::string CountsJson(const Figures& figures);

}  // namespace deadletter::http
