#include "ledger/sqlite/sqlite_counting.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

// Of the old counts, of each kind: the file is locked meanwhile.
constexpr std::int64_t kClearedAtOnce = 2'000;

sqlite::Blob BlobOfGroup(const GroupId& group) {
  return {BytesOf(group.value())};
}

GroupId GroupIn(const sqlite::Statement& row, int column) {
  return GroupId(ReadUuid(row, column).bytes);
}

struct Numbered {
  std::size_t letters = 0;
  std::int64_t last_number = 0;
};

// The letters after that number, at most `limit`.
Numbered TallyNext(sqlite::Database& database, std::int64_t after, std::size_t limit,
                   LetterTally& tally) {
  Numbered next{.letters = 0, .last_number = after};
  auto rows = database.Prepare(sql::kCountingNext);
  rows.Bind(after, limit, kMaxGroupWordBytes);
  while (rows.Next()) {
    next.last_number = rows.Int64(0);
    ++next.letters;
    tally.Add({.id = LetterId(ReadUuid(rows, 1)),
               .group = GroupIn(rows, 2),
               .type = rows.OptionalText(3),
               .action = rows.OptionalText(4),
               .reason = rows.Text(5),
               .queue = rows.Text(6),
               .outcome = rows.Text(8),
               .received_at = rows.Time(7)});
  }
  return next;
}

std::optional<std::string> FirstQueueOf(sqlite::Database& database, LetterId sample) {
  auto headers = database.Prepare(sql::kCountingHeaders);
  headers.Bind(BlobOf(sample), kMaxGroupHeaderBytes);
  return headers.Next() ? FirstQueueWord(headers.Text(0)) : std::nullopt;
}

void AddGroups(sqlite::Database& database, LetterTally& tally) {
  auto find = database.Prepare(sql::kCountingFindGroup);
  auto add = database.Prepare(sql::kCountingAddGroup);
  for (auto& [id, group] : tally.groups()) {
    find.Bind(BlobOfGroup(id));
    if (!find.Next()) {
      if (auto queue = FirstQueueOf(database, group.sample)) group.queue = std::move(*queue);
    }
    static_cast<void>(add.Bind(BlobOfGroup(id), group.type, group.action, group.reason, group.queue,
                               group.letters, group.first_seen, group.last_seen,
                               BlobOf(group.sample))
                          .Run());
  }
}

void AddGroupHours(sqlite::Database& database, const LetterTally& tally, Instant now) {
  auto add = database.Prepare(sql::kCountingAddGroupHour);
  for (const auto& [place, letters] : tally.group_hours()) {
    if (place.second < HourOf(now - kGroupHoursKept)) continue;
    static_cast<void>(add.Bind(BlobOfGroup(place.first), place.second, letters).Run());
  }
}

// Under its own name while the hour has a place for one more.
void AddHours(sqlite::Database& database, const LetterTally& tally) {
  auto add = database.Prepare(sql::kCountingAddHour);
  auto find = database.Prepare(sql::kCountingFindHour);
  auto count = database.Prepare(sql::kCountingCountHour);
  for (const auto& [place, letters] : tally.hours()) {
    const std::string_view kind = CountedByName(place.by);
    bool has_place = place.by != CountedBy::kQueue || place.name.empty();
    if (!has_place) {
      find.Bind(place.hour, kind, place.name);
      has_place = find.Next();
    }
    if (!has_place) {
      count.Bind(place.hour, kind);
      has_place = count.Next() && static_cast<std::size_t>(count.Int64(0)) < kMaxQueuesOfAnHour;
    }
    static_cast<void>(
        add.Bind(place.hour, kind, has_place ? place.name : std::string(), letters).Run());
  }
}

// How many of the old counts went.
std::int64_t ClearCounts(sqlite::Database& database) {
  std::int64_t cleared = 0;
  for (const std::string_view clear :
       {sql::kCountingClearGroups, sql::kCountingClearGroupHours, sql::kCountingClearHours}) {
    static_cast<void>(database.Prepare(clear).Bind(kClearedAtOnce).Run());
    cleared += database.changes();
  }
  return cleared;
}

bool HasWork(const NumberedState& read, Instant now) {
  return read.is_clearing || read.state.is_recounting || read.last_number != read.counted_to ||
         MustRecount(read.state, now);
}

