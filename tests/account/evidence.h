// What a run has left behind, as plain data: read once, then judged (account.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/ledger_facts.h"

namespace deadletter::test {

// An event as the platform heard it; every delivery is one, copies of the same event included.
struct EventFact {
  std::string message_id;
  std::string execution_id;
  std::string status;
  std::string letter_id;      // that its result names
  std::string body_digest{};  // of the whole of it
};

struct Evidence {
  LedgerFacts ledger;                // with the platform's rows
  std::vector<EventFact> events;     // since the run began
  std::vector<std::string> waiting;  // digests of the bodies still in the dead letter queues
  // Messages of retries, in the workers' queues or dead again.
  std::vector<RetryFact> retries{};
  bool saw_queues = true;  // false: neither of the two, since servers run
};

}  // namespace deadletter::test
