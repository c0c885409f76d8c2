#include "broker/embedded/leasing.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/uuid.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/stored_message.h"

namespace deadletter::embedded {

namespace {

constexpr std::string_view kDeliveryCount = "x-delivery-count";

// As quorum queues tell it: absent the first time, then how often the message came back.
void TellReturns(FieldTable& headers, std::int64_t returns) {
  if (returns == 0) return;
  std::erase_if(headers.entries, [](const auto& entry) { return entry.name == kDeliveryCount; });
  headers.entries.push_back({std::string(kDeliveryCount), {returns}});
}

// The columns of kTakeMessages and of kLeasedMessage.
Taken ReadTaken(const sqlite::Statement& row, const std::string& queue, Instant now) {
  Taken taken;
  taken.id = row.Int64(0);
  taken.delivery.dead_letter_queue = queue;
  taken.delivery.exchange = row.Text(1);
  taken.delivery.routing_key = row.Text(2);
  taken.delivery.message = ReadStored(row.Text(3), row.Text(4));
  TellReturns(taken.delivery.message.headers, row.Int64(5));
  taken.delivery.redelivered = row.Bool(6);
  taken.delivery.message.body = row.Text(7);
  taken.delivery.received_at = now;
  return taken;
}

std::vector<Taken> ReadReady(Tables& tables, const QueueRow& queue, const TakeLimits& limits) {
  std::vector<Taken> all;
  std::size_t bytes = 0;
  auto statement = tables.Prepare(sql::kTakeMessages);
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  statement.Bind(queue.id, tables.now(), std::min(limits.max_messages, kMost));
  while (statement.Next()) {
    Taken next = ReadTaken(statement, queue.spec.name, tables.now());
    const std::size_t size = next.delivery.BufferedBytes();
    if (!all.empty() && bytes + size > limits.most_bytes) break;
    all.push_back(std::move(next));
    bytes += size;
    if (bytes >= limits.max_bytes) break;
  }
  return all;
}

}  // namespace

std::chrono::steady_clock::time_point DeadlineAfter(std::chrono::milliseconds wait) {
  constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24);
  return std::chrono::steady_clock::now() + std::min(wait, kLongestWait);
}

std::int64_t NewToken() {
  std::int64_t token = 0;
  while (token == 0) {
    const auto uuid = RandomUuid();
    std::memcpy(&token, uuid.bytes.data() + uuid.bytes.size() - sizeof token, sizeof token);
    token &= std::numeric_limits<std::int64_t>::max();
  }
  return token;
}

std::vector<Taken> Take(Tables& tables, const QueueRow& queue, const TakeLimits& limits,
                        const Tenure& tenure, std::optional<std::int64_t> token) {
  auto all = ReadReady(tables, queue, limits);
  for (auto& taken : all) {
    taken.token = token ? *token : NewToken();
    tables.Run(sql::kLeaseMessage, taken.id, tenure.owner, taken.token, tenure.until);
  }
  if (tenure.until && !all.empty()) tables.NoteDue(*tenure.until);
  return all;
}

bool Acknowledge(Tables& tables, MessageId id, std::int64_t token) {
  auto statement = tables.Prepare(sql::kDeleteLeased);
  statement.Bind(id, token, tables.now());
  if (!statement.Next()) return false;
  const auto body = statement.Int64(0);
  static_cast<void>(statement.Run());
  tables.Run(sql::kDeleteBody, body);
  return true;
}

bool IsLeased(Tables& tables, MessageId id, std::int64_t token) {
  auto statement = tables.Prepare(sql::kFindLeased);
  statement.Bind(id, token, tables.now());
  return statement.Next();
}

std::optional<Delivery> FindLeased(Tables& tables, MessageId id, std::int64_t token) {
  auto statement = tables.Prepare(sql::kLeasedMessage);
  statement.Bind(id, token, tables.now());
  if (!statement.Next()) return std::nullopt;
  return ReadTaken(statement, statement.Text(8), tables.now()).delivery;
}

void PutBack(Tables& tables, MessageId id, std::int64_t token) {
  auto statement = tables.Prepare(sql::kPutBackLeased);
  statement.Bind(id, token, tables.now());
  if (!statement.Next()) return;
  const QueueId queue_id = statement.Int64(0);
  const std::optional<Instant> expires_at = statement.OptionalTime(1);
  static_cast<void>(statement.Run());
  const auto queue = tables.GetQueue(queue_id);
  if (!queue) return;
  if (expires_at) tables.NoteDue(*expires_at);
  tables.NoteReady(*queue);
}

bool Extend(Tables& tables, MessageId id, std::int64_t token, Instant until) {
  tables.Run(sql::kExtendLease, id, token, tables.now(), until);
  if (tables.changes() == 0) return false;
  tables.NoteDue(until);
  return true;
}

}  // namespace deadletter::embedded
