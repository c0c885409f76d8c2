#include "ledger/sqlite/sqlite_replay_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/letter_filter.h"
#include "ledger/sqlite/replay_rows.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_audit.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

constexpr std::size_t kMaxParts = 100;
constexpr std::size_t kMaxGroups = 1'000'000;

GroupId ReadGroup(const std::string& bytes) {
  std::array<std::uint8_t, 16> group{};
  if (bytes.size() == group.size()) std::copy(bytes.begin(), bytes.end(), group.begin());
  return GroupId(group);
}

void Choose(sqlite::Database& database, const ReplayId& id, const LetterSelection& selection,
            Instant now) {
  ForEachPart(selection, [&](const std::string& conditions, auto first) {
    auto choose = database.Prepare(FillIn(sql::kReplayChoose, {{"conditions", conditions}}));
    // Bound and not copied: it must live until the statement has run.
    const LetterFilter filter = selection.ids.empty() ? selection.filter : LetterFilter{};
    BindFilter(choose, first, filter, BlobOf(id), now);
    static_cast<void>(choose.Run());
  });
}

void FindHolders(sqlite::Database& database, const ReplayId& id, ReplayMade& made) {
  auto holders = database.Prepare(sql::kReplayHolders);
  holders.Bind(BlobOf(id));
  if (!holders.Next() || holders.IsNull(1)) return;
  made.holders = holders.Int64(0);
  made.holder = ReplayId(ReadUuid(holders, 1));
}

// How many letters that is done to: those that are still to be sent.
void RecordAct(sqlite::Database& database, const ReplayId& id, AuditEntry entry) {
  auto pending = database.Prepare(sql::kReplayPending);
  pending.Bind(BlobOf(id));
  entry.letters = pending.Next() ? pending.Int64(0) : 0;
  RecordInAudit(database, entry);
}

bool MayGo(ReplayState from, ReplayCommand command) {
  const bool is_running = from == ReplayState::kRunning;
  const bool is_held = from == ReplayState::kPaused || from == ReplayState::kStopped;
  switch (command) {
    case ReplayCommand::kPause:
      return is_running;
    case ReplayCommand::kResume:
      return is_held;
    case ReplayCommand::kCancel:
      return is_running || is_held;
  }
  return false;
}

ReplayState StateAfter(ReplayCommand command) {
  switch (command) {
    case ReplayCommand::kPause:
      return ReplayState::kPaused;
    case ReplayCommand::kResume:
      return ReplayState::kRunning;
    case ReplayCommand::kCancel:
      return ReplayState::kCancelled;
  }
  return ReplayState::kPaused;
}

}  // namespace

SqliteReplayBook::SqliteReplayBook(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<ReplayPreview> SqliteReplayBook::Preview(const LetterSelection& selection) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  ReplayPreview preview;
  std::map<std::pair<GroupId, std::string>, ReplayPreviewPart> parts;
  std::optional<sqlite::DatabaseError> failed;
  ForEachPart(selection, [&](const std::string& conditions, auto first) {
    auto rows = (*database)->Prepare(FillIn(sql::kReplayPreview, {{"conditions", conditions}}));
    const LetterFilter filter = selection.ids.empty() ? selection.filter : LetterFilter{};
    BindFilter(rows, first, filter, kMaxGroups);
    while (rows.Next()) {
      const GroupId group = ReadGroup(rows.Text(0));
      ReplayPreviewPart& part = parts[{group, rows.Text(1)}];
      part.group = group;
      part.queue = rows.Text(1);
      part.letters += rows.Int64(2);
      part.sample = std::max(part.sample, LetterId(ReadUuid(rows, 3)));
      preview.letters += rows.Int64(2);
      preview.taken += rows.Int64(4);
      preview.waiting += rows.Int64(5);
      preview.closed += rows.Int64(6);
    }
    if (rows.error()) failed = rows.error();
  });
  if (failed) return file_.Failed(*failed);
  for (auto& [key, part] : parts) preview.parts.push_back(std::move(part));
  std::ranges::sort(preview.parts, {}, [](const ReplayPreviewPart& part) {
    return std::tuple(-part.letters, part.group, part.queue);
  });
  if (preview.parts.size() > kMaxParts) preview.parts.resize(kMaxParts);
  return preview;
}

LedgerResult<ReplayMade> SqliteReplayBook::Make(ReplayId id, const ReplaySpec& spec,
                                                const LetterSelection& selection,
                                                std::size_t max_letters, Instant now,
                                                const AuditEntry& entry) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const auto part = [&](auto get) {
    return spec.redirect ? std::optional(get(*spec.redirect)) : std::nullopt;
  };
  const auto exchange = part([](const Address& address) { return address.exchange; });
  const auto routing_key = part([](const Address& address) { return address.routing_key; });
  static_cast<void>((*database)
                        ->Prepare(sql::kReplayInsert)
                        .Bind(BlobOf(id), spec.made_by, spec.selection_json, spec.edit_json,
                              exchange, routing_key, spec.milli_rate, spec.ramp, spec.stop_percent,
                              spec.answer_within.count(), now, spec.queue_limit)
                        .Run());
  Choose(**database, id, selection, now);
  ReplayMade made;
  {
    auto counts = (*database)->Prepare(sql::kReplayChosen);
    counts.Bind(BlobOf(id));
    if (counts.Next()) {
      made.letters = counts.Int64(0);
      made.taken = counts.Int64(1);
    }
  }
  if (made.letters == made.taken) FindHolders(**database, id, made);
  if (transaction->error()) return file_.Failed(*transaction->error());
  const bool fits = made.letters <= static_cast<std::int64_t>(max_letters);
  if (made.letters == made.taken || !fits) return made;  // and nothing of it stays
  RecordAct(**database, id, entry);
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  made.made = true;
  return made;
}

