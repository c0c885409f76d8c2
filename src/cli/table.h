// Rows of text in columns that fit the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace deadletter::cli {

struct Column {
  std::string title;
  std::size_t least = 0;  // narrower than this it is of no use
  int dispensable = 0;  // 0: always shown; else the highest goes first where the line is too short
};

struct Cell {
  std::string text;        // harmless (SafeText)
  const char* paint = "";  // an escape sequence of ours before it, used with colour only
};

using Row = std::vector<Cell>;  // one cell a column

class Table {
 public:
  // The widths are chosen for `sample`, the first rows; later rows are cut to them, unless
  // `line_columns` is kAnyColumns: then nothing is cut and no column is left out.
  Table(std::vector<Column> columns, const std::vector<Row>& sample, std::size_t line_columns,
        bool colour);

  [[nodiscard]] std::string Header() const;
  [[nodiscard]] std::string Line(const Row& row) const;  // ends with a newline

 private:
  void DropWhatDoesNotFit(std::size_t line_columns);
  void ShareTheRest(std::size_t line_columns);
  [[nodiscard]] std::size_t UsedColumns() const;

  std::vector<Column> columns_;
  std::vector<std::size_t> wanted_;  // by the widest cell
  std::vector<std::size_t> widths_;  // 0: not shown
  std::size_t gap_ = 2;              // between columns; one where the line is too short for all
  bool cut_;                         // what is wider than its column
  bool colour_;
};

inline constexpr const char* kBold = "\x1b[1m";
inline constexpr const char* kRed = "\x1b[31m";
inline constexpr const char* kYellow = "\x1b[33m";
inline constexpr const char* kPlain = "\x1b[0m";

}  // namespace deadletter::cli
