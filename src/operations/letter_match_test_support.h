// For tests: whether a filter holds for a letter, looked at one by one.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "ledger/catalog.h"
#include "letter/words.h"

namespace deadletter::test {

inline bool Matches(const LetterFilter& filter, const LetterSummary& letter) {
  const auto is = [](const auto& wanted, const auto& actual) {
    return !wanted || *wanted == actual;
  };
  return is(filter.state, letter.state) && is(filter.outcome, letter.outcome) &&
         is(filter.reason, letter.reason) && is(filter.queue, letter.queue) &&
         is(filter.type, letter.type) && is(filter.action, letter.action) &&
         is(filter.execution_id, letter.execution_id) && is(filter.worker_id, letter.worker_id) &&
         is(filter.group, letter.group) && (!filter.since || letter.received_at >= *filter.since) &&
         (!filter.until || letter.received_at < *filter.until);
}

inline bool HasWords(const LetterRecord& record, const std::string& words) {
  const std::vector<std::string> has = WordsOf(record.message, record.message.body);
  return std::ranges::all_of(WordsIn(words), [&](const std::string& word) {
    return std::ranges::find(has, word) != has.end();
  });
}

inline bool Matches(const LetterFilter& filter, const LetterRecord& record) {
  if (filter.text && !HasWords(record, filter.text->words)) return false;
  return Matches(filter, record.summary) &&
         (!filter.tag || std::ranges::find(record.tags, *filter.tag) != record.tags.end());
}

}  // namespace deadletter::test
