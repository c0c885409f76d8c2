#include <cstdio>

#include "app/commands.h"

namespace deadletter {

// Loading has checked everything already: what is left is to show it.
int RunConfigCheck(const Config& config) {
  for (const std::string& warning : config.warnings) {
    std::fprintf(stderr, "deadletter: warning: %s\n", warning.c_str());
  }
  std::fputs(DescribeConfig(config).c_str(), stdout);
  return cli::kExitDone;
}

}  // namespace deadletter
