#include "ledger/postgres/settle_parameters.h"

#include <map>
#include <utility>

#include "base/text.h"
#include "letter/field_json.h"

namespace deadletter::postgres {
namespace {

constexpr std::size_t kMaxRuleBytes = 2000;

std::string_view View(const auto& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const Letter& LetterOf(const Settled& settled) {
  return settled.judgement->letter;
}

std::optional<std::string> ExecutionIdOf(const Letter& letter) {
  return letter.execution_id ? std::optional(letter.execution_id->ToString()) : std::nullopt;
}

// One array over the batch: `add` is called with it and each element.
template <class Element, class Add>
void Column(Parameters& parameters, std::span<const Element> batch, ElementType type, Add add) {
  BinaryArray array(type, batch.size());
  for (const Element& element : batch) add(array, element);
  parameters.Array(std::move(array));
}

// Of each element its bytes, as a view or as an optional string, which a member's is not copied
// for.
template <class Element, class Get>
void Bytes(Parameters& parameters, std::span<const Element> batch, Get get,
           ElementType type = ElementType::kBytea) {
  Column(parameters, batch, type,
         [&](BinaryArray& array, const Element& element) { array.AddBytes(get(element)); });
}

template <class Element, class Get>
void Moments(Parameters& parameters, std::span<const Element> batch, Get get) {
  Column(parameters, batch, ElementType::kTimestamptz,
         [&](BinaryArray& array, const Element& element) { array.AddInstant(get(element)); });
}

template <class Element, class Get>
void Flags(Parameters& parameters, std::span<const Element> batch, Get get) {
  Column(parameters, batch, ElementType::kBool,
         [&](BinaryArray& array, const Element& element) { array.AddBool(get(element)); });
}

}  // namespace

BinaryArray LetterIds(std::span<const Judgement> batch) {
  BinaryArray ids(ElementType::kUuid, batch.size());
  for (const Judgement& judgement : batch) ids.AddUuid(judgement.letter.id.value());
  return ids;
}

void AddKey(BinaryArray& keys, const Letter& letter) {
  letter.key ? keys.AddBytes(View(letter.key->value())) : keys.AddNull();
}

BinaryArray LetterKeys(std::span<const Judgement> batch) {
  BinaryArray keys(ElementType::kBytea, batch.size());
  for (const Judgement& judgement : batch) AddKey(keys, judgement.letter);
  return keys;
}

void AddAttempts(Parameters& parameters, std::span<const Judgement> batch) {
  Bytes(parameters, batch,
        [](const Judgement& judgement) { return ExecutionIdOf(judgement.letter); });
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
  Flags(parameters, batch, [](const Judgement& judgement) { return judgement.retry.has_value(); });
}

void AddFailures(Parameters& parameters, std::span<const Judgement> batch) {
  Bytes(
      parameters, batch,
      [](const Judgement& judgement) { return std::string_view(judgement.failure.result_json); },
      ElementType::kText);
  Bytes(
      parameters, batch,
      [](const Judgement& judgement) { return std::string_view(judgement.failure.message); },
      ElementType::kText);
}

void AddOutcomes(Parameters& parameters, std::span<const Settled> letters) {
  Column(parameters, letters, ElementType::kUuid, [](BinaryArray& array, const Settled& settled) {
    array.AddUuid(LetterOf(settled).id.value());
  });
  Bytes(
      parameters, letters,
      [](const Settled& settled) { return LetterStateName(settled.ruling->state); },
      ElementType::kText);
  Bytes(
      parameters, letters,
      [](const Settled& settled) { return OutcomeName(settled.ruling->outcome); },
      ElementType::kText);
  Bytes(
      parameters, letters,
      [](const Settled& settled) { return std::string_view(settled.ruling->detail); },
      ElementType::kText);
  Bytes(parameters, letters,
        [](const Settled& settled) { return ExecutionIdOf(LetterOf(settled)); });
  Column(parameters, letters, ElementType::kText, [](BinaryArray& array, const Settled& settled) {
    array.AddBytes(std::string_view(DisplayText(settled.judgement->rule, kMaxRuleBytes)));
  });
  Moments(parameters, letters, [](const Settled& settled) {
    return IsSettledAgain(settled.ruling->outcome) ? std::optional(settled.judgement->try_again_at)
                                                   : std::nullopt;
  });
}

Parameters RecordsOf(std::span<const Letter* const> letters) {
  using Text = std::string_view;
  using One = const Letter*;
  Parameters parameters;
  Bytes(
      parameters, letters, [](One letter) { return ReasonName(letter->reason); },
      ElementType::kText);
  Bytes(parameters, letters, [](One letter) { return Text(letter->queue); });
  Bytes(parameters, letters, [](One letter) { return Text(letter->delivery.dead_letter_queue); });
  Bytes(parameters, letters, [](One letter) { return Text(letter->exchange); });
  Bytes(parameters, letters, [](One letter) { return Text(letter->routing_key); });
  Column(parameters, letters, ElementType::kInt8,
         [](BinaryArray& array, One letter) { array.AddNumber(letter->history.total); });
  using Member = std::optional<std::string> Letter::*;
  for (const Member member : {&Letter::message_id, &Letter::correlation_id, &Letter::type,
                              &Letter::action, &Letter::worker_id}) {
    Column(parameters, letters, ElementType::kBytea,
           [member](BinaryArray& array, One letter) { array.AddBytes(letter->*member); });
  }
  Bytes(parameters, letters, [](One letter) { return View(letter->group.value()); });
  Moments(parameters, letters, [](One letter) { return letter->died_at; });
  Moments(parameters, letters, [](One letter) { return letter->delivery.received_at; });
  Flags(parameters, letters, [](One letter) { return letter->delivery.redelivered; });
  Flags(parameters, letters, [](One letter) { return letter->PossibleDuplicate(); });
  Bytes(parameters, letters, [](One letter) { return Text(letter->delivery.exchange); });
  Bytes(parameters, letters, [](One letter) { return Text(letter->delivery.routing_key); });
  Column(parameters, letters, ElementType::kBytea, [](BinaryArray& array, One letter) {
    array.AddBytes(Text(PropertiesToJson(letter->delivery.message.properties)));
  });
  Column(parameters, letters, ElementType::kBytea, [](BinaryArray& array, One letter) {
    array.AddBytes(Text(FieldTableToJson(letter->delivery.message.headers)));
  });
  Bytes(parameters, letters, [](One letter) { return Text(letter->delivery.message.body); });
  return parameters;
}

bool AddOutbox(Parameters& parameters, std::span<const Settled> letters, Instant settled_at) {
  BinaryArray kinds(ElementType::kText, letters.size());
  BinaryArray ids(ElementType::kUuid, letters.size());
  BinaryArray executions(ElementType::kBytea, letters.size());
  BinaryArray exchanges(ElementType::kBytea, letters.size());
  BinaryArray routing_keys(ElementType::kBytea, letters.size());
  BinaryArray message_ids(ElementType::kUuid, letters.size());
  BinaryArray properties(ElementType::kBytea, letters.size());
  BinaryArray headers(ElementType::kBytea, letters.size());
  BinaryArray bodies(ElementType::kBytea, letters.size());
  BinaryArray wanted(ElementType::kTimestamptz, letters.size());
  std::size_t entries = 0;
  for (const Settled& settled : letters) {
    const Judgement& judgement = *settled.judgement;
    const Ruling& ruling = *settled.ruling;
    const bool is_event = ruling.outcome == Outcome::kFailed && judgement.publish_event;
    const bool is_retry = ruling.outcome == Outcome::kRetried && judgement.retry;
    if (!is_event && !is_retry) continue;
    ++entries;
    ids.AddUuid(judgement.letter.id.value());
    executions.AddBytes(ExecutionIdOf(judgement.letter));
    if (is_event) {
      const EventParts& event = judgement.event;
      kinds.AddBytes(std::string_view("event"));
      exchanges.AddBytes(std::string_view(event.address.exchange));
      routing_keys.AddBytes(std::string_view(event.address.routing_key));
      message_ids.AddUuid(event.message_id);
      properties.AddNull();
      headers.AddNull();
      bodies.AddBytes({event.before_action, R"("action_id":)", ruling.action_id.value_or("0"),
                       R"(,"action_ref":)", ruling.action_ref.value_or("null"),
                       event.after_action});
      wanted.AddInstant(settled_at);
    } else {
      const RetryMessage& retry = *judgement.retry;
      kinds.AddBytes(std::string_view("retry"));
      exchanges.AddBytes(std::string_view(retry.address.exchange));
      routing_keys.AddBytes(std::string_view(retry.address.routing_key));
      message_ids.AddNull();
      properties.AddBytes(std::string_view(PropertiesToJson(retry.message.properties)));
      headers.AddBytes(std::string_view(FieldTableToJson(retry.message.headers)));
      bodies.AddNull();  // the letter's own
      wanted.AddInstant(retry.at);
    }
  }
  parameters.Array(std::move(kinds)).Array(std::move(ids)).Array(std::move(executions));
  parameters.Array(std::move(exchanges)).Array(std::move(routing_keys));
  parameters.Array(std::move(message_ids)).Array(std::move(properties)).Array(std::move(headers));
  parameters.Array(std::move(bodies)).Array(std::move(wanted));
  return entries > 0;
}

bool AddOwners(Parameters& parameters, std::span<const Settled> letters) {
  BinaryArray executions(ElementType::kBytea);
  BinaryArray replays(ElementType::kUuid);
  BinaryArray updated(ElementType::kTimestamptz);
  bool any = false;
  for (const Settled& settled : letters) {
    if (settled.ruling->outcome != Outcome::kRetried || !settled.judgement->retry) continue;
    any = true;
    executions.AddBytes(ExecutionIdOf(LetterOf(settled)));
    replays.AddUuid(settled.judgement->retry->replay_id.value());
    updated.AddInstant(settled.ruling->row_updated);
  }
  parameters.Array(std::move(executions)).Array(std::move(replays)).Array(std::move(updated));
  return any;
}

void AddCounts(Parameters& parameters, std::span<const Settled> letters) {
  std::map<LetterState, std::int64_t> counts;
  for (const Settled& settled : letters) ++counts[settled.ruling->state];
  BinaryArray states(ElementType::kText);
  BinaryArray changes(ElementType::kInt8);
  for (const auto& [state, count] : counts) {
    states.AddBytes(LetterStateName(state));
    changes.AddNumber(count);
  }
  parameters.Array(std::move(states)).Array(std::move(changes));
  Column(parameters, letters, ElementType::kUuid, [](BinaryArray& array, const Settled& settled) {
    array.AddUuid(LetterOf(settled).id.value());
  });
}

}  // namespace deadletter::postgres
