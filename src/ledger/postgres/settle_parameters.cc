#include "ledger/postgres/settle_parameters.h"

#include <utility>

#include "base/text.h"
#include "letter/field_json.h"

namespace deadletter::postgres {
namespace {

constexpr Outcome kOutcomes[] = {
    Outcome::kFailed,   Outcome::kStaleAttempt, Outcome::kNotFailable,    Outcome::kDeferred,
    Outcome::kNotFound, Outcome::kMalformed,    Outcome::kUnexpectedType, Outcome::kRefused,
    Outcome::kRetried,  Outcome::kParked,       Outcome::kDiscarded,
};
constexpr std::size_t kMaxRulingBytes = 2000;

// One array over the batch: `add` is called with it and each judgement.
template <class Add>
void Column(Parameters& parameters, std::span<const Judgement> batch, ElementType type, Add add) {
  BinaryArray array(type, batch.size());
  for (const Judgement& judgement : batch) add(array, judgement);
  parameters.Array(std::move(array));
}

// A column of the letter's own text or bytes; `get` gives what outlives its call, or a value.
template <class Get>
void Bytes(Parameters& parameters, std::span<const Judgement> batch, Get get) {
  Column(parameters, batch, ElementType::kBytea,
         [&](BinaryArray& array, const Judgement& judgement) {
           array.AddBytes(get(judgement.letter));
         });
}

// The same of a member, which is not copied for it.
void Member(Parameters& parameters, std::span<const Judgement> batch,
            std::optional<std::string> Letter::* member) {
  Column(parameters, batch, ElementType::kBytea,
         [&](BinaryArray& array, const Judgement& judgement) {
           array.AddBytes(judgement.letter.*member);
         });
}

template <class Get>
void Moments(Parameters& parameters, std::span<const Judgement> batch, Get get) {
  Column(parameters, batch, ElementType::kTimestamptz,
         [&](BinaryArray& array, const Judgement& judgement) { array.AddInstant(get(judgement)); });
}

template <class Get>
void Flags(Parameters& parameters, std::span<const Judgement> batch, Get get) {
  Column(parameters, batch, ElementType::kBool,
         [&](BinaryArray& array, const Judgement& judgement) {
           array.AddBool(get(judgement.letter));
         });
}

// Our own words in a text column; whatever got into them, they stay storable.
template <class Get>
void Words(Parameters& parameters, std::span<const Judgement> batch, Get get) {
  Column(parameters, batch, ElementType::kText,
         [&](BinaryArray& array, const Judgement& judgement) {
           array.AddBytes(std::string_view(DisplayText(get(judgement), kMaxRulingBytes)));
         });
}

template <class Get>
void RetryBytes(Parameters& parameters, std::span<const Judgement> batch, Get get) {
  Column(
      parameters, batch, ElementType::kBytea, [&](BinaryArray& array, const Judgement& judgement) {
        judgement.retry ? array.AddBytes(std::string_view(get(*judgement.retry))) : array.AddNull();
      });
}

std::string_view View(const auto& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

BinaryArray LetterIds(std::span<const Judgement> batch) {
  BinaryArray ids(ElementType::kUuid, batch.size());
  for (const Judgement& judgement : batch) ids.AddUuid(judgement.letter.id.value());
  return ids;
}

BinaryArray LetterKeys(std::span<const Judgement> batch) {
  BinaryArray keys(ElementType::kBytea, batch.size());
  for (const Judgement& judgement : batch) {
    const auto& key = judgement.letter.key;
    key ? keys.AddBytes(View(key->value())) : keys.AddNull();
  }
  return keys;
}

void AddAttempts(Parameters& parameters, std::span<const Judgement> batch) {
  Bytes(parameters, batch, [](const Letter& letter) {
    return letter.execution_id ? std::optional(letter.execution_id->ToString()) : std::nullopt;
  });
  Moments(parameters, batch, [](const Judgement& judgement) {
    const auto& attempt = judgement.letter.attempt;
    return attempt ? std::optional(attempt->from) : std::nullopt;
  });
  Moments(parameters, batch, [](const Judgement& judgement) {
    const auto& attempt = judgement.letter.attempt;
    return attempt ? std::optional(attempt->until) : std::nullopt;
  });
  Column(parameters, batch, ElementType::kUuid, [](BinaryArray& array, const Judgement& judgement) {
    const auto& replay = judgement.letter.replay_id;
    replay ? array.AddUuid(replay->value()) : array.AddNull();
  });
  Column(parameters, batch, ElementType::kText, [](BinaryArray& array, const Judgement& judgement) {
    judgement.fixed ? array.AddBytes(OutcomeName(judgement.fixed->outcome)) : array.AddNull();
  });
  Column(parameters, batch, ElementType::kText, [](BinaryArray& array, const Judgement& judgement) {
    // A retry's is the rule's name, should it come to that.
    const std::string& detail = judgement.fixed ? judgement.fixed->detail : judgement.rule;
    array.AddBytes(std::string_view(DisplayText(detail, kMaxRulingBytes)));
  });
  Column(parameters, batch, ElementType::kUuid, [](BinaryArray& array, const Judgement& judgement) {
    judgement.retry ? array.AddUuid(judgement.retry->replay_id.value()) : array.AddNull();
  });
}

void AddStatesAfter(Parameters& parameters) {
  BinaryArray outcomes(ElementType::kText);
  BinaryArray if_final(ElementType::kText);
  BinaryArray if_not_final(ElementType::kText);
  for (const Outcome outcome : kOutcomes) {
    outcomes.AddBytes(OutcomeName(outcome));
    if_final.AddBytes(LetterStateName(StateAfter(outcome, true)));
    if_not_final.AddBytes(LetterStateName(StateAfter(outcome, false)));
  }
  parameters.Array(outcomes).Array(if_final).Array(if_not_final);
}

void AddMaterial(Parameters& parameters, std::span<const Judgement> batch) {
  const auto text = [&](auto get) {
    Column(parameters, batch, ElementType::kText,
           [&](BinaryArray& array, const Judgement& judgement) {
             array.AddBytes(std::string_view(get(judgement)));
           });
  };
  text([](const Judgement& judgement) { return std::string_view(judgement.failure.result_json); });
  text([](const Judgement& judgement) { return std::string_view(judgement.failure.message); });
  Column(parameters, batch, ElementType::kUuid, [](BinaryArray& array, const Judgement& judgement) {
    judgement.publish_event ? array.AddUuid(judgement.event.message_id) : array.AddNull();
  });
  const auto bytes = [&](auto get) {
    Column(parameters, batch, ElementType::kBytea,
           [&](BinaryArray& array, const Judgement& judgement) {
             array.AddBytes(std::string_view(get(judgement)));
           });
  };
  bytes([](const Judgement& judgement) { return std::string_view(judgement.event.before_action); });
  bytes([](const Judgement& judgement) { return std::string_view(judgement.event.after_action); });
  bytes([](const Judgement& judgement) {
    return std::string_view(judgement.event.address.exchange);
  });
  bytes([](const Judgement& judgement) {
    return std::string_view(judgement.event.address.routing_key);
  });
}

void AddRetries(Parameters& parameters, std::span<const Judgement> batch) {
  Moments(parameters, batch, [](const Judgement& judgement) {
    return judgement.retry ? std::optional(judgement.retry->at) : std::nullopt;
  });
  RetryBytes(parameters, batch, [](const RetryMessage& retry) { return retry.address.exchange; });
  RetryBytes(parameters, batch,
             [](const RetryMessage& retry) { return retry.address.routing_key; });
  RetryBytes(parameters, batch,
             [](const RetryMessage& retry) { return PropertiesToJson(retry.message.properties); });
  RetryBytes(parameters, batch,
             [](const RetryMessage& retry) { return FieldTableToJson(retry.message.headers); });
}

void AddRecords(Parameters& parameters, std::span<const Judgement> batch) {
  using View = std::string_view;
  Words(parameters, batch, [](const Judgement& judgement) { return View(judgement.rule); });
  Words(parameters, batch,
        [](const Judgement& judgement) { return ReasonName(judgement.letter.reason); });
  Bytes(parameters, batch, [](const Letter& letter) { return View(letter.queue); });
  Bytes(parameters, batch,
        [](const Letter& letter) { return View(letter.delivery.dead_letter_queue); });
  Bytes(parameters, batch, [](const Letter& letter) { return View(letter.exchange); });
  Bytes(parameters, batch, [](const Letter& letter) { return View(letter.routing_key); });
  Column(parameters, batch, ElementType::kInt8, [](BinaryArray& array, const Judgement& judgement) {
    array.AddNumber(judgement.letter.history.total);
  });
  Member(parameters, batch, &Letter::message_id);
  Member(parameters, batch, &Letter::correlation_id);
  Member(parameters, batch, &Letter::type);
  Member(parameters, batch, &Letter::action);
  Member(parameters, batch, &Letter::worker_id);
  Bytes(parameters, batch,
        [](const Letter& letter) { return postgres::View(letter.group.value()); });
  Moments(parameters, batch, [](const Judgement& judgement) { return judgement.letter.died_at; });
  Moments(parameters, batch,
          [](const Judgement& judgement) { return judgement.letter.delivery.received_at; });
  Flags(parameters, batch, [](const Letter& letter) { return letter.delivery.redelivered; });
  Flags(parameters, batch, [](const Letter& letter) { return letter.PossibleDuplicate(); });
  Moments(parameters, batch, [](const Judgement& judgement) { return judgement.try_again_at; });
  Bytes(parameters, batch, [](const Letter& letter) { return View(letter.delivery.exchange); });
  Bytes(parameters, batch, [](const Letter& letter) { return View(letter.delivery.routing_key); });
  Column(parameters, batch, ElementType::kBytea,
         [](BinaryArray& array, const Judgement& judgement) {
           array.AddBytes(View(PropertiesToJson(judgement.letter.delivery.message.properties)));
         });
  Column(parameters, batch, ElementType::kBytea,
         [](BinaryArray& array, const Judgement& judgement) {
           array.AddBytes(View(FieldTableToJson(judgement.letter.delivery.message.headers)));
         });
  Bytes(parameters, batch, [](const Letter& letter) { return View(letter.delivery.message.body); });
}

void AddSecondLook(Parameters& parameters, std::span<const Judgement> batch) {
  Words(parameters, batch,
        [](const Judgement& judgement) { return std::string_view(judgement.rule); });
  Moments(parameters, batch, [](const Judgement& judgement) { return judgement.try_again_at; });
}

}  // namespace deadletter::postgres
