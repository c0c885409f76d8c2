#include "ledger/sqlite/sqlite_replay_work.h"

#include <set>
#include <utility>

#include "base/fault_point.h"
#include "base/text.h"
#include "ledger/embedded_sql.h"
#include "ledger/sqlite/replay_rows.h"
#include "ledger/sqlite/replay_run.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

constexpr std::size_t kMaxReasonBytes = 1000;
constexpr std::size_t kMaxUnsent = 500;

sqlite::Blob BlobOf(const Uuid& id) {
  return {BytesOf(id.bytes)};
}
using deadletter::BlobOf;

ReplayCandidate ReadCandidate(const sqlite::Statement& rows) {
  ReplayCandidate candidate;
  candidate.id = LetterId(ReadUuid(rows, 0));
  if (rows.Bool(1)) {
    candidate.unreadable = "the letter is not in the ledger any more";
    return candidate;
  }
  candidate.delivery.dead_letter_queue = rows.Text(2);
  candidate.delivery.exchange = rows.Text(3);
  candidate.delivery.routing_key = rows.Text(4);
  candidate.delivery.redelivered = rows.Bool(5);
  candidate.delivery.received_at = rows.Time(6);
  if (auto message = ReadMessage(rows, 7); message) {
    candidate.delivery.message = std::move(*message);
  } else {
    candidate.unreadable = message.error().message;
  }
  return candidate;
}

// Their bytes in hexadecimal.
std::string JsonOf(std::span<const LetterId> letters) {
  std::string json = "[";
  for (const LetterId& letter : letters) {
    const std::string hex = Hex(BytesOf(letter.value().bytes));
    json.append(json.size() == 1 ? "" : ",").append(1, '"').append(hex).append(1, '"');
  }
  return json + "]";
}

struct Terms {
  bool is_running = false;
  std::string driver;
  Microseconds answer_within{0};
};

std::optional<Terms> TermsOf(sqlite::Database& database, const ReplayId& replay) {
  auto row = database.Prepare(sql::kReplayState);
  row.Bind(BlobOf(replay));
  if (!row.Next()) return std::nullopt;
  return Terms{row.Text(0) == ReplayStateName(ReplayState::kRunning), row.Text(1),
               Microseconds(row.Int64(2))};
}

}  // namespace

SqliteReplayWork::SqliteReplayWork(SqliteLedgerOptions options)
    : options_(std::move(options)), file_(options_.path, options_.lock_timeout) {}

LedgerResult<sqlite::Database*> SqliteReplayWork::Open() {
  auto database = file_.Open();
  if (!database) return database;
  if (sql_ && known_ == file_.generation()) return database;
  sql_.reset();
  auto made = ExecutionSql::Make(**database, options_.executions);
  if (!made) return file_.Failed(made.error());
  sql_ = std::move(*made);
  known_ = file_.generation();
  return database;
}

LedgerResult<std::vector<DrivenReplay>> SqliteReplayWork::Lease(Uuid driver, Instant now,
                                                                std::chrono::milliseconds lease,
                                                                std::span<const LetterId> owed) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  // Mostly there is nothing to lease, and then nobody's write is held up.
  bool any = false;
  {
    auto wanted = (*database)->Prepare(sql::kReplayToLease);
    any = wanted.Bind(BlobOf(driver), now, now + lease / 2, now + 2 * lease).Next();
    if (wanted.error()) return file_.Failed(*wanted.error());
  }
  if (any) {
    if (auto taken = TakeLeases(**database, driver, now, lease, owed); !taken)
      return Unexpected<LedgerError>(taken.error());
  }
  const ReplayId as_id(driver);
  auto replays = ReadReplays(**database, "ended_at IS NULL AND driver = ?1 AND lease_until > ?2",
                             {.id = as_id, .now = now}, 1000);
  if (!replays) return file_.Failed(replays.error());
  std::vector<DrivenReplay> driven;
  for (ReplayRecord& replay : *replays)
    driven.insert(driven.begin(),
                  {replay.id, replay.state, std::move(replay.spec), replay.answered_before});
  return driven;
}

LedgerResult<void> SqliteReplayWork::TakeLeases(sqlite::Database& database, const Uuid& driver,
                                                Instant now, std::chrono::milliseconds lease,
                                                std::span<const LetterId> owed) {
  const std::string owed_json = JsonOf(owed);
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  struct Wanted {
    ReplayId id;
    bool is_new = false;
    Microseconds answer_within{0};
  };
  std::vector<Wanted> all;
  {
    auto rows = database.Prepare(sql::kReplayToLease);
    rows.Bind(BlobOf(driver), now, now + lease / 2, now + 2 * lease);
    while (rows.Next())
      all.push_back({ReplayId(ReadUuid(rows, 0)), rows.Bool(1), Microseconds(rows.Int64(2))});
  }
  for (const Wanted& one : all) {
    static_cast<void>(database.Prepare(sql::kReplayLease)
                          .Bind(BlobOf(one.id), BlobOf(driver), now + lease)
                          .Run());
    static_cast<void>(database.Prepare(sql::kReplayDoubtClaimed)
                          .Bind(BlobOf(one.id), now + one.answer_within, one.is_new,
                                now - kForgottenClaimAfter, now + kForgottenClaimAfter, owed_json)
                          .Run());
  }
  return file_.Commit(*transaction);
}

