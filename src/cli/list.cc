#include <optional>
#include <ostream>

#include "cli/client_commands.h"
#include "cli/letter_fields.h"
#include "cli/pages.h"
#include "cli/table.h"

namespace deadletter::cli {
namespace {

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

  void Finish(const Listed& listed) {
    if (listed.items == 0) terminal_.out << "no letters\n";
    if (listed.more) terminal_.out << "there are more: --limit shows as many as you ask for\n";
  }

 private:
  const Terminal& terminal_;
  Instant now_;
  std::optional<Table> table_;
};

}  // namespace

int RunList(const ListCommand& command, OutputFormat output, const Terminal& terminal) {
  TablePrinter table(terminal);
  const auto listed = FollowPages({.server = command.server,
                                   .target = "v1/letters",
                                   .filters = command.filters,
                                   .limit = command.limit},
                                  [&](const boost::json::array& letters) {
                                    if (output == OutputFormat::kJson) {
                                      PrintJsonLines(letters, terminal);
                                    } else {
                                      table.Print(letters);
                                    }
                                  });
  if (!listed) {
    SayError(terminal, listed.error().message);
    return listed.error().status;
  }
  if (output == OutputFormat::kTable) table.Finish(*listed);
  SayLookedTo(terminal, listed->looked_to);
  SayUnindexed(terminal, listed->unindexed);
  terminal.out.flush();
  return terminal.out ? kExitDone : kExitFailed;
}

}  // namespace deadletter::cli
