// Groups, mutes and statistics, over a ledger in memory.
#include "operations/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/rfc3339.h"
#include "ledger/letter_tally.h"
#include "operations/ledger_test_support.h"
#include "operations/operations.h"

namespace deadletter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Caller kVera{.name = "vera", .role = Role::kViewer};
const Caller kMuter{.name = "otto", .role = Role::kOperator};
const Caller kAda{.name = "ada", .role = Role::kAdmin};

constexpr const char* kFirstGroup = "01000000000000000000000000000000";
const Instant kNow = ParseRfc3339("2026-11-23T19:30:00Z")->instant;

class StillClock final : public Clock {
 public:
  Instant Now() const override { return kNow; }
};

class GroupsTest : public ::testing::Test {
 protected:
  GroupsTest() {
    for (std::uint8_t number = 1; number <= 3; ++number) {
      GroupSummary group;
      group.group = GroupId({number});
      group.type = "ExecutionRequested";
      group.action = "core.http";
      group.reason = Reason::kExpired;
      group.queue = "worker.#.executions";
      group.letters = 10 - number;
      group.first_seen = kNow - std::chrono::hours(5);
      group.last_seen = kNow - std::chrono::minutes(number);
      group.trend[23] = number;
      ledger_->groups.push_back(group);
    }
  }

  static boost::json::value Json(const OperationResult<std::string>& result) {
    EXPECT_TRUE(result) << result.error().message;
    return result ? boost::json::parse(*result) : boost::json::value();
  }
  static OperationsOptions Options(const std::vector<std::string>& redact = {}) {
    const LetterFormat format = LetterFormat::Default();
    return {.redaction = Redaction(redact, format, 1 << 20),
            .clock = std::make_shared<StillClock>(),
            .depths = [] { return QueueDepths{{"dlq \"1\"", 4}}; }};
  }
  std::string Refusal(const std::vector<Parameter>& parameters) {
    const auto refused = operations_.ListGroups(parameters, kVera);
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, OperationFault::kBadRequest);
    return refused ? "" : refused.error().message;
  }
  OperationError MuteRefusal(const std::string& id, const std::string& json) {
    const auto refused = operations_.MuteGroup(id, json, kMuter);
    EXPECT_FALSE(refused) << json;
    return refused ? OperationError{} : refused.error();
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{test::ReadersOver(ledger_), Options()};
};

TEST_F(GroupsTest, AGroupIsShownWithAllThatIsKnownOfIt) {
  ledger_->groups[0].muted_until = kNow + std::chrono::hours(1);
  ledger_->groups[0].muted_by = "otto";
  ledger_->groups[1].type.reset();
  ledger_->groups[1].queue = "";
  const auto page = Json(operations_.ListGroups({}, kVera));
  EXPECT_TRUE(page.at("next_cursor").is_null());
  ASSERT_THAT(page.at("items").as_array(), SizeIs(3));
  const auto& group = page.at("items").at(0);
  EXPECT_EQ(group.at("group"), kFirstGroup);
  EXPECT_EQ(group.at("letters"), 9);
  EXPECT_EQ(group.at("first_seen"), "2026-11-23T14:30:00.000000Z");
  EXPECT_EQ(group.at("last_seen"), "2026-11-23T19:29:00.000000Z");
  EXPECT_EQ(group.at("type"), "ExecutionRequested");
  EXPECT_EQ(group.at("action"), "core.http");
  EXPECT_EQ(group.at("reason"), "expired");
  EXPECT_EQ(group.at("queue"), "worker.#.executions");
  EXPECT_EQ(group.at("sample"), "00000000-0000-0000-0000-000000000000");
  ASSERT_THAT(group.at("trend").as_array(), SizeIs(kTrendHours));
  EXPECT_EQ(group.at("trend").at(23), 1);
  EXPECT_EQ(group.at("muted_until"), "2026-11-23T20:30:00.000000Z");
  EXPECT_EQ(group.at("muted_by"), "otto");
  for (const char* member : {"type", "queue", "muted_until", "muted_by"})
    EXPECT_TRUE(page.at("items").at(1).at(member).is_null()) << member;
}

TEST_F(GroupsTest, FiltersAreTakenAsGroupsAreMade) {
  const std::vector<Parameter> all = {{"type", "Type 12"},
                                      {"action", "a7"},
                                      {"reason", "maxlen"},
                                      {"queue", "worker.9.q"},
                                      {"since", "2026-11-23T19:00:00Z"},
                                      {"muted", "false"},
                                      {"order", "letters"}};
  EXPECT_TRUE(operations_.ListGroups(all, kVera));
  EXPECT_EQ(ledger_->group_filter.type, "Type #");
  EXPECT_EQ(ledger_->group_filter.action, "a#");
  EXPECT_EQ(ledger_->group_filter.reason, Reason::kMaxlen);
  EXPECT_EQ(ledger_->group_filter.queue, "worker.#.q");
  EXPECT_EQ(ledger_->group_filter.since, kNow - std::chrono::minutes(30));
  EXPECT_EQ(ledger_->group_filter.muted, false);
  EXPECT_EQ(ledger_->group_order, GroupOrder::kLetters);
}

