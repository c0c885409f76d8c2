#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <optional>
#include <ostream>
#include <thread>

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

void PrintPreview(const json::object& preview, const Terminal& terminal) {
  terminal.out << Number(preview, "letters") << " letters would be replayed, "
               << Number(preview, "taken") << " of them are taken by other replays\n";
  const json::value* groups = preview.if_contains("groups");
  if (groups == nullptr || !groups->is_array()) return;
  for (const json::value& one : groups->get_array()) {
    if (!one.is_object()) continue;
    const json::object& group = one.get_object();
    terminal.out << "  " << Number(group, "letters") << " of group " << Field(group, "group")
                 << " that died in " << Field(group, "queue");
    const json::value* to = group.if_contains("to");
    if (to != nullptr && to->is_object()) {
      terminal.out << ", to " << Field(to->get_object(), "exchange") << " with "
                   << Field(to->get_object(), "routing_key");
    }
    terminal.out << '\n';
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
int Watch(const ReplayCommand& command, OutputFormat output, const Terminal& terminal,
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
    const auto answer = Ask(command.server, target);
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

int ListThem(const ReplaysCommand& command, OutputFormat output, const Terminal& terminal) {
  std::optional<Table> table;
  const auto print = [&](const json::array& replays) {
    if (output == OutputFormat::kJson) return PrintJsonLines(replays, terminal);
    std::vector<Row> rows;
    for (const json::value& replay : replays) {
      if (replay.is_object()) rows.push_back(ReplayRow(replay.get_object()));
    }
    if (!table && !rows.empty()) {
      table.emplace(Columns(), rows, terminal.columns, terminal.colour);
      terminal.out << table->Header();
    }
    for (const Row& row : rows) terminal.out << table->Line(row);
  };
  const auto listed = FollowPages(
      {.server = command.server, .target = "v1/replays", .filters = {}, .limit = command.limit},
      print);
  if (!listed) return Complain(terminal, listed.error());
  if (output == OutputFormat::kTable) {
    if (listed->items == 0) terminal.out << "no replays\n";
    if (listed->more) terminal.out << "there are more: --limit shows as many as you ask for\n";
  }
  return Finish(terminal);
}

std::string_view Verb(ReplaysAction action) {
  switch (action) {
    case ReplaysAction::kShow:
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
  if (command.watch) return Watch(command, output, terminal, std::move(*replay));
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
  const std::string target =
      "v1/replays/" + EncodeForUrl(command.id) + std::string(Verb(command.action));
  const auto answer = command.action == ReplaysAction::kShow ? Ask(command.server, target)
                                                             : Tell(command.server, target, "");
  if (!answer) return Complain(terminal, answer.error());
  const auto replay = ParseAnswer(*answer);
  if (!replay) return Complain(terminal, {kExitFailed, replay.error().message});
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*answer) << '\n';
  } else {
    PrintReplay(*replay, terminal);
  }
  return Finish(terminal);
}

}  // namespace deadletter::cli
