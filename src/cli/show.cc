#include <ostream>

#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_page.h"

namespace deadletter::cli {
namespace {

int Complain(const Terminal& terminal, const std::string& message, int status) {
  SayError(terminal, message);
  return status;
}

}  // namespace

int RunShow(const ShowCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto json = Ask(command.server, "v1/letters/" + EncodeForUrl(command.id) +
                                            (command.reveal ? "?reveal=true" : ""));
  if (!json) return Complain(terminal, json.error().message, json.error().status);
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*json) << '\n';
  } else {
    const auto page = LetterPage(*json, terminal.colour);
    if (!page) return Complain(terminal, page.error().message, kExitFailed);
    terminal.out << *page;
  }
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

}  // namespace deadletter::cli
