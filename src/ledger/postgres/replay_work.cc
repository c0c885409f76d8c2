#include "ledger/postgres/replay_work.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "base/text.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/replay_rows.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/stored_message.h"
#include "letter/outcome.h"

namespace deadletter::postgres {
namespace {

std::string_view MarkName(ReplayMark mark) {
  switch (mark) {
    case ReplayMark::kSent:
      return "sent";
    case ReplayMark::kInDoubt:
      return "in_doubt";
    case ReplayMark::kUnsent:
      return "unsent";
    case ReplayMark::kUnroutable:
      return "unroutable";
    case ReplayMark::kWithdrawn:
      return "withdrawn";
  }
  return "";
}

ReplayCandidate ReadCandidate(const Rows& rows, int row) {
  ReplayCandidate candidate;
  candidate.id = LetterId(rows.Id(row, 0));
  candidate.is_unsent = rows.Bool(row, 10);
  if (rows.Bool(row, 9)) {
    candidate.unreadable = "the letter is not in the ledger any more";
    return candidate;
  }
  candidate.delivery.dead_letter_queue = rows.Bytes(row, 1);
  candidate.delivery.exchange = rows.Bytes(row, 2);
  candidate.delivery.routing_key = rows.Bytes(row, 3);
  candidate.delivery.redelivered = rows.Bool(row, 4);
  candidate.delivery.received_at = rows.Moment(row, 5);
  candidate.unreadable = ReadStored(rows, row, 6, candidate.delivery.message);
  candidate.delivery.message.body = rows.Bytes(row, 8);
  return candidate;
}

std::map<ReplayEnd, std::int64_t> ReadEnds(const Rows& rows) {
  std::map<ReplayEnd, std::int64_t> ends;
  for (int row = 0; row < rows.size(); ++row) {
    if (const auto end = ReplayEndFromName(rows.Bytes(row, 0))) ends[*end] += rows.Number(row, 1);
  }
  return ends;
}

BinaryArray ArrayOf(std::span<const LetterId> letters) {
  BinaryArray ids(ElementType::kUuid, letters.size());
  for (const LetterId& letter : letters) ids.AddUuid(letter.value());
  return ids;
}

}  // namespace

PostgresReplayWork::PostgresReplayWork(const Options& options)
    : options_(options),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout),
      platform_(options.executions) {}

LedgerResult<void> PostgresReplayWork::Ready() {
  if (auto opened = connection_.Open(); !opened) return opened;
  const auto learnt = platform_.Learn(connection_);
  if (!learnt) return tl::unexpected(learnt.error());
  sql_ = **learnt;
  return {};
}

LedgerError PostgresReplayWork::Refused(LedgerError error) {
  if (error.fault == LedgerFault::kStatement) platform_.Forget();
  return error;
}

LedgerResult<std::vector<DrivenReplay>> PostgresReplayWork::Lease(Uuid driver, Instant now,
                                                                  std::chrono::milliseconds lease,
                                                                  std::span<const LetterId> owed) {
  Statement ask{.sql = FillIn(sql::kReplayToLease, {{"schema", schema_}}), .parameters = {}};
  ask.parameters.Id(driver).Moment(now).Moment(now + lease / 2).Moment(now + 2 * lease);
  const auto asked = connection_.Run(ask);
  if (!asked) return tl::unexpected(asked.error());
  if (asked->Bool(0, 0)) {
    Statement take{.sql = FillIn(sql::kReplayLease, {{"schema", schema_}}), .parameters = {}};
    take.parameters.Id(driver)
        .Moment(now)
        .Moment(now + lease)
        .Moment(now + lease / 2)
        .Moment(now + 2 * lease)
        .Moment(now - kForgottenClaimAfter)
        .Moment(now + kForgottenClaimAfter)
        .Array(ArrayOf(owed));
    const auto taken = connection_.Run(take);
    if (!taken) return tl::unexpected(taken.error());
  }
  Statement list{
      .sql = FillIn(sql::kReplayDriven, {{"schema", schema_}, {"columns", sql::kReplayColumns}}),
      .parameters = {}};
  list.parameters.Id(driver).Moment(now);
  const auto rows = connection_.Run(list);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<DrivenReplay> driven;
  for (int row = 0; row < rows->size(); ++row) {
    ReplayRecord replay = ReadReplay(*rows, row);
    driven.push_back({.id = replay.id,
                      .state = replay.state,
                      .spec = std::move(replay.spec),
                      .answered_before = replay.answered_before});
  }
  return driven;
}