LedgerResult<std::vector<ReplayRecord>> SqliteReplayBook::Read(const std::string& conditions,
                                                               const std::optional<ReplayId>& id,
                                                               std::size_t limit) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto replays = ReadReplays(**database, conditions, {.id = id, .now = {}}, limit);
  if (!replays) return file_.Failed(replays.error());
  for (ReplayRecord& replay : *replays) {
    auto counts = CountReplay(**database, replay.id);
    if (!counts) return file_.Failed(counts.error());
    replay.counts = std::move(*counts);
  }
  return std::move(*replays);
}

LedgerResult<std::vector<ReplayRecord>> SqliteReplayBook::List(std::size_t limit,
                                                               std::optional<ReplayId> after) {
  return Read(after ? "id < ?1" : "true", after, limit);
}

LedgerResult<std::optional<ReplayRecord>> SqliteReplayBook::Show(ReplayId id) {
  auto replays = Read("id = ?1", id, 1);
  if (!replays) return Unexpected<LedgerError>(replays.error());
  if (replays->empty()) return std::nullopt;
  return std::move(replays->front());
}

LedgerResult<std::vector<MovingReplay>> SqliteReplayBook::Moving(Instant ended_after,
                                                                 std::size_t limit) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  std::vector<MovingReplay> replays;
  auto rows = (*database)->Prepare(sql::kReplayMoving);
  rows.Bind(ended_after, limit);
  while (rows.Next())
    replays.push_back({.id = ReplayId(ReadUuid(rows, 0)), .ended = rows.Int64(1) != 0});
  if (rows.error()) return file_.Failed(*rows.error());
  return replays;
}

LedgerResult<std::vector<ReplayedLetter>> SqliteReplayBook::Letters(ReplayId id,
                                                                    std::optional<ReplayEnd> end,
                                                                    std::size_t limit,
                                                                    std::optional<LetterId> after) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  std::vector<ReplayedLetter> letters;
  auto rows = (*database)->Prepare(sql::kReplayLetters);
  rows.Bind(BlobOf(id), NameOf(end, ReplayEndName),
            after ? std::optional(BlobOf(*after)) : std::nullopt, limit);
  while (rows.Next()) {
    letters.push_back({.letter = LetterId(ReadUuid(rows, 0)),
                       .step = ReplayStepFromName(rows.Text(1)).value_or(ReplayStep::kPending),
                       .end = ReplayEndFromName(rows.Text(2)),
                       .detail = rows.Text(3),
                       .execution_id = rows.OptionalText(4),
                       .claimed_at = rows.OptionalTime(5),
                       .sent_at = rows.OptionalTime(6),
                       .ended_at = rows.OptionalTime(7)});
  }
  if (rows.error()) return file_.Failed(*rows.error());
  return letters;
}

LedgerResult<std::optional<ReplaySteered>> SqliteReplayBook::Steer(ReplayId id,
                                                                   ReplayCommand command,
                                                                   Instant now,
                                                                   const AuditEntry& entry) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  std::optional<ReplayState> state;
  bool ended = false;
  {
    auto row = (*database)->Prepare(sql::kReplayState);
    row.Bind(BlobOf(id));
    if (row.Next()) {
      state = ReplayStateFromName(row.Text(0)).value_or(ReplayState::kStopped);
      ended = row.Bool(3);
    }
  }
  if (transaction->error()) return file_.Failed(*transaction->error());
  if (!state) return std::nullopt;
  if (ended || !MayGo(*state, command))
    return ReplaySteered{.done = false, .state = *state, .ended = ended};
  ReplaySteered steered{.done = true, .state = StateAfter(command)};
  RecordAct(**database, id, entry);
  static_cast<void>((*database)
                        ->Prepare(sql::kReplaySetState)
                        .Bind(BlobOf(id), ReplayStateName(steered.state), "")
                        .Run());
  if (command == ReplayCommand::kResume)
    static_cast<void>((*database)->Prepare(sql::kReplayResumed).Bind(BlobOf(id)).Run());
  if (command == ReplayCommand::kCancel) {
    static_cast<void>(
        (*database)->Prepare(sql::kReplayWithdrawPending).Bind(BlobOf(id), now).Run());
    steered.withdrawn = (*database)->changes();
  }
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return steered;
}

}  // namespace deadletter
