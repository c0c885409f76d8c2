#include <ostream>
#include <string>

#include "cli/client_commands.h"
#include "cli/http_client.h"

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

std::string TargetOf(const ExportCommand& command) {
  std::string target = "v1/export";
  char separator = '?';
  for (const auto& [name, value] : command.filters) {
    target += separator + name + "=" + EncodeForUrl(value);
    separator = '&';
  }
  return target;
}

}  // namespace

int RunExport(const ExportCommand& command, const Terminal& terminal) {
  LinePrinter printer(terminal);
  const auto done = Download(command.server, TargetOf(command), "application/x-ndjson",
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