LedgerResult<void> PostgresReplayWork::Release(Uuid driver) {
  Statement release{.sql = FillIn(sql::kReplayRelease, {{"schema", schema_}}), .parameters = {}};
  release.parameters.Id(driver);
  const auto released = connection_.Run(release);
  if (!released) return tl::unexpected(released.error());
  return {};
}

LedgerResult<std::vector<ReplayCandidate>> PostgresReplayWork::Next(
    ReplayId replay, Instant now, std::size_t pending, std::size_t max_bytes,
    std::span<const LetterId> without) {
  Statement next{.sql = FillIn(sql::kReplayNext, {{"schema", schema_}}), .parameters = {}};
  next.parameters.Id(replay.value())
      .Moment(now)
      .Number(static_cast<std::int64_t>(pending))
      .Number(static_cast<std::int64_t>(max_bytes))
      .Moment(now + kHeldRowWait)
      .Array(ArrayOf(without));
  const auto rows = connection_.Run(next);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<ReplayCandidate> candidates;
  for (int row = 0; row < rows->size(); ++row) candidates.push_back(ReadCandidate(*rows, row));
  return candidates;
}

std::string PostgresReplayWork::FillInAll(std::string_view text,
                                          const std::string& assignments) const {
  const bool is_stamped = !sql_.updated.empty();
  const std::string null_text = "NULL::text";
  return FillIn(text,
                {{"schema", schema_},
                 {"table", sql_.table},
                 {"id", sql_.id},
                 {"id_param", sql_.id_param},
                 {"status", sql_.status},
                 {"updated", is_stamped ? "e." + sql_.updated + "::timestamptz"
                                        : std::string("NULL::timestamptz")},
                 {"assignments", assignments},
                 {"is_failed_by", IsFailedBy()},
                 {"is_of_attempt", is_stamped ? "standing.updated >= standing.attempt_from AND "
                                                "standing.updated < standing.attempt_until"
                                              : "true"},
                 {"action_id", sql_.action.empty() ? null_text : "e." + sql_.action},
                 {"action_ref", sql_.action_ref.empty() ? null_text : "e." + sql_.action_ref}});
}

// A failed row names its letter in its result. Without such a column, the newest letter that failed
// the execution is taken for it.
std::string PostgresReplayWork::IsFailedBy() const {
  if (sql_.result_is_jsonb) {
    return "coalesce(e." + sql_.result +
           " @> jsonb_build_object('letter_id', input.letter_id::text), false)";
  }
  if (!sql_.result.empty()) {
    return "coalesce(strpos(replace(e." + sql_.result +
           "::text, ' ', ''), '\"letter_id\":\"' || input.letter_id::text || '\"') > 0, false)";
  }
  return "NOT EXISTS (SELECT FROM " + schema_ + ".letter AS newer WHERE " + schema_ +
         ".execution_key(newer.execution_id) = " + schema_ +
         ".execution_key(letter.execution_id) AND newer.execution_id = letter.execution_id "
         "AND newer.outcome = 'failed' AND newer.id > letter.id)";
}

std::string PostgresReplayWork::ReplayAssignments() const {
  std::string assignments = sql_.status + " = terms.replay_status::" + sql_.status_type;
  if (!sql_.updated.empty()) assignments += ", " + sql_.updated + " = now()";
  if (!sql_.finished.empty()) assignments += ", " + sql_.finished + " = NULL";
  return assignments;
}

