#include "tests/support/documented_states.h"

#include <fstream>
#include <regex>
#include <stdexcept>
#include <vector>

#include "tests/support/documented_table.h"

namespace deadletter::test {
namespace {

const char* const kNew = "new";
const char* const kOpen = "open";
const char* const kClosed = "closed";

DocumentedOutcome ReadRow(const std::vector<std::string>& cells) {
  DocumentedOutcome row;
  for (const LetterState state :
       {LetterState::kOpen, LetterState::kWaiting, LetterState::kClosed}) {
    const std::string name(LetterStateName(state));
    if (cells.at(1).find(name) != std::string::npos) row.states.insert(name);
  }
  if (row.states.empty()) throw std::runtime_error("no state in: " + cells.at(1));
  row.is_settled_again = cells.at(2) != "–";
  row.closes = cells.at(3) != "–";
  row.is_discarded = cells.at(4) != "–";
  row.is_replayed = cells.at(5) != "–";
  row.closes_replayed = cells.at(5).find(kClosed) != std::string::npos;
  return row;
}

}  // namespace

DocumentedStates ReadDocumentedStates(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  static const std::regex kOutcomeRow(R"(\| `([a-z_]+)` \|.*)");
  static const std::regex kDrawn(R"( +(\[\*\]|[a-z]+) --> ([a-z]+) : (.*))");
  DocumentedStates documented;
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, kDrawn)) {
      const bool is_of_replays = match[3].str().starts_with("replayed");
      (is_of_replays ? documented.drawn_of_replays : documented.drawn)
          .emplace(match[1] == "[*]" ? kNew : match[1].str(), match[2].str());
    } else if (std::regex_match(line, match, kOutcomeRow)) {
      const auto outcome = OutcomeFromName(match[1].str());
      if (!outcome) throw std::runtime_error(path + " names no outcome: " + match[1].str());
      documented.outcomes[*outcome] = ReadRow(TableCells(line));
    }
  }
  return documented;
}

std::set<Arrow> DocumentedStates::Arrows() const {
  std::set<std::string> all;
  std::set<std::string> again = {kNew};
  std::set<Arrow> arrows;
  for (const auto& [outcome, row] : outcomes) {
    const std::string name(OutcomeName(outcome));
    for (const std::string& state : row.states) {
      all.insert(state + " " + name);
      if (row.is_settled_again) again.insert(state + " " + name);
      if ((row.closes || (row.is_discarded && state == kOpen)) && state != kClosed) {
        arrows.insert({state + " " + name, std::string(kClosed) + " " + name});
      }
    }
  }
  for (const std::string& from : again) {
    for (const std::string& to : all) arrows.insert({from, to});
  }
  return arrows;
}

// The message is on its way for as long as the letter waits. What has closed may go once more where
// its row is as it was before.
std::set<Arrow> DocumentedStates::ReplayArrows() const {
  std::set<Arrow> arrows;
  for (const auto& [outcome, row] : outcomes) {
    if (!row.is_replayed) continue;
    const std::string name = " " + std::string(OutcomeName(outcome));
    for (const std::string state : {"open", "closed"}) {
      if (state == kClosed && !row.closes_replayed) continue;
      arrows.insert({state + name, "waiting" + name});
      arrows.insert({"waiting" + name, state + name});
    }
  }
  return arrows;
}

DocumentedStates::StateArrows WithoutOutcomes(const std::set<Arrow>& arrows) {
  DocumentedStates::StateArrows pairs;
  for (const Arrow& arrow : arrows) {
    pairs.emplace(arrow.from.substr(0, arrow.from.find(' ')),
                  arrow.to.substr(0, arrow.to.find(' ')));
  }
  return pairs;
}

}  // namespace deadletter::test
