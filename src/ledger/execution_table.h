// Which table holds the platform's executions and what its columns are called (configuration
// section [executions]).
#pragma once

#include <string>
#include <vector>

#include "letter/execution_id.h"

namespace deadletter {

// Names are the user's, schema-qualified or not; "" = no such column (not allowed for table, id and
// status).
struct ExecutionTable {
  std::string table = "execution";
  std::string id = "id";
  ExecutionIdType id_type = ExecutionIdType::kInteger;
  std::string status = "status";
  std::string result = "result";
  std::string error;
  std::string updated = "updated";
  std::string finished;
  std::string worker = "worker";
  std::string action = "action";
  std::string action_ref = "action_ref";
  std::string heartbeat;
  std::vector<std::string> failable = {"scheduled", "running"};
  std::string failed = "failed";
  std::string replay_status = "scheduled";
  std::vector<std::string> final_statuses = {"completed", "failed", "cancelled", "timeout",
                                             "abandoned"};
};

enum class ExecutionsMode {
  kFail,     // letters fail their executions
  kObserve,  // letters are recorded as parked (detail `observed`); the platform's table is not even
             // read
};

}  // namespace deadletter