std::vector<Statement> PostgresReplayWork::ClaimStatements(ReplayId replay, Uuid driver,
                                                           std::span<const ReplayClaim> claims,
                                                           Instant now) const {
  BinaryArray letters(ElementType::kUuid);
  BinaryArray executions = platform_.IdArray();
  BinaryArray from(ElementType::kTimestamptz);
  BinaryArray until(ElementType::kTimestamptz);
  for (const ReplayClaim& claim : claims) {
    letters.AddUuid(claim.letter.value());
    platform_.AddId(executions, claim.execution);
    from.AddInstant(claim.attempt ? std::optional(claim.attempt->from) : std::nullopt);
    until.AddInstant(claim.attempt ? std::optional(claim.attempt->until) : std::nullopt);
  }
  std::vector<Statement> statements(3);
  statements[0].sql = FillInAll(sql::kReplayClaimLock);
  statements[0].parameters.Id(replay.value()).Id(driver).Array(letters).Array(executions);
  statements[1].sql = FillInAll(sql::kReplayClaim, ReplayAssignments());
  statements[1].parameters.Id(replay.value()).Array(letters).Array(executions);
  statements[1].parameters.Array(from).Array(until);
  statements[1].parameters.Bytes(options_.executions.failed);
  statements[1].parameters.Bytes(options_.executions.replay_status).Moment(now);
  statements[1].parameters.Moment(now + kHeldRowWait);
  statements[2].sql = FillInAll(sql::kReplayClaimStamps);
  statements[2].parameters.Id(replay.value()).Array(letters).Array(executions).Moment(now);
  return statements;
}

LedgerResult<std::vector<ClaimedLetter>> PostgresReplayWork::Claim(
    ReplayId replay, Uuid driver, std::span<const ReplayClaim> claims, Instant now) {
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  fault::Hit("replayclaim.before");
  const auto results = connection_.Transact(ClaimStatements(replay, driver, claims, now));
  if (!results) return tl::unexpected(Refused(results.error()));
  fault::Hit("replayclaim.after");
  std::vector<ClaimedLetter> claimed(claims.size());
  const Rows& verdicts = results->at(1);
  for (int row = 0; row < verdicts.size(); ++row) {
    const std::string_view verdict = verdicts.Bytes(row, 1);
    if (verdict == "left") continue;
    claimed.at(static_cast<std::size_t>(verdicts.Number(row, 0)) - 1).verdict =
        verdict == "withdrawn" ? ClaimVerdict::kWithdrawn : ClaimVerdict::kClaimed;
  }
  const Rows& stamps = results->at(2);
  for (int row = 0; row < stamps.size(); ++row) {
    claimed.at(static_cast<std::size_t>(stamps.Number(row, 0)) - 1).stamp =
        stamps.OptionalMoment(row, 1);
  }
  return claimed;
}

std::vector<Statement> PostgresReplayWork::MarkStatements(ReplayId replay,
                                                          std::span<const ReplayResult> results,
                                                          Instant now) const {
  BinaryArray letters(ElementType::kUuid);
  BinaryArray marks(ElementType::kText);
  BinaryArray details(ElementType::kText);
  BinaryArray retries(ElementType::kTimestamptz);
  BinaryArray claims(ElementType::kTimestamptz);
  BinaryArray unroutable_claims(ElementType::kTimestamptz);
  BinaryArray unroutable(ElementType::kUuid);
  BinaryArray executions = platform_.IdArray();
  std::vector<BinaryArray> texts(3, BinaryArray(ElementType::kText));
  BinaryArray events(ElementType::kUuid);
  std::vector<BinaryArray> bytes(4, BinaryArray(ElementType::kBytea));
  for (const ReplayResult& result : results) {
    const std::string detail = DisplayText(result.detail, kMaxDetailBytes);
    letters.AddUuid(result.letter.value());
    marks.AddBytes(MarkName(result.mark));
    details.AddBytes(std::string_view(detail));
    retries.AddInstant(result.retry_at);
    claims.AddInstant(result.claimed_at);
    if (result.mark != ReplayMark::kUnroutable) continue;
    unroutable.AddUuid(result.letter.value());
    unroutable_claims.AddInstant(result.claimed_at);
    platform_.AddId(executions, result.execution);
    texts[0].AddBytes(std::string_view(detail));
    texts[1].AddBytes(std::string_view(result.failure.result_json));
    texts[2].AddBytes(std::string_view(result.failure.message));
    result.publish_event ? events.AddUuid(result.event.message_id) : events.AddNull();
    bytes[0].AddBytes(std::string_view(result.event.before_action));
    bytes[1].AddBytes(std::string_view(result.event.after_action));
    bytes[2].AddBytes(std::string_view(result.event.address.exchange));
    bytes[3].AddBytes(std::string_view(result.event.address.routing_key));
  }
  std::vector<Statement> statements(3);
  statements[0].sql = FillInAll(sql::kReplayUnroutableLock);
  statements[0].parameters.Id(replay.value()).Array(unroutable).Array(executions);
  statements[0].parameters.Array(unroutable_claims);
  statements[1].sql = FillInAll(sql::kReplayUnroutable, FailAssignments(sql_));
  statements[1].parameters.Id(replay.value()).Bytes(options_.executions.failed);
  statements[1].parameters.Bytes(options_.executions.replay_status).Moment(now);
  statements[1].parameters.Array(unroutable).Array(executions);
  for (const BinaryArray& text : texts) statements[1].parameters.Array(text);
  statements[1].parameters.Array(events);
  for (const BinaryArray& array : bytes) statements[1].parameters.Array(array);
  statements[1].parameters.Array(unroutable_claims);
  statements[2].sql = FillInAll(sql::kReplayMark);
  statements[2].parameters.Id(replay.value()).Array(letters).Array(marks).Array(details);
  statements[2].parameters.Array(retries).Moment(now).Array(claims);
  return statements;
}

