#include "ledger/sqlite/letter_row.h"

#include <algorithm>

#include "letter/field_json.h"

namespace deadletter {

Uuid ReadUuid(const sqlite::Statement& row, int column) {
  Uuid uuid;
  const std::string bytes = row.Text(column);
  if (bytes.size() == uuid.bytes.size()) std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
  return uuid;
}

void InsertLetter(sqlite::Statement& insert, const Letter& letter, const Ruling& ruling,
                  const std::string& rule, Instant now, Instant try_again_at) {
  const Delivery& delivery = letter.delivery;
  const std::string properties = PropertiesToJson(delivery.message.properties);
  const std::string headers = FieldTableToJson(delivery.message.headers);
  const std::optional<std::string> execution =
      letter.execution_id ? std::optional(letter.execution_id->ToString()) : std::nullopt;
  const std::optional<Instant> closed =
      ruling.state == LetterState::kClosed ? std::optional(now) : std::nullopt;
  const std::optional<Instant> again =
      IsSettledAgain(ruling.outcome) ? std::optional(try_again_at) : std::nullopt;
  insert.Bind(BlobOf(letter.id), LetterStateName(ruling.state), OutcomeName(ruling.outcome),
              ruling.detail, rule, now, closed, again, ReasonName(letter.reason), letter.queue,
              delivery.dead_letter_queue, letter.exchange, letter.routing_key, letter.history.total,
              letter.message_id, letter.correlation_id, letter.type, letter.action, execution,
              letter.worker_id, sqlite::Blob{BytesOf(letter.group.value())}, letter.died_at,
              delivery.received_at, delivery.redelivered, letter.PossibleDuplicate(),
              delivery.message.body.size(), delivery.exchange, delivery.routing_key, properties,
              headers, sqlite::Blob{delivery.message.body});
  static_cast<void>(insert.Run());
}

LedgerResult<Message> ReadMessage(const sqlite::Statement& row, int first_column) {
  Message message;
  const auto damaged = [](const Error& error) {
    return Unexpected<LedgerError>(
        {LedgerFault::kStatement, "SQLITE_CORRUPT", "a damaged message: " + error.message});
  };
  auto properties = PropertiesFromJson(row.Text(first_column));
  if (!properties) return damaged(properties.error());
  auto headers = FieldTableFromJson(row.Text(first_column + 1));
  if (!headers) return damaged(headers.error());
  message.properties = std::move(*properties);
  message.headers = std::move(*headers);
  message.body = row.Text(first_column + 2);
  return message;
}

}  // namespace deadletter
