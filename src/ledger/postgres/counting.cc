#include "ledger/postgres/counting.h"

#include <utility>

#include "base/fault_point.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/catalog.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

// Of the old counts, of each kind.
constexpr std::int64_t kClearedAtOnce = 10'000;

// The columns of sql/counting_columns.sql.
CountedLetter ReadCounted(const Rows& rows, int row) {
  return {.id = LetterId(rows.Id(row, 0)),
          .group = ReadGroup(rows.Bytes(row, 1)),
          .type = rows.OptionalBytes(row, 2),
          .action = rows.OptionalBytes(row, 3),
          .reason = std::string(rows.Bytes(row, 4)),
          .queue = std::string(rows.Bytes(row, 5)),
          .outcome = std::string(rows.Bytes(row, 7)),
          .received_at = rows.Moment(row, 6)};
}
constexpr int kIsNamedColumn = 8;  // of sql/counting_walk.sql

std::string_view BytesOfGroup(const GroupId& group) {
  return {reinterpret_cast<const char*>(group.value().data()), group.value().size()};
}

// Of sql/counting_groups.sql.
Parameters GroupParameters(LetterTally& tally) {
  const std::size_t count = tally.groups().size();
  BinaryArray ids(ElementType::kBytea, count);
  BinaryArray types(ElementType::kBytea, count);
  BinaryArray actions(ElementType::kBytea, count);
  BinaryArray reasons(ElementType::kText, count);
  BinaryArray queues(ElementType::kBytea, count);
  BinaryArray letters(ElementType::kInt8, count);
  BinaryArray first_seen(ElementType::kTimestamptz, count);
  BinaryArray last_seen(ElementType::kTimestamptz, count);
  BinaryArray samples(ElementType::kUuid, count);
  for (const auto& [id, group] : tally.groups()) {
    ids.AddBytes(BytesOfGroup(id));
    types.AddBytes(group.type);
    actions.AddBytes(group.action);
    reasons.AddBytes(std::string_view(group.reason));
    queues.AddBytes(std::string_view(group.queue));
    letters.AddNumber(group.letters);
    first_seen.AddInstant(group.first_seen);
    last_seen.AddInstant(group.last_seen);
    samples.AddUuid(group.sample.value());
  }
  Parameters parameters;
  parameters.Array(std::move(ids)).Array(std::move(types)).Array(std::move(actions));
  parameters.Array(std::move(reasons)).Array(std::move(queues)).Array(std::move(letters));
  parameters.Array(std::move(first_seen)).Array(std::move(last_seen)).Array(std::move(samples));
  return parameters;
}

// Of sql/counting_group_hours.sql: the hours from `first` on.
Parameters GroupHourParameters(const LetterTally& tally, Instant first) {
  BinaryArray groups(ElementType::kBytea);
  BinaryArray hours(ElementType::kTimestamptz);
  BinaryArray letters(ElementType::kInt8);
  for (const auto& [place, number] : tally.group_hours()) {
    if (place.second < first) continue;
    groups.AddBytes(BytesOfGroup(place.first));
    hours.AddInstant(place.second);
    letters.AddNumber(number);
  }
  Parameters parameters;
  parameters.Array(std::move(groups)).Array(std::move(hours)).Array(std::move(letters));
  return parameters;
}

// Of sql/counting_hours.sql.
Parameters HourParameters(const LetterTally& tally) {
  BinaryArray hours(ElementType::kTimestamptz);
  BinaryArray kinds(ElementType::kText);
  BinaryArray names(ElementType::kBytea);
  BinaryArray letters(ElementType::kInt8);
  for (const auto& [place, number] : tally.hours()) {
    hours.AddInstant(place.hour);
    kinds.AddBytes(CountedByName(place.by));
    names.AddBytes(std::string_view(place.name));
    letters.AddNumber(number);
  }
  Parameters parameters;
  parameters.Array(std::move(hours)).Array(std::move(kinds)).Array(std::move(names));
  parameters.Array(std::move(letters)).Number(static_cast<std::int64_t>(kMaxQueuesOfAnHour));
  return parameters;
}

}  // namespace

Statement CountStateStatement(const std::string& quoted_schema) {
  return {.sql = FillIn(sql::kCountingState, {{"schema", quoted_schema}}), .parameters = {}};
}

