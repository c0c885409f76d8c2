// How the database answers: the plans of a session's statements, from the server's own log.
#pragma once

#include <string>
#include <vector>

#include "bench/servers.h"

namespace deadletter::bench {

// Sessions of that database that begin after this have their plans logged, with what each step
// really read. That costs time: nothing is measured meanwhile.
class PlanLog {
 public:
  PlanLog(Servers& servers, const std::string& database_url);

  // The longest of the statements that were ended since the last call: its plan, as the server
  // words it; empty where there was none.
  [[nodiscard]] std::string Longest();

 private:
  const std::string path_;
  std::size_t read_ = 0;
};

}  // namespace deadletter::bench
