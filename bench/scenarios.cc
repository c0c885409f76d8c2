#include "bench/scenarios.h"

namespace deadletter::bench {

const std::vector<Scenario>& Scenarios() {
  static const std::vector<Scenario> scenarios = {
      {"compare", "drain, settle, road and original, interleaved, and their ratios", CompareAll},
      {"drain", "the broker alone: receive and acknowledge", Drain},
      {"settle", "the database alone: the script of bench/settle", Settle},
      {"road", "the product", Road},
      {"original", "one letter at a time: SELECT, UPDATE, ack", OriginalAlone},
  };
  return scenarios;
}

}  // namespace deadletter::bench
