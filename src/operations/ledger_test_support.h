// For tests: a ledger in memory that answers as the ports promise, and fails on demand.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <utility>
#include <vector>

#include "ledger/audit.h"
#include "ledger/catalog.h"
#include "ledger/discards.h"
#include "ledger/executions.h"
#include "ledger/group_book.h"
#include "ledger/remarks.h"
#include "operations/letter_match_test_support.h"
#include "operations/operations.h"

namespace deadletter::test {

// The first letter that is added, and where it is shown.
inline constexpr const char* kFirstId = "01980000-0000-0000-0000-000000000001";
inline constexpr const char* kFirstLetter = "/v1/letters/01980000-0000-0000-0000-000000000001";

// Shared by the fakes of one test; whoever holds `entry` keeps every reader waiting.
struct FakeLedger {
  std::atomic<int> calls{0};          // begun; waiting ones included
  std::vector<LetterRecord> letters;  // in the order of receipt
  std::vector<ExecutionRow> executions;
  std::vector<NewExecution> submitted;  // in the order in which they came
  std::map<std::pair<std::string, std::string>, KeyedSubmission> keyed;  // by whose key
  std::map<ExecutionId, ReplayId> owners;  // whose message an execution waits for
  std::optional<LedgerError> catalog_error;
  std::optional<LedgerError> executions_error;
  std::optional<LedgerError> standing_error;  // of how an execution stands, asked after an end
  int busy_finds = 0;                         // so many executions are not found for a while
  std::set<LetterId> unreadable;              // they are listed, and cannot be shown
  std::vector<AuditEntry> audit;              // in the order in which they were made
  std::optional<LedgerError> audit_error;     // of Audit, of Remarks and of mutes
  std::vector<GroupSummary> groups;           // in the order in which they are listed
  std::int64_t unindexed = 0;
  bool is_of_another_view = false;
  // A list looks at so many letters at most, and says up to where.
  std::size_t most_looked_at = 1'000'000;
  std::optional<LedgerError> groups_error;
  Statistics statistics;
  // What was asked for last.
  GroupFilter group_filter;
  GroupOrder group_order = GroupOrder::kLastSeen;
  std::pair<Instant, Instant> statistics_span;
  std::mutex entry;

  void WaitForCalls(int wanted) const {
    for (int seen = calls; seen < wanted; seen = calls) calls.wait(seen);
  }

