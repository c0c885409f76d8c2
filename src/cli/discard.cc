#include <boost/json/object.hpp>
#include <ostream>

#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/pages.h"

namespace deadletter::cli {
namespace {

// "; passed over: 2 closed, 1 in a replay"; empty where nothing was.
std::string PassedOver(const boost::json::object& answer) {
  std::string text;
  for (const auto& [name, word] :
       {std::pair("closed", " closed already"), std::pair("waiting", " that wait for themselves"),
        std::pair("taken", " in a replay")}) {
    const std::string count = Field(answer, name);
    if (!count.empty() && count != "0") text += (text.empty() ? "" : ", ") + count + word;
  }
  return text.empty() ? text : "; passed over: " + text;
}

}  // namespace

int RunDiscard(const DiscardCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto answer = Tell(command.server, "v1/discards", command.request_json);
  if (!answer) {
    SayError(terminal, answer.error().message);
    return answer.error().status;
  }
  const auto discarded = ParseAnswer(*answer);
  if (!discarded) {
    SayError(terminal, discarded.error().message);
    return kExitFailed;
  }
  SayUnindexed(terminal, NumberField(*discarded, "unindexed_letters"));
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*answer) << '\n';
  } else {
    terminal.out << Field(*discarded, "discarded") << " of " << Field(*discarded, "letters")
                 << (Flag(*discarded, "dry_run") ? " letters would be discarded"
                                                 : " letters discarded")
                 << PassedOver(*discarded) << '\n';
  }
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

}  // namespace deadletter::cli
