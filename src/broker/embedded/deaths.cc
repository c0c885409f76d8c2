#include "broker/embedded/deaths.h"

#include <algorithm>

#include "broker/embedded/dead_lettering.h"
#include "broker/embedded/routing.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/stored_message.h"
#include "letter/field_json.h"

namespace deadletter::embedded {

namespace {

void Forget(Tables& tables, const MessageRow& row) {
  tables.DeleteMessage(row.id);
  tables.Run(sql::kDeleteBody, row.body);
}

void Hold(Tables& tables, MessageId id, Reason reason, Instant at) {
  tables.Run(sql::kHoldMessage, id, ReasonName(reason), at);
}

std::set<QueueId> Targets(Tables& tables, const Address& address, const Message& dead,
                          Reason reason) {
  auto queues =
      FindRoute(tables, address.exchange, RoutingKeys(address.routing_key, dead.headers)).queues;
  if (reason == Reason::kRejected) return queues;  // somebody's will, not a circle
  std::erase_if(queues, [&](QueueId id) {
    const auto queue = tables.GetQueue(id);
    return queue && GoesInCircles(dead.headers, queue->spec.name);
  });
  return queues;
}

// The first target gets the body itself, the others copies of it.
void MoveTo(Tables& tables, const std::set<QueueId>& targets, const MessageRow& row,
            const Address& address, const Message& dead, Instant at) {
  const auto properties = PropertiesToJson(dead.properties);
  const auto headers = FieldTableToJson(dead.headers);
  tables.DeleteMessage(row.id);
  bool first = true;
  for (const auto id : targets) {
    const auto queue = tables.GetQueue(id);
    if (!queue) continue;
    const auto body = std::exchange(first, false) ? row.body : tables.CopyBody(row.body);
    tables.InsertMessage(*queue, address, properties, headers, body, at, std::nullopt);
  }
}

struct DueMessage {
  MessageId id = 0;
  Instant at;
};

std::optional<DueMessage> NextDue(Tables& tables, std::string_view sql) {
  auto statement = tables.Prepare(sql);
  statement.Bind(tables.now());
  if (!statement.Next()) return std::nullopt;
  return DueMessage{statement.Int64(0), statement.Time(1)};
}

bool BuryOneDying(Tables& tables) {
  MessageId id = 0;
  Reason reason = Reason::kUnknown;
  Instant at;
  {
    auto statement = tables.Prepare(sql::kNextDying);
    if (!statement.Next()) return false;
    id = statement.Int64(0);
    reason = ReasonFromName(statement.Text(1)).value_or(Reason::kUnknown);
    at = statement.Time(2);
  }
  Bury(tables, id, reason, at);
  return true;
}

bool HandleOneDue(Tables& tables) {
  const auto lease = NextDue(tables, sql::kNextLeaseEnd);
  const auto expiry = NextDue(tables, sql::kNextExpiry);
  if (lease && (!expiry || lease->at <= expiry->at)) {
    Return(tables, lease->id, lease->at);
    BuryOverflow(tables, lease->at);
    return true;
  }
  if (expiry) {
    Bury(tables, expiry->id, Reason::kExpired, expiry->at);
    BuryOverflow(tables, expiry->at);
    return true;
  }
  return BuryOneDying(tables);
}

}  // namespace

void Bury(Tables& tables, MessageId id, Reason reason, Instant at) {
  const auto row = tables.GetMessage(id);
  const auto queue = row ? tables.GetQueue(row->queue) : std::nullopt;
  if (!queue) return;
  const auto& spec = queue->spec;
  if (!spec.dead_letter_exchange) return Forget(tables, *row);
  const bool new_key = spec.dead_letter_routing_key.has_value();
  const auto dead = AfterDeath(ReadStored(row->properties, row->headers), {.reason = reason,
                                                                           .queue = spec.name,
                                                                           .came_by = row->came_by,
                                                                           .new_key = new_key,
                                                                           .at = at});
  const Address address{*spec.dead_letter_exchange,
                        spec.dead_letter_routing_key.value_or(row->came_by.routing_key)};
  const auto targets = Targets(tables, address, dead, reason);
  if (targets.empty()) return Hold(tables, id, reason, at);
  MoveTo(tables, targets, *row, address, dead, at);
}

void Return(Tables& tables, MessageId id, Instant at) {
  QueueId queue_id = 0;
  std::int64_t returns = 0;
  std::optional<Instant> expires_at;
  {
    auto statement = tables.Prepare(sql::kReturnLeased);
    statement.Bind(id, at);
    if (!statement.Next()) return;
    queue_id = statement.Int64(0);
    returns = statement.Int64(1);
    expires_at = statement.OptionalTime(2);
    static_cast<void>(statement.Run());
  }
  const auto queue = tables.GetQueue(queue_id);
  if (!queue) return;
  if (queue->spec.delivery_limit && returns > *queue->spec.delivery_limit) {
    return Bury(tables, id, Reason::kDeliveryLimit, at);
  }
  if (expires_at) tables.NoteDue(*expires_at);
  tables.NoteReady(*queue);
}

void ReturnAllOf(Tables& tables, std::int64_t owner, std::optional<std::int64_t> token) {
  std::vector<MessageId> held;
  auto statement = tables.Prepare(sql::kLeasedByOwner);
  statement.Bind(owner, token);
  while (statement.Next()) held.push_back(statement.Int64(0));
  for (const auto id : held) Return(tables, id, tables.now());
  if (token) {
    tables.Run(sql::kDeleteSubscriber, *token);
  } else {
    tables.Run(sql::kDeleteOwner, owner);
  }
}

void BuryOverflow(Tables& tables, Instant at) {
  while (const auto id = tables.failed() ? std::nullopt : tables.TakeGrownQueue()) {
    const auto queue = tables.GetQueue(*id);
    if (!queue || !queue->spec.max_length) continue;
    auto count = tables.Prepare(sql::kCountReady);
    count.Bind(*id);
    const auto excess = count.Next() ? count.Int64(0) - *queue->spec.max_length : 0;
    if (excess <= 0) continue;
    std::vector<MessageId> oldest;
    auto statement = tables.Prepare(sql::kOldestReady);
    statement.Bind(*id, excess);
    while (statement.Next()) oldest.push_back(statement.Int64(0));
    for (const auto message : oldest) Bury(tables, message, Reason::kMaxlen, at);
  }
}

std::size_t HandleDue(Tables& tables, std::size_t limit) {
  std::size_t handled = 0;
  while (handled < limit && !tables.failed() && HandleOneDue(tables)) ++handled;
  BuryOverflow(tables, tables.now());
  return handled;
}

}  // namespace deadletter::embedded
