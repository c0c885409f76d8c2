#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>
#include <vector>

#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/pages.h"
#include "cli/table.h"

namespace deadletter::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLookEvery{500};
constexpr int kBarColumns = 24;

int Complain(const Terminal& terminal, const AskError& error) {
  SayError(terminal, error.message);
  return error.status;
}

int Finish(const Terminal& terminal) {
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

std::int64_t Number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  json::error_code error;
  const auto number =
      value == nullptr || !value->is_number() ? 0 : value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

json::object CountsOf(const json::object& replay) {
  const json::value* counts = replay.if_contains("counts");
  return counts != nullptr && counts->is_object() ? counts->get_object() : json::object();
}

// "succeeded 12, failed_again 1": what is not 0.
std::string Ends(const json::object& counts) {
  std::string text;
  for (const char* name :
       {"succeeded", "failed_again", "no_answer", "unroutable", "in_doubt", "taken", "withdrawn"}) {
    const std::int64_t count = Number(counts, name);
    if (count != 0)
      text += (text.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(count);
  }
  return text;
}

// "[######........] 120 of 400 ended, 30 awaiting; succeeded 119, failed_again 1"
std::string Progress(const json::object& replay) {
  const json::object counts = CountsOf(replay);
  const std::int64_t letters = Number(counts, "letters");
  const std::int64_t awaiting = Number(counts, "awaiting");
  const std::int64_t ended = letters - Number(counts, "pending") - awaiting;
  const auto full = letters == 0 ? 0 : static_cast<int>(ended * kBarColumns / letters);
  std::string bar(static_cast<std::size_t>(full), '#');
  bar.resize(kBarColumns, '.');
  std::string line = "[" + bar + "] " + std::to_string(ended) + " of " + std::to_string(letters) +
                     " ended, " + std::to_string(awaiting) + " awaiting";
  const std::string ends = Ends(counts);
  return ends.empty() ? line : line + "; " + ends;
}

void PrintReplay(const json::object& replay, const Terminal& terminal) {
  terminal.out << "replay     " << Field(replay, "id") << '\n'
               << "state      " << Field(replay, "state");
  const std::string reason = Field(replay, "reason");
  if (!reason.empty()) terminal.out << ": " << reason;
  terminal.out << '\n'
               << "made       " << TimeField(replay, "created_at") << " by "
               << Field(replay, "made_by") << '\n'
               << "progress   " << Progress(replay) << '\n';
}

std::string Shown(const json::object& change, std::string_view name) {
  const json::value* value = change.if_contains(name);
  return value == nullptr || value->is_null() ? "nothing" : SafeText(json::serialize(*value));
}

// What an edit does to one letter of a group, a line a change.
void PrintEdited(const json::object& edited, const Terminal& terminal) {
  const auto each = [&](std::string_view list, std::string_view what) {
    const json::value* changes = edited.if_contains(list);
    if (changes == nullptr || !changes->is_array()) return;
    for (const json::value& change : changes->get_array()) {
      if (!change.is_object()) continue;
      const json::object& one = change.get_object();
      terminal.out << "    " << (list == "headers" ? "header" : Field(one, "op")) << ' '
                   << Field(one, what) << ": " << Shown(one, "before") << " -> "
                   << Shown(one, "after") << '\n';
    }
  };
  each("changes", "path");
  each("headers", "name");
  const std::string problem = Field(edited, "problem");
  if (!problem.empty()) terminal.out << "    not to be sent: " << problem << '\n';
}

// "12 letters are selected: 1 in another replay, 2 closed"
void PrintSelected(const json::object& preview, const Terminal& terminal) {
  terminal.out << Number(preview, "letters") << " letters are selected";
  std::string left_out;
  for (const auto& [name, words] :
       {std::pair("taken", " in another replay"), std::pair("waiting", " waiting"),
        std::pair("closed", " closed")}) {
    if (const std::int64_t count = Number(preview, name); count > 0)
      left_out += (left_out.empty() ? ": " : ", ") + std::to_string(count) + words;
  }
  terminal.out << left_out << '\n';
  if (left_out.empty()) return;
  terminal.out
      << "  what is in another replay or waiting is not sent, what is closed only where its "
         "execution is still as the letter left it\n";
}

void PrintPreview(const json::object& preview, const Terminal& terminal) {
  PrintSelected(preview, terminal);
  const json::value* groups = preview.if_contains("groups");
  if (groups == nullptr || !groups->is_array()) return;
  for (const json::value& one : groups->get_array()) {
    if (!one.is_object()) continue;
    const json::object& group = one.get_object();
    const std::string queue = Field(group, "queue");
    terminal.out << "  " << Number(group, "letters") << " of group " << Field(group, "group")
                 << " that died in " << (queue.empty() ? "no queue" : queue);
    const json::value* to = group.if_contains("to");
    if (to != nullptr && to->is_object()) {
      terminal.out << ", to " << Field(to->get_object(), "exchange") << " with "
                   << Field(to->get_object(), "routing_key");
    }
    terminal.out << '\n';
    if (const std::string problem = Field(group, "problem"); !problem.empty())
      terminal.out << "    not to be sent: " << problem << '\n';
    const json::value* edited = group.if_contains("edited");
    if (edited != nullptr && edited->is_object()) PrintEdited(edited->get_object(), terminal);
  }
}

// A longer one would go on in the next line, and could not be written over. All of it is ASCII.
std::string OnOneLine(const std::string& line, const Terminal& terminal) {
  const std::size_t most = std::max<std::size_t>(terminal.columns, 2) - 1;
  return line.size() <= most ? line : line.substr(0, most);
}

bool IsOver(const json::object& replay) {
  return !Field(replay, "ended_at").empty();
}

// Until it has ended, or is held and waits for a person.
int Watch(const ServerAccess& server, OutputFormat output, const Terminal& terminal,
          json::object replay) {
  const std::string target = "v1/replays/" + EncodeForUrl(Field(replay, "id"));
  std::string shown;
  while (true) {
    const std::string state = Field(replay, "state");
    const bool is_held = state == "paused" || state == "stopped";
    if (output == OutputFormat::kTable) {
      const std::string line = Progress(replay);
      // One line that is written over on a terminal, and one a change elsewhere.
      if (terminal.colour) terminal.out << '\r' << OnOneLine(line, terminal) << "\x1b[K";
      if (!terminal.colour && line != shown) terminal.out << line << '\n';
      terminal.out.flush();
      shown = line;
    }
    if (IsOver(replay) || is_held) break;
    std::this_thread::sleep_for(kLookEvery);
    const auto answer = Ask(server, target);
    if (!answer) return Complain(terminal, answer.error());
    auto parsed = ParseAnswer(*answer);
    if (!parsed) return Complain(terminal, {kExitFailed, parsed.error().message});
    replay = std::move(*parsed);
  }
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(json::serialize(replay)) << '\n';
  } else {
    if (terminal.colour) terminal.out << '\n';
    PrintReplay(replay, terminal);
  }
  const bool all_succeeded =
      Number(CountsOf(replay), "succeeded") == Number(CountsOf(replay), "letters");
  const int status = Finish(terminal);
  return status == kExitDone && !all_succeeded ? kExitFailed : status;
}

std::vector<Column> Columns() {
  return {
      {.title = "ID", .least = 36},       {.title = "STATE", .least = 9},
      {.title = "LETTERS", .least = 7},   {.title = "SENT", .least = 4},
      {.title = "SUCCEEDED", .least = 9}, {.title = "FAILED AGAIN", .least = 12, .dispensable = 1}};
}

Row ReplayRow(const json::object& replay) {
  const json::object counts = CountsOf(replay);
  return {{Field(replay, "id")},   {Field(replay, "state")},     {Field(counts, "letters")},
          {Field(counts, "sent")}, {Field(counts, "succeeded")}, {Field(counts, "failed_again")}};
}

// One that has not ended says how far it is in place of how it ended.
Row PartRow(const json::object& letter) {
  const std::string outcome = Field(letter, "outcome");
  return {{Field(letter, "letter")},
          {outcome.empty() ? Field(letter, "step") : outcome},
          {Field(letter, "execution_id")},
          {Field(letter, "detail")}};
}

std::vector<Column> PartColumns() {
  return {{.title = "LETTER", .least = 36},
          {.title = "ENDED", .least = 12},
          {.title = "EXECUTION", .least = 9, .dispensable = 1},
          {.title = "DETAIL", .least = 12}};
}

// Pages as they come: the first decides how wide the columns are.
std::function<void(const json::array&)> PrinterOf(std::vector<Column> columns,
                                                  Row (*row_of)(const json::object&),
                                                  OutputFormat output, const Terminal& terminal) {
  return [columns = std::move(columns), row_of, output, &terminal,
          table = std::optional<Table>()](const json::array& items) mutable {
    if (output == OutputFormat::kJson) return PrintJsonLines(items, terminal);
    std::vector<Row> rows;
    for (const json::value& item : items) {
      if (item.is_object()) rows.push_back(row_of(item.get_object()));
    }
    if (!table && !rows.empty()) {
      table.emplace(columns, rows, terminal.columns, terminal.colour);
      terminal.out << table->Header();
    }
    for (const Row& row : rows) terminal.out << table->Line(row);
  };
}

int ListThem(const ReplaysCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto listed = FollowPages(
      {.server = command.server, .target = "v1/replays", .filters = {}, .limit = command.limit},
      PrinterOf(Columns(), ReplayRow, output, terminal));
  if (!listed) return Complain(terminal, listed.error());
  if (output == OutputFormat::kTable) {
    if (listed->items == 0) terminal.out << "no replays\n";
    if (listed->more) terminal.out << "there are more: --limit shows as many as you ask for\n";
  }
  return Finish(terminal);
}

int ListLettersOf(const ReplaysCommand& command, OutputFormat output, const Terminal& terminal) {
  std::vector<std::pair<std::string, std::string>> filters;
  if (command.outcome) filters.emplace_back("outcome", *command.outcome);
  const auto listed = FollowPages({.server = command.server,
                                   .target = "v1/replays/" + EncodeForUrl(command.id) + "/letters",
                                   .filters = filters,
                                   .limit = command.limit,
                                   .cursor = command.cursor},
                                  PrinterOf(PartColumns(), PartRow, output, terminal));
  if (!listed) return Complain(terminal, listed.error());
  if (output == OutputFormat::kTable) {
    if (listed->items == 0) terminal.out << "no letters\n";
    if (listed->more) {
      terminal.out << "there are more: --limit shows as many as you ask for, and --cursor "
                   << SafeText(listed->cursor) << " goes on here\n";
    }
  }
  return Finish(terminal);
}

std::string_view Verb(ReplaysAction action) {
  switch (action) {
    case ReplaysAction::kShow:
    case ReplaysAction::kWatch:
    case ReplaysAction::kLetters:
      return "";
    case ReplaysAction::kPause:
      return "/pause";
    case ReplaysAction::kResume:
      return "/resume";
    case ReplaysAction::kCancel:
      return "/cancel";
  }
  return "";
}

}  // namespace

