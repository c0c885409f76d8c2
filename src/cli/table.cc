#include "cli/table.h"

#include <algorithm>
#include <numeric>

#include "cli/characters.h"
#include "cli/terminal.h"

namespace deadletter::cli {

Table::Table(std::vector<Column> columns, const std::vector<Row>& sample, std::size_t line_columns,
             bool colour)
    : columns_(std::move(columns)), cut_(line_columns != kAnyColumns), colour_(colour) {
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    std::size_t widest = Width(columns_[index].title);
    for (const Row& row : sample) widest = std::max(widest, Width(row[index].text));
    wanted_.push_back(widest);
    widths_.push_back(
        std::min(widest, std::max(columns_[index].least, Width(columns_[index].title))));
  }
  const std::size_t gaps = gap_ * (columns_.size() - 1);
  if (std::accumulate(wanted_.begin(), wanted_.end(), gaps) > line_columns) gap_ = 1;
  DropWhatDoesNotFit(line_columns);
  ShareTheRest(line_columns);
}

std::size_t Table::UsedColumns() const {
  std::size_t used = 0;
  for (const std::size_t width : widths_) used += width == 0 ? 0 : width + gap_;
  return used == 0 ? 0 : used - gap_;
}

void Table::DropWhatDoesNotFit(std::size_t line_columns) {
  while (UsedColumns() > line_columns) {
    std::size_t worst = columns_.size();
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      if (widths_[index] == 0 || columns_[index].dispensable == 0) continue;
      if (worst == columns_.size() || columns_[index].dispensable > columns_[worst].dispensable)
        worst = index;
    }
    if (worst == columns_.size()) return;
    widths_[worst] = 0;
  }
}

// A column at a time each, so that no long value starves the others.
void Table::ShareTheRest(std::size_t line_columns) {
  bool grown = true;
  while (grown) {
    grown = false;
    for (std::size_t index = 0; index < columns_.size() && UsedColumns() < line_columns; ++index) {
      if (widths_[index] == 0 || widths_[index] >= wanted_[index]) continue;
      ++widths_[index];
      grown = true;
    }
  }
}

std::string Table::Header() const {
  Row titles;
  for (const Column& column : columns_) titles.push_back({column.title, kBold});
  return Line(titles);
}

std::string Table::Line(const Row& row) const {
  std::string line;
  std::size_t pending = 0;  // spaces that are written only if something follows
  for (std::size_t index = 0; index < row.size(); ++index) {
    if (widths_[index] == 0) continue;
    const std::size_t width =
        cut_ ? widths_[index] : std::max(widths_[index], Width(row[index].text));
    std::string text = Fit(row[index].text, width);
    const std::size_t length = text.find_last_not_of(' ') + 1;
    const std::size_t spaces = text.size() - length;
    text.resize(length);
    if (length > 0) {
      line.append(pending, ' ');
      pending = 0;
      const bool painted = colour_ && *row[index].paint != '\0';
      line += painted ? row[index].paint + text + kPlain : text;
    }
    pending += spaces + gap_;
  }
  return line + "\n";
}

}  // namespace deadletter::cli