  // The letter's number is the end of its id: 1, 2, …, ascending.
  LetterRecord& Add() {
    LetterRecord record;
    Uuid id{{0x01, 0x98}};
    id.bytes[14] = static_cast<std::uint8_t>((letters.size() + 1) >> 8);
    id.bytes[15] = static_cast<std::uint8_t>(letters.size() + 1);
    record.summary.id = LetterId(id);
    record.summary.dead_letter_queue = "dlq";
    record.summary.received_at = Instant(std::chrono::seconds(1'700'000'000 + letters.size()));
    record.summary.settled_at = record.summary.received_at + std::chrono::milliseconds(5);
    return letters.emplace_back(std::move(record));
  }
};

class FakeCatalog final : public Catalog {
 public:
  explicit FakeCatalog(std::shared_ptr<FakeLedger> ledger) : ledger_(std::move(ledger)) {}

  LedgerResult<LetterPage> List(const LetterFilter& filter, std::size_t limit,
                                std::optional<LetterId> after) override {
    const auto lock = Enter();
    if (ledger_->catalog_error) return Unexpected<LedgerError>(*ledger_->catalog_error);
    LetterPage page;
    if (filter.text) {
      page.unindexed = ledger_->unindexed;
      page.is_of_another_view = ledger_->is_of_another_view;
      if (page.is_of_another_view) return page;
    }
    std::size_t looked_at = 0;
    LetterSummary last;
    for (const LetterRecord& record : ledger_->letters | std::views::reverse) {
      if (after && record.summary.id >= *after) continue;
      if (looked_at++ == ledger_->most_looked_at) {
        page.next = last.id;
        page.looked_to = last.received_at;
        break;
      }
      last = record.summary;
      if (!Matches(filter, record)) continue;
      if (limit == 0) break;
      if (page.letters.size() == limit) {
        page.next = page.letters.back().id;
        break;
      }
      page.letters.push_back(record.summary);
    }
    return page;
  }

  LedgerResult<std::optional<LetterRecord>> Show(LetterId id) override {
    const auto lock = Enter();
    if (ledger_->catalog_error) return Unexpected<LedgerError>(*ledger_->catalog_error);
    if (ledger_->unreadable.contains(id)) {
      return Unexpected<LedgerError>(
          LedgerError{LedgerFault::kStatement, "", "a damaged message: x"});
    }
    for (const LetterRecord& record : ledger_->letters) {
      if (record.summary.id == id) return record;
    }
    return std::nullopt;
  }

  LedgerResult<LedgerCounts> Counts() override { return LedgerCounts{}; }
  void Abort() override {}

 private:
  std::unique_lock<std::mutex> Enter() {
    ++ledger_->calls;
    ledger_->calls.notify_all();
    return std::unique_lock(ledger_->entry);
  }

  std::shared_ptr<FakeLedger> ledger_;
};

class FakeExecutions final : public KeyedExecutions {
 public:
  explicit FakeExecutions(std::shared_ptr<FakeLedger> ledger) : ledger_(std::move(ledger)) {}

  // Numbered from 1.
  LedgerResult<std::vector<ExecutionId>> Submit(std::span<const NewExecution> executions, Instant,
                                                const std::optional<AuditEntry>& audit) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->executions_error) return Unexpected<LedgerError>(*ledger_->executions_error);
    if (audit && ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    std::vector<ExecutionId> ids;
    for (const NewExecution& execution : executions) {
      ids.emplace_back(static_cast<std::int64_t>(ledger_->executions.size() + 1));
      ledger_->executions.push_back({.id = ids.back(),
                                     .status = "scheduled",
                                     .result_json = std::nullopt,
                                     .action_ref = execution.action_ref,
                                     .updated = std::nullopt});
      ledger_->submitted.push_back(execution);
    }
    if (audit) ledger_->audit.push_back(*audit);
    return ids;
  }

  LedgerResult<std::optional<ExecutionRow>> Find(const ExecutionId& id) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->busy_finds > 0) {
      --ledger_->busy_finds;
      return Unexpected<LedgerError>({LedgerFault::kBusy, "", "somebody writes"});
    }
    if (ledger_->executions_error) return Unexpected<LedgerError>(*ledger_->executions_error);
    for (const ExecutionRow& row : ledger_->executions) {
      if (row.id == id) return row;
    }
    return std::nullopt;
  }

  LedgerResult<std::optional<KeyedSubmission>> FindKeyed(const std::string& who,
                                                         const std::string& key, Instant) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->executions_error) return Unexpected<LedgerError>(*ledger_->executions_error);
    const auto found = ledger_->keyed.find({who, key});
    if (found == ledger_->keyed.end()) return std::nullopt;
    return found->second;
  }
  LedgerResult<KeyedSubmission> SubmitKeyed(std::span<const NewExecution> executions, Instant now,
                                            const std::optional<AuditEntry>& audit,
                                            const SubmissionKey& key) override {
    auto ids = Submit(executions, now, audit);
    if (!ids) return Unexpected<LedgerError>(ids.error());
    KeyedSubmission known{.fingerprint = key.fingerprint, .ids = std::move(*ids)};
    const std::scoped_lock lock(ledger_->entry);
    ledger_->keyed[{key.who, key.key}] = known;
    return known;
  }

  LedgerResult<std::optional<ExecutionStanding>> FindStanding(
      const ExecutionId& id, const MessageAttempt& attempt) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->standing_error) return Unexpected<LedgerError>(*ledger_->standing_error);
    for (const ExecutionRow& row : ledger_->executions) {
      if (row.id != id) continue;
      return ExecutionStanding{.status = row.status,
                               .is_failable = row.status == "scheduled" || row.status == "running",
                               .waits_for_another = WaitsForAnother(id, attempt)};
    }
    return std::nullopt;
  }
  // Failable are scheduled and running; of that attempt, where both have a stamp.
  LedgerResult<bool> FinishIfFailable(const ExecutionId& id, const MessageAttempt& attempt,
                                      const std::string& status,
                                      const std::string& result_json) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->executions_error) return Unexpected<LedgerError>(*ledger_->executions_error);
    for (ExecutionRow& row : ledger_->executions) {
      if (row.id != id || (row.status != "scheduled" && row.status != "running")) continue;
      const auto& window = attempt.window;
      if (window && row.updated && (*row.updated < window->from || *row.updated >= window->until))
        continue;
      if (WaitsForAnother(id, attempt)) continue;
      row.status = status;
      row.result_json = result_json;
      return true;
    }
    return false;
  }
  void Abort() override {}

 private:
  [[nodiscard]] bool WaitsForAnother(const ExecutionId& id, const MessageAttempt& attempt) const {
    const auto owner = ledger_->owners.find(id);
    return owner != ledger_->owners.end() && attempt.replay_id != owner->second;
  }

  std::shared_ptr<FakeLedger> ledger_;
};

