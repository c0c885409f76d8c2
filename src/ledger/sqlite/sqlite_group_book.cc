#include "ledger/sqlite/sqlite_group_book.h"

#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/letter_tally.h"
#include "ledger/sqlite/letter_filter.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_audit.h"
#include "ledger/sqlite/sqlite_counting.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

sqlite::Blob StoredGroup(const GroupId& group) {
  return {BytesOf(group.value())};
}

GroupSummary ReadGroupSummary(const sqlite::Statement& row) {
  return {.group = GroupId(ReadUuid(row, 0).bytes),
          .type = row.OptionalText(1),
          .action = row.OptionalText(2),
          .reason = ReasonFromName(row.Text(3)).value_or(Reason::kUnknown),
          .queue = row.Text(4),
          .letters = row.Int64(5),
          .first_seen = row.Time(6),
          .last_seen = row.Time(7),
          .sample = LetterId(ReadUuid(row, 8)),
          .trend = {},
          .muted_until = row.OptionalTime(9),
          .muted_by = row.Text(10)};
}

std::string_view RankColumn(GroupOrder order) {
  switch (order) {
    case GroupOrder::kLastSeen:
      return "last_seen";
    case GroupOrder::kLetters:
      return "letters";
  }
  std::unreachable();
}

// Only the conditions that are asked for stand in the statement, so that SQLite can choose an index
// by them.
std::string ListSql(const GroupFilter& filter, GroupOrder order, bool after) {
  const std::string_view rank = RankColumn(order);
  std::string conditions = "true";
  const auto add = [&](bool wanted, std::string_view condition) {
    if (wanted) conditions.append(" AND ").append(condition);
  };
  add(after, "(had." + std::string(rank) + ", had.group_id) < (?1, ?2)");
  add(filter.type.has_value(), "had.type = ?3");
  add(filter.action.has_value(), "had.action = ?4");
  add(filter.reason.has_value(), "had.reason = ?5");
  add(filter.queue.has_value(), "had.queue = ?6");
  add(filter.since.has_value(), "had.last_seen >= ?7");
  add(filter.muted.has_value(), "(mute.group_id IS NOT NULL) = ?8");
  return FillIn(sql::kGroupList, {{"conditions", conditions}, {"rank", rank}});
}

}  // namespace

SqliteGroupBook::SqliteGroupBook(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<GroupPage> SqliteGroupBook::List(const GroupFilter& filter, GroupOrder order,
                                              std::size_t limit, std::optional<GroupPlace> after,
                                              Instant now) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  GroupPage page;
  {
    auto rows = (*database)->Prepare(ListSql(filter, order, after.has_value()));
    const auto rank = after ? std::optional(after->rank) : std::nullopt;
    const auto last = after ? std::optional(StoredGroup(after->group)) : std::nullopt;
    rows.Bind(rank, last, filter.type, filter.action, NameOf(filter.reason, ReasonName),
              filter.queue, filter.since, filter.muted, now, limit);
    while (rows.Next()) page.groups.push_back(ReadGroupSummary(rows));
    if (rows.error()) return file_.Failed(*rows.error());
  }
  if (limit != 0 && page.groups.size() == limit) page.next = PlaceOf(page.groups.back(), order);
  if (auto added = AddTrends(**database, page, now); !added)
    return Unexpected<LedgerError>(added.error());
  return page;
}

LedgerResult<void> SqliteGroupBook::AddTrends(sqlite::Database& database, GroupPage& page,
                                              Instant now) {
  const Instant last = HourOf(now);
  const Instant first = last - std::chrono::hours(kTrendHours - 1);
  auto hours = database.Prepare(sql::kGroupTrend);
  for (GroupSummary& group : page.groups) {
    hours.Bind(StoredGroup(group.group), first, last);
    while (hours.Next()) AddToTrend(group, hours.Time(0), hours.Int64(1), first);
    if (hours.error()) return file_.Failed(*hours.error());
  }
  return {};
}

LedgerResult<bool> SqliteGroupBook::Mute(GroupId group, std::optional<Instant> until,
                                         const AuditEntry& entry) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  AuditEntry told = entry;
  bool is_known = false;
  {
    auto letters = (*database)->Prepare(sql::kGroupLetters);
    letters.Bind(StoredGroup(group));
    if (letters.Next()) {
      is_known = !letters.IsNull(0) || letters.Bool(1);
      if (!letters.IsNull(0)) told.letters = letters.Int64(0);
    }
  }
  if (transaction->error()) return file_.Failed(*transaction->error());
  if (!is_known) return false;
  if (until) {
    static_cast<void>(
        (*database)->Prepare(sql::kGroupMute).Bind(StoredGroup(group), *until, told.who).Run());
  } else {
    static_cast<void>((*database)->Prepare(sql::kGroupUnmute).Bind(StoredGroup(group)).Run());
  }
  RecordInAudit(**database, told);
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return true;
}

LedgerResult<Statistics> SqliteGroupBook::Count(Instant since, Instant until,
                                                std::size_t most_queues) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  Statistics statistics;
  if (auto counted = CountHours(**database, statistics, since, until, most_queues); !counted)
    return Unexpected<LedgerError>(counted.error());
  if (auto counted = CountWhatIsNow(**database, statistics); !counted)
    return Unexpected<LedgerError>(counted.error());
  return statistics;
}

LedgerResult<void> SqliteGroupBook::CountHours(sqlite::Database& database, Statistics& statistics,
                                               Instant since, Instant until,
                                               std::size_t most_queues) {
  auto hours = database.Prepare(sql::kHourTotals);
  hours.Bind(since, until);
  while (hours.Next()) statistics.hours[hours.Time(0)] = hours.Int64(1);
  if (hours.error()) return file_.Failed(*hours.error());
  auto names = database.Prepare(sql::kHourNames);
  names.Bind(since, until, most_queues);
  while (names.Next()) {
    auto* const by = statistics.By(names.Text(0));
    if (by != nullptr) (*by)[names.Text(1)] = names.Int64(2);
  }
  if (names.error()) return file_.Failed(*names.error());
  return {};
}

LedgerResult<void> SqliteGroupBook::CountWhatIsNow(sqlite::Database& database,
                                                   Statistics& statistics) {
  auto states = database.Prepare(sql::kCounts);
  while (states.Next()) {
    const auto state = LetterStateFromName(states.Text(0));
    if (state) statistics.states[*state] = states.Int64(1);
  }
  if (states.error()) return file_.Failed(*states.error());
  auto pending = database.Prepare(sql::kOutboxCount);
  if (pending.Next()) statistics.outbox_pending = pending.Int64(0);
  if (pending.error()) return file_.Failed(*pending.error());
  const auto counting = ReadCountState(database);
  if (!counting) return file_.Failed(counting.error());
  statistics.uncounted = counting->state.Uncounted();
  return {};
}

}  // namespace deadletter
