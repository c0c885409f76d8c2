// A table of the documentation, read so that tests can hold the code to it.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace deadletter::test {

// The cells of a row of a Markdown table.
[[nodiscard]] std::vector<std::string> TableCells(const std::string& line);

// By the first cell of each row, then by the column's name.
using DocumentedTable = std::map<std::string, std::map<std::string, std::string>>;

// The table of that file whose first column has that name; throws std::runtime_error where there is
// none.
[[nodiscard]] DocumentedTable ReadDocumentedTable(const std::string& path,
                                                  const std::string& first_column);

}  // namespace deadletter::test
