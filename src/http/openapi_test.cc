// The document and the program say the same, in both directions.
#include "http/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>
#include <span>

#include "http/routes.h"
#include "letter/json_patch.h"
#include "letter/replay_edit.h"
#include "letter/words.h"
#include "operations/audit_log.h"
#include "operations/discards.h"
#include "operations/explain.h"
#include "operations/groups.h"
#include "operations/json_writer.h"
#include "operations/ledger_test_support.h"
#include "operations/list_letters.h"
#include "operations/remarks.h"
#include "operations/replays.h"
#include "operations/selection_request.h"
#include "operations/statistics.h"
#include "operations/work_request.h"

namespace deadletter::http {
namespace {

namespace json = boost::json;
using Names = std::set<std::string>;

class OpenApi : public ::testing::Test {
 protected:
  // The object of the document that a JSON Pointer leads to.
  [[nodiscard]] const json::value& At(const std::string& pointer) const {
    return document_.at_pointer(pointer);
  }
  // A parameter or an answer, wherever it is described.
  [[nodiscard]] const json::object& Resolved(const json::value& value) const {
    const json::object& object = value.as_object();
    const json::value* reference = object.if_contains("$ref");
    if (reference == nullptr) return object;
    return At(std::string(reference->as_string()).substr(1)).as_object();
  }

  // "GET /v1/letters" and what is said of it.
  using Calls = std::map<std::string, const json::object*>;
  [[nodiscard]] Calls Documented() const {
    Calls calls;
    for (const auto& [path, item] : At("/paths").as_object()) {
      for (const auto& [method, call] : item.as_object()) {
        if (method == "parameters") continue;
        std::string name(method);
        for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        calls[name + " " + std::string(path)] = &call.as_object();
      }
    }
    return calls;
  }
  [[nodiscard]] std::vector<Route> Served() {
    return MakeRoutes(operations_, health_, metrics_, {.pair_name = "embedded"});
  }

  [[nodiscard]] Names QueryParametersOf(const json::object& call) const {
    Names names;
    const json::value* parameters = call.if_contains("parameters");
    if (parameters == nullptr) return names;
    for (const json::value& each : parameters->as_array()) {
      const json::object& parameter = Resolved(each);
      if (parameter.at("in") == "query") names.emplace(parameter.at("name").as_string());
    }
    return names;
  }
  [[nodiscard]] static Names NamesOf(const json::value& object) {
    Names names;
    for (const auto& member : object.as_object()) names.emplace(member.key());
    return names;
  }
  [[nodiscard]] static Names WordsOf(const json::value& schema) {
    Names words;
    for (const json::value& word : schema.at("enum").as_array()) words.emplace(word.as_string());
    return words;
  }