NamedState ReadCountState(const Rows& rows) {
  NamedState read;
  if (rows.size() == 0) return read;
  if (!rows.IsNull(0, 1)) read.walk = LetterId(rows.Id(0, 1));
  read.has_names = rows.Bool(0, 7);
  read.state = {.letters = rows.Number(0, 5),
                .counted = rows.Number(0, 0),
                .named = rows.Number(0, 6),
                .unexplained = rows.Number(0, 2),
                .is_sure = rows.Bool(0, 3),
                .is_recounting = read.walk.has_value(),
                .recounted_at = rows.OptionalMoment(0, 4)};
  return read;
}

PostgresCounting::PostgresCounting(const Options& options)
    : schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout) {}

Statement PostgresCounting::Make(std::string_view sql) const {
  return {.sql = FillIn(sql, {{"schema", schema_}}), .parameters = {}};
}

// If we die on any line of it, the transaction is gone, and with it the row that we hold: the names
// are there as before, and whoever comes next counts them. Where only the commit's answer is lost,
// the next call finds out by what it reads.
LedgerResult<CountProgress> PostgresCounting::Count(std::size_t max_letters, Instant now) {
  // Mostly there is nothing, and then nobody is asked for a lock.
  const auto seen = connection_.Run(CountStateStatement(schema_));
  if (!seen) return tl::unexpected(seen.error());
  const NamedState outside = ReadCountState(*seen);
  if (!outside.has_names && !outside.walk && !MustRecount(outside.state, now))
    return CountProgress{.letters = 0, .uncounted = outside.state.Uncounted(), .more = false};

  // The second statement sees what was committed before the first one had the row.
  const auto turn = connection_.Begin({Make(sql::kCountingTurn), CountStateStatement(schema_)});
  if (!turn) return tl::unexpected(turn.error());
  const NamedState before = ReadCountState(turn->at(1));
  const bool is_ours = turn->at(0).size() == 1;
  if (!is_ours) return Nothing(before);
  if (before.has_names || before.walk) return CountNext(before, max_letters, now);
  return MustRecount(before.state, now) ? CountAgain(before) : Nothing(before);
}

LedgerResult<CountProgress> PostgresCounting::Nothing(const NamedState& before) {
  const auto ended = connection_.Commit({});
  if (!ended) return tl::unexpected(ended.error());
  return CountProgress{.letters = 0, .uncounted = before.state.Uncounted(), .more = false};
}

LedgerResult<CountProgress> PostgresCounting::CountAgain(const NamedState& before) {
  const auto begun = connection_.Commit({Make(sql::kCountingAgain)});
  if (!begun) return tl::unexpected(begun.error());
  return CountProgress{.letters = 0, .uncounted = before.state.letters, .more = true};
}

LedgerResult<CountProgress> PostgresCounting::CountNext(const NamedState& before,
                                                        std::size_t max_letters, Instant now) {
  std::optional<LetterId> walk = before.walk;
  if (walk == LetterId(Uuid{})) {
    const auto cleared = Clear();
    if (!cleared) return tl::unexpected(cleared.error());
    if (*cleared > 0) {
      const auto committed = connection_.Commit({});
      if (!committed) return tl::unexpected(committed.error());
      return CountProgress{.letters = 0, .uncounted = before.state.letters, .more = true};
    }
  }
  LetterTally tally;
  const auto named = Take(walk, max_letters, tally);
  if (!named) return tl::unexpected(named.error());
  // Where no letter came of names, there may be others behind them.
  const bool more_names = *named >= max_letters || (before.has_names && *named == 0);
  bool is_over = false;
  // Letters are looked up among the names: not before most of these are gone.
  if (walk && !more_names) {
    const auto more_letters = Walk(*walk, max_letters, tally);
    if (!more_letters) return tl::unexpected(more_letters.error());
    is_over = !*more_letters;
  }
  if (const auto found = FindFirstQueues(tally); !found) return tl::unexpected(found.error());

  std::vector<Statement> changes;
  AddTo(changes, tally, now);
  Statement done = Make(sql::kCountingDone);
  done.parameters.Number(tally.letters());
  walk ? done.parameters.Id(walk->value()) : done.parameters.Null();
  changes.push_back(std::move(done));
  if (is_over) {
    changes.push_back(Make(sql::kCountingOver));
    changes.back().parameters.Moment(now);
  }
  fault::Hit("count.before");
  const auto committed = connection_.Commit(std::move(changes));
  if (!committed) return tl::unexpected(committed.error());
  fault::Hit("count.after");
  CountState after = before.state;
  after.counted += tally.letters();
  return CountProgress{.letters = static_cast<std::size_t>(tally.letters()),
                       .uncounted = after.Uncounted(),
                       .more = more_names || (walk && !is_over)};
}