TEST_F(GroupsTest, WhatIsNotUnderstoodIsRefusedWithWhatIsAllowed) {
  EXPECT_THAT(Refusal({{"state", "open"}}), HasSubstr("there are type, action, reason, queue"));
  EXPECT_THAT(Refusal({{"reason", "boredom"}}), HasSubstr("reason must be expired, rejected"));
  EXPECT_THAT(Refusal({{"muted", "perhaps"}}), HasSubstr("muted must be true or false"));
  EXPECT_THAT(Refusal({{"order", "size"}}), HasSubstr("order must be last_seen or letters"));
  EXPECT_THAT(Refusal({{"since", "yesterday"}}), HasSubstr("since must be a time"));
  EXPECT_THAT(Refusal({{"limit", "0"}}), HasSubstr("limit must be a number"));
  EXPECT_THAT(Refusal({{"cursor", "x"}}), HasSubstr("cursor must be"));
  // A letters' cursor, with this question's digest: it tells no place.
  const auto request = ParseGroupsRequest({}, kVera, {});
  EXPECT_THAT(Refusal({{"cursor", FormatCursor({.after = LetterId(), .filter = request->digest})}}),
              HasSubstr("cursor must be"));
}

TEST_F(GroupsTest, CursorsGiveEveryGroupOnceInTheirOwnOrder) {
  for (const std::string order : {"last_seen", "letters"}) {
    std::vector<std::string> seen;
    std::vector<Parameter> parameters = {{"limit", "2"}, {"order", order}};
    const auto first = Json(operations_.ListGroups(parameters, kVera));
    parameters.push_back({"cursor", std::string(first.at("next_cursor").as_string())});
    const auto second = Json(operations_.ListGroups(parameters, kVera));
    EXPECT_THAT(first.at("items").as_array(), SizeIs(2));
    ASSERT_THAT(second.at("items").as_array(), SizeIs(1));
    EXPECT_EQ(second.at("items").at(0).at("group"), "03000000000000000000000000000000");
    EXPECT_TRUE(second.at("next_cursor").is_null());
    parameters[1].value = order == "letters" ? "last_seen" : "letters";
    EXPECT_THAT(Refusal(parameters), HasSubstr("other filters"));
  }
}

TEST_F(GroupsTest, WhatIsRedactedIsMaskedAndNotLookedFor) {
  Operations redacting{test::ReadersOver(ledger_), Options({"/payload/action_ref"})};
  const auto page = Json(redacting.ListGroups({}, kAda));
  EXPECT_EQ(page.at("items").at(0).at("action"), "***");
  EXPECT_EQ(page.at("items").at(0).at("type"), "ExecutionRequested");
  const std::vector<Parameter> by_action = {{"action", "core.http"}};
  const auto refused = redacting.ListGroups(by_action, kMuter);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, OperationFault::kForbidden);
  EXPECT_TRUE(redacting.ListGroups(by_action, kAda));
}

TEST_F(GroupsTest, P8_AMuteIsShownAndAudited) {
  const auto muted = Json(operations_.MuteGroup(kFirstGroup, R"({"for":3600})", kMuter));
  EXPECT_EQ(muted.at("group"), kFirstGroup);
  EXPECT_EQ(muted.at("muted_until"), "2026-11-23T20:30:00.000000Z");
  EXPECT_EQ(muted.at("muted_by"), "otto");
  EXPECT_EQ(ledger_->groups[0].muted_until, kNow + std::chrono::hours(1));
  ASSERT_THAT(ledger_->audit, SizeIs(1));
  EXPECT_EQ(ledger_->audit[0].what, "mute");
  EXPECT_EQ(ledger_->audit[0].who, "otto");
  EXPECT_EQ(ledger_->audit[0].subject, kFirstGroup);
  EXPECT_EQ(ledger_->audit[0].detail, "until 2026-11-23T20:30:00.000000Z");
  const auto unmuted = Json(operations_.MuteGroup(kFirstGroup, R"({"for":0})", kMuter));
  EXPECT_TRUE(unmuted.at("muted_until").is_null());
  EXPECT_TRUE(unmuted.at("muted_by").is_null());
  EXPECT_EQ(ledger_->audit.back().detail, "off");
}