LedgerResult<void> SqliteReplayWork::Release(Uuid driver) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const auto released = (*database)->Prepare(sql::kReplayRelease).Bind(BlobOf(driver)).Run();
  if (!released) return file_.Failed(released.error());
  return {};
}

LedgerResult<std::vector<ReplayCandidate>> SqliteReplayWork::Next(
    ReplayId replay, Instant now, std::size_t pending, std::size_t max_bytes,
    std::span<const LetterId> without) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  std::vector<ReplayCandidate> candidates;
  std::size_t bytes = 0;
  const std::set<LetterId> left_out(without.begin(), without.end());
  auto rows = (*database)->Prepare(sql::kReplayNext);
  const auto read = [&](ReplayStep step, std::size_t limit) {
    rows.Bind(BlobOf(replay), ReplayStepName(step), now, limit + left_out.size(),
              now + kHeldRowWait);
    const std::size_t most = candidates.size() + limit;
    while (candidates.size() < most && (candidates.empty() || bytes < max_bytes) && rows.Next()) {
      if (left_out.contains(LetterId(ReadUuid(rows, 0)))) continue;
      candidates.push_back(ReadCandidate(rows));
      candidates.back().is_unsent = step == ReplayStep::kUnsent;
      bytes += candidates.back().delivery.BufferedBytes();
    }
  };
  read(ReplayStep::kUnsent, kMaxUnsent);
  if (!rows.error()) read(ReplayStep::kPending, pending);
  if (rows.error()) return file_.Failed(*rows.error());
  return candidates;
}

LedgerResult<std::vector<ClaimedLetter>> SqliteReplayWork::Claim(
    ReplayId replay, Uuid driver, std::span<const ReplayClaim> claims, Instant now) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  std::vector<ClaimedLetter> claimed(claims.size());
  const auto terms = TermsOf(**database, replay);
  if (terms && terms->driver == BytesOf(driver.bytes)) {
    ReplayRun run(**database, *sql_, options_, replay, now);
    for (std::size_t place = 0; place < claims.size(); ++place)
      claimed[place] = run.Claim(claims[place], terms->is_running);
    static_cast<void>(run.Finish());
  }
  fault::Hit("replayclaim.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("replayclaim.after");
  return claimed;
}

LedgerResult<std::map<ReplayEnd, std::int64_t>> SqliteReplayWork::Mark(
    ReplayId replay, std::span<const ReplayResult> results, Instant now) {
  if (results.empty()) return std::map<ReplayEnd, std::int64_t>();
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const Terms terms = TermsOf(**database, replay).value_or(Terms{});
  ReplayRun run(**database, *sql_, options_, replay, now);
  for (const ReplayResult& result : results) run.Mark(result, terms.answer_within);
  auto ends = run.Finish();
  fault::Hit("replaymark.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("replaymark.after");
  return ends;
}

LedgerResult<FollowedLetters> SqliteReplayWork::Follow(ReplayId replay,
                                                       std::optional<LetterId> after,
                                                       std::size_t limit, Instant now) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  struct Sent {
    LetterId letter;
    std::optional<ExecutionId> execution;
  };
  std::vector<Sent> all;
  bool is_left = true;
  {
    auto rows = (*database)->Prepare(sql::kReplaySent);
    const sqlite::Blob up_to = after ? BlobOf(*after) : sqlite::Blob{""};
    rows.Bind(BlobOf(replay), up_to, limit);
    while (rows.Next()) {
      all.push_back({LetterId(ReadUuid(rows, 0)),
                     ParseExecutionId(options_.executions.id_type, rows.Text(1))});
    }
    if (rows.error()) return file_.Failed(*rows.error());
    auto left = (*database)->Prepare(sql::kReplayLeft);
    is_left = left.Bind(BlobOf(replay)).Next();
    if (left.error()) return file_.Failed(*left.error());
  }
  FollowedLetters followed;
  // Fewer than asked for: the end was reached, and the next round begins with the oldest.
  if (!all.empty() && all.size() == limit) followed.up_to = all.back().letter;
  if (all.empty() && is_left) return followed;

  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  ReplayRun run(**database, *sql_, options_, replay, now);
  const Terms terms = TermsOf(**database, replay).value_or(Terms{});
  bool is_changed = false;
  for (const Sent& sent : all)
    is_changed = run.Follow(sent.letter, sent.execution, terms.answer_within) || is_changed;
  followed.ends = run.Finish();
  {
    auto left = (*database)->Prepare(sql::kReplayLeft);
    is_left = left.Bind(BlobOf(replay)).Next();
  }
  if (is_left && !is_changed) return followed;  // nothing was written
  if (!is_left)
    static_cast<void>((*database)->Prepare(sql::kReplayOver).Bind(BlobOf(replay), now).Run());
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return followed;
}

LedgerResult<ReplayCounts> SqliteReplayWork::Count(ReplayId replay) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto counts = CountReplay(**database, replay);
  if (!counts) return file_.Failed(counts.error());
  return std::move(*counts);
}

LedgerResult<void> SqliteReplayWork::Stop(ReplayId replay, const std::string& reason) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const auto terms = TermsOf(**database, replay);
  if (terms && terms->is_running) {
    const std::string shown = DisplayText(reason, kMaxReasonBytes);
    static_cast<void>((*database)
                          ->Prepare(sql::kReplaySetState)
                          .Bind(BlobOf(replay), ReplayStateName(ReplayState::kStopped), shown)
                          .Run());
  }
  return file_.Commit(*transaction);
}

}  // namespace deadletter
