#include "letter/letter_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/rfc3339.h"
#include "letter/retry_message.h"

namespace deadletter {
namespace {

using namespace std::string_literals;
using std::chrono::seconds;

constexpr std::string_view kUuid = "01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f";

Letter Read(const LetterFormat& format, Message message) {
  Delivery delivery;
  delivery.exchange = "attune.dlx";
  delivery.routing_key = "execution.dispatch.worker.7";
  delivery.message = std::move(message);
  return LetterReader(format).Read(LetterId(RandomUuid()), std::move(delivery));
}

Letter ReadBody(std::string body, const LetterFormat& format = LetterFormat::Default()) {
  Message message;
  message.body = std::move(body);
  return Read(format, std::move(message));
}

Letter ReadPayload(const std::string& members,
                   const LetterFormat& format = LetterFormat::Default()) {
  return ReadBody(R"({"message_type":"ExecutionRequested","payload":{)" + members + "}}", format);
}

std::string Detail(const Letter& letter) {
  return letter.malformation ? std::string(MalformationName(*letter.malformation)) : "";
}

FieldPlace Place(std::string_view text) {
  return FieldPlace::Parse(text).value();
}

// Everything in headers and properties; the body is none of our business.
LetterFormat BodylessFormat() {
  LetterFormat format;
  format.type = Place("property:type");
  format.execution_types = {"ExecutionRequested"};
  format.execution_id = Place("header:execution_id");
  format.worker_id = Place("header:worker");
  format.attempt = Place("header:attempt");
  format.action = Place("property:app_id");
  format.message_id = Place("header:id");
  return format;
}

Message BodylessMessage(FieldValue execution_id) {
  Message message;
  message.properties.type = "ExecutionRequested";
  message.headers.entries = {{"execution_id", std::move(execution_id)}};
  message.body = "\xFF not JSON \0"s;
  return message;
}

TEST(LetterReader, ReadsAnEnvelope) {
  const Letter letter = ReadBody(
      R"({"message_id":"m-1","correlation_id":"c-1","message_type":"ExecutionRequested","version":"1.0",)"
      R"("payload":{"execution_id":42,"worker_id":7,"action_ref":"core.echo",)"
      R"("scheduled_attempt_updated_at":"2026-11-23T12:00:00.123456Z"}})");
  EXPECT_EQ(letter.kind, LetterKind::kExecutionRequest);
  EXPECT_EQ(letter.malformation, std::nullopt);
  EXPECT_EQ(letter.execution_id, ExecutionId(std::int64_t{42}));
  EXPECT_EQ(letter.message_id, "m-1");
  EXPECT_EQ(letter.correlation_id, "c-1");
  EXPECT_EQ(letter.type, "ExecutionRequested");
  EXPECT_EQ(letter.worker_id, "7");
  EXPECT_EQ(letter.action, "core.echo");
  EXPECT_EQ(letter.attempt->from, ParseRfc3339("2026-11-23T12:00:00.123456Z")->instant);
  EXPECT_EQ(letter.attempt->until - letter.attempt->from, Microseconds(1));
}

TEST(LetterReader, ATypeThatIsNoneOfOursIsUnexpectedWhateverItsPayload) {
  const Letter letter = ReadBody(R"({"message_type":"Heartbeat","payload":{"execution_id":"x"}})");
  EXPECT_EQ(letter.kind, LetterKind::kUnexpectedType);
  EXPECT_EQ(letter.type, "Heartbeat");
  EXPECT_EQ(letter.malformation, std::nullopt);
}

TEST(LetterReader, P4_AMalformedLetterTellsAllThatCouldBeRead) {
  const Letter letter =
      ReadBody(R"({"message_id":"m-1","correlation_id":"c-1","message_type":"ExecutionRequested",)"
               R"("payload":{"execution_id":"5","worker_id":"w7","action_ref":"core.echo"}})");
  EXPECT_EQ(Detail(letter), "execution_id_not_integer");
  EXPECT_EQ(letter.message_id, "m-1");
  EXPECT_EQ(letter.correlation_id, "c-1");
  EXPECT_EQ(letter.type, "ExecutionRequested");
  EXPECT_EQ(letter.worker_id, "w7");
  EXPECT_EQ(letter.action, "core.echo");
  EXPECT_EQ(letter.execution_id, std::nullopt);
}

TEST(LetterReader, WithoutATypeTheIdIsStillTold) {
  const Letter letter = ReadBody(R"({"payload":{"execution_id":5}})");
  EXPECT_EQ(Detail(letter), "no_message_type");
  EXPECT_EQ(letter.execution_id, ExecutionId(std::int64_t{5}));
}

TEST(LetterReader, ABodyBeyondTheLimitIsKeptAndItsDeathsAreRead) {
  LetterFormat format = LetterFormat::Default();
  format.max_body_bytes = 80;
  Message message;
  message.body = R"({"message_type":"ExecutionRequested","payload":{"execution_id":5}})" +
                 std::string(14, ' ');
  ASSERT_EQ(message.body.size(), 80u);
  EXPECT_EQ(Read(format, message).kind, LetterKind::kExecutionRequest);
  message.body += ' ';
  message.properties.message_id = "p-1";
  message.headers.entries = {{"x-first-death-queue", {"worker.7"s}},
                             {"x-first-death-reason", {"expired"s}}};
  const Letter letter = Read(format, message);
  EXPECT_EQ(Detail(letter), "body_too_large");
  EXPECT_EQ(letter.message_id, "p-1");
  EXPECT_EQ(letter.queue, "worker.7");
  EXPECT_EQ(letter.reason, Reason::kExpired);
  EXPECT_EQ(letter.delivery.message.body.size(), 81u);
}

TEST(LetterReader, IntegerIdsFillTheir64Bits) {
  EXPECT_EQ(ReadPayload(R"("execution_id":9223372036854775807)").execution_id,
            ExecutionId(INT64_MAX));
  EXPECT_EQ(ReadPayload(R"("execution_id":-9223372036854775808)").execution_id,
            ExecutionId(INT64_MIN));
  EXPECT_EQ(ReadPayload(R"("execution_id":-0)").execution_id, ExecutionId(std::int64_t{0}));
}

TEST(LetterReader, UuidIdsAreStringsOfThatForm) {
  LetterFormat format = LetterFormat::Default();
  format.id_type = ExecutionIdType::kUuid;
  const std::string text(kUuid);
  EXPECT_EQ(ReadPayload(R"("execution_id":")" + text + '"', format).execution_id,
            ExecutionId(*ParseUuid(text)));
  for (const std::string bad :
       {R"("")", R"("5")", "5", "true", R"("{01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f}")"}) {
    EXPECT_EQ(Detail(ReadPayload(R"("execution_id":)" + bad, format)), "execution_id_not_uuid")
        << bad;
  }
  EXPECT_EQ(Detail(ReadPayload(R"("execution_id":null)", format)), "execution_id_missing");
}

TEST(LetterReader, TextIdsAreStringsThatAreText) {
  LetterFormat format = LetterFormat::Default();
  format.id_type = ExecutionIdType::kText;
  EXPECT_EQ(ReadPayload(R"("execution_id":"job \u00e9\u0000")", format).execution_id,
            ExecutionId("job \xC3\xA9\0"s));
  for (const std::string bad : {"5", "true", R"("\ud800")", R"(["a"])"}) {
    EXPECT_EQ(Detail(ReadPayload(R"("execution_id":)" + bad, format)), "execution_id_not_text")
        << bad;
  }
}

TEST(LetterReader, AnAttemptIsAsWideAsItsPrecision) {
  const std::pair<std::string, std::int64_t> stamps[] = {
      {"", 1'000'000}, {".5", 100'000}, {".50", 10'000}, {".500", 1'000},          {".5000", 100},
      {".50000", 10},  {".500000", 1},  {".5000009", 1}, {".50000000000000000", 1}};
  for (const auto& [fraction, width] : stamps) {
    const Letter letter =
        ReadPayload(R"("execution_id":5,"scheduled_attempt_updated_at":"2026-11-23T13:00:00)" +
                    fraction + R"(+01:00")");
    ASSERT_TRUE(letter.attempt) << fraction;
    const Instant noon = ParseRfc3339("2026-11-23T12:00:00Z")->instant;
    EXPECT_EQ(letter.attempt->from, noon + Microseconds(fraction.empty() ? 0 : 500'000))
        << fraction;
    EXPECT_EQ(letter.attempt->until - letter.attempt->from, Microseconds(width)) << fraction;
  }
}

TEST(LetterReader, AnAttemptThatIsNotCheckedCannotSpoilALetter) {
  LetterFormat format = LetterFormat::Default();
  const std::string payload = R"("execution_id":5,"scheduled_attempt_updated_at":"yesterday")";
  EXPECT_EQ(Detail(ReadPayload(payload, format)), "attempt_not_rfc3339");
  format.check_attempt = false;
  const Letter letter = ReadPayload(payload, format);
  EXPECT_EQ(letter.kind, LetterKind::kExecutionRequest);
  EXPECT_EQ(letter.attempt, std::nullopt);
}

TEST(LetterReader, WorkersAreNamedByNumbersAndStrings) {
  const std::pair<const char*, std::optional<std::string>> workers[] = {
      {"7", "7"},          {"-7", "-7"},
      {R"("w-7")", "w-7"}, {"99999999999999999999", "99999999999999999999"},
      {R"("")", {}},       {"7.5", {}},
      {"true", {}},        {"null", {}},
      {"[7]", {}},         {R"({"id":7})", {}}};
  for (const auto& [json, expected] : workers) {
    const Letter letter = ReadPayload(R"("execution_id":5,"worker_id":)"s + json);
    EXPECT_EQ(letter.worker_id, expected) << json;
    EXPECT_EQ(letter.kind, LetterKind::kExecutionRequest) << json;
  }
}

TEST(LetterReader, TheBodysIdsGoBeforeThePropertys) {
  Message message;
  message.properties.message_id = "property";
  message.properties.correlation_id = "of-the-property";
  message.body = R"({"message_id":"body","correlation_id":"of-the-body","message_type":"X"})";
  EXPECT_EQ(Read(LetterFormat::Default(), message).message_id, "body");
  EXPECT_EQ(Read(LetterFormat::Default(), message).correlation_id, "of-the-body");
  for (const char* body :
       {R"({"message_type":"X"})",
        R"({"message_id":null,"message_type":"X","correlation_id":null})",
        R"({"message_id":"","message_type":"X","correlation_id":""})", "not JSON"}) {
    message.body = body;
    EXPECT_EQ(Read(LetterFormat::Default(), message).message_id, "property") << body;
    EXPECT_EQ(Read(LetterFormat::Default(), message).correlation_id, "of-the-property") << body;
  }
  message.properties = {};
  message.properties.message_id = "";
  EXPECT_EQ(Read(LetterFormat::Default(), message).message_id, std::nullopt);
}

TEST(LetterReader, WhereNoPlaceIsInTheBodyTheBodyMayBeAnything) {
  LetterFormat format = BodylessFormat();
  format.max_body_bytes = 1;
  const Letter letter = Read(format, BodylessMessage({std::int32_t{5}}));
  EXPECT_EQ(letter.kind, LetterKind::kExecutionRequest);
  EXPECT_EQ(letter.execution_id, ExecutionId(std::int64_t{5}));
}

TEST(LetterReader, ABodyThatTheVerdictDoesNotNeedMayBeAnything) {
  LetterFormat format = BodylessFormat();
  format.worker_id = Place("/worker");
  format.action = Place("/action");
  format.message_id = Place("/id");
  format.correlation_id = Place("/correlation");
  Message message = BodylessMessage({std::int32_t{5}});
  message.properties.message_id = "m-1";
  const Letter letter = Read(format, message);
  EXPECT_EQ(letter.kind, LetterKind::kExecutionRequest);
  EXPECT_EQ(letter.worker_id, std::nullopt);
  EXPECT_EQ(letter.message_id, "m-1");
  message.body = R"({"worker":"w7"})";
  EXPECT_EQ(Read(format, message).worker_id, "w7");
}

TEST(LetterReader, ABodyThatTheVerdictNeedsMustBeAnObject) {
  for (const auto place :
       {&LetterFormat::type, &LetterFormat::execution_id, &LetterFormat::attempt}) {
    LetterFormat format = BodylessFormat();
    format.*place = Place("/here");
    EXPECT_EQ(Detail(Read(format, BodylessMessage({std::int32_t{5}}))), "not_json");
  }
}

TEST(LetterReader, WithoutAPlaceForTheTypeEveryLetterIsARequest) {
  LetterFormat format = BodylessFormat();
  format.type = {};
  const Letter letter = Read(format, BodylessMessage({std::int32_t{5}}));
  EXPECT_EQ(letter.kind, LetterKind::kExecutionRequest);
  EXPECT_EQ(letter.type, std::nullopt);
  EXPECT_EQ(Detail(Read(format, Message{})), "execution_id_missing");
}

TEST(LetterReader, IntegerIdsComeFromHeadersOfEveryWidth) {
  const FieldValue fives[] = {{std::int8_t{5}},   {std::uint8_t{5}},  {std::int16_t{5}},
                              {std::uint16_t{5}}, {std::int32_t{5}},  {std::uint32_t{5}},
                              {std::int64_t{5}},  {std::uint64_t{5}}, {"5"s}};
  for (const FieldValue& five : fives) {
    EXPECT_EQ(Read(BodylessFormat(), BodylessMessage(five)).execution_id,
              ExecutionId(std::int64_t{5}))
        << five.value.index();
  }
}

TEST(LetterReader, UnusableIdsInHeadersAreNamed) {
  const std::pair<FieldValue, const char*> unusable[] = {
      {{FieldVoid{}}, "execution_id_missing"},
      {{true}, "execution_id_not_integer"},
      {{5.0}, "execution_id_not_integer"},
      {{FieldDecimal{0, 5}}, "execution_id_not_integer"},
      {{FieldTimestamp{5}}, "execution_id_not_integer"},
      {{FieldTable{}}, "execution_id_not_integer"},
      {{FieldBytes{"5"}}, "execution_id_not_integer"},
      {{""s}, "execution_id_not_integer"},
      {{"05"s}, "execution_id_not_integer"},
      {{"+5"s}, "execution_id_not_integer"},
      {{"5 "s}, "execution_id_not_integer"},
      {{"-"s}, "execution_id_not_integer"},
      {{std::uint64_t{1} << 63}, "execution_id_out_of_range"},
      {{"9223372036854775808"s}, "execution_id_out_of_range"}};
  for (const auto& [value, detail] : unusable) {
    EXPECT_EQ(Detail(Read(BodylessFormat(), BodylessMessage(value))), detail);
  }
}

TEST(LetterReader, OtherIdsComeFromHeadersThatAreText) {
  LetterFormat format = BodylessFormat();
  format.id_type = ExecutionIdType::kText;
  EXPECT_EQ(Read(format, BodylessMessage({"job-5"s})).execution_id, ExecutionId("job-5"s));
  EXPECT_EQ(Detail(Read(format, BodylessMessage({"\xFF"s}))), "execution_id_not_text");
  EXPECT_EQ(Detail(Read(format, BodylessMessage({std::int64_t{5}}))), "execution_id_not_text");
  format.id_type = ExecutionIdType::kUuid;
  EXPECT_EQ(Read(format, BodylessMessage({std::string(kUuid)})).execution_id,
            ExecutionId(*ParseUuid(kUuid)));
}

TEST(LetterReader, AnAttemptInAHeaderIsTextOrASecond) {
  const auto read = [](FieldValue attempt) {
    Message message = BodylessMessage({std::int32_t{5}});
    message.headers.entries.push_back({"attempt", std::move(attempt)});
    return Read(BodylessFormat(), std::move(message));
  };
  EXPECT_EQ(read({FieldTimestamp{1'000}}).attempt,
            (AttemptWindow{Instant(seconds(1'000)), Instant(seconds(1'001))}));
  EXPECT_EQ(read({"1970-01-01T00:00:01.50Z"s}).attempt,
            (AttemptWindow{Instant(Microseconds(1'500'000)), Instant(Microseconds(1'510'000))}));
  EXPECT_EQ(read({FieldVoid{}}).attempt, std::nullopt);
  EXPECT_EQ(read({FieldVoid{}}).kind, LetterKind::kExecutionRequest);
  EXPECT_EQ(Detail(read({FieldTimestamp{UINT64_MAX}})), "attempt_not_rfc3339");
  EXPECT_EQ(Detail(read({std::int64_t{1'000}})), "attempt_not_rfc3339");
  EXPECT_EQ(Detail(read({"soon"s})), "attempt_not_rfc3339");
}

TEST(LetterReader, EveryPropertyCanBeAPlace) {
  const std::pair<const char*, std::string> properties[] = {
      {"content_type", "a"}, {"content_encoding", "b"}, {"correlation_id", "c"}, {"reply_to", "d"},
      {"expiration", "e"},   {"message_id", "f"},       {"type", "g"},           {"user_id", "h"},
      {"app_id", "i"},       {"cluster_id", "j"},       {"delivery_mode", "2"},  {"priority", "9"}};
  for (const auto& [name, expected] : properties) {
    LetterFormat format;
    format.worker_id = Place("property:"s + name);
    Message message;
    message.properties = {"a", "b", 2, 9, "c", "d", "e", "f", 77, "g", "h", "i", "j"};
    EXPECT_EQ(Read(format, message).worker_id, expected) << name;
  }
}

TEST(LetterReader, TheReplaysIdIsReadFromOurHeader) {
  Message message;
  message.headers.entries = {{std::string(kReplayIdHeader), {std::string(kUuid)}}};
  EXPECT_EQ(Read(LetterFormat::Default(), message).replay_id, ReplayId(*ParseUuid(kUuid)));
  message.headers.entries = {{std::string(kReplayIdHeader), {"forged"s}}};
  EXPECT_EQ(Read(LetterFormat::Default(), message).replay_id, std::nullopt);
}

// ---- Any delivery at all.

rc::Gen<std::string> AnyBytes() {
  return rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}

rc::Gen<FieldValue> AnyValue(int depth) {
  auto scalars = rc::gen::oneOf(
      rc::gen::just(FieldValue{FieldVoid{}}),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool v) { return FieldValue{v}; }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(),
                   [](std::int64_t v) { return FieldValue{v}; }),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                   [](std::uint64_t v) { return FieldValue{FieldTimestamp{v}}; }),
      rc::gen::map(
          rc::gen::element("expired"s, "rejected"s, "maxlen"s, std::string(kUuid), "5"s, ""s),
          [](std::string v) { return FieldValue{std::move(v)}; }),
      rc::gen::map(AnyBytes(), [](std::string v) { return FieldValue{std::move(v)}; }));
  if (depth == 0) return scalars;
  auto names =
      rc::gen::element("x-death"s, "reason"s, "queue"s, "exchange"s, "routing-keys"s, "count"s,
                       "time"s, "original-expiration"s, "x-first-death-queue"s,
                       "x-first-death-reason"s, std::string(kReplayIdHeader), "x-delivery-count"s);
  auto entries = rc::gen::container<std::vector<FieldEntry>>(rc::gen::construct<FieldEntry>(
      names, rc::gen::lazy([depth] { return AnyValue(depth - 1); })));
  auto tables = rc::gen::map(
      entries, [](std::vector<FieldEntry> v) { return FieldValue{FieldTable{std::move(v)}}; });
  auto arrays = rc::gen::map(
      rc::gen::container<FieldArray>(rc::gen::lazy([depth] { return AnyValue(depth - 1); })),
      [](FieldArray v) { return FieldValue{std::move(v)}; });
  return rc::gen::oneOf(scalars, tables, arrays);
}

void CheckWhatEveryLetterPromises(const Letter& letter) {
  RC_ASSERT(letter.malformation.has_value() == (letter.kind == LetterKind::kMalformed));
  RC_ASSERT(letter.kind != LetterKind::kExecutionRequest || letter.execution_id.has_value());
  RC_ASSERT(!letter.key || (letter.message_id && !letter.history.deaths.empty()));
  RC_ASSERT(letter.history.total >= 0);
  RC_ASSERT(!letter.died_at || letter.history.total == 1);
  if (letter.attempt) RC_ASSERT(letter.attempt->from < letter.attempt->until);
}

RC_GTEST_PROP(LetterReaderOnAnything, ReadsAnyBodyAndAnyHeaders, ()) {
  Message message;
  message.body = *AnyBytes();
  const auto headers = *rc::gen::resize(6, AnyValue(3));
  if (const auto* table = std::get_if<FieldTable>(&headers.value)) message.headers = *table;
  const std::string body = message.body;
  const Letter letter = Read(LetterFormat::Default(), message);
  CheckWhatEveryLetterPromises(letter);
  RC_ASSERT(letter.delivery.message == message);
}

RC_GTEST_PROP(LetterReaderOnAnything, ReadsAnyValueInEachPlace, ()) {
  static const std::vector<std::string> kValues = {"null",
                                                   "true",
                                                   "5",
                                                   "-5",
                                                   "5.5",
                                                   "1e400",
                                                   "99999999999999999999",
                                                   R"("x")",
                                                   R"("")",
                                                   R"("\ud800")",
                                                   R"("\u0000")",
                                                   "[]",
                                                   R"({"a":1})",
                                                   R"("2026-11-23T12:00:00Z")",
                                                   R"("ExecutionRequested")"};
  const auto value = [] { return *rc::gen::elementOf(kValues); };
  const std::string body = R"({"message_type":)" + value() + R"(,"message_id":)" + value() +
                           R"(,"correlation_id":)" + value() + R"(,"payload":{"execution_id":)" +
                           value() + R"(,"worker_id":)" + value() + R"(,"action_ref":)" + value() +
                           R"(,"scheduled_attempt_updated_at":)" + value() + "}}";
  for (const auto type :
       {ExecutionIdType::kInteger, ExecutionIdType::kUuid, ExecutionIdType::kText}) {
    LetterFormat format = LetterFormat::Default();
    format.id_type = type;
    CheckWhatEveryLetterPromises(ReadBody(body, format));
  }
}

}  // namespace
}  // namespace deadletter
