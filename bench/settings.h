// Sizes of the measurements, from the environment.
#pragma once

#include <cstddef>

#include "bench/servers.h"

namespace deadletter::bench {

struct Settings {
  std::size_t letters;  // LETTERS
  std::size_t
      road_letters;        // ROAD_LETTERS: in the queue, where LETTERS says how many the ledger has
  std::size_t runs;        // RUNS: of each, interleaved
  Platform platform;       // PLATFORM: shaped or complete
  std::size_t body_bytes;  // BODY_BYTES; 0: as they come
  bool plans;              // PLANS=1: how the database answers pages, too
};

}  // namespace deadletter::bench
