#include "operations/letter_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "operations/ledger_test_support.h"

namespace deadletter {
namespace {

using ::testing::ElementsAreArray;

const std::vector<std::string> kListMembers = {"id",
                                               "state",
                                               "outcome",
                                               "detail",
                                               "reason",
                                               "queue",
                                               "dead_letter_queue",
                                               "exchange",
                                               "routing_key",
                                               "deaths",
                                               "message_id",
                                               "correlation_id",
                                               "type",
                                               "action",
                                               "execution_id",
                                               "worker_id",
                                               "group",
                                               "died_at",
                                               "received_at",
                                               "settled_at",
                                               "redelivered",
                                               "possible_duplicate",
                                               "size_bytes",
                                               "replays"};

std::vector<std::string> NamesOf(const boost::json::object& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object) names.emplace_back(name);
  return names;
}

LetterRecord FullRecord() {
  test::FakeLedger ledger;
  LetterRecord record = ledger.Add();
  LetterSummary& letter = record.summary;
  letter.state = LetterState::kWaiting;
  letter.outcome = Outcome::kDeferred;
  letter.detail = "locked";
  letter.reason = Reason::kDeliveryLimit;
  letter.queue = "worker.7.executions";
  letter.exchange = "attune.executions";
  letter.routing_key = "execution.dispatch.worker.7";
  letter.deaths = 3;
  letter.message_id = "m-1";
  letter.correlation_id = "c-1";
  letter.type = "ExecutionRequested";
  letter.action = "core.echo";
  letter.execution_id = "9223372036854775807";
  letter.worker_id = "7";
  letter.group = GroupId({0xab, 0x01});
  letter.died_at = Instant(std::chrono::seconds(1'700'000'000));
  letter.redelivered = true;
  letter.size_bytes = 12;
  record.message.body = R"({"a": 1})";
  return record;
}

boost::json::object Parsed(const std::string& json) {
  return boost::json::parse(json).as_object();
}

TEST(LetterJson, AListHasAllMembersInOrderAlsoWhenNothingIsKnown) {
  test::FakeLedger ledger;
  const auto json = Parsed(SummaryJson(ledger.Add().summary));
  EXPECT_THAT(NamesOf(json), ElementsAreArray(kListMembers));
  for (const char* name : {"detail", "queue", "message_id", "correlation_id", "type", "action",
                           "execution_id", "worker_id", "died_at"}) {
    EXPECT_TRUE(json.at(name).is_null()) << name;
  }
}

TEST(LetterJson, OneLetterHasNineMembersMore) {
  std::vector<std::string> members = kListMembers;
  for (const char* name : {"in_replay", "death_history", "headers", "properties", "body",
                           "execution", "history", "notes", "tags"}) {
    members.emplace_back(name);
  }
  EXPECT_THAT(NamesOf(Parsed(RecordJson(FullRecord(), std::nullopt, "/b"))),
              ElementsAreArray(members));
}

TEST(LetterJson, TheReplayThatHoldsALetterIsNamed) {
  LetterRecord record = FullRecord();
  EXPECT_TRUE(Parsed(RecordJson(record, std::nullopt, "/b")).at("in_replay").is_null());
  record.in_replay = ReplayId(Uuid{{0x01, 0x99}});
  EXPECT_EQ(Parsed(RecordJson(record, std::nullopt, "/b")).at("in_replay"),
            "01990000-0000-0000-0000-000000000000");
}

TEST(LetterJson, ValuesAreInTheApisWordsAndForms) {
  const auto json = Parsed(SummaryJson(FullRecord().summary));
  EXPECT_EQ(json, boost::json::parse(R"({
    "id": "01980000-0000-0000-0000-000000000001", "state": "waiting", "outcome": "deferred", "detail": "locked",
    "reason": "delivery_limit", "queue": "worker.7.executions", "dead_letter_queue": "dlq",
    "exchange": "attune.executions", "routing_key": "execution.dispatch.worker.7", "deaths": 3,
    "message_id": "m-1", "correlation_id": "c-1", "type": "ExecutionRequested", "action": "core.echo",
    "execution_id": "9223372036854775807", "worker_id": "7", "group": "ab010000000000000000000000000000",
    "died_at": "2023-11-14T22:13:20.000000Z", "received_at": "2023-11-14T22:13:20.000000Z",
    "settled_at": "2023-11-14T22:13:20.005000Z", "redelivered": true, "possible_duplicate": false,
    "size_bytes": 12, "replays": 0})")
                      .as_object());
}

TEST(LetterJson, HostileBytesBecomeTextAndAreBounded) {
  LetterRecord record = FullRecord();
  record.summary.queue = std::string("q\xff\0\"\n", 5);
  record.summary.type = std::string(1 << 20, 'x');
  record.message.headers.entries.push_back({"na\xff", {std::string("\xfe\0", 2)}});
  record.message.properties.app_id = "\xc0";
  const auto json = Parsed(RecordJson(record, std::nullopt, "/b"));
  EXPECT_EQ(json.at("queue"), "q\xEF\xBF\xBD\xEF\xBF\xBD\"\n");
  EXPECT_LE(json.at("type").as_string().size(), 1024U);
}

TEST(LetterJson, DeathsAreToldAsTheHeadersHaveThem) {
  LetterRecord record = FullRecord();
  FieldTable death;
  death.entries = {{"reason", {std::string("strange")}},
                   {"queue", {std::string("q1")}},
                   {"exchange", {std::string("e1")}},
                   {"routing-keys", {FieldArray{{std::string("k1")}, {std::string("k2")}}}},
                   {"count", {std::int64_t{2}}},
                   {"time", {FieldTimestamp{1'700'000'000}}},
                   {"original-expiration", {std::string("300000")}}};
  FieldTable impossible;
  impossible.entries = {{"reason", {std::string("expired")}},
                        {"queue", {std::string("q2")}},
                        {"count", {std::int64_t{1}}},
                        {"time", {FieldTimestamp{0xffff'ffff'ffff}}}};
  record.message.headers.entries.push_back({"x-death", {FieldArray{{death}, {impossible}}}});
  EXPECT_EQ(Parsed(RecordJson(record, std::nullopt, "/b")).at("death_history"),
            boost::json::parse(R"([
    {"reason": "strange", "queue": "q1", "exchange": "e1", "routing_keys": ["k1", "k2"], "count": 2,
     "time": "2023-11-14T22:13:20Z", "original_expiration": "300000"},
    {"reason": "expired", "queue": "q2", "exchange": "", "routing_keys": [], "count": 1, "time": null,
     "original_expiration": null}])"));
}

TEST(LetterJson, TheExecutionIsItsRowAsItIsNow) {
  const ExecutionRow row{.id = ExecutionId(std::int64_t{5}),
                         .status = "failed",
                         .result_json = R"({"error": "x", "n": 1e400})",
                         .action_ref = std::nullopt,
                         .updated = Instant(std::chrono::seconds(1))};
  const std::string json = RecordJson(FullRecord(), row, "/b");
  EXPECT_NE(json.find(R"("execution":{"id":"5","status":"failed","result":{"error":"x","n":1e400},)"
                      R"("action_ref":null,"updated":"1970-01-01T00:00:01.000000Z"})"),
            std::string::npos)
      << json;
}

TEST(LetterJson, AResultThatIsNoJsonIsAString) {
  const ExecutionRow row{.id = ExecutionId(std::string("a")),
                         .status = "failed",
                         .result_json = "not json",
                         .action_ref = "core.echo",
                         .updated = std::nullopt};
  const auto execution = Parsed(RecordJson(FullRecord(), row, "/b")).at("execution").as_object();
  EXPECT_EQ(execution.at("result"), "not json");
  EXPECT_TRUE(execution.at("updated").is_null());
}

TEST(LetterJson, HistoryIsInOrder) {
  LetterRecord record = FullRecord();
  record.history = {
      {.at = Instant(std::chrono::seconds(1)), .what = "deferred", .detail = ""},
      {.at = Instant(std::chrono::seconds(2)), .what = "failed", .detail = "at last"}};
  EXPECT_EQ(Parsed(RecordJson(record, std::nullopt, "/b")).at("history"), boost::json::parse(R"([
    {"at": "1970-01-01T00:00:01.000000Z", "what": "deferred", "detail": null},
    {"at": "1970-01-01T00:00:02.000000Z", "what": "failed", "detail": "at last"}])"));
}

}  // namespace
}  // namespace deadletter
