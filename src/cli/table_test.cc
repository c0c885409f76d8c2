#include "cli/table.h"

#include <gtest/gtest.h>

#include "cli/characters.h"
#include "cli/terminal.h"

namespace deadletter::cli {
namespace {

std::vector<Column> Columns() {
  return {{.title = "ID", .least = 6},
          {.title = "NAME", .least = 4, .dispensable = 1},
          {.title = "QUEUE", .least = 4, .dispensable = 2}};
}

const std::vector<Row> kRows = {{{"000001"}, {"a"}, {"a long queue"}},
                                {{"000002"}, {"a long name"}, {"q"}}};

TEST(Table, TakesNoMoreThanItNeeds) {
  const Table table(Columns(), kRows, 80, false);
  EXPECT_EQ(table.Header(), "ID      NAME         QUEUE\n");
  EXPECT_EQ(table.Line(kRows[0]), "000001  a            a long queue\n");
}

TEST(Table, SharesWhatThereIs) {
  const Table table(Columns(), kRows, 24, false);
  EXPECT_EQ(table.Header(), "ID     NAME     QUEUE\n");
  EXPECT_EQ(table.Line(kRows[0]), "000001 a        a long …\n");
  EXPECT_EQ(table.Line(kRows[1]), "000002 a long … q\n");
}

TEST(Table, LeavesOutWhatIsMostDispensable) {
  const Table table(Columns(), kRows, 14, false);
  EXPECT_EQ(table.Header(), "ID     NAME\n");
  EXPECT_EQ(table.Line(kRows[1]), "000002 a long…\n");
  const Table narrow(Columns(), kRows, 5, false);
  EXPECT_EQ(narrow.Line(kRows[1]), "000002\n");
}

TEST(Table, NeverIsWiderThanTheLine) {
  for (std::size_t columns = 12; columns < 60; ++columns) {
    const Table table(Columns(), kRows, columns, false);
    for (const Row& row : kRows) {
      const std::string line = table.Line(row);
      EXPECT_LE(Width(line.substr(0, line.size() - 1)), columns);
    }
  }
}

TEST(Table, CutsNothingWhereLinesMayBeOfAnyLength) {
  const Table table(Columns(), {kRows[0]}, kAnyColumns, false);
  EXPECT_EQ(table.Header(), "ID      NAME  QUEUE\n");
  EXPECT_EQ(table.Line(kRows[1]), "000002  a long name  q\n") << "a row of a later page";
}

TEST(Table, ColoursOnlyWhereAskedTo) {
  const std::vector<Row> rows = {{{"000001", kRed}, {"a"}, {"b"}}};
  EXPECT_EQ(Table(Columns(), rows, 80, true).Line(rows[0]), "\x1b[31m000001\x1b[0m  a     b\n");
  EXPECT_EQ(Table(Columns(), rows, 80, false).Line(rows[0]), "000001  a     b\n");
}

}  // namespace
}  // namespace deadletter::cli
