#include "tests/campaign/points.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "tests/structure/source_tree.h"

namespace deadletter::test {

std::vector<FaultPoint> FaultPoints() {
  std::vector<FaultPoint> points;
  const std::string text = ReadText(ProjectFolder() / "docs" / "architecture.md");
  for (const auto& row : MarkdownTable(text, "point", "pair")) {
    points.push_back({row.at(0), row.at(1), row.at(3)});
  }
  if (points.empty()) throw std::runtime_error("docs/architecture.md lists no fault points");
  return points;
}

std::vector<std::string> MatrixPoints(const std::string& pair) {
  std::string only = pair;
  std::ranges::transform(only, only.begin(), [](unsigned char c) { return std::tolower(c); });
  std::vector<std::string> names;
  for (const FaultPoint& point : FaultPoints()) {
    if (point.killed_by != "crash matrix") continue;
    if (point.pair == "both" || point.pair == only) names.push_back(point.name);
  }
  return names;
}

bool IsOfReplay(const std::string& point) {
  return point.starts_with("replay");
}

bool IsAtStart(const std::string& pair, const std::string& point) {
  for (const char* step : {"migrate.", "submit.", "open.", "declare."}) {
    if (point.starts_with(step)) return true;
  }
  // RabbitMQ gives letters to whom it has just made a consumer; the embedded pair when it is asked.
  return point == "subscribe.before" || (pair == "Embedded" && point == "subscribe.after");
}

}  // namespace deadletter::test
