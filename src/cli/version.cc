#include <ostream>

#include "cli/client_commands.h"

namespace deadletter::cli {

int RunVersion(OutputFormat output, const Terminal& terminal) {
  if (output == OutputFormat::kJson) {
    terminal.out << R"({"name":"deadletter","version":")" DEADLETTER_VERSION "\"}\n";
  } else {
    terminal.out << "deadletter " DEADLETTER_VERSION "\n";
  }
  return kExitDone;
}

}  // namespace deadletter::cli
