#include "app/rule_trial.h"

#include <algorithm>
#include <utility>

#include "policy/decide.h"

namespace deadletter {
namespace {

constexpr std::size_t kTrialPage = 200;
constexpr double kNoJitter = 1.0;  // it moves a retry's time, which nobody looks at here

Letter ReadAgain(const LetterReader& reader, LetterRecord record) {
  const LetterSummary& summary = record.summary;
  Delivery delivery{.tag = {},
                    .dead_letter_queue = summary.dead_letter_queue,
                    .exchange = summary.exchange,
                    .routing_key = summary.routing_key,
                    .redelivered = summary.redelivered,
                    .received_at = summary.received_at,
                    .message = std::move(record.message)};
  return reader.Read(summary.id, std::move(delivery));
}

Unexpected<LedgerError> IndexOfAnotherView() {
  return Unexpected<LedgerError>(
      LedgerError{LedgerFault::kStatement, "",
                  "--q finds nothing, or not all: the index was made by other settings of redact "
                  "than these, or there is none yet; use the server's own configuration"});
}

class Trial {
 public:
  Trial(const LetterReader& reader, std::span<const Rule> rules) : reader_(reader), rules_(rules) {}

  void Add(LetterRecord record) {
    const LetterSummary summary = record.summary;
    const Letter letter = ReadAgain(reader_, std::move(record));
    ++trial_.letters;
    if (letter.kind != LetterKind::kExecutionRequest) {
      ++trial_.apart;
      return;
    }
    const Verdict verdict = Decide(letter, rules_, summary.received_at, kNoJitter);
    TriedRule& tried = tried_[verdict.rule];
    if (tried.letters == 0) tried.sample = summary.id;
    tried.rule = verdict.rule;
    tried.verdict = verdict.kind;
    ++tried.letters;
    ++tried.recorded[summary.outcome];
  }
  void SetUnindexed(std::int64_t letters) { trial_.unindexed = letters; }
  void AddUnreadable() {
    ++trial_.letters;
    ++trial_.unreadable;
  }

  [[nodiscard]] RuleTrial Take(bool more) {
    for (const Rule& rule : rules_) {
      TriedRule tried{.rule = rule.name, .verdict = rule.verdict};
      if (const auto found = tried_.find(rule.name); found != tried_.end()) tried = found->second;
      trial_.rules.push_back(std::move(tried));
    }
    trial_.rules.push_back(tried_[""]);
    trial_.more = more;
    return std::move(trial_);
  }

 private:
  const LetterReader& reader_;
  const std::span<const Rule> rules_;
  std::map<std::string, TriedRule> tried_;  // by rule: a rule has one verdict
  RuleTrial trial_;
};

}  // namespace

LedgerResult<RuleTrial> TryRules(Catalog& catalog, const LetterReader& reader,
                                 std::span<const Rule> rules, const LetterFilter& filter,
                                 std::size_t limit) {
  Trial trial(reader, rules);
  std::optional<LetterId> after;
  std::size_t left = limit;
  while (left > 0) {
    const auto page = catalog.List(filter, std::min(left, kTrialPage), after);
    if (!page) return Unexpected<LedgerError>(page.error());
    if (page->is_of_another_view) return IndexOfAnotherView();
    trial.SetUnindexed(page->unindexed.value_or(0));
    for (const LetterSummary& letter : page->letters) {
      auto record = catalog.Show(letter.id);
      if (!record && record.error().fault != LedgerFault::kStatement)
        return Unexpected<LedgerError>(record.error());
      if (!record) {
        trial.AddUnreadable();
      } else if (*record) {
        trial.Add(std::move(**record));
      }
    }
    left -= page->letters.size();
    after = page->next;
    if (!after) return trial.Take(false);
  }
  return trial.Take(true);
}

}  // namespace deadletter
