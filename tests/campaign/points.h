// The named fault points, as docs/architecture.md lists them.
#pragma once

#include <string>
#include <vector>

namespace deadletter::test {

struct FaultPoint {
  std::string name;
  std::string pair;       // "both", or the only one that has it: "embedded", "servers"
  std::string killed_by;  // "crash matrix", or the test that does
};

[[nodiscard]] std::vector<FaultPoint> FaultPoints();

// Those that the crash matrix kills at over this pair ("Embedded", "Servers"), in the order of the
// list.
[[nodiscard]] std::vector<std::string> MatrixPoints(const std::string& pair);

// Whether only a replay comes to that point.
[[nodiscard]] bool IsOfReplay(const std::string& point);

// Whether a process comes to that point while it starts, with nothing in hand yet: it migrates its
// ledger, opens its queue file, looks at what is there, is about to consume; or it is no server at
// all (`submit`). What it looks at then it looks at again later, but only every few seconds.
[[nodiscard]] bool IsAtStart(const std::string& pair, const std::string& point);

}  // namespace deadletter::test
