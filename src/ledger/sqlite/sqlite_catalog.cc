#include "ledger/sqlite/sqlite_catalog.h"

#include <algorithm>

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/letter_filter.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_letter_walk.h"
#include "ledger/sqlite/sqlite_text_search.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

GroupId ReadGroup(const sqlite::Statement& row, int column) {
  std::array<std::uint8_t, 16> group{};
  const std::string bytes = row.Text(column);
  if (bytes.size() == group.size()) std::copy(bytes.begin(), bytes.end(), group.begin());
  return GroupId(group);
}

std::vector<LetterStep> WithPresent(const LetterSummary& letter, std::vector<LetterStep> steps) {
  const LetterStep present{letter.settled_at, std::string(OutcomeName(letter.outcome)),
                           letter.detail};
  steps.insert(std::ranges::upper_bound(steps, present.at, {}, &LetterStep::at), present);
  return steps;
}

}  // namespace

LetterSummary ReadLetterSummary(const sqlite::Statement& row) {
  LetterSummary letter;
  letter.id = LetterId(ReadUuid(row, 0));
  letter.state = LetterStateFromName(row.Text(1)).value_or(LetterState::kOpen);
  letter.outcome = OutcomeFromName(row.Text(2)).value_or(Outcome::kRefused);
  letter.detail = row.Text(3);
  letter.reason = ReasonFromName(row.Text(4)).value_or(Reason::kUnknown);
  letter.queue = row.Text(5);
  letter.dead_letter_queue = row.Text(6);
  letter.exchange = row.Text(7);
  letter.routing_key = row.Text(8);
  letter.deaths = row.Int64(9);
  letter.message_id = row.OptionalText(10);
  letter.correlation_id = row.OptionalText(11);
  letter.type = row.OptionalText(12);
  letter.action = row.OptionalText(13);
  letter.execution_id = row.OptionalText(14);
  letter.worker_id = row.OptionalText(15);
  letter.group = ReadGroup(row, 16);
  letter.died_at = row.OptionalTime(17);
  letter.received_at = row.Time(18);
  letter.settled_at = row.Time(19);
  letter.redelivered = row.Bool(20);
  letter.possible_duplicate = row.Bool(21);
  letter.size_bytes = row.Int64(22);
  letter.replays = row.Int64(23);
  return letter;
}

std::string SelectLetters(const std::string& conditions, std::string_view more) {
  return FillIn(sql::kLetters, {{"conditions", conditions}, {"more", more}});
}

SqliteCatalog::SqliteCatalog(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<LetterPage> SqliteCatalog::List(const LetterFilter& filter, std::size_t limit,
                                             std::optional<LetterId> after) {
  if (filter.text) return SearchLetters(file_, filter, limit, after);
  if (!IsOneIndexEnough(filter)) return SqliteLetterWalk(file_, filter, after).Page(limit);
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const std::optional<sqlite::Blob> last = after ? std::optional(BlobOf(*after)) : std::nullopt;
  auto rows = (*database)->Prepare(SelectLetters(ConditionsOf(filter, after.has_value())));
  BindFilter(rows, last, filter, limit);
  LetterPage page;
  while (rows.Next()) page.letters.push_back(ReadLetterSummary(rows));
  if (rows.error()) return file_.Failed(*rows.error());
  if (limit > 0 && page.letters.size() == limit) page.next = page.letters.back().id;
  return page;
}

LedgerResult<std::optional<LetterRecord>> SqliteCatalog::Show(LetterId id) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto rows = (*database)->Prepare(SelectLetters("id = ?1", sql::kLetterWhole));
  rows.Bind(BlobOf(id), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
            nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 1);
  std::optional<LetterRecord> record;
  if (rows.Next()) {
    auto message = ReadMessage(rows, 25);
    if (!message) return Unexpected<LedgerError>(message.error());
    // While this row is held the steps are read as of the same moment.
    auto steps = ReadSteps(**database, id);
    if (!steps) return Unexpected<LedgerError>(steps.error());
    const LetterSummary summary = ReadLetterSummary(rows);
    record = {.summary = summary,
              .rule = rows.Text(24),
              .message = std::move(*message),
              .history = WithPresent(summary, std::move(*steps)),
              .notes = {},
              .tags = {}};
    if (!rows.IsNull(28)) record->in_replay = ReplayId(ReadUuid(rows, 28));
    if (auto read = ReadRemarks(**database, *record); !read)
      return Unexpected<LedgerError>(read.error());
  }
  if (rows.error()) return file_.Failed(*rows.error());
  return record;
}

LedgerResult<std::vector<LetterStep>> SqliteCatalog::ReadSteps(sqlite::Database& database,
                                                               LetterId id) {
  std::vector<LetterStep> steps;
  auto rows = database.Prepare(sql::kLetterSteps);
  rows.Bind(BlobOf(id));
  while (rows.Next()) steps.push_back({rows.Time(0), rows.Text(1), rows.Text(2)});
  if (rows.error()) return file_.Failed(*rows.error());
  return steps;
}

LedgerResult<void> SqliteCatalog::ReadRemarks(sqlite::Database& database, LetterRecord& record) {
  auto notes = database.Prepare(sql::kLetterNotes);
  notes.Bind(BlobOf(record.summary.id));
  while (notes.Next())
    record.notes.push_back({ReadUuid(notes, 0), notes.Time(1), notes.Text(2), notes.Text(3)});
  if (notes.error()) return file_.Failed(*notes.error());
  auto tags = database.Prepare(sql::kLetterTags);
  tags.Bind(BlobOf(record.summary.id));
  while (tags.Next()) record.tags.push_back(tags.Text(0));
  if (tags.error()) return file_.Failed(*tags.error());
  return {};
}

LedgerResult<LedgerCounts> SqliteCatalog::Counts() {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  LedgerCounts counts;
  auto states = (*database)->Prepare(sql::kCounts);
  while (states.Next()) {
    if (const auto state = LetterStateFromName(states.Text(0)))
      counts.letters[*state] = states.Int64(1);
  }
  if (states.error()) return file_.Failed(*states.error());
  auto size = (*database)->Prepare(sql::kSize);
  if (size.Next()) counts.bytes = size.Int64(0);
  if (size.error()) return file_.Failed(*size.error());
  return counts;
}

}  // namespace deadletter