class FakeAudit final : public Audit {
 public:
  explicit FakeAudit(std::shared_ptr<FakeLedger> ledger) : ledger_(std::move(ledger)) {}

  LedgerResult<void> Record(const AuditEntry& entry) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    ledger_->audit.push_back(entry);
    return {};
  }
  LedgerResult<AuditPage> List(const AuditFilter& filter, std::size_t limit,
                               std::optional<Uuid> after) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    AuditPage page;
    for (const AuditEntry& entry : ledger_->audit | std::views::reverse) {
      const bool fits = (!filter.who || *filter.who == entry.who) &&
                        (!filter.what || *filter.what == entry.what) &&
                        (!filter.subject || *filter.subject == entry.subject) &&
                        (!filter.since || entry.at >= *filter.since) &&
                        (!filter.until || entry.at < *filter.until);
      if (!fits || (after && entry.id >= *after)) continue;
      page.entries.push_back(entry);
      if (page.entries.size() == limit) {
        page.next = entry.id;
        break;
      }
    }
    return page;
  }
  void Abort() override {}

 private:
  std::shared_ptr<FakeLedger> ledger_;
};

class FakeRemarks final : public Remarks {
 public:
  explicit FakeRemarks(std::shared_ptr<FakeLedger> ledger) : ledger_(std::move(ledger)) {}

  LedgerResult<RemarkOutcome> AddNote(LetterId letter, const Note& note,
                                      const AuditEntry& entry) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    LetterRecord* const record = Find(letter);
    if (record == nullptr) return RemarkOutcome::kNoSuchLetter;
    if (record->notes.size() == kMaxNotesOfLetter) return RemarkOutcome::kTooMany;
    record->notes.push_back(note);
    ledger_->audit.push_back(entry);
    return RemarkOutcome::kDone;
  }
  LedgerResult<TagResult> ChangeTags(LetterId letter, const TagChange& change,
                                     const AuditEntry& entry) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    LetterRecord* const record = Find(letter);
    if (record == nullptr) return TagResult{.outcome = RemarkOutcome::kNoSuchLetter, .tags = {}};
    std::set<std::string> tags(record->tags.begin(), record->tags.end());
    for (const std::string& tag : change.remove) tags.erase(tag);
    tags.insert(change.add.begin(), change.add.end());
    if (tags.size() > kMaxTagsOfLetter)
      return TagResult{.outcome = RemarkOutcome::kTooMany, .tags = {}};
    record->tags.assign(tags.begin(), tags.end());
    ledger_->audit.push_back(entry);
    return TagResult{.outcome = RemarkOutcome::kDone, .tags = record->tags};
  }
  void Abort() override {}

 private:
  LetterRecord* Find(LetterId id) {
    for (LetterRecord& record : ledger_->letters) {
      if (record.summary.id == id) return &record;
    }
    return nullptr;
  }

  std::shared_ptr<FakeLedger> ledger_;
};

class FakeDiscards final : public Discards {
 public:
  explicit FakeDiscards(std::shared_ptr<FakeLedger> ledger) : ledger_(std::move(ledger)) {}