LedgerResult<std::size_t> PostgresCounting::Take(const std::optional<LetterId>& walk,
                                                 std::size_t max_letters, LetterTally& tally) {
  const std::string columns = FillIn(sql::kCountingColumns, {{"schema", schema_}});
  Statement take{.sql = FillIn(sql::kCountingTake, {{"schema", schema_}, {"columns", columns}}),
                 .parameters = {}};
  take.parameters.Number(static_cast<std::int64_t>(kMaxGroupWordBytes))
      .Number(static_cast<std::int64_t>(max_letters));
  const auto rows = connection_.Continue(take);
  if (!rows) return tl::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) {
    CountedLetter letter = ReadCounted(*rows, row);
    // To those further on the walk comes by itself.
    if (!walk || letter.id <= *walk) tally.Add(letter);
  }
  return static_cast<std::size_t>(rows->size());
}

// A letter is counted where it is met without a name. One that is named was recorded a moment ago,
// perhaps with an id that the walk has passed by then: its name says so once its turn comes.
LedgerResult<bool> PostgresCounting::Walk(LetterId& walk, std::size_t max_letters,
                                          LetterTally& tally) {
  const std::string columns = FillIn(sql::kCountingColumns, {{"schema", schema_}});
  Statement next{.sql = FillIn(sql::kCountingWalk, {{"schema", schema_}, {"columns", columns}}),
                 .parameters = {}};
  next.parameters.Number(static_cast<std::int64_t>(kMaxGroupWordBytes))
      .Id(walk.value())
      .Number(static_cast<std::int64_t>(max_letters));
  const auto rows = connection_.Continue(next);
  if (!rows) return tl::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) {
    CountedLetter letter = ReadCounted(*rows, row);
    walk = letter.id;
    if (!rows->Bool(row, kIsNamedColumn)) tally.Add(letter);
  }
  return static_cast<std::size_t>(rows->size()) >= max_letters;
}

LedgerResult<std::int64_t> PostgresCounting::Clear() {
  Statement clear = Make(sql::kCountingClear);
  clear.parameters.Number(kClearedAtOnce);
  const auto cleared = connection_.Continue(clear);
  if (!cleared) return tl::unexpected(cleared.error());
  return cleared->Number(0, 0);
}

LedgerResult<void> PostgresCounting::FindFirstQueues(LetterTally& tally) {
  if (tally.groups().empty()) return {};
  BinaryArray groups(ElementType::kBytea, tally.groups().size());
  BinaryArray samples(ElementType::kUuid, tally.groups().size());
  for (const auto& [group, counted] : tally.groups()) {
    groups.AddBytes(BytesOfGroup(group));
    samples.AddUuid(counted.sample.value());
  }
  Statement ask = Make(sql::kCountingFresh);
  ask.parameters.Array(std::move(groups)).Array(std::move(samples));
  ask.parameters.Number(static_cast<std::int64_t>(kMaxGroupHeaderBytes));
  const auto fresh = connection_.Continue(ask);
  if (!fresh) return tl::unexpected(fresh.error());
  for (int row = 0; row < fresh->size(); ++row) {
    auto queue = FirstQueueWord(fresh->Bytes(row, 1));
    if (queue) tally.groups()[ReadGroup(fresh->Bytes(row, 0))].queue = std::move(*queue);
  }
  return {};
}

void PostgresCounting::AddTo(std::vector<Statement>& changes, LetterTally& tally,
                             Instant now) const {
  if (tally.letters() == 0) return;
  changes.push_back({.sql = Make(sql::kCountingGroups).sql, .parameters = GroupParameters(tally)});
  changes.push_back({.sql = Make(sql::kCountingGroupHours).sql,
                     .parameters = GroupHourParameters(tally, HourOf(now - kGroupHoursKept))});
  changes.push_back({.sql = Make(sql::kCountingHours).sql, .parameters = HourParameters(tally)});
}

LedgerResult<std::size_t> PostgresCounting::Prune(Instant now, std::size_t limit) {
  Statement prune = Make(sql::kCountingPrune);
  prune.parameters.Moment(HourOf(now - kGroupHoursKept))
      .Moment(now)
      .Number(static_cast<std::int64_t>(limit));
  const auto pruned = connection_.Run(prune);
  if (!pruned) return tl::unexpected(pruned.error());
  return static_cast<std::size_t>(pruned->Number(0, 0));
}

}  // namespace deadletter::postgres
