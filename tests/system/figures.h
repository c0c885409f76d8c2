// One figure of what a server tells at /metrics.
#pragma once

#include <string>

#include "tests/system/world.h"

namespace deadletter::test {

// Of that series, its labels as they are written there; throws where there is none.
[[nodiscard]] inline double FigureOf(Server& server, const std::string& series) {
  const std::string metrics = "\n" + server.GetText("/metrics");
  const std::string line = "\n" + series + " ";
  const std::size_t at = metrics.find(line);
  if (at == std::string::npos) throw std::runtime_error("no " + series + " in " + metrics);
  return std::stod(metrics.substr(at + line.size()));
}

// Of all series of that name with that label.
[[nodiscard]] inline double FigureOf(Server& server, const std::string& name,
                                     const std::string& label) {
  const std::string metrics = "\n" + server.GetText("/metrics");
  const std::string begin = "\n" + name + "{";
  double sum = 0;
  for (std::size_t at = metrics.find(begin); at != std::string::npos;
       at = metrics.find(begin, at + 1)) {
    const std::string line = metrics.substr(at + 1, metrics.find('\n', at + 1) - at - 1);
    if (line.find(label) != std::string::npos) sum += std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

// A figure is told a moment after what it tells of.
[[nodiscard]] inline testing::AssertionResult AwaitFigure(Server& server, const std::string& series,
                                                          double value) {
  if (WaitUntil([&] { return FigureOf(server, series) == value; }))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << server.GetText("/metrics");
}

// Whether that histogram comes to count something above that bound, one of its own.
[[nodiscard]] inline testing::AssertionResult AwaitObservationAbove(Server& server,
                                                                    const std::string& histogram,
                                                                    const std::string& bound) {
  if (WaitUntil([&] {
        return FigureOf(server, histogram + "_count") >
               FigureOf(server, histogram + "_bucket{le=\"" + bound + "\"}");
      }))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << server.GetText("/metrics");
}

}  // namespace deadletter::test
