#include <cstdio>

#include "app/commands.h"
#include "app/json_text.h"
#include "base/clock.h"
#include "operations/token_file.h"

namespace deadletter {

// The token alone on standard output, so that it can go straight into a secret's store; what is to
// be said about it on standard error.
int RunTokenNew(const Config& config, const cli::TokenNewCommand& command,
                cli::OutputFormat output) {
  const auto path = command.tokens_file ? command.tokens_file : config.tokens_file;
  if (!path) {
    return Complain(cli::kExitUsage,
                    "token new: where are tokens kept? Set auth.tokens_file, or pass --tokens-file "
                    "FILE");
  }
  const auto role = RoleFromName(command.role);
  if (!role) return Complain(cli::kExitUsage, "token new: there is no role " + command.role);
  if (!IsTokenName(command.name)) {
    return Complain(cli::kExitUsage,
                    "token new: --name must be 1 to 64 of A-Z, a-z, 0-9, '.', '_', '-' and '@', "
                    "and not 'local'");
  }
  const auto token = AddToken(*path, {.name = command.name, .role = *role}, SystemClock().Now());
  if (!token) return Complain(cli::kExitFailed, "token new: " + token.error().message);
  if (output == cli::OutputFormat::kJson) {
    std::printf("{\"name\":%s,\"role\":%s,\"token\":%s,\"tokens_file\":%s}\n",
                JsonText(command.name).c_str(), JsonText(command.role).c_str(),
                JsonText(*token).c_str(), JsonText(*path).c_str());
    return cli::kExitDone;
  }
  std::printf("%s\n", token->c_str());
  return Complain(cli::kExitDone,
                  "this is the only time that it is shown; its digest is in " + *path);
}

}  // namespace deadletter
