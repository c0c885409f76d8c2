#include "ledger/postgres/catalog.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/letter_filter.h"
#include "ledger/postgres/letter_walk.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/text_search.h"
#include "letter/field_json.h"

namespace deadletter::postgres {
namespace {

constexpr int kSummaryColumns = 24;
// Two small questions; by them /readyz tells that a server answers no more.
constexpr std::chrono::seconds kCountsLimit{8};

LedgerError Unreadable(const Error& error) {
  return {.fault = LedgerFault::kStatement,
          .code = "",
          .message = "the letter in the ledger cannot be read: " + error.message};
}

LedgerResult<LetterRecord> ReadRecord(const Rows& rows) {
  LetterRecord record;
  record.summary = ReadSummary(rows, 0);
  record.rule = rows.Bytes(0, kSummaryColumns);
  auto properties = PropertiesFromJson(rows.Bytes(0, kSummaryColumns + 1));
  if (!properties) return tl::unexpected(Unreadable(properties.error()));
  record.message.properties = std::move(*properties);
  auto headers = FieldTableFromJson(rows.Bytes(0, kSummaryColumns + 2));
  if (!headers) return tl::unexpected(Unreadable(headers.error()));
  record.message.headers = std::move(*headers);
  record.message.body = rows.Bytes(0, kSummaryColumns + 3);
  if (!rows.IsNull(0, kSummaryColumns + 4))
    record.in_replay = ReplayId(rows.Id(0, kSummaryColumns + 4));
  return record;
}

// The steps that were written down and the present outcome, which stands in the letter itself.
std::vector<LetterStep> ReadHistory(const Rows& rows, const LetterSummary& summary) {
  std::vector<LetterStep> history;
  for (int row = 0; row < rows.size(); ++row) {
    history.push_back({.at = rows.Moment(row, 0),
                       .what = std::string(rows.Bytes(row, 1)),
                       .detail = std::string(rows.Bytes(row, 2))});
  }
  const auto later = std::ranges::find_if(
      history, [&](const LetterStep& step) { return step.at > summary.settled_at; });
  history.insert(later, {.at = summary.settled_at,
                         .what = std::string(OutcomeName(summary.outcome)),
                         .detail = summary.detail});
  return history;
}

}  // namespace

LetterSummary ReadSummary(const Rows& rows, int row) {
  LetterSummary summary;
  summary.id = LetterId(rows.Id(row, 0));
  summary.state = LetterStateFromName(rows.Bytes(row, 1)).value_or(LetterState::kOpen);
  summary.outcome = OutcomeFromName(rows.Bytes(row, 2)).value_or(Outcome::kMalformed);
  summary.detail = rows.Bytes(row, 3);
  summary.reason = ReasonFromName(rows.Bytes(row, 4)).value_or(Reason::kUnknown);
  summary.queue = rows.Bytes(row, 5);
  summary.dead_letter_queue = rows.Bytes(row, 6);
  summary.exchange = rows.Bytes(row, 7);
  summary.routing_key = rows.Bytes(row, 8);
  summary.deaths = rows.Number(row, 9);
  summary.message_id = rows.OptionalBytes(row, 10);
  summary.correlation_id = rows.OptionalBytes(row, 11);
  summary.type = rows.OptionalBytes(row, 12);
  summary.action = rows.OptionalBytes(row, 13);
  summary.execution_id = rows.OptionalBytes(row, 14);
  summary.worker_id = rows.OptionalBytes(row, 15);
  summary.group = ReadGroup(rows.Bytes(row, 16));
  summary.died_at = rows.OptionalMoment(row, 17);
  summary.received_at = rows.Moment(row, 18);
  summary.settled_at = rows.Moment(row, 19);
  summary.redelivered = rows.Bool(row, 20);
  summary.possible_duplicate = rows.Bool(row, 21);
  summary.size_bytes = rows.Number(row, 22);
  summary.replays = rows.Number(row, 23);
  return summary;
}

GroupId ReadGroup(std::string_view bytes) {
  std::array<std::uint8_t, 16> group{};
  std::memcpy(group.data(), bytes.data(), std::min(bytes.size(), group.size()));
  return GroupId(group);
}

PostgresCatalog::PostgresCatalog(const Options& options)
    : schema_name_(options.schema),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout) {}

