// The configuration that the demo runs on: the given one, kept away from what others use.
#pragma once

#include <string>

#include "config/config.h"

namespace deadletter {

// Where the demo hears events.
inline constexpr const char* kDemoListenerQueue = "deadletter.demo.events";

// Every exchange and queue is called deadletter.demo.…, so that the demo's workers never take a
// platform's work and its handler never takes a platform's letters; the embedded files are in
// `folder`; no rule but the default one.
[[nodiscard]] Config DemoConfig(Config given, const std::string& folder);

}  // namespace deadletter