int RunReplay(const ReplayCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto answer = Tell(command.server, "v1/replays", command.request_json);
  if (!answer) return Complain(terminal, answer.error());
  auto replay = ParseAnswer(*answer);
  if (!replay) return Complain(terminal, {kExitFailed, replay.error().message});
  SayUnindexed(terminal, NumberField(*replay, "unindexed_letters"));
  if (command.watch) return Watch(command.server, output, terminal, std::move(*replay));
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*answer) << '\n';
  } else if (replay->contains("dry_run")) {
    PrintPreview(*replay, terminal);
  } else {
    PrintReplay(*replay, terminal);
  }
  return Finish(terminal);
}

int RunReplays(const ReplaysCommand& command, OutputFormat output, const Terminal& terminal) {
  if (command.id.empty()) return ListThem(command, output, terminal);
  if (command.action == ReplaysAction::kLetters) return ListLettersOf(command, output, terminal);
  const std::string target =
      "v1/replays/" + EncodeForUrl(command.id) + std::string(Verb(command.action));
  const bool only_looks =
      command.action == ReplaysAction::kShow || command.action == ReplaysAction::kWatch;
  const auto answer = only_looks ? Ask(command.server, target) : Tell(command.server, target, "");
  if (!answer) return Complain(terminal, answer.error());
  auto replay = ParseAnswer(*answer);
  if (!replay) return Complain(terminal, {kExitFailed, replay.error().message});
  if (command.action == ReplaysAction::kWatch)
    return Watch(command.server, output, terminal, std::move(*replay));
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*answer) << '\n';
  } else {
    PrintReplay(*replay, terminal);
  }
  return Finish(terminal);
}

}  // namespace deadletter::cli
