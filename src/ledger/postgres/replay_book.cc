#include "ledger/postgres/replay_book.h"

#include <algorithm>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/audit.h"
#include "ledger/postgres/catalog.h"
#include "ledger/postgres/letter_filter.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/replay_rows.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

constexpr std::int64_t kMaxParts = 100;

struct Steering {
  ReplayState to;
  std::vector<std::string> from;
};

Steering SteeringOf(ReplayCommand command) {
  switch (command) {
    case ReplayCommand::kPause:
      return {ReplayState::kPaused, {"running"}};
    case ReplayCommand::kResume:
      return {ReplayState::kRunning, {"paused", "stopped"}};
    case ReplayCommand::kCancel:
      return {ReplayState::kCancelled, {"running", "paused", "stopped"}};
  }
  return {ReplayState::kPaused, {}};
}

}  // namespace

PostgresReplayBook::PostgresReplayBook(const Options& options)
    : schema_name_(options.schema),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout) {}

std::string PostgresReplayBook::Chosen(const LetterSelection& selection) const {
  return FillIn(sql::kReplayChosen,
                {{"schema", schema_}, {"filter", FilterSql(schema_, selection)}});
}

LedgerResult<ReplayPreview> PostgresReplayBook::Preview(const LetterSelection& selection) {
  Statement ask{.sql = FillIn(sql::kReplayPreview, {{"chosen", Chosen(selection)}}),
                .parameters = {}};
  AddSelection(ask.parameters, selection);
  ask.parameters.Number(kMaxParts);
  const auto rows = connection_.Run(ask);
  if (!rows) return tl::unexpected(rows.error());
  ReplayPreview preview;
  for (int row = 0; row < rows->size(); ++row) {
    preview.parts.push_back({.group = ReadGroup(rows->Bytes(row, 0)),
                             .queue = std::string(rows->Bytes(row, 1)),
                             .letters = rows->Number(row, 2),
                             .sample = LetterId(rows->Id(row, 3))});
    preview.letters = rows->Number(row, 4);
    preview.taken = rows->Number(row, 5);
    preview.waiting = rows->Number(row, 6);
    preview.closed = rows->Number(row, 7);
  }
  return preview;
}

LedgerResult<ReplayMade> PostgresReplayBook::Make(ReplayId id, const ReplaySpec& spec,
                                                  const LetterSelection& selection,
                                                  std::size_t max_letters, Instant now,
                                                  const AuditEntry& entry) {
  Statement turn{.sql = std::string(sql::kReplayMakeTurn), .parameters = {}};
  turn.parameters.Bytes(schema_name_);
  Statement make{
      .sql = FillIn(sql::kReplayMake, {{"schema", schema_}, {"chosen", Chosen(selection)}}),
      .parameters = {}};
  AddSelection(make.parameters, selection);
  make.parameters.Number(static_cast<std::int64_t>(max_letters)).Id(id.value());
  make.parameters.Bytes(spec.made_by).Bytes(spec.selection_json).Bytes(spec.edit_json);
  if (spec.redirect) {
    make.parameters.Bytes(spec.redirect->exchange).Bytes(spec.redirect->routing_key);
  } else {
    make.parameters.Null().Null();
  }
  make.parameters.Number(spec.milli_rate)
      .Number(spec.ramp ? 1 : 0)
      .Number(spec.stop_percent)
      .Number(spec.answer_within.count())
      .Moment(now)
      .Number(spec.queue_limit);
  std::vector<Statement> statements;
  statements.push_back(std::move(turn));
  statements.push_back(std::move(make));
  Statement audit{.sql = FillIn(sql::kReplayMadeAudit, {{"schema", schema_}}),
                  .parameters = AuditParameters(entry)};
  audit.parameters.Id(id.value());
  statements.push_back(std::move(audit));
  const auto made = connection_.Transact(std::move(statements));
  if (!made) return tl::unexpected(made.error());
  const Rows& rows = made->at(1);
  const std::int64_t holders = rows.Number(0, 3);
  return ReplayMade{.made = rows.Bool(0, 0),
                    .letters = rows.Number(0, 1),
                    .taken = rows.Number(0, 2),
                    .holder = holders > 0 ? std::optional(ReplayId(rows.Id(0, 4))) : std::nullopt,
                    .holders = holders};
}

