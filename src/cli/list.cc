#include <algorithm>
#include <boost/json/serialize.hpp>
#include <optional>
#include <ostream>

#include "cli/client_commands.h"
#include "cli/http_client.h"
#include "cli/letter_fields.h"
#include "cli/table.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kMaxPage = 1000;

std::string Target(const ListCommand& command, std::size_t limit,
                   const std::optional<std::string>& cursor) {
  std::string target = "v1/letters?limit=" + std::to_string(limit);
  for (const auto& [name, value] : command.filters)
    target += "&" + name + "=" + EncodeForUrl(value);
  if (cursor) target += "&cursor=" + EncodeForUrl(*cursor);
  return target;
}

struct Page {
  boost::json::array letters;
  std::optional<std::string> next_cursor;
};

Result<Page, AskError> Fetch(const ListCommand& command, std::size_t limit,
                             const std::optional<std::string>& cursor) {
  const auto json = Ask(command.server, Target(command, limit, cursor));
  if (!json) return Unexpected<AskError>(json.error());
  auto answer = ParseAnswer(*json);
  if (!answer) return Unexpected<AskError>(AskError{.message = answer.error().message});
  Page page;
  if (auto* items = answer->if_contains("items"); items != nullptr && items->is_array()) {
    page.letters = std::move(items->get_array());
  }
  if (auto* next = answer->if_contains("next_cursor"); next != nullptr && next->is_string()) {
    page.next_cursor = std::string(next->get_string());
  }
  return page;
}

// What a person should look at is red, what is still to come yellow.
const char* Paint(std::string_view outcome) {
  if (outcome == "refused" || outcome == "malformed" || outcome == "unexpected_type" ||
      outcome == "not_found") {
    return kRed;
  }
  return outcome == "deferred" || outcome == "retried" ? kYellow : "";
}

// The id whole, so that it can be given to `show`.
std::vector<Column> Columns() {
  return {{.title = "ID", .least = 36},
          {.title = "AGE", .least = 4},
          {.title = "EXECUTION", .least = 9},
          {.title = "REASON", .least = 7},
          {.title = "OUTCOME", .least = 7},
          {.title = "ACTION", .least = 7, .dispensable = 1},
          {.title = "QUEUE", .least = 12, .dispensable = 2},
          {.title = "STATE", .least = 7, .dispensable = 3}};
}

Row LetterRow(const boost::json::value& item, Instant now) {
  if (!item.is_object()) return Row(Columns().size());
  const boost::json::object& letter = item.get_object();
  const std::string outcome = Field(letter, "outcome");
  return {{Field(letter, "id")},           {AgeField(letter, "received_at", now)},
          {Field(letter, "execution_id")}, {Field(letter, "reason")},
          {outcome, Paint(outcome)},       {Field(letter, "action")},
          {Field(letter, "queue")},        {Field(letter, "state")}};
}

// Pages as they come: the first decides how wide the columns are.
class TablePrinter {
 public:
  explicit TablePrinter(const Terminal& terminal)
      : terminal_(terminal), now_(SystemClock().Now()) {}

  void Print(const boost::json::array& letters) {
    std::vector<Row> rows;
    for (const auto& letter : letters) rows.push_back(LetterRow(letter, now_));
    if (!table_ && !rows.empty()) {
      table_.emplace(Columns(), rows, terminal_.columns, terminal_.colour);
      terminal_.out << table_->Header();
    }
    for (const Row& row : rows) terminal_.out << table_->Line(row);
  }

  void Finish(std::size_t printed, bool more) {
    if (printed == 0) terminal_.out << "no letters\n";
    if (more) terminal_.out << "there are more: --limit shows as many as you ask for\n";
  }

 private:
  const Terminal& terminal_;
  Instant now_;
  std::optional<Table> table_;
};

void PrintJson(const boost::json::array& letters, const Terminal& terminal) {
  for (const auto& letter : letters)
    terminal.out << SafeJson(boost::json::serialize(letter)) << '\n';
}

}  // namespace

int RunList(const ListCommand& command, OutputFormat output, const Terminal& terminal) {
  TablePrinter table(terminal);
  std::optional<std::string> cursor;
  std::size_t left = command.limit;
  do {
    auto page = Fetch(command, std::min(left, kMaxPage), cursor);
    if (!page) {
      SayError(terminal, page.error().message);
      return page.error().status;
    }
    // A server that gives more than it was asked for, or nothing and yet a cursor, must not keep us
    // for ever.
    if (page->letters.size() > left) page->letters.resize(left);
    left -= page->letters.size();
    cursor = page->letters.empty() ? std::nullopt : std::move(page->next_cursor);
    if (output == OutputFormat::kJson) {
      PrintJson(page->letters, terminal);
    } else {
      table.Print(page->letters);
    }
  } while (cursor && left > 0);
  if (output == OutputFormat::kTable) table.Finish(command.limit - left, cursor.has_value());
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

}  // namespace deadletter::cli
