// What docs/state-machine.md says of a letter's states, read so that tests can hold the code to it.
#pragma once

#include <compare>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include "letter/outcome.h"

namespace deadletter::test {

// A letter as it stands in the ledger: "open failed"; "new" before it is there.
struct Arrow {
  std::string from;
  std::string to;

  auto operator<=>(const Arrow&) const = default;
};

inline void PrintTo(const Arrow& arrow, std::ostream* out) {
  *out << arrow.from << " -> " << arrow.to;
}

struct DocumentedOutcome {
  std::set<std::string> states;
  bool is_settled_again = false;
  bool closes = false;
  bool is_discarded = false;
  bool is_replayed = false;
  bool closes_replayed = false;
};

struct DocumentedStates {
  using StateArrows = std::set<std::pair<std::string, std::string>>;

  std::map<Outcome, DocumentedOutcome> outcomes;  // the table
  // The diagram, by state.
  StateArrows drawn;
  StateArrows drawn_of_replays;  // those that say so

  // What settling, closing and discarding do.
  [[nodiscard]] std::set<Arrow> Arrows() const;
  // What replays do.
  [[nodiscard]] std::set<Arrow> ReplayArrows() const;
};

// The same without the outcomes.
[[nodiscard]] DocumentedStates::StateArrows WithoutOutcomes(const std::set<Arrow>& arrows);

// Throws std::runtime_error where the page has no such table, or a word in it means nothing.
[[nodiscard]] DocumentedStates ReadDocumentedStates(const std::string& path);

}  // namespace deadletter::test
