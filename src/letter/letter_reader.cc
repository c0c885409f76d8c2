#include "letter/letter_reader.h"

#include <charconv>
#include <utility>

#include "base/rfc3339.h"
#include "base/text.h"
#include "letter/letter_key.h"
#include "letter/retry_message.h"

namespace deadletter {
namespace {

// The order in which the places are given to the PlaceReader.
enum Place : std::size_t {
  kType,
  kExecutionId,
  kWorkerId,
  kAttempt,
  kAction,
  kMessageId,
  kCorrelationId
};

std::vector<FieldPlace> PlacesOf(const LetterFormat& format) {
  return {format.type,          format.execution_id,
          format.worker_id,     format.check_attempt ? format.attempt : FieldPlace{},
          format.action,        format.message_id,
          format.correlation_id};
}

// What the verdict needs. A body that holds none of it may be anything: what we do not need cannot
// spoil a letter.
bool NeedsBody(const LetterFormat& format) {
  const auto in_body = [](const FieldPlace& place) {
    return std::holds_alternative<JsonPointer>(place.place);
  };
  return in_body(format.type) || in_body(format.execution_id) ||
         (format.check_attempt && in_body(format.attempt));
}

// Nothing where it is empty, too: an empty id identifies nobody.
std::optional<std::string> TextOf(const PlaceValue& value) {
  const auto* const text = std::get_if<PlaceText>(&value);
  return text == nullptr || text->text.empty() ? std::nullopt : std::optional(text->text);
}

std::optional<std::string> TextOrIntegerOf(const PlaceValue& value) {
  const auto* const integer = std::get_if<PlaceInteger>(&value);
  return integer == nullptr ? TextOf(value) : std::optional(integer->literal);
}

bool IsPresent(const std::optional<std::string>& text) {
  return text && !text->empty();
}

using IdResult = Result<ExecutionId, Malformation>;

IdResult IntegerId(const std::string& literal) {
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(literal.data(), literal.data() + literal.size(), number);
  if (error == std::errc{}) return ExecutionId(number);
  return Unexpected(Malformation::kExecutionIdOutOfRange);
}

// -?(0|[1-9][0-9]*)
bool IsIntegerText(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return false;
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

IdResult ReadIntegerId(const PlaceValue& value) {
  if (const auto* integer = std::get_if<PlaceInteger>(&value)) return IntegerId(integer->literal);
  const auto* const text = std::get_if<PlaceText>(&value);
  if (text != nullptr && !text->from_body && IsIntegerText(text->text))
    return IntegerId(text->text);
  return Unexpected(Malformation::kExecutionIdNotInteger);
}

IdResult ReadUuidId(const PlaceValue& value) {
  const auto* const text = std::get_if<PlaceText>(&value);
  const auto uuid = text == nullptr ? std::nullopt : ParseUuid(text->text);
  if (uuid) return ExecutionId(*uuid);
  return Unexpected(Malformation::kExecutionIdNotUuid);
}

IdResult ReadTextId(const PlaceValue& value) {
  const auto* const text = std::get_if<PlaceText>(&value);
  if (text != nullptr && !text->lone_surrogate && IsUtf8(text->text))
    return ExecutionId(text->text);
  return Unexpected(Malformation::kExecutionIdNotText);
}

IdResult ReadExecutionId(ExecutionIdType type, const PlaceValue& value) {
  if (std::holds_alternative<PlaceNothing>(value))
    return Unexpected(Malformation::kExecutionIdMissing);
  switch (type) {
    case ExecutionIdType::kInteger:
      return ReadIntegerId(value);
    case ExecutionIdType::kUuid:
      return ReadUuidId(value);
    case ExecutionIdType::kText:
      return ReadTextId(value);
  }
  std::unreachable();
}

AttemptWindow WindowOf(const Rfc3339Time& time) {
  Microseconds width = std::chrono::seconds(1);
  for (int digit = 0; digit < time.fraction_digits && width.count() > 1; ++digit) width /= 10;
  return {time.instant, time.instant + width};
}

// Nothing where the place holds no stamp that could be understood.
std::optional<AttemptWindow> ReadAttempt(const PlaceValue& value) {
  if (const auto* stamp = std::get_if<PlaceTimestamp>(&value)) {
    const auto seconds =
        static_cast<std::int64_t>(std::min<std::uint64_t>(stamp->seconds, INT64_MAX));
    const auto instant = PlausibleInstant(seconds);
    return instant ? std::optional(AttemptWindow{*instant, *instant + std::chrono::seconds(1)})
                   : std::nullopt;
  }
  const auto* const text = std::get_if<PlaceText>(&value);
  const auto time = text == nullptr ? std::nullopt : ParseRfc3339(text->text);
  return time ? std::optional(WindowOf(*time)) : std::nullopt;
}

void ReadWhereItDied(Letter& letter) {
  letter.history = ReadDeathHistory(letter.delivery.message.headers);
  letter.exchange = letter.delivery.exchange;
  letter.routing_key = letter.delivery.routing_key;
  const DeathHistory& history = letter.history;
  std::string reason = history.first_reason.value_or("");
  letter.queue = history.first_queue.value_or("");
  if (!history.deaths.empty()) {
    const Death& newest = history.deaths.front();
    if (!newest.queue.empty()) letter.queue = newest.queue;
    if (!newest.reason_text.empty()) reason = newest.reason_text;
    if (!newest.routing_keys.empty()) {
      letter.exchange = newest.exchange;
      letter.routing_key = newest.routing_keys.front();
    }
    const bool died_once = history.total == 1 && newest.count == 1;
    if (died_once && newest.time_seconds) letter.died_at = PlausibleInstant(*newest.time_seconds);
  }
  letter.reason = ReasonFromName(reason).value_or(Reason::kUnknown);
}

// What malformed letters tell as well.
void ReadTexts(Letter& letter, const std::vector<PlaceValue>& values) {
  const Properties& properties = letter.delivery.message.properties;
  letter.type = TextOf(values[kType]);
  letter.action = TextOrIntegerOf(values[kAction]);
  letter.worker_id = TextOrIntegerOf(values[kWorkerId]);
  letter.message_id = TextOrIntegerOf(values[kMessageId]);
  if (!letter.message_id && IsPresent(properties.message_id))
    letter.message_id = properties.message_id;
  letter.correlation_id = TextOrIntegerOf(values[kCorrelationId]);
  if (!letter.correlation_id && IsPresent(properties.correlation_id)) {
    letter.correlation_id = properties.correlation_id;
  }
}

}  // namespace

LetterReader::LetterReader(LetterFormat format)
    : format_(std::move(format)), needs_body_(NeedsBody(format_)), places_(PlacesOf(format_)) {}

Letter LetterReader::Read(LetterId id, Delivery delivery) const {
  Letter letter;
  letter.id = id;
  letter.delivery = std::move(delivery);
  ReadWhereItDied(letter);
  letter.replay_id = ReplayIdOf(letter.delivery.message.headers);

  const PlaceReading places = places_.Read(letter.delivery.message, format_.max_body_bytes);
  ReadTexts(letter, places.values);
  letter.malformation = Judge(letter, places);
  if (!letter.malformation) {
    letter.kind =
        IsExecutionRequest(letter) ? LetterKind::kExecutionRequest : LetterKind::kUnexpectedType;
  }
  letter.key = KeyOf(letter);
  letter.group = GroupOf(letter);
  return letter;
}

bool LetterReader::IsExecutionRequest(const Letter& letter) const {
  return format_.type.IsNone() || (letter.type && format_.execution_types.contains(*letter.type));
}

// Reads execution id and attempt where they are, but holds only execution requests to them.
std::optional<Malformation> LetterReader::Judge(Letter& letter, const PlaceReading& places) const {
  const IdResult id = ReadExecutionId(format_.id_type, places.values[kExecutionId]);
  if (id) letter.execution_id = *id;
  letter.attempt = ReadAttempt(places.values[kAttempt]);

  if (needs_body_ && places.body_malformation) return places.body_malformation;
  if (!format_.type.IsNone() && !letter.type) return Malformation::kNoMessageType;
  if (!IsExecutionRequest(letter)) return std::nullopt;
  if (!id) return id.error();
  const bool has_attempt = !std::holds_alternative<PlaceNothing>(places.values[kAttempt]);
  if (has_attempt && !letter.attempt) return Malformation::kAttemptNotRfc3339;
  return std::nullopt;
}

}  // namespace deadletter