LedgerResult<LetterPage> PostgresCatalog::List(const LetterFilter& filter, std::size_t limit,
                                               std::optional<LetterId> after) {
  if (filter.text) return TextSearch(connection_, schema_, filter, after).Find(limit);
  if (!IsOneIndexEnough(filter))
    return PostgresLetterWalk(connection_, schema_, filter, after).Page(limit);
  Statement list{.sql = FillIn(sql::kLetterList, {{"schema", schema_},
                                                  {"summary", sql::kLetterSummary},
                                                  {"filter", FilterSql(schema_, filter)}}),
                 .parameters = {}};
  after ? list.parameters.Id(after->value()) : list.parameters.Null();
  AddFilter(list.parameters, filter);
  list.parameters.Number(static_cast<std::int64_t>(limit));
  const auto rows =
      connection_.RunWithin(std::move(list), std::chrono::milliseconds::max(), Plan::kInOrder);
  if (!rows) return tl::unexpected(rows.error());
  LetterPage page;
  for (int row = 0; row < rows->size(); ++row) page.letters.push_back(ReadSummary(*rows, row));
  if (limit != 0 && page.letters.size() == limit) page.next = page.letters.back().id;
  return page;
}

LedgerResult<std::optional<LetterRecord>> PostgresCatalog::Show(LetterId id) {
  Statement show{
      .sql = FillIn(sql::kLetterShow, {{"schema", schema_}, {"summary", sql::kLetterSummary}}),
      .parameters = {}};
  show.parameters.Id(id.value());
  const auto rows = connection_.Run(show);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->size() == 0) return std::nullopt;
  auto record = ReadRecord(*rows);
  if (!record) return tl::unexpected(record.error());

  Statement steps{.sql = FillIn(sql::kLetterSteps, {{"schema", schema_}}), .parameters = {}};
  steps.parameters.Id(id.value());
  const auto history = connection_.Run(steps);
  if (!history) return tl::unexpected(history.error());
  record->history = ReadHistory(*history, record->summary);
  if (auto read = ReadRemarks(id, *record); !read) return tl::unexpected(read.error());
  return std::move(*record);
}

LedgerResult<void> PostgresCatalog::ReadRemarks(LetterId id, LetterRecord& record) {
  Statement notes{.sql = FillIn(sql::kLetterNotes, {{"schema", schema_}}), .parameters = {}};
  notes.parameters.Id(id.value());
  const auto written = connection_.Run(notes);
  if (!written) return tl::unexpected(written.error());
  for (int row = 0; row < written->size(); ++row) {
    record.notes.push_back({.id = written->Id(row, 0),
                            .at = written->Moment(row, 1),
                            .who = std::string(written->Bytes(row, 2)),
                            .text = std::string(written->Bytes(row, 3))});
  }
  Statement tags{.sql = FillIn(sql::kLetterTags, {{"schema", schema_}}), .parameters = {}};
  tags.parameters.Id(id.value());
  const auto tagged = connection_.Run(tags);
  if (!tagged) return tl::unexpected(tagged.error());
  for (int row = 0; row < tagged->size(); ++row) record.tags.emplace_back(tagged->Bytes(row, 0));
  return {};
}

LedgerResult<LedgerCounts> PostgresCatalog::Counts() {
  const auto rows = connection_.Run(
      {.sql = FillIn(sql::kLetterCounts, {{"schema", schema_}}), .parameters = {}}, kCountsLimit);
  if (!rows) return tl::unexpected(rows.error());
  LedgerCounts counts{
      .letters = {{LetterState::kOpen, 0}, {LetterState::kWaiting, 0}, {LetterState::kClosed, 0}},
      .bytes = 0};
  for (int row = 0; row < rows->size(); ++row) {
    const auto state = LetterStateFromName(rows->Bytes(row, 0));
    if (state) counts.letters[*state] = rows->Number(row, 1);
  }
  Statement size{.sql = std::string(sql::kLedgerBytes), .parameters = {}};
  size.parameters.Bytes(schema_name_);
  const auto bytes = connection_.Run(size, kCountsLimit);
  if (!bytes) return tl::unexpected(bytes.error());
  counts.bytes = bytes->Number(0, 0);
  return counts;
}

}  // namespace deadletter::postgres