LedgerResult<std::map<ReplayEnd, std::int64_t>> PostgresReplayWork::Mark(
    ReplayId replay, std::span<const ReplayResult> results, Instant now) {
  if (results.empty()) return std::map<ReplayEnd, std::int64_t>();
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  fault::Hit("replaymark.before");
  const auto marked = connection_.Transact(MarkStatements(replay, results, now));
  if (!marked) return tl::unexpected(Refused(marked.error()));
  fault::Hit("replaymark.after");
  auto ends = ReadEnds(marked->at(2));
  if (const std::int64_t count = marked->at(1).Number(0, 0); count > 0)
    ends[ReplayEnd::kUnroutable] += count;
  return ends;
}

LedgerResult<FollowedLetters> PostgresReplayWork::Follow(ReplayId replay,
                                                         std::optional<LetterId> after,
                                                         std::size_t limit, Instant now) {
  if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
  Statement ask{.sql = FillIn(sql::kReplaySent, {{"schema", schema_}}), .parameters = {}};
  ask.parameters.Id(replay.value());
  after ? ask.parameters.Id(after->value()) : ask.parameters.Null();
  ask.parameters.Number(static_cast<std::int64_t>(limit));
  const auto sent = connection_.Run(ask);
  if (!sent) return tl::unexpected(sent.error());
  const int count = sent->size();
  FollowedLetters followed;
  // Fewer than asked for: the end was reached, and the next round begins with the oldest.
  if (count > 0 && static_cast<std::size_t>(count) == limit)
    followed.up_to = LetterId(sent->Id(count - 1, 0));
  if (count > 0) {
    BinaryArray letters(ElementType::kUuid);
    BinaryArray executions = platform_.IdArray();
    for (int row = 0; row < count; ++row) {
      letters.AddUuid(sent->Id(row, 0));
      platform_.AddId(executions,
                      ParseExecutionId(options_.executions.id_type, sent->Bytes(row, 1)));
    }
    Statement follow{.sql = FillInAll(sql::kReplayFollow), .parameters = {}};
    follow.parameters.Id(replay.value()).Array(letters).Array(executions);
    follow.parameters.Bytes(options_.executions.final_statuses.front())
        .Bytes(options_.executions.failed)
        .Texts(options_.executions.final_statuses)
        .Moment(now);
    const auto ended = connection_.Run(follow);
    if (!ended) return tl::unexpected(Refused(ended.error()));
    followed.ends = ReadEnds(*ended);
  }
  Statement over{.sql = FillIn(sql::kReplayOver, {{"schema", schema_}}), .parameters = {}};
  over.parameters.Id(replay.value()).Moment(now);
  if (const auto done = connection_.Run(over); !done) return tl::unexpected(done.error());
  return followed;
}

LedgerResult<ReplayCounts> PostgresReplayWork::Count(ReplayId replay) {
  return CountReplay(connection_, schema_, replay);
}

LedgerResult<void> PostgresReplayWork::Stop(ReplayId replay, const std::string& reason) {
  Statement stop{.sql = FillIn(sql::kReplayStop, {{"schema", schema_}}), .parameters = {}};
  stop.parameters.Id(replay.value()).Bytes(DisplayText(reason, kMaxDetailBytes));
  const auto stopped = connection_.Run(stop);
  if (!stopped) return tl::unexpected(stopped.error());
  return {};
}

}  // namespace deadletter::postgres