TEST_F(GroupsTest, AMuteThatIsNoneIsRefused) {
  for (const char* json :
       {"", "[]", "{}", R"({"for":"1h"})", R"({"for":-1})", R"({"for":2592001})", R"({"for":1.5})",
        R"({"for":18446744073709551615})", R"({"for":1,"why":"x"})", R"({"for":null})"}) {
    EXPECT_EQ(MuteRefusal(kFirstGroup, json).fault, OperationFault::kBadRequest) << json;
  }
  EXPECT_TRUE(operations_.MuteGroup(kFirstGroup, R"({"for":2592000})", kMuter));
  EXPECT_EQ(MuteRefusal("ff000000000000000000000000000000", R"({"for":1})").fault,
            OperationFault::kNotFound);
  EXPECT_EQ(MuteRefusal("no group", R"({"for":1})").fault, OperationFault::kNotFound);
  ledger_->audit_error = LedgerError{LedgerFault::kInDoubt, "", "gone"};
  EXPECT_THAT(MuteRefusal(kFirstGroup, R"({"for":1})").message,
              HasSubstr("whether it was recorded is not known"));
}

TEST_F(GroupsTest, StatisticsAreOfADayUnlessSomebodySays) {
  const Instant hour = HourOf(kNow);
  ledger_->statistics.hours = {{hour, 5}, {hour - std::chrono::hours(3), 2}};
  ledger_->statistics.by_reason = {{"expired", 7}};
  ledger_->statistics.by_outcome = {{"failed", 6}, {"parked", 1}};
  ledger_->statistics.by_queue = {{"a\xff", 1}, {"b\"", 3}, {"", 1}};
  ledger_->statistics.states = {{LetterState::kOpen, 7}};
  ledger_->statistics.outbox_pending = 3;
  ledger_->statistics.uncounted = 2;
  const auto text = operations_.ShowStatistics({});
  const auto stats = Json(text);
  EXPECT_EQ(ledger_->statistics_span.first, hour - std::chrono::hours(24));
  EXPECT_EQ(ledger_->statistics_span.second, hour + std::chrono::hours(1));
  EXPECT_EQ(stats.at("since"), "2026-11-22T19:00:00.000000Z");
  EXPECT_EQ(stats.at("until"), "2026-11-23T20:00:00.000000Z");
  EXPECT_EQ(stats.at("letters"), 7);
  const auto& buckets = stats.at("buckets").as_array();
  ASSERT_THAT(buckets, SizeIs(25));
  EXPECT_EQ(buckets.at(24).at("letters"), 5);
  EXPECT_EQ(buckets.at(24).at("at"), "2026-11-23T19:00:00.000000Z");
  EXPECT_EQ(buckets.at(21).at("letters"), 2);
  EXPECT_EQ(buckets.at(0).at("letters"), 0);
  EXPECT_EQ(stats.at("by_reason").at("expired"), 7);
  EXPECT_EQ(stats.at("by_reason").at("maxlen"), 0);
  EXPECT_EQ(stats.at("by_outcome").at("failed"), 6);
  EXPECT_THAT(stats.at("by_outcome").as_object(), SizeIs(11));
  EXPECT_THAT(*text, HasSubstr("\"by_queue\":{\"b\\\"\":3,\"a\xef\xbf\xbd\":1,\"\":3}"));
  EXPECT_EQ(stats.at("states").at("open"), 7);
  EXPECT_EQ(stats.at("states").at("closed"), 0);
  EXPECT_EQ(stats.at("depth").at("dlq \"1\""), 4);
  EXPECT_EQ(stats.at("outbox_pending"), 3);
  EXPECT_EQ(stats.at("uncounted_letters"), 2);
}

TEST_F(GroupsTest, StatisticsTakeWholeHoursOfAMonthAtMost) {
  const std::vector<Parameter> month = {{"since", "2026-10-01T00:30:00Z"},
                                        {"until", "2026-11-01T00:30:00Z"}};
  EXPECT_THAT(Json(operations_.ShowStatistics(month)).at("buckets").as_array(), SizeIs(745));
  for (const std::vector<Parameter>& wrong :
       std::vector<std::vector<Parameter>>{{{"since", "2026-10-01T00:00:00Z"}},
                                           {{"until", "x"}},
                                           {{"since", "2026-11-23T20:00:00Z"}},
                                           {{"limit", "5"}},
                                           {{"since", "0001-01-01T00:00:00Z"}}}) {
    const auto refused = operations_.ShowStatistics(wrong);
    ASSERT_FALSE(refused) << wrong.front().value;
    EXPECT_EQ(refused.error().fault, OperationFault::kBadRequest);
  }
}

TEST_F(GroupsTest, ALedgerThatIsAwayIsSaid) {
  ledger_->groups_error = LedgerError{LedgerFault::kUnavailable, "", "gone"};
  EXPECT_EQ(operations_.ListGroups({}, kVera).error().fault, OperationFault::kUnavailable);
  EXPECT_EQ(operations_.ShowStatistics({}).error().fault, OperationFault::kUnavailable);
}

TEST_F(GroupsTest, DepthsThatNobodyKnowsAreNull) {
  Operations without{test::ReadersOver(ledger_), {}};
  EXPECT_TRUE(Json(without.ShowStatistics({})).at("depth").is_null());
}

}  // namespace
}  // namespace deadletter
