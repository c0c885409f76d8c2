#include <fmt/format.h>

#include <ostream>

#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/table.h"

namespace deadletter::cli {
namespace {

int Complain(const Terminal& terminal, const std::string& message, int status) {
  SayError(terminal, message);
  return status;
}

// The sentence wrapped at words, so that it can be read at any width.
void PrintSentence(const std::string& sentence, const Terminal& terminal) {
  constexpr std::size_t kIndent = 2;
  std::size_t column = 0;
  std::size_t at = 0;
  while (at < sentence.size()) {
    const std::size_t end = std::min(sentence.find(' ', at), sentence.size());
    const std::string word = sentence.substr(at, end - at);
    at = end + 1;
    if (column != 0 && column + 1 + word.size() > terminal.columns) {
      terminal.out << '\n';
      column = 0;
    }
    terminal.out << (column == 0 ? std::string(kIndent, ' ') : " ") << word;
    column += (column == 0 ? kIndent : 1) + word.size();
  }
  terminal.out << "\n\n";
}

// "died: expired, 2 times"
std::string What(const boost::json::object& event) {
  std::string what = Field(event, "what");
  const std::string reason = Field(event, "reason");
  const std::string count = Field(event, "count");
  if (!reason.empty()) what += ": " + reason;
  if (!count.empty() && count != "1") what += ", " + count + " times";
  return what;
}

std::vector<Column> Columns() {
  return {{.title = "WHEN", .least = 23},
          {.title = "WHAT", .least = 13},
          {.title = "LETTER", .least = 36},
          {.title = "QUEUE", .least = 8, .dispensable = 1},
          {.title = "DETAIL", .least = 8, .dispensable = 2}};
}

Row EventRow(const boost::json::value& item) {
  if (!item.is_object()) return Row(Columns().size());
  const boost::json::object& event = item.get_object();
  return {{TimeField(event, "at")},
          {What(event)},
          {Field(event, "letter")},
          {Field(event, "queue")},
          {Field(event, "detail")}};
}

void PrintTimeline(const boost::json::object& explained, const Terminal& terminal) {
  const auto* const timeline = explained.if_contains("timeline");
  if (timeline == nullptr || !timeline->is_array() || timeline->get_array().empty()) return;
  std::vector<Row> rows;
  for (const auto& event : timeline->get_array()) rows.push_back(EventRow(event));
  const Table table(Columns(), rows, terminal.columns, terminal.colour);
  terminal.out << table.Header();
  for (const Row& row : rows) terminal.out << table.Line(row);
  if (Flag(explained, "more_letters")) {
    terminal.out << "there are older letters: `deadletter list --execution-id "
                 << Field(explained, "execution_id") << "` shows them\n";
  }
}

}  // namespace

int RunExplain(const ExplainCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto json =
      Ask(command.server, "v1/executions/" + EncodeForUrl(command.execution_id) + "/explain");
  if (!json) return Complain(terminal, json.error().message, json.error().status);
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*json) << '\n';
  } else {
    const auto explained = ParseAnswer(*json);
    if (!explained) return Complain(terminal, explained.error().message, kExitFailed);
    terminal.out << "Execution " << Field(*explained, "execution_id") << '\n';
    PrintSentence(Field(*explained, "conclusion"), terminal);
    PrintTimeline(*explained, terminal);
  }
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

}  // namespace deadletter::cli
