#include <optional>
#include <ostream>

#include "base/text.h"
#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/pages.h"
#include "cli/table.h"

namespace deadletter::cli {
namespace {

int Complain(const Terminal& terminal, const AskError& error) {
  SayError(terminal, error.message);
  return error.status;
}

int Finished(const Terminal& terminal) {
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

// What is not UTF-8 no JSON can hold; the server judges the rest.
std::string Quoted(const std::string& text) {
  return JsonString(DisplayText(text, text.size() * 3));
}

std::string List(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ",") + Quoted(text);
  return "[" + list + "]";
}

std::vector<Column> AuditColumns() {
  return {{.title = "WHEN", .least = 23},
          {.title = "WHO", .least = 8},
          {.title = "WHAT", .least = 6},
          {.title = "SUBJECT", .least = 36},
          {.title = "DETAIL", .least = 8, .dispensable = 1},
          {.title = "OUTCOME", .least = 7, .dispensable = 2},
          {.title = "ROLE", .least = 6, .dispensable = 3},
          {.title = "LETTERS", .least = 7, .dispensable = 4}};
}

Row AuditRow(const boost::json::value& item) {
  if (!item.is_object()) return Row(AuditColumns().size());
  const boost::json::object& entry = item.get_object();
  return {{TimeField(entry, "at")},  {Field(entry, "who")},    {Field(entry, "what")},
          {Field(entry, "subject")}, {Field(entry, "detail")}, {Field(entry, "outcome")},
          {Field(entry, "role")},    {Field(entry, "letters")}};
}

}  // namespace

int RunNote(const NoteCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto answer = Tell(command.server, "v1/letters/" + EncodeForUrl(command.id) + "/notes",
                           "{\"text\":" + Quoted(command.text) + "}");
  if (!answer) return Complain(terminal, answer.error());
  terminal.out << (output == OutputFormat::kJson ? SafeJson(*answer) : "noted") << '\n';
  return Finished(terminal);
}

int RunTag(const TagCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto answer =
      Tell(command.server, "v1/letters/" + EncodeForUrl(command.id) + "/tags",
           "{\"add\":" + List(command.add) + ",\"remove\":" + List(command.remove) + "}");
  if (!answer) return Complain(terminal, answer.error());
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*answer) << '\n';
    return Finished(terminal);
  }
  const auto tags = ParseAnswer(*answer);
  if (!tags) return Complain(terminal, {.status = kExitFailed, .message = tags.error().message});
  const std::string words = ListField(*tags, "tags");
  terminal.out << (words.empty() ? "no tags" : words) << '\n';
  return Finished(terminal);
}

int RunAudit(const AuditCommand& command, OutputFormat output, const Terminal& terminal) {
  std::optional<Table> table;
  const auto print = [&](const boost::json::array& entries) {
    if (output == OutputFormat::kJson) return PrintJsonLines(entries, terminal);
    std::vector<Row> rows;
    for (const auto& entry : entries) rows.push_back(AuditRow(entry));
    if (!table && !rows.empty()) {
      table.emplace(AuditColumns(), rows, terminal.columns, terminal.colour);
      terminal.out << table->Header();
    }
    for (const Row& row : rows) terminal.out << table->Line(row);
  };
  const auto listed = FollowPages({.server = command.server,
                                   .target = "v1/audit",
                                   .filters = command.filters,
                                   .limit = command.limit},
                                  print);
  if (!listed) return Complain(terminal, listed.error());
  if (output == OutputFormat::kTable) {
    if (listed->items == 0) terminal.out << "no acts\n";
    if (listed->more) terminal.out << "there are more: --limit shows as many as you ask for\n";
  }
  return Finished(terminal);
}

}  // namespace deadletter::cli
