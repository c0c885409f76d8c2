#include "broker/embedded/tables.h"

#include "broker/embedded/sql.h"

namespace deadletter::embedded {

namespace {

std::optional<std::chrono::milliseconds> Milliseconds(const sqlite::Statement& row, int column) {
  const auto value = row.OptionalInt64(column);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(*value / 1000);
}

}  // namespace

std::optional<QueueRow> Tables::FindQueue(const std::string& name) {
  if (const auto known = queue_names_.find(name); known != queue_names_.end())
    return queues_.at(known->second);
  auto statement = Prepare(sql::kFindQueue);
  statement.Bind(name);
  return ReadQueue(statement);
}

std::optional<QueueRow> Tables::GetQueue(QueueId id) {
  if (const auto known = queues_.find(id); known != queues_.end()) return known->second;
  auto statement = Prepare(sql::kGetQueue);
  statement.Bind(id);
  return ReadQueue(statement);
}

std::optional<QueueRow> Tables::ReadQueue(sqlite::Statement& statement) {
  if (!statement.Next()) return std::nullopt;
  QueueRow row;
  row.id = statement.Int64(0);
  row.spec = {.name = statement.Text(1),
              .message_ttl = Milliseconds(statement, 2),
              .dead_letter_exchange = statement.OptionalText(3),
              .dead_letter_routing_key = statement.OptionalText(4),
              .max_length = statement.OptionalInt64(5),
              .delivery_limit = statement.OptionalInt64(6)};
  queues_.emplace(row.id, row);
  queue_names_.emplace(row.spec.name, row.id);
  return row;
}

std::optional<ExchangeRow> Tables::FindExchange(const std::string& name) {
  auto statement = Prepare(sql::kFindExchange);
  statement.Bind(name);
  if (!statement.Next()) return std::nullopt;
  return ExchangeRow{ExchangeTypeFromName(statement.Text(0)).value_or(ExchangeType::kDirect),
                     statement.OptionalText(1)};
}

std::int64_t Tables::InsertBody(std::string_view bytes) {
  Run(sql::kInsertBody, sqlite::Blob{bytes});
  return database_.last_insert_id();
}

std::int64_t Tables::CopyBody(std::int64_t body) {
  Run(sql::kCopyBody, body);
  return database_.last_insert_id();
}

void Tables::InsertMessage(const QueueRow& queue, const Address& came_by,
                           const std::string& properties, const std::string& headers,
                           std::int64_t body, Instant arrived,
                           std::optional<std::chrono::milliseconds> own_ttl) {
  auto ttl = queue.spec.message_ttl;
  if (own_ttl) ttl = ttl ? std::min(*ttl, *own_ttl) : *own_ttl;
  const auto expires_at = ttl ? std::optional(arrived + *ttl) : std::nullopt;
  Run(sql::kInsertMessage, queue.id, came_by.exchange, came_by.routing_key, properties, headers,
      body, arrived, expires_at);
  if (expires_at) NoteDue(*expires_at);
  NoteReady(queue);
}

std::optional<MessageRow> Tables::GetMessage(MessageId id) {
  auto statement = Prepare(sql::kGetMessage);
  statement.Bind(id);
  if (!statement.Next()) return std::nullopt;
  return MessageRow{.id = id,
                    .queue = statement.Int64(0),
                    .came_by = {statement.Text(1), statement.Text(2)},
                    .properties = statement.Text(3),
                    .headers = statement.Text(4),
                    .body = statement.Int64(5)};
}

void Tables::DeleteMessage(MessageId id) {
  Run(sql::kDeleteMessage, id);
}

void Tables::NoteReady(const QueueRow& queue) {
  something_ready_ = true;
  if (queue.spec.max_length) grown_.insert(queue.id);
}

std::optional<QueueId> Tables::TakeGrownQueue() {
  if (grown_.empty()) return std::nullopt;
  return grown_.extract(grown_.begin()).value();
}

}  // namespace deadletter::embedded
