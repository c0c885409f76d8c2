// The envelope: a delivery of any bytes becomes a letter, the same each time, and is kept whole.
#include <algorithm>

#include "base/text.h"
#include "broker/rabbitmq/assembler.h"
#include "broker/rabbitmq/wire.h"
#include "letter/json_reader.h"
#include "letter/letter_reader.h"
#include "letter/retry_message.h"
#include "letter/words.h"
#include "operations/letter_json.h"
#include "policy/decide.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

constexpr std::size_t kMaxBodyBytes = 3'000;  // so that there are larger ones
constexpr Instant kReceived(std::chrono::seconds(1'800'000'000));

LetterFormat FormatOf(std::uint8_t choice) {
  LetterFormat format = LetterFormat::Default();
  format.max_body_bytes = kMaxBodyBytes;
  format.id_type = static_cast<ExecutionIdType>(choice % 3);
  format.check_attempt = (choice & 4) == 0;
  if ((choice & 8) != 0) format.type = {NoPlace{}};
  if ((choice & 16) != 0) format.execution_id = {HeaderPlace{"id"}};
  if ((choice & 32) != 0) format.attempt = {PropertyPlace{"timestamp"}};
  if ((choice & 64) != 0) format.type = {PropertyPlace{"type"}};
  if ((choice & 128) != 0) format.message_id = {HeaderPlace{"id"}};
  return format;
}

// As a consumer would hand it over: what cannot be decoded is kept under a header of ours.
Message MessageOf(std::string_view header_frame, std::string_view body) {
  Message message;
  if (auto header = rabbitmq::DecodeContentHeader(header_frame)) {
    message.properties = std::move(header->properties);
    message.headers = std::move(header->headers);
  } else {
    message.headers.entries = {
        {std::string(rabbitmq::kUndecodedHeaders), {FieldBytes{std::string(header_frame)}}}};
  }
  message.body = body;
  return message;
}

bool Fits(const ExecutionId& id, ExecutionIdType type) {
  return id.type() == type && ParseExecutionId(type, id.ToString()) == id;
}

void CheckKind(const Letter& letter, const LetterFormat& format) {
  Require(letter.malformation.has_value() == (letter.kind == LetterKind::kMalformed),
          "a letter is malformed if and only if it says why");
  if (letter.kind != LetterKind::kMalformed) {
    Require(format.type.IsNone() || letter.type, "what is not malformed has a type");
  }
  if (letter.kind == LetterKind::kExecutionRequest) {
    Require(letter.execution_id.has_value(), "an execution request names its execution");
  }
  if (letter.execution_id)
    Require(Fits(*letter.execution_id, format.id_type), "an id is of the configured type");
  if (letter.attempt)
    Require(letter.attempt->from < letter.attempt->until, "an attempt's window is not empty");
  if (letter.malformation) {
    Require(!MalformationName(*letter.malformation).empty(), "a malformation has a name");
    const bool too_large = letter.malformation == Malformation::kBodyTooLarge;
    Require(!too_large || letter.delivery.message.body.size() > kMaxBodyBytes,
            "only a large body is too large");
  }
}

void CheckIdentity(const Letter& letter) {
  const auto& deaths = letter.history.deaths;
  const bool timed = !deaths.empty() && deaths.front().time_seconds;
  Require(letter.key.has_value() == (letter.message_id && timed),
          "a key if and only if there is a message id and a timed death (P3)");
  Require(!letter.message_id || !letter.message_id->empty(), "an empty id identifies nobody");
  if (!letter.key) return;
  std::uint64_t seconds = 0;
  for (std::size_t index = 0; index < 8; ++index)
    seconds = seconds << 8 | letter.key->value()[index];
  Require((seconds ^ std::uint64_t{1} << 63) ==
              static_cast<std::uint64_t>(*deaths.front().time_seconds),
          "a key begins with the time of the newest death");
}

// The body anew and with one more space is another letter, and so is another id.
void CheckThatDifferentLettersDiffer(const LetterReader& reader, const Letter& letter) {
  if (!letter.key) return;
  Delivery other = letter.delivery;
  other.message.body += ' ';
  const Letter longer = reader.Read(letter.id, other);
  Require(!longer.key || longer.key != letter.key, "another body has another key (P3)");
  Letter again = letter;
  again.delivery.message.headers.entries.push_back(
      {std::string(kReplayIdHeader), {std::string("01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f")}});
  const Letter replayed = reader.Read(letter.id, again.delivery);
  Require(replayed.key != letter.key || replayed.replay_id == letter.replay_id,
          "another replay has another key (P3)");
}

void CheckReplay(const Letter& letter) {
  const ReplayId replay(Uuid{{1, 2, 3}});
  const Message message = MakeReplayMessage(letter, replay, 2);
  for (const FieldEntry& entry : message.headers.entries) {
    const bool taken_away = entry.name == "x-death" || entry.name.starts_with("x-first-death-") ||
                            entry.name.starts_with("x-last-death-") ||
                            entry.name == "x-delivery-count" || entry.name == "x-acquired-count" ||
                            entry.name == "CC" || entry.name == "BCC";
    Require(!taken_away, "a replay carries nothing that the broker would believe");
  }
  Require(message.properties.message_id && !message.properties.message_id->empty() &&
              message.properties.message_id->size() <= 255,
          "a replay has a message id that AMQP can carry");
  Require(!message.properties.user_id, "a replay is not in another user's name");
  Letter sent = letter;
  sent.delivery.message = message;
  Require(RetryAttemptsMade(sent) == 2, "a replay tells which attempt it is");
}

LetterRecord RecordOf(const Letter& letter) {
  LetterRecord record;
  LetterSummary& summary = record.summary;
  summary.id = letter.id;
  summary.reason = letter.reason;
  summary.queue = letter.queue;
  summary.dead_letter_queue = letter.delivery.dead_letter_queue;
  summary.exchange = letter.exchange;
  summary.routing_key = letter.routing_key;
  summary.deaths = letter.history.total;
  summary.message_id = letter.message_id;
  summary.correlation_id = letter.correlation_id;
  summary.type = letter.type;
  summary.action = letter.action;
  if (letter.execution_id) summary.execution_id = letter.execution_id->ToString();
  summary.worker_id = letter.worker_id;
  summary.group = letter.group;
  summary.died_at = letter.died_at;
  summary.received_at = letter.delivery.received_at;
  record.message = letter.delivery.message;
  return record;
}

void CheckWhatIsShown(const Letter& letter) {
  static const JsonReader kGrammar({});
  const std::string json = RecordJson(RecordOf(letter), std::nullopt, "/v1/letters/1/body");
  const auto reading = kGrammar.Read(json);
  Require(reading && reading->root == JsonKind::kObject, "any letter can be shown as JSON");
}

void CheckVerdict(const Letter& letter) {
  Rule rule;
  rule.name = "rule";
  rule.match.queue = "worker.*";
  rule.match.action = "*";
  rule.match.younger_than = std::chrono::hours(1);
  rule.verdict = VerdictKind::kRetry;
  const Verdict verdict = Decide(letter, std::span(&rule, 1), kReceived, 0.5);
  Require(verdict.retry.has_value() == (verdict.kind == VerdictKind::kRetry), "a retry says when");
  Require(letter.kind == LetterKind::kExecutionRequest || verdict.rule.empty(),
          "rules are for execution requests");
}

// What both ledgers take as words: neither can stop on one.
void CheckWords(const Message& message) {
  const std::vector<std::string> words = WordsOf(message, message.body);
  Require(words.size() <= kMaxWordsOfLetter, "a letter has so many words (P9)");
  Require(std::ranges::adjacent_find(words, std::ranges::greater_equal{}) == words.end(),
          "each word once, in order");
  for (const std::string& word : words) {
    Require(!word.empty() && word.size() <= kMaxWordBytes && IsUtf8(word),
            "a word is short and well-formed");
    Require(WordsIn(word) == std::vector<std::string>{word}, "a word finds itself");
  }
}

bool Same(const Letter& one, const Letter& other) {
  return one.kind == other.kind && one.malformation == other.malformation && one.key == other.key &&
         one.group == other.group && one.message_id == other.message_id &&
         one.correlation_id == other.correlation_id && one.type == other.type &&
         one.action == other.action && one.worker_id == other.worker_id &&
         one.execution_id == other.execution_id && one.attempt == other.attempt &&
         one.replay_id == other.replay_id && one.reason == other.reason &&
         one.queue == other.queue && one.exchange == other.exchange &&
         one.routing_key == other.routing_key && one.died_at == other.died_at;
}

// A byte that chooses the format, a header frame with its length, and the body.
void EnvelopeOf(std::string_view input) {
  ByteSource source(input);
  const LetterFormat format = FormatOf(source.Byte());
  const LetterReader reader(format);
  Delivery delivery;
  delivery.dead_letter_queue = "attune.dlx.queue";
  delivery.received_at = kReceived;
  const std::string_view header_frame = source.LongPart();
  delivery.message = MessageOf(header_frame, source.Rest());

  const LetterId id(Uuid{{9}});
  const Letter letter = reader.Read(id, delivery);
  Require(letter.delivery.message.body == source.Rest(), "the body is kept as it came (P4)");
  Require(rabbitmq::EncodeTable(letter.delivery.message.headers) ==
              rabbitmq::EncodeTable(delivery.message.headers),
          "the headers are kept as they came (P4)");
  Require(letter.delivery.message.properties == delivery.message.properties,
          "the properties are kept as they came (P4)");
  CheckKind(letter, format);
  CheckIdentity(letter);
  delivery.redelivered = true;
  Require(Same(reader.Read(id, delivery), letter), "the same bytes, the same letter (P3)");
  CheckThatDifferentLettersDiffer(reader, letter);
  CheckReplay(letter);
  CheckVerdict(letter);
  CheckWhatIsShown(letter);
  CheckWords(letter.delivery.message);
}

const Registration kRegistration("letter", EnvelopeOf);

}  // namespace
}  // namespace deadletter::fuzz