  LedgerResult<DiscardCounts> Preview(const LetterSelection& selection,
                                      std::size_t max_letters) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    return Count(selection, max_letters, nullptr);
  }
  LedgerResult<DiscardCounts> Discard(const LetterSelection& selection, std::size_t max_letters,
                                      const std::string& detail, Instant now,
                                      const AuditEntry& entry) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    const LetterStep step{.at = now, .what = "discarded", .detail = detail};
    const DiscardCounts counts = Count(selection, max_letters, &step);
    if (counts.discarded == 0) return counts;
    ledger_->audit.push_back(entry);
    ledger_->audit.back().letters = counts.discarded;
    return counts;
  }
  void Abort() override {}

 private:
  // Closes them, too, where there is a `step`.
  DiscardCounts Count(const LetterSelection& selection, std::size_t max_letters,
                      const LetterStep* step) {
    std::vector<LetterRecord*> chosen;
    for (LetterRecord& record : ledger_->letters) {
      const bool is_named =
          std::ranges::find(selection.ids, record.summary.id) != selection.ids.end();
      if (selection.ids.empty() ? Matches(selection.filter, record) : is_named)
        chosen.push_back(&record);
    }
    DiscardCounts counts{.letters = static_cast<std::int64_t>(chosen.size())};
    if (chosen.size() > max_letters) return counts;
    for (LetterRecord* const record : chosen) {
      LetterSummary& letter = record->summary;
      if (letter.state == LetterState::kClosed) ++counts.closed;
      if (letter.state == LetterState::kWaiting) ++counts.waiting;
      if (letter.state != LetterState::kOpen) continue;
      ++counts.discarded;
      if (step == nullptr) continue;
      letter.state = LetterState::kClosed;
      record->history.push_back(*step);
    }
    return counts;
  }

  std::shared_ptr<FakeLedger> ledger_;
};

// Filters are noted and not applied.
class FakeGroupBook final : public GroupBook {
 public:
  explicit FakeGroupBook(std::shared_ptr<FakeLedger> ledger) : ledger_(std::move(ledger)) {}

  LedgerResult<GroupPage> List(const GroupFilter& filter, GroupOrder order, std::size_t limit,
                               std::optional<GroupPlace> after, Instant) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->groups_error) return Unexpected<LedgerError>(*ledger_->groups_error);
    ledger_->group_filter = filter;
    ledger_->group_order = order;
    GroupPage page;
    bool is_after = !after;
    for (const GroupSummary& group : ledger_->groups) {
      if (is_after) page.groups.push_back(group);
      is_after =
          is_after || (group.group == after->group && PlaceOf(group, order).rank == after->rank);
      if (page.groups.size() == limit) {
        page.next = PlaceOf(group, order);
        break;
      }
    }
    return page;
  }

  LedgerResult<bool> Mute(GroupId group, std::optional<Instant> until,
                          const AuditEntry& entry) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->audit_error) return Unexpected<LedgerError>(*ledger_->audit_error);
    for (GroupSummary& each : ledger_->groups) {
      if (each.group != group) continue;
      each.muted_until = until;
      each.muted_by = until ? entry.who : "";
      ledger_->audit.push_back(entry);
      return true;
    }
    return false;
  }

  LedgerResult<Statistics> Count(Instant since, Instant until, std::size_t) override {
    const std::scoped_lock lock(ledger_->entry);
    if (ledger_->groups_error) return Unexpected<LedgerError>(*ledger_->groups_error);
    ledger_->statistics_span = {since, until};
    return ledger_->statistics;
  }
  void Abort() override {}

 private:
  std::shared_ptr<FakeLedger> ledger_;
};

// All ports over one fake, `count` times.
inline std::vector<LedgerReaders> ReadersOver(const std::shared_ptr<FakeLedger>& ledger,
                                              int count = 1) {
  std::vector<LedgerReaders> readers;
  for (int index = 0; index < count; ++index) {
    readers.push_back({.catalog = std::make_unique<FakeCatalog>(ledger),
                       .executions = std::make_unique<FakeExecutions>(ledger),
                       .audit = std::make_unique<FakeAudit>(ledger),
                       .remarks = std::make_unique<FakeRemarks>(ledger),
                       .discards = std::make_unique<FakeDiscards>(ledger),
                       .replays = nullptr,
                       .groups = std::make_unique<FakeGroupBook>(ledger)});
  }
  return readers;
}

}  // namespace deadletter::test
