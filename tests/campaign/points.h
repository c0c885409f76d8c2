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

}  // namespace deadletter::test
