#include "bench/scenarios.h"

namespace deadletter::bench {

const std::vector<Scenario>& Scenarios() {
  static const std::vector<Scenario> scenarios = {
      {"compare", "drain, settle, road and original, interleaved, and their ratios", CompareAll},
      {"drain", "the broker alone: receive and acknowledge", Drain},
      {"settle", "the database alone: the script of bench/settle", Settle},
      {"road", "the product", Road},
      {"original", "one letter at a time: SELECT, UPDATE, ack", OriginalAlone},
      {"embedded", "the embedded pair beside plain SQLite calls", Embedded},
      {"points", "what the released program's fault points cost", Points},
      {"latency", "from delivery to acknowledgement at 200 letters a second", Latency},
      {"backlog", "the first tenth of a queue beside its last tenth", Backlog},
      {"instances", "1, 2 and 4 instances on one queue", Instances},
      {"bodies", "bodies of 0.4, 1, 10 and 100 KiB", Bodies},
      {"queues", "the same letters in 1, 4, 16 and 50 queues", Queues},
      {"replay", "failed letters sent back, with two kills at a rate, and as fast as it goes",
       Replays},
      {"page", "pages of lists over a ledger of LETTERS", PageThrough},
      {"search", "text searches over a ledger of LETTERS", Search},
      {"ledger", "the road over a ledger of LETTERS and over an empty one", FullLedger},
  };
  return scenarios;
}

}  // namespace deadletter::bench