  Operations operations_{test::ReadersOver(std::make_shared<test::FakeLedger>()), {}};
  Health health_;
  Metrics metrics_;
  const json::value document_ = json::parse(OpenApiDocument("/dead/letters"));
};

TEST_F(OpenApi, SaysWhichVersionThisIsAndWhereItIs) {
  EXPECT_EQ(At("/openapi"), "3.1.0");
  EXPECT_EQ(At("/info/version"), DEADLETTER_VERSION);
  EXPECT_EQ(At("/servers/0/url"), "/dead/letters");
}

TEST_F(OpenApi, HasEveryCallThatIsServedAndNoOther) {
  Names served;
  for (const Route& route : Served()) served.insert(route.method + " " + route.path);
  Names documented;
  for (const auto& [name, call] : Documented()) documented.insert(name);
  EXPECT_THAT(documented, testing::ContainerEq(served));
}

TEST_F(OpenApi, AsksForTheRoleThatTheCallNeeds) {
  const Calls documented = Documented();
  for (const Route& route : Served()) {
    const json::object& call = *documented.at(route.method + " " + route.path);
    const json::value* role = call.if_contains("x-role");
    const json::value* security = call.if_contains("security");
    if (route.role) {
      ASSERT_NE(role, nullptr) << route.path;
      EXPECT_EQ(*role, json::value(RoleName(*route.role))) << route.path;
      EXPECT_EQ(security, nullptr) << route.path << " needs a token, as everything does";
    } else {
      EXPECT_EQ(role, nullptr) << route.path;
      ASSERT_NE(security, nullptr) << route.path << " needs no token";
      EXPECT_EQ(*security, json::array()) << route.path;
    }
  }
}

TEST_F(OpenApi, HasEveryParameterThatIsReadAndNoOther) {
  static constexpr std::string_view kLooking[] = {"reveal"};  // operations.h: ParseLooking
  static_assert(kListParameters[kListParameters.size() - 2] == "limit");
  static_assert(kListParameters.back() == "cursor");
  const auto filters = std::span(kListParameters).first(kListParameters.size() - 2);
  const std::map<std::string, std::span<const std::string_view>> read = {
      {"GET /v1/letters", kListParameters},
      {"GET /v1/export", filters},
      {"GET /v1/groups", kGroupParameters},
      {"GET /v1/stats", kStatisticsParameters},
      {"GET /v1/letters/{id}", kLooking},
      {"GET /v1/letters/{id}/body", kLooking},
      {"GET /v1/replays", kReplaysParameters},
      {"GET /v1/replays/{id}/letters", kReplayedLettersParameters},
      {"GET /v1/audit", kAuditParameters},
  };
  for (const auto& [name, call] : Documented()) {
    Names names;
    if (const auto found = read.find(name); found != read.end())
      names.insert(found->second.begin(), found->second.end());
    EXPECT_THAT(QueryParametersOf(*call), testing::ContainerEq(names)) << name;
  }
}

TEST_F(OpenApi, AReplayIsSelectedByTheFiltersOfLetters) {
  Names filters(kListParameters.begin(), kListParameters.end());
  filters.erase("limit");
  filters.erase("cursor");
  EXPECT_THAT(NamesOf(At("/components/schemas/LetterFilter/properties")),
              testing::ContainerEq(filters));
}

TEST_F(OpenApi, TellsEachWordThatThereIs) {
  const auto words_of = [this](const std::string& schema) {
    return WordsOf(At("/components/schemas/" + schema));
  };
  Names states;
  for (const auto state : {LetterState::kOpen, LetterState::kWaiting, LetterState::kClosed})
    states.emplace(LetterStateName(state));
  EXPECT_THAT(words_of("LetterState"), testing::ContainerEq(states));
  Names outcomes;
  for (int number = 0; number <= static_cast<int>(Outcome::kDiscarded); ++number)
    outcomes.emplace(OutcomeName(static_cast<Outcome>(number)));
  EXPECT_THAT(words_of("Outcome"), testing::ContainerEq(outcomes));
  Names reasons;
  for (const auto reason : {Reason::kExpired, Reason::kRejected, Reason::kMaxlen,
                            Reason::kDeliveryLimit, Reason::kUnknown})
    reasons.emplace(ReasonName(reason));
  EXPECT_THAT(words_of("Reason"), testing::ContainerEq(reasons));
  Names ends;
  for (const ReplayEnd end : kReplayEnds) ends.emplace(ReplayEndName(end));
  EXPECT_THAT(words_of("ReplayOutcome"), testing::ContainerEq(ends));
  Names acts;
  for (int number = 0; number <= static_cast<int>(AuditedAct::kLease); ++number)
    acts.emplace(AuditedActName(static_cast<AuditedAct>(number)));
  EXPECT_THAT(words_of("AuditedAct"), testing::ContainerEq(acts));
  EXPECT_EQ(kEveryAuditedAct.size(), acts.size());
}

// P9: who reads the document asks for no more than there is.
TEST_F(OpenApi, P9_TellsTheLimitsAsTheyAre) {
  const std::string schemas = "/components/schemas/";
  const std::map<std::string, std::size_t> limits = {
      {"/components/parameters/Limit/schema/maximum", kMaxListLimit},
      {"/components/parameters/Limit/schema/default", kDefaultListLimit},
      {"/components/parameters/Words/schema/maxLength", kMaxQuestionBytes},
      {schemas + "LetterFilter/properties/q/maxLength", kMaxQuestionBytes},
      {schemas + "Text/maxLength", kMaxTextBytes},
      {schemas + "NoteRequest/properties/text/maxLength", kMaxNoteBytes},
      {schemas + "DiscardRequest/properties/why/maxLength", kMaxWhyBytes},
      {schemas + "MuteRequest/properties/for/maximum",
       static_cast<std::size_t>(kLongestMute.count())},
      {schemas + "DiscardRequest/properties/ids/maxItems", kMaxSelectedIds},
      {schemas + "Letter/properties/notes/maxItems", kMaxNotesOfLetter},
      {schemas + "Tag/maxLength", kMaxTagBytes},
      {schemas + "Tags/maxItems", kMaxTagsOfLetter},
      {schemas + "Explanation/properties/letters/maximum", kMaxExplainedLetters},
      {schemas + "ReplayRequest/properties/ids/maxItems", kMaxSelectedIds},
      {schemas + "ReplayRequest/properties/edit/properties/body/maxItems", kMaxPatchOperations},
      {schemas + "ReplayRequest/properties/edit/properties/set_headers/maxProperties",
       kMaxEditedHeaders},
      {schemas + "ReplayRequest/properties/rate_per_second/maximum",
       static_cast<std::size_t>(kMaxReplayRatePerSecond)},
      {schemas + "ReplayRequest/properties/answer_within_seconds/maximum", kMaxAnswerWithinSeconds},
      {schemas + "ReplayRequest/properties/stop_when/properties/queue_messages/maximum",
       kMaxQueueMessages},
      {schemas + "ReplayRequest/properties/stop_when/properties/failed_again_percent/default",
       kDefaultStopPercent},
      {schemas + "Counts/properties/settled_by_outcome/minProperties", kEveryOutcome.size()},
      {schemas + "Submission/properties/queue/maxLength", kMaxQueueNameBytes},
      {schemas + "Submission/properties/action/maxLength", kMaxActionBytes},
      {schemas + "Submission/properties/ttl_ms/maximum", kMaxSubmittedTtlMs},
      {schemas + "Submission/properties/count/maximum", kMaxSubmittedExecutions},
      {schemas + "Submission/properties/worker_id/maxLength", kMaxWorkerIdBytes},
      {schemas + "Submitted/properties/execution_ids/maxItems", kMaxSubmittedExecutions},
      {schemas + "LeaseRequest/properties/max/maximum", kMaxLeasedDeliveries},
      {schemas + "LeaseRequest/properties/lease/maximum", kMaxLeaseSeconds},
      {schemas + "LeaseRequest/properties/lease/default", kDefaultLeaseSeconds},
      {schemas + "LeaseRequest/properties/wait/maximum", kMaxWaitSeconds},
      {schemas + "Leased/properties/deliveries/maxItems", kMaxLeasedDeliveries},
      {schemas + "Extension/properties/lease/maximum", kMaxLeaseSeconds},
      {schemas + "Extension/properties/lease/default", kDefaultLeaseSeconds},
  };
  for (const auto& [pointer, limit] : limits)
    EXPECT_EQ(At(pointer).to_number<std::size_t>(), limit) << pointer;
}

}  // namespace
}  // namespace deadletter::http
