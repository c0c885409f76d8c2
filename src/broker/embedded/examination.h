// What `deadletter doctor` asks of the embedded queue file, and how it judges the answers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnosis.h"
#include "broker/examination.h"
#include "sqlite/file_examination.h"

namespace deadletter::embedded {

struct QueueFileFacts {
  sqlite::FileFacts file;
  std::optional<std::string> error;  // of looking into it
  std::vector<Finding> findings;     // of the topology
  bool unrouted_is_used = false;
  struct Depth {
    std::int64_t waiting = 0;
    std::optional<std::chrono::seconds> oldest;  // since it came
  };
  std::map<std::string, Depth> depths;  // of the dead letter queues that exist
  int living = 0;                       // processes that have it open
};

// Makes and changes nothing; takes no message.
[[nodiscard]] QueueFileFacts LookAtQueueFile(const std::string& path,
                                             const BrokerExpectations& wanted, const Clock& clock);

// Pure.
[[nodiscard]] std::vector<Diagnosis> JudgeQueueFile(const BrokerExpectations& wanted,
                                                    const QueueFileFacts& facts);

}  // namespace deadletter::embedded
