// What the road is compared with.
#pragma once

#include "bench/servers.h"

namespace deadletter::bench {

struct RivalResult {
  double letters_per_second = 0;
  double postgres_cpu_us = 0;  // a letter
  double rabbitmq_cpu_us = 0;
};

// Takes every letter out of the queue and does nothing with it.
[[nodiscard]] RivalResult RunDrain(Servers& servers, const Filling& filling, std::uint16_t prefetch,
                                   bool gather);

// The frozen script of bench/settle, by pgbench with one connection.
[[nodiscard]] RivalResult RunSettle(Servers& servers, const Filling& filling,
                                    std::size_t batch_letters);

// One letter at a time: parse, SELECT, UPDATE where it is still scheduled, ack; prefetch 10. The
// statements are prepared.
[[nodiscard]] RivalResult RunOriginal(Servers& servers, const Filling& filling);

}  // namespace deadletter::bench