// What one transaction does, by where the last one left it.
CountProgress CountIn(sqlite::Database& database, const NumberedState& before,
                      std::size_t max_letters, Instant now) {
  if (before.is_clearing) {
    if (ClearCounts(database) == 0)
      static_cast<void>(database.Prepare(sql::kCountingCleared).Run());
    return {.letters = 0, .uncounted = before.state.letters, .more = true};
  }
  // Where the last letters are gone their numbers will be given again.
  const std::int64_t from = std::min(before.counted_to, before.last_number);
  LetterTally tally;
  const Numbered next = TallyNext(database, from, max_letters, tally);
  const bool is_all = next.letters < max_letters;
  const bool is_idle = next.letters == 0 && !before.state.is_recounting;
  if (is_idle && MustRecount(before.state, now)) {
    static_cast<void>(database.Prepare(sql::kCountingAgain).Run());
    return {.letters = 0, .uncounted = before.state.letters, .more = true};
  }
  AddGroups(database, tally);
  AddGroupHours(database, tally, now);
  AddHours(database, tally);
  static_cast<void>(
      database.Prepare(sql::kCountingDone).Bind(tally.letters(), next.last_number).Run());
  CountState after = before.state;
  after.counted += tally.letters();
  after.named = 0;
  if (is_all && before.state.is_recounting) {
    const std::int64_t missing = after.Missing();
    const bool is_sure = missing == 0 || missing == before.state.unexplained;
    static_cast<void>(database.Prepare(sql::kCountingOver).Bind(missing, is_sure, now).Run());
    after.unexplained = missing;
    after.is_sure = is_sure;
  }
  return {.letters = next.letters, .uncounted = after.Uncounted(), .more = !is_all};
}

}  // namespace

sqlite::DatabaseResult<NumberedState> ReadCountState(sqlite::Database& database) {
  NumberedState read;
  auto row = database.Prepare(sql::kCountingState);
  if (row.Next()) {
    read.counted_to = row.Int64(1);
    read.is_clearing = row.Bool(2);
    read.last_number = row.Int64(8);
    read.state = {.letters = row.Int64(7),
                  .counted = row.Int64(0),
                  .named = 0,
                  .unexplained = row.Int64(4),
                  .is_sure = row.Bool(5),
                  .is_recounting = row.Bool(3),
                  .recounted_at = row.OptionalTime(6)};
    // Those beyond it are counted in their turn, all of them.
    if (read.last_number > read.counted_to)
      read.state.named = read.state.Missing() - read.state.unexplained;
  }
  if (row.error()) return Unexpected<sqlite::DatabaseError>(*row.error());
  return read;
}

SqliteCounting::SqliteCounting(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

// If we die on any line of it, nothing of it happened, and whoever comes next begins where the last
// commit has ended.
LedgerResult<CountProgress> SqliteCounting::Count(std::size_t max_letters, Instant now) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  // Mostly there is nothing, and then nobody's write is held up.
  const auto seen = ReadCountState(**database);
  if (!seen) return file_.Failed(seen.error());
  if (!HasWork(*seen, now))
    return CountProgress{.letters = 0, .uncounted = seen->state.Uncounted(), .more = false};

  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const auto before = ReadCountState(**database);
  if (!before) return file_.Failed(before.error());
  const CountProgress progress = CountIn(**database, *before, max_letters, now);
  fault::Hit("count.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("count.after");
  return progress;
}

LedgerResult<std::size_t> SqliteCounting::Prune(Instant now, std::size_t limit) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const Instant oldest = HourOf(now - kGroupHoursKept);
  {
    auto any = (*database)->Prepare(sql::kCountingPrunable);
    any.Bind(oldest, now);
    const bool is_any = any.Next() && any.Bool(0);
    if (any.error()) return file_.Failed(*any.error());
    if (!is_any) return 0;
  }
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  std::int64_t pruned = 0;
  static_cast<void>((*database)->Prepare(sql::kCountingPruneHours).Bind(oldest, limit).Run());
  pruned += (*database)->changes();
  static_cast<void>((*database)->Prepare(sql::kCountingPruneMutes).Bind(now, limit).Run());
  pruned += (*database)->changes();
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return static_cast<std::size_t>(pruned);
}

}  // namespace deadletter
