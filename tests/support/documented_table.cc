#include "tests/support/documented_table.h"

#include <fstream>
#include <stdexcept>

namespace deadletter::test {

std::vector<std::string> TableCells(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t begin = 1; begin < line.size();) {
    const std::size_t end = line.find('|', begin);
    if (end == std::string::npos) break;
    const std::string cell = line.substr(begin, end - begin);
    const std::size_t first = cell.find_first_not_of(' ');
    cells.push_back(first == std::string::npos
                        ? ""
                        : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
    begin = end + 1;
  }
  return cells;
}

DocumentedTable ReadDocumentedTable(const std::string& path, const std::string& first_column) {
  std::ifstream file(path);
  std::vector<std::string> columns;
  DocumentedTable table;
  for (std::string line; std::getline(file, line);) {
    if (columns.empty()) {
      if (line.starts_with("| " + first_column + " |")) columns = TableCells(line);
      continue;
    }
    if (line.starts_with("|---")) continue;
    if (!line.starts_with("|")) break;
    const std::vector<std::string> cells = TableCells(line);
    for (std::size_t index = 1; index < columns.size(); ++index) {
      table[cells.at(0)][columns[index]] = cells.at(index);
    }
  }
  if (table.empty()) throw std::runtime_error(path + " has no table of " + first_column);
  return table;
}

}  // namespace deadletter::test
