#include <algorithm>
#include <boost/json/array.hpp>
#include <ostream>

#include "cli/bars.h"
#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/table.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kLabelColumns = 11;
constexpr std::size_t kMostBars = 60;

std::vector<std::int64_t> Buckets(const boost::json::object& stats) {
  std::vector<std::int64_t> numbers;
  const boost::json::value* const buckets = stats.if_contains("buckets");
  if (buckets == nullptr || !buckets->is_array()) return numbers;
  for (const boost::json::value& bucket : buckets->get_array())
    numbers.push_back(bucket.is_object() ? NumberField(bucket.get_object(), "letters") : 0);
  return numbers;
}

// A row a name that has any; what it is of stands in the first one.
void AddRows(std::vector<Row>& rows, const boost::json::object& stats, std::string_view member,
             const std::string& title, bool also_none) {
  const boost::json::value* const counts = stats.if_contains(member);
  if (counts == nullptr || !counts->is_object()) return;
  std::string label = title;
  for (const auto& [name, number] : counts->get_object()) {
    const std::int64_t letters = NumberField(counts->get_object(), name);
    if (letters == 0 && !also_none) continue;
    const std::string shown =
        name.empty() ? std::string("(others)") : SafeText(std::string_view(name));
    rows.push_back({{std::exchange(label, "")}, {shown}, {std::to_string(letters)}});
  }
}

void PrintStats(const boost::json::object& stats, const Terminal& terminal) {
  terminal.out << "letters    " << NumberField(stats, "letters") << " from "
               << TimeField(stats, "since") << " until " << TimeField(stats, "until") << '\n';
  const std::size_t room = std::max(terminal.columns, kLabelColumns + 1) - kLabelColumns;
  terminal.out << "by hour    " << Bars(Buckets(stats), std::min(room, kMostBars), terminal.blocks)
               << '\n';
  std::vector<Row> rows;
  AddRows(rows, stats, "by_reason", "reason", false);
  AddRows(rows, stats, "by_outcome", "outcome", false);
  AddRows(rows, stats, "by_queue", "queue", false);
  AddRows(rows, stats, "states", "now", true);
  AddRows(rows, stats, "depth", "waiting in", true);
  rows.push_back({{"to be sent"}, {""}, {std::to_string(NumberField(stats, "outbox_pending"))}});
  rows.push_back({{"uncounted"}, {""}, {std::to_string(NumberField(stats, "uncounted_letters"))}});
  const Table table({{.title = "OF", .least = kLabelColumns - 1},
                     {.title = "NAME", .least = 16},
                     {.title = "LETTERS", .least = 7}},
                    rows, terminal.columns, terminal.colour);
  terminal.out << table.Header();
  for (const Row& row : rows) terminal.out << table.Line(row);
}

}  // namespace

int RunStats(const StatsCommand& command, OutputFormat output, const Terminal& terminal) {
  std::string target = "v1/stats";
  for (const auto& [name, value] : command.filters)
    target +=
        (target.find('?') == std::string::npos ? "?" : "&") + name + "=" + EncodeForUrl(value);
  const auto answer = Ask(command.server, target);
  if (!answer) {
    SayError(terminal, answer.error().message);
    return answer.error().status;
  }
  if (output == OutputFormat::kJson) {
    terminal.out << SafeJson(*answer) << '\n';
  } else {
    const auto stats = ParseAnswer(*answer);
    if (!stats) {
      SayError(terminal, stats.error().message);
      return kExitFailed;
    }
    PrintStats(*stats, terminal);
  }
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

}  // namespace deadletter::cli