LedgerResult<std::vector<ReplayRecord>> PostgresReplayBook::Read(std::optional<ReplayId> after,
                                                                 std::optional<ReplayId> only,
                                                                 std::size_t limit) {
  Statement list{
      .sql = FillIn(sql::kReplayList, {{"schema", schema_}, {"columns", sql::kReplayColumns}}),
      .parameters = {}};
  after ? list.parameters.Id(after->value()) : list.parameters.Null();
  only ? list.parameters.Id(only->value()) : list.parameters.Null();
  list.parameters.Number(static_cast<std::int64_t>(limit));
  const auto rows = connection_.Run(list);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<ReplayRecord> replays;
  for (int row = 0; row < rows->size(); ++row) {
    replays.push_back(ReadReplay(*rows, row));
    auto counts = CountReplay(connection_, schema_, replays.back().id);
    if (!counts) return tl::unexpected(counts.error());
    replays.back().counts = std::move(*counts);
  }
  return replays;
}

LedgerResult<std::vector<ReplayRecord>> PostgresReplayBook::List(std::size_t limit,
                                                                 std::optional<ReplayId> after) {
  return Read(after, std::nullopt, limit);
}

LedgerResult<std::optional<ReplayRecord>> PostgresReplayBook::Show(ReplayId id) {
  auto replays = Read(std::nullopt, id, 1);
  if (!replays) return tl::unexpected(replays.error());
  if (replays->empty()) return std::nullopt;
  return std::move(replays->front());
}

LedgerResult<std::vector<MovingReplay>> PostgresReplayBook::Moving(Instant ended_after,
                                                                   std::size_t limit) {
  Statement list{.sql = FillIn(sql::kReplayMoving, {{"schema", schema_}}), .parameters = {}};
  list.parameters.Moment(ended_after).Number(static_cast<std::int64_t>(limit));
  const auto rows = connection_.Run(list);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<MovingReplay> replays;
  for (int row = 0; row < rows->size(); ++row)
    replays.push_back({.id = ReplayId(rows->Id(row, 0)), .ended = rows->Bool(row, 1)});
  return replays;
}

LedgerResult<std::vector<ReplayedLetter>> PostgresReplayBook::Letters(
    ReplayId id, std::optional<ReplayEnd> end, std::size_t limit, std::optional<LetterId> after) {
  Statement list{.sql = FillIn(sql::kReplayLetters, {{"schema", schema_}}), .parameters = {}};
  list.parameters.Id(id.value());
  end ? list.parameters.Bytes(std::string(ReplayEndName(*end))) : list.parameters.Null();
  after ? list.parameters.Id(after->value()) : list.parameters.Null();
  list.parameters.Number(static_cast<std::int64_t>(limit));
  const auto rows = connection_.Run(list);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<ReplayedLetter> letters;
  for (int row = 0; row < rows->size(); ++row) {
    letters.push_back(
        {.letter = LetterId(rows->Id(row, 0)),
         .step = ReplayStepFromName(rows->Bytes(row, 1)).value_or(ReplayStep::kPending),
         .end = ReplayEndFromName(rows->Bytes(row, 2)),
         .detail = std::string(rows->Bytes(row, 3)),
         .execution_id = rows->OptionalBytes(row, 4),
         .claimed_at = rows->OptionalMoment(row, 5),
         .sent_at = rows->OptionalMoment(row, 6),
         .ended_at = rows->OptionalMoment(row, 7)});
  }
  return letters;
}

LedgerResult<std::optional<ReplaySteered>> PostgresReplayBook::Steer(ReplayId id,
                                                                     ReplayCommand command,
                                                                     Instant now,
                                                                     const AuditEntry& entry) {
  const Steering steering = SteeringOf(command);
  Statement steer{.sql = FillIn(sql::kReplaySteer, {{"schema", schema_}}),
                  .parameters = AuditParameters(entry)};
  steer.parameters.Id(id.value())
      .Bytes(std::string(ReplayStateName(steering.to)))
      .Texts(steering.from)
      .Moment(now);
  std::vector<Statement> statements;
  statements.push_back(std::move(steer));
  const auto steered = connection_.Transact(std::move(statements));
  if (!steered) return tl::unexpected(steered.error());
  const Rows& rows = steered->front();
  if (rows.size() == 0) return std::nullopt;
  return ReplaySteered{
      .done = rows.Bool(0, 0),
      .state = ReplayStateFromName(rows.Bytes(0, 1)).value_or(ReplayState::kStopped),
      .ended = rows.Bool(0, 2),
      .withdrawn = rows.Number(0, 3)};
}

}  // namespace deadletter::postgres
