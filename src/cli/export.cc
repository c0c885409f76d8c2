#include <algorithm>
#include <ostream>
#include <string>

#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/pages.h"

namespace deadletter::cli {
namespace {

// Whole lines only: what is cut short ends with the last letter that came whole.
class LinePrinter {
 public:
  explicit LinePrinter(const Terminal& terminal) : terminal_(terminal) {}

  bool Take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      line_.append(bytes.substr(0, end));
      if (end == std::string_view::npos) break;
      terminal_.out << SafeJson(line_) << '\n';
      ++lines_;
      line_.clear();
      bytes.remove_prefix(end + 1);
    }
    return terminal_.out.good();
  }
  [[nodiscard]] std::size_t lines() const { return lines_; }

 private:
  const Terminal& terminal_;
  std::string line_;
  std::size_t lines_ = 0;
};

std::string TargetOf(const ExportCommand& command, std::string target) {
  char separator = '?';
  for (const auto& [name, value] : command.filters) {
    target += separator + name + "=" + EncodeForUrl(value);
    separator = '&';
  }
  return target;
}

// The lines of an export have no place for it. Asked before, so that no letter is left out of both.
Result<void, AskError> TellUnindexed(const ExportCommand& command, const Terminal& terminal) {
  if (std::ranges::none_of(command.filters, [](const auto& each) { return each.first == "q"; }))
    return {};
  const auto page = Ask(command.server, TargetOf(command, "v1/letters") + "&limit=1");
  if (!page) return Unexpected<AskError>(page.error());
  const auto answer = ParseAnswer(*page);
  if (!answer) return Unexpected<AskError>(AskError{.message = answer.error().message});
  SayUnindexed(terminal, NumberField(*answer, "unindexed_letters"));
  return {};
}

}  // namespace

int RunExport(const ExportCommand& command, const Terminal& terminal) {
  if (const auto told = TellUnindexed(command, terminal); !told) {
    SayError(terminal, told.error().message);
    return told.error().status;
  }
  LinePrinter printer(terminal);
  const auto done = Download(command.server, TargetOf(command, "v1/export"), "application/x-ndjson",
                             [&](std::string_view bytes) { return printer.Take(bytes); });
  terminal.out.flush();
  if (!terminal.out) return kExitFailed;  // said where all output is looked after
  if (done) return kExitDone;
  const std::string message = done.error().message;
  SayError(terminal, printer.lines() == 0
                         ? message
                         : "the export was cut short after " + std::to_string(printer.lines()) +
                               " letters, ask again: " + message);
  return done.error().status;
}

}  // namespace deadletter::cli
