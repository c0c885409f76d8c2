#include "ledger/sqlite/replay_rows.h"

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {

namespace sql = sqlite::sql;

sqlite::DatabaseResult<std::vector<ReplayRecord>> ReadReplays(sqlite::Database& database,
                                                              const std::string& conditions,
                                                              const ReplayConditions& values,
                                                              std::size_t limit) {
  std::vector<ReplayRecord> replays;
  auto rows = database.Prepare(FillIn(sql::kReplayList, {{"conditions", conditions}}));
  rows.Bind(values.id ? std::optional(BlobOf(*values.id)) : std::nullopt, values.now, limit);
  while (rows.Next()) {
    ReplayRecord replay;
    replay.id = ReplayId(ReadUuid(rows, 0));
    replay.state = ReplayStateFromName(rows.Text(1)).value_or(ReplayState::kStopped);
    replay.reason = rows.Text(2);
    replay.spec.made_by = rows.Text(3);
    replay.spec.selection_json = rows.Text(4);
    replay.spec.edit_json = rows.Text(5);
    if (!rows.IsNull(6)) replay.spec.redirect = Address{rows.Text(6), rows.Text(7)};
    replay.spec.milli_rate = rows.Int64(8);
    replay.spec.ramp = rows.Bool(9);
    replay.spec.stop_percent = rows.Int64(10);
    replay.spec.answer_within = Microseconds(rows.Int64(11));
    replay.created_at = rows.Time(12);
    replay.ended_at = rows.OptionalTime(13);
    replay.answered_before = {rows.Int64(14), rows.Int64(15)};
    replay.spec.queue_limit = rows.Int64(16);
    replays.push_back(std::move(replay));
  }
  if (rows.error()) return Unexpected<sqlite::DatabaseError>(*rows.error());
  return replays;
}

sqlite::DatabaseResult<ReplayCounts> CountReplay(sqlite::Database& database, const ReplayId& id) {
  ReplayCounts counts;
  auto rows = database.Prepare(sql::kReplayCounts);
  rows.Bind(BlobOf(id));
  while (rows.Next()) {
    const auto step = ReplayStepFromName(rows.Text(0));
    const auto end = ReplayEndFromName(rows.Text(1));
    const std::int64_t letters = rows.Int64(2);
    counts.letters += letters;
    counts.out += rows.Int64(3);
    if (step == ReplayStep::kPending) counts.pending += letters;
    if (step != ReplayStep::kPending && step != ReplayStep::kEnded) counts.awaiting += letters;
    if (end) counts.ends[*end] += letters;
  }
  if (rows.error()) return Unexpected<sqlite::DatabaseError>(*rows.error());
  return counts;
}

}  // namespace deadletter
