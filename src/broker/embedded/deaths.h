// How messages die in the embedded queue, and how they come back from whoever held them.
//
// What RabbitMQ does, with these differences, all of them for the letter's sake:
// - A message expires at its time wherever in the queue it stands (RabbitMQ looks only at the
// head), and the time of
//   death is that time, however late somebody opens the file.
// - A message that its dead letter exchange cannot place (exchange missing, nothing bound, or only
// into a circle
//   without a rejection) is not dropped but held: out of the queue's sight, with its reason and
//   time of death, until an exchange, a queue or a binding is declared; then it dies again.
// - A transient message (delivery mode 1) is kept like a persistent one.
// Only a queue without a dead letter exchange forgets its dead: that is what it says.
#pragma once

#include "broker/embedded/tables.h"
#include "letter/death.h"

namespace deadletter::embedded {

// The message leaves its queue for that queue's dead letter exchange.
void Bury(Tables& tables, MessageId id, Reason reason, Instant at);

// A delivered message goes back to its place in the queue, redelivered from now on; or dies, where
// it came back more often than the queue's delivery limit.
void Return(Tables& tables, MessageId id, Instant at);

// All that an open broker's consumers hold, or what they hold under one token; and the
// subscriptions with it. Without a token the owner itself is struck out.
void ReturnAllOf(Tables& tables, std::int64_t owner, std::optional<std::int64_t> token);

// Buries the oldest of every queue that has grown beyond its length. Every transaction that may
// have put a message into a queue ends with it.
void BuryOverflow(Tables& tables, Instant at);

// What time itself does until now(): ended leases, expired messages, held ones that may die again;
// at most `limit` of them, in the order of their times. Returns how many; fewer than `limit`: that
// was all.
std::size_t HandleDue(Tables& tables, std::size_t limit);

}  // namespace deadletter::embedded
