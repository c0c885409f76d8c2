#include "ledger/postgres/group_book.h"

#include <map>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/letter_tally.h"
#include "ledger/postgres/audit.h"
#include "ledger/postgres/catalog.h"
#include "ledger/postgres/counting.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

GroupSummary ReadGroupSummary(const Rows& rows, int row) {
  return {.group = ReadGroup(rows.Bytes(row, 0)),
          .type = rows.OptionalBytes(row, 1),
          .action = rows.OptionalBytes(row, 2),
          .reason = ReasonFromName(rows.Bytes(row, 3)).value_or(Reason::kUnknown),
          .queue = std::string(rows.Bytes(row, 4)),
          .letters = rows.Number(row, 5),
          .first_seen = rows.Moment(row, 6),
          .last_seen = rows.Moment(row, 7),
          .sample = LetterId(rows.Id(row, 8)),
          .trend = {},
          .muted_until = rows.OptionalMoment(row, 9),
          .muted_by = std::string(rows.Bytes(row, 10))};
}

std::string StoredGroup(const GroupId& group) {
  return {group.value().begin(), group.value().end()};
}

// How a page is ordered: by which column, and which of a group's values that is.
struct Ranking {
  std::string_view column;
  std::string_view type;
};

Ranking RankingOf(GroupOrder order) {
  switch (order) {
    case GroupOrder::kLastSeen:
      return {"last_seen", "timestamptz"};
    case GroupOrder::kLetters:
      return {"letters", "bigint"};
  }
  std::unreachable();
}

void AddRank(Parameters& parameters, GroupOrder order, std::int64_t rank) {
  switch (order) {
    case GroupOrder::kLastSeen:
      parameters.Moment(Instant(Microseconds(rank)));
      return;
    case GroupOrder::kLetters:
      parameters.Number(rank);
      return;
  }
}

}  // namespace

PostgresGroupBook::PostgresGroupBook(const Options& options)
    : schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout) {}

LedgerResult<Rows> PostgresGroupBook::Ask(std::string_view sql) {
  return connection_.Run({.sql = FillIn(sql, {{"schema", schema_}}), .parameters = {}});
}

LedgerResult<GroupPage> PostgresGroupBook::List(const GroupFilter& filter, GroupOrder order,
                                                std::size_t limit, std::optional<GroupPlace> after,
                                                Instant now) {
  const Ranking ranking = RankingOf(order);
  Statement list{
      .sql = FillIn(sql::kGroupList,
                    {{"schema", schema_}, {"rank", ranking.column}, {"rank_type", ranking.type}}),
      .parameters = {}};
  if (after) {
    AddRank(list.parameters, order, after->rank);
    list.parameters.Bytes(StoredGroup(after->group));
  } else {
    list.parameters.Null().Null();
  }
  list.parameters.Bytes(filter.type).Bytes(filter.action);
  filter.reason ? list.parameters.Bytes(std::string(ReasonName(*filter.reason)))
                : list.parameters.Null();
  list.parameters.Bytes(filter.queue);
  filter.since ? list.parameters.Moment(*filter.since) : list.parameters.Null();
  filter.muted ? list.parameters.Number(*filter.muted ? 1 : 0) : list.parameters.Null();
  list.parameters.Moment(now).Number(static_cast<std::int64_t>(limit));
  const auto rows = connection_.Run(list);
  if (!rows) return tl::unexpected(rows.error());
  GroupPage page;
  for (int row = 0; row < rows->size(); ++row) page.groups.push_back(ReadGroupSummary(*rows, row));
  if (limit != 0 && page.groups.size() == limit) page.next = PlaceOf(page.groups.back(), order);
  if (auto added = AddTrends(page, now); !added) return tl::unexpected(added.error());
  return page;
}

