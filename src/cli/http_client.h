// Asking a running server.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command_line.h"

namespace deadletter::cli {

// What goes wrong ends a command: with this status, and this one line.
struct AskError {
  int status = kExitFailed;
  std::string message;
};

// GET `target` ("v1/letters?state=open", without the slash in front) below the server's URL; the
// JSON of its answer. One connection a call; 30 s for each of connecting and answering.
[[nodiscard]] Result<std::string, AskError> Ask(const ServerAccess& server,
                                                const std::string& target);

// Percent-encoded for a path segment or a query's value.
[[nodiscard]] std::string EncodeForUrl(std::string_view text);

}  // namespace deadletter::cli
