#include <cstdio>

#include "app/commands.h"

namespace deadletter {

int Complain(int status, const std::string& message) {
  std::fprintf(stderr, "deadletter: %s\n", message.c_str());
  return status;
}

}  // namespace deadletter