LedgerResult<void> PostgresGroupBook::AddTrends(GroupPage& page, Instant now) {
  if (page.groups.empty()) return {};
  BinaryArray ids(ElementType::kBytea, page.groups.size());
  std::map<GroupId, GroupSummary*> by_group;
  for (GroupSummary& group : page.groups) {
    ids.AddBytes(std::string_view(StoredGroup(group.group)));
    by_group[group.group] = &group;
  }
  const Instant last = HourOf(now);
  const Instant first = last - std::chrono::hours(kTrendHours - 1);
  Statement ask{.sql = FillIn(sql::kGroupTrend, {{"schema", schema_}}), .parameters = {}};
  ask.parameters.Array(std::move(ids)).Moment(first).Moment(last);
  const auto rows = connection_.Run(ask);
  if (!rows) return tl::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) {
    const auto found = by_group.find(ReadGroup(rows->Bytes(row, 0)));
    if (found == by_group.end()) continue;
    AddToTrend(*found->second, rows->Moment(row, 1), rows->Number(row, 2), first);
  }
  return {};
}

LedgerResult<bool> PostgresGroupBook::Mute(GroupId group, std::optional<Instant> until,
                                           const AuditEntry& entry) {
  Statement mute{.sql = FillIn(sql::kGroupMute, {{"schema", schema_}}),
                 .parameters = AuditParameters(entry)};
  mute.parameters.Bytes(StoredGroup(group));
  until ? mute.parameters.Moment(*until) : mute.parameters.Null();
  const auto muted = connection_.Transact({std::move(mute)});
  if (!muted) return tl::unexpected(muted.error());
  return muted->front().Bool(0, 0);
}

LedgerResult<Statistics> PostgresGroupBook::Count(Instant since, Instant until,
                                                  std::size_t most_queues) {
  Statistics statistics;
  if (auto counted = CountHours(statistics, since, until, most_queues); !counted)
    return tl::unexpected(counted.error());
  if (auto counted = CountWhatIsNow(statistics); !counted) return tl::unexpected(counted.error());
  return statistics;
}

LedgerResult<void> PostgresGroupBook::CountHours(Statistics& statistics, Instant since,
                                                 Instant until, std::size_t most_queues) {
  Statement totals{.sql = FillIn(sql::kHourTotals, {{"schema", schema_}}), .parameters = {}};
  totals.parameters.Moment(since).Moment(until);
  const auto hours = connection_.Run(totals);
  if (!hours) return tl::unexpected(hours.error());
  for (int row = 0; row < hours->size(); ++row)
    statistics.hours[hours->Moment(row, 0)] = hours->Number(row, 1);

  Statement names{.sql = FillIn(sql::kHourNames, {{"schema", schema_}}), .parameters = {}};
  names.parameters.Moment(since).Moment(until).Number(static_cast<std::int64_t>(most_queues));
  const auto counted = connection_.Run(names);
  if (!counted) return tl::unexpected(counted.error());
  for (int row = 0; row < counted->size(); ++row) {
    auto* const by = statistics.By(counted->Bytes(row, 0));
    if (by != nullptr) (*by)[std::string(counted->Bytes(row, 1))] = counted->Number(row, 2);
  }
  return {};
}

LedgerResult<void> PostgresGroupBook::CountWhatIsNow(Statistics& statistics) {
  const auto states = Ask(sql::kLetterCounts);
  if (!states) return tl::unexpected(states.error());
  for (int row = 0; row < states->size(); ++row) {
    const auto state = LetterStateFromName(states->Bytes(row, 0));
    if (state) statistics.states[*state] = states->Number(row, 1);
  }
  const auto pending = Ask(sql::kOutboxCount);
  if (!pending) return tl::unexpected(pending.error());
  statistics.outbox_pending = pending->Number(0, 0);
  const auto counting = Ask(sql::kCountingState);
  if (!counting) return tl::unexpected(counting.error());
  statistics.uncounted = ReadCountState(*counting).state.Uncounted();
  return {};
}

}  // namespace deadletter::postgres
