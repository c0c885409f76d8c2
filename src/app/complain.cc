#include <cstdio>

#include "app/commands.h"
#include "cli/terminal.h"

namespace deadletter {

int Complain(int status, const std::string& message) {
  std::fprintf(stderr, "deadletter: %s\n", cli::SafeText(message).c_str());
  return status;
}

}  // namespace deadletter
