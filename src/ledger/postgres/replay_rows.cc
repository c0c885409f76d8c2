#include "ledger/postgres/replay_rows.h"

#include "ledger/embedded_sql.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {

ReplayRecord ReadReplay(const Rows& rows, int row) {
  ReplayRecord replay;
  replay.id = ReplayId(rows.Id(row, 0));
  replay.state = ReplayStateFromName(rows.Bytes(row, 1)).value_or(ReplayState::kStopped);
  replay.reason = rows.Bytes(row, 2);
  replay.spec.made_by = rows.Bytes(row, 3);
  replay.spec.selection_json = rows.Bytes(row, 4);
  replay.spec.edit_json = rows.Bytes(row, 5);
  if (!rows.IsNull(row, 6)) {
    replay.spec.redirect =
        Address{std::string(rows.Bytes(row, 6)), std::string(rows.Bytes(row, 7))};
  }
  replay.spec.milli_rate = rows.Number(row, 8);
  replay.spec.ramp = rows.Bool(row, 9);
  replay.spec.stop_percent = rows.Number(row, 10);
  replay.spec.answer_within = Microseconds(rows.Number(row, 11));
  replay.created_at = rows.Moment(row, 12);
  replay.ended_at = rows.OptionalMoment(row, 13);
  replay.answered_before = {rows.Number(row, 14), rows.Number(row, 15)};
  replay.spec.queue_limit = rows.Number(row, 16);
  return replay;
}

LedgerResult<ReplayCounts> CountReplay(Connection& connection, const std::string& schema,
                                       ReplayId id) {
  Statement count{.sql = FillIn(sql::kReplayCounts, {{"schema", schema}}), .parameters = {}};
  count.parameters.Id(id.value());
  const auto rows = connection.Run(count);
  if (!rows) return tl::unexpected(rows.error());
  ReplayCounts counts;
  for (int row = 0; row < rows->size(); ++row) {
    const auto step = ReplayStepFromName(rows->Bytes(row, 0));
    const auto end = ReplayEndFromName(rows->Bytes(row, 1));
    const std::int64_t letters = rows->Number(row, 2);
    counts.letters += letters;
    counts.out += rows->Number(row, 3);
    if (step == ReplayStep::kPending) counts.pending += letters;
    if (step != ReplayStep::kPending && step != ReplayStep::kEnded) counts.awaiting += letters;
    if (end) counts.ends[*end] += letters;
  }
  return counts;
}

}  // namespace deadletter::postgres
