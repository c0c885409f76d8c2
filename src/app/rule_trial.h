// What the rules would have done with letters that are in the ledger. Nothing is changed (P7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ledger/catalog.h"
#include "letter/letter_reader.h"
#include "policy/rule.h"

namespace deadletter {

// The letters that one rule decides the same way.
struct TriedRule {
  std::string rule;  // empty: none matches
  VerdictKind verdict = VerdictKind::kFail;
  std::int64_t letters = 0;
  std::map<Outcome, std::int64_t> recorded = {};  // what became of them
  LetterId sample = {};                           // the newest of them
};

struct RuleTrial {
  // In the order of the rules, and last what none of them decides.
  std::vector<TriedRule> rules;
  std::int64_t letters = 0;     // looked at
  std::int64_t apart = 0;       // malformed, or of another type: no rule applies to them
  std::int64_t unreadable = 0;  // their records are damaged
  bool more = false;            // there may be older ones
  std::int64_t unindexed = 0;   // of a text search: letters that it could not find yet
};

// Each letter is judged as of when it was received: newest first, at most `limit` of those that
// `filter` holds for. Where that asks for words and the index is another view's, it fails.
[[nodiscard]] LedgerResult<RuleTrial> TryRules(Catalog& catalog, const LetterReader& reader,
                                               std::span<const Rule> rules,
                                               const LetterFilter& filter, std::size_t limit);

}  // namespace deadletter
