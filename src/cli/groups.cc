#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <ostream>

#include "cli/bars.h"
#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/pages.h"
#include "cli/table.h"

namespace deadletter::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kTrendColumns = 12;  // two hours each

int EndWith(const Terminal& terminal, const AskError& error) {
  SayError(terminal, error.message);
  return error.status;
}

int End(const Terminal& terminal) {
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

// The group whole, so that it can be given to `mute` and to `list --group`.
std::vector<Column> GroupColumns(bool any_muted) {
  std::vector<Column> columns = {{.title = "GROUP", .least = 32},
                                 {.title = "LETTERS", .least = 7},
                                 {.title = "LAST", .least = 4},
                                 {.title = "REASON", .least = 7},
                                 {.title = "ACTION", .least = 7},
                                 {.title = "TREND", .least = kTrendColumns, .dispensable = 1},
                                 {.title = "QUEUE", .least = 12, .dispensable = 2},
                                 {.title = "FIRST", .least = 5, .dispensable = 3},
                                 {.title = "TYPE", .least = 8, .dispensable = 4}};
  if (any_muted) columns.insert(columns.begin() + 3, {.title = "MUTED", .least = 5});
  return columns;
}

std::vector<std::int64_t> Trend(const json::object& group) {
  std::vector<std::int64_t> numbers;
  const json::value* const trend = group.if_contains("trend");
  if (trend == nullptr || !trend->is_array()) return numbers;
  for (const json::value& each : trend->get_array()) {
    json::error_code error;
    const auto number = each.is_number() ? each.to_number<std::int64_t>(error) : 0;
    numbers.push_back(error ? 0 : number);
  }
  return numbers;
}

class GroupPrinter {
 public:
  explicit GroupPrinter(const Terminal& terminal)
      : terminal_(terminal), now_(SystemClock().Now()) {}

  void Print(const json::array& groups) {
    if (!table_) {
      any_muted_ = std::ranges::any_of(groups, [](const json::value& group) {
        return group.is_object() && !Field(group.get_object(), "muted_until").empty();
      });
    }
    std::vector<Row> rows;
    for (const json::value& group : groups) {
      if (group.is_object()) rows.push_back(GroupRow(group.get_object()));
    }
    if (!table_ && !rows.empty()) {
      table_.emplace(GroupColumns(any_muted_), rows, terminal_.columns, terminal_.colour);
      terminal_.out << table_->Header();
    }
    for (const Row& row : rows) terminal_.out << table_->Line(row);
  }

 private:
  [[nodiscard]] Row GroupRow(const json::object& group) const {
    Row row = {{Field(group, "group")},
               {Field(group, "letters")},
               {AgeField(group, "last_seen", now_)},
               {Field(group, "reason")},
               {Field(group, "action")},
               {Bars(Trend(group), kTrendColumns, terminal_.blocks)},
               {Field(group, "queue")},
               {AgeField(group, "first_seen", now_)},
               {Field(group, "type")}};
    if (any_muted_) row.insert(row.begin() + 3, {LeftField(group, "muted_until", now_), kYellow});
    return row;
  }

  const Terminal& terminal_;
  Instant now_;
  bool any_muted_ = false;  // of the first page
  std::optional<Table> table_;
};

}  // namespace

int RunGroups(const GroupsCommand& command, OutputFormat output, const Terminal& terminal) {
  GroupPrinter table(terminal);
  const auto listed = FollowPages({.server = command.server,
                                   .target = "v1/groups",
                                   .filters = command.filters,
                                   .limit = command.limit},
                                  [&](const json::array& groups) {
                                    if (output == OutputFormat::kJson) {
                                      PrintJsonLines(groups, terminal);
                                    } else {
                                      table.Print(groups);
                                    }
                                  });
  if (!listed) return EndWith(terminal, listed.error());
  if (output == OutputFormat::kTable) {
    if (listed->items == 0) terminal.out << "no groups\n";
    if (listed->more) terminal.out << "there are more: --limit shows as many as you ask for\n";
  }
  return End(terminal);
}

int RunMute(const MuteCommand& command, OutputFormat output, const Terminal& terminal) {
  const auto answer = Tell(command.server, "v1/groups/" + EncodeForUrl(command.group) + "/mute",
                           "{\"for\":" + std::to_string(command.seconds) + "}");
  if (!answer) return EndWith(terminal, answer.error());
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*answer) << '\n';
    return End(terminal);
  }
  const auto muted = ParseAnswer(*answer);
  if (!muted) return EndWith(terminal, {.status = kExitFailed, .message = muted.error().message});
  const std::string until = TimeField(*muted, "muted_until");
  terminal.out << (until.empty() ? "not muted" : "muted until " + until) << '\n';
  return End(terminal);
}

}  // namespace deadletter::cli
