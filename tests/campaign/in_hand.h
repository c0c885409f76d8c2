// What a server that stands still has in hand: not what waits for it in a queue, but what would be
// given back, sent again or be in doubt, if it died now.
#pragma once

#include <cstddef>
#include <memory>

#include "tests/system/pair.h"

namespace deadletter::test {

// Asks through connections of its own, which wait for nobody's lock. Threads: one at a time, and
// that may be another one than the campaign's.
class InHand {
 public:
  virtual ~InHand() = default;

  // Before the server starts. What others hold by then, or have claimed, is none of its own; where
  // others go on meanwhile, what is claimed by whom cannot be told, and no claim counts.
  virtual void Begin(bool is_alone) = 0;
  // Servers that start, and connections that are made, from now on are others'.
  virtual void End() = 0;
  // Of the server that was started since: letters that the broker has given to it and that it has
  // not acknowledged, and outbox entries (events, retries) that it has claimed and not marked.
  // Letters of replays that it has claimed and not marked are in hand, too.
  [[nodiscard]] virtual std::size_t Count() = 0;
  // Letters of the replays that it drives that have been claimed and have not ended: on their way,
  // or out and not answered. Of a server that is alone.
  [[nodiscard]] virtual std::size_t CountReplayed() = 0;
};

[[nodiscard]] std::unique_ptr<InHand> InHandOf(Pair& pair);

}  // namespace deadletter::test
