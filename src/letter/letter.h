// A letter: a message from a dead letter queue, read as far as it can be read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/strong.h"
#include "base/uuid.h"
#include "letter/death.h"
#include "letter/delivery.h"
#include "letter/execution_id.h"

namespace deadletter {

using LetterId = Strong<struct LetterIdTag, Uuid>;
using ReplayId = Strong<struct ReplayIdTag, Uuid>;

// Identifies one death of one message (P3): 8 bytes of the newest death's time in seconds,
// big-endian with the sign bit turned so that bytes sort as times, then the first 16 bytes of a
// SHA-256 over message id, body, deaths (queue, reason, count, time) and our replay id.
using LetterKey = Strong<struct LetterKeyTag, std::array<std::uint8_t, 24>>;

// The fingerprint of a group: the first 16 bytes of a SHA-256 over message type, action, reason and
// first-death queue, in each of which every run of digits counts as one "#".
using GroupId = Strong<struct GroupIdTag, std::array<std::uint8_t, 16>>;

// A text as a group's fingerprint takes it: every run of digits is one "#".
[[nodiscard]] std::string WithoutNumbers(std::string_view text);

[[nodiscard]] std::string ToHex(const GroupId& group);
[[nodiscard]] std::optional<GroupId> GroupIdFromHex(std::string_view text);

// The attempt stamp: the row belongs to the letter's attempt if from <= row.updated < until. The
// width is the precision that the stamp was written with, so that 12:00:00.5 agrees with
// 12:00:00.523 and 12:00:00.500 does not.
struct AttemptWindow {
  Instant from;
  Instant until;

  friend bool operator==(const AttemptWindow&, const AttemptWindow&) = default;
};

// Why a body could not be understood; the names are the `detail` of a malformed letter.
enum class Malformation {
  kNotJson,
  kNotObject,
  kNoMessageType,
  kBodyTooLarge,
  kExecutionIdMissing,
  kExecutionIdNotInteger,
  kExecutionIdNotUuid,
  kExecutionIdNotText,
  kExecutionIdOutOfRange,
  kAttemptNotRfc3339,
};
[[nodiscard]] std::string_view MalformationName(Malformation malformation);  // "not_json", …

enum class LetterKind { kExecutionRequest, kUnexpectedType, kMalformed };

// `delivery` is what came, whole; everything else was read from it and from nothing else. Strings
// are UTF-8 where they come from the body and any bytes where they come from the broker.
struct Letter {
  LetterId id;
  Delivery delivery;

  LetterKind kind = LetterKind::kMalformed;
  std::optional<Malformation> malformation;  // set if and only if kind is kMalformed
  std::optional<LetterKey> key;              // absent: never merged with another
  GroupId group;

  std::optional<std::string> message_id;      // the body's, else the property's
  std::optional<std::string> correlation_id;  // the body's, else the property's
  std::optional<std::string> type;
  std::optional<std::string> action;
  std::optional<std::string> worker_id;     // as text
  std::optional<ExecutionId> execution_id;  // always set for kExecutionRequest
  std::optional<AttemptWindow> attempt;
  std::optional<ReplayId> replay_id;  // our header `deadletter-replay-id`

  DeathHistory history;
  Reason reason = Reason::kUnknown;  // of the newest death
  std::string queue;                 // where it died; empty where nothing tells
  std::string exchange;              // it was addressed to when it died
  std::string routing_key;
  std::optional<Instant>
      died_at;  // the broker's time, only where the letter died once: later deaths leave none

  // Delivered again and without a key, so that nobody can tell whether it was recorded before.
  [[nodiscard]] bool PossibleDuplicate() const { return delivery.redelivered && !key; }
  // What the failed execution's row tells: died_at, else received_at.
  [[nodiscard]] Instant ExpiredAt() const { return died_at.value_or(delivery.received_at); }
};

}  // namespace deadletter
