// From what became of a replayed message to the mark that the ledger gets: pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "broker/publisher.h"
#include "handler/replay_composer.h"
#include "ledger/replay_work.h"

namespace deadletter {

// Of the claim that `composed` remembers.
[[nodiscard]] ReplayResult MarkOf(const ComposedReplay& composed, ReplayMark mark,
                                  std::string detail, Instant now);

// For the broker's answer.
[[nodiscard]] ReplayResult MarkFor(const ComposedReplay& composed, const PublishResult& answer,
                                   const ReplayComposer& composer, Instant now);

}  // namespace deadletter
