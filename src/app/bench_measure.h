// The measurements of a bench: each does its work whole, looks at what it did, and then tells how
// long it took.
#pragma once

#include "app/bench_letters.h"
#include "app/bench_report.h"

namespace deadletter {

// Everything in turn, `sizes.runs` times, so that what disturbs one disturbs its neighbours too.
// The error says what went wrong, was not done, or stood still; or that `stop` was asked for.
[[nodiscard]] Result<BenchReport> MeasureAll(BenchScene& scene, const BenchSizes& sizes,
                                             const Clock& clock, const std::stop_token& stop,
                                             BenchProgress& progress);

}  // namespace deadletter
