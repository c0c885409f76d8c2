// Asking a running server.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command_line.h"

namespace deadletter::cli {

// What goes wrong ends a command: with this status, and this one line.
struct AskError {
  int status = kExitFailed;
  std::string message;
};

// GET `target` ("v1/letters?state=open", without the slash in front) below the server's URL; the
// JSON of its answer. One connection a call; 30 s to connect, and 60 s in all.
[[nodiscard]] Result<std::string, AskError> Ask(const ServerAccess& server,
                                                const std::string& target);

// The same with POST: `json` is done to what is at `target`. Where the answer is lost nobody knows
// whether it was, and the error says so.
[[nodiscard]] Result<std::string, AskError> Tell(const ServerAccess& server,
                                                 const std::string& target,
                                                 const std::string& json);

// GET of an answer that may be of any length: `take` gets it piece by piece, and false ends it. It
// may be cut short: what came until then was taken, and the error says why no more did.
[[nodiscard]] Result<void, AskError> Download(const ServerAccess& server, const std::string& target,
                                              const std::string& content_type,
                                              const std::function<bool(std::string_view)>& take);

// Percent-encoded for a path segment or a query's value.
[[nodiscard]] std::string EncodeForUrl(std::string_view text);

}  // namespace deadletter::cli
