// Discards over a ledger in memory: what is asked for, what is refused, and what is told.
#include "operations/discards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "operations/ledger_test_support.h"
#include "operations/operations.h"

namespace deadletter {
namespace {

using test::kFirstId;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Caller kOtto{.name = "otto", .role = Role::kOperator};

class DiscardRequests : public ::testing::Test {
 protected:
  DiscardRequests() {
    for (const LetterState state : {LetterState::kOpen, LetterState::kOpen, LetterState::kClosed})
      ledger_->Add().summary.state = state;
  }

  OperationResult<std::string> Ask(const std::string& json, const Caller& caller = kOtto) {
    return operations_.DiscardLetters(json, caller);
  }
  boost::json::value Done(const std::string& json) {
    const auto done = Ask(json);
    EXPECT_TRUE(done) << done.error().message;
    return done ? boost::json::parse(*done) : boost::json::value();
  }
  OperationError Refused(const std::string& json, const Caller& caller = kOtto) {
    const auto refused = Ask(json, caller);
    EXPECT_FALSE(refused) << json;
    return refused ? OperationError{} : refused.error();
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{test::ReadersOver(ledger_),
                         {.redaction = Redaction({"/payload/worker_id"}, LetterFormat::Default(),
                                                 std::size_t{1} << 20)}};
};

TEST_F(DiscardRequests, P8_ASelectionByWordsTellsHowManyLettersItCouldNotHoldFor) {
  for (LetterRecord& letter : ledger_->letters) letter.message.body = "host";
  ledger_->unindexed = 7;
  for (const char* rest : {R"(,"dry_run":true})", "}"})
    EXPECT_EQ(Done(R"({"filter":{"q":"host"})" + std::string(rest)).at("unindexed_letters"), 7);
}

// "No letter is selected by that" would be a lie.
TEST_F(DiscardRequests, P8_WhereTheIndexIsAnotherInstancesNothingIsDiscardedAndItIsSaid) {
  ledger_->is_of_another_view = true;
  for (const char* rest : {R"(,"dry_run":true})", "}"}) {
    const OperationError refused = Refused(R"({"filter":{"q":"host"})" + std::string(rest));
    EXPECT_EQ(refused.fault, OperationFault::kConflict);
    EXPECT_THAT(refused.message, HasSubstr("another instance has made the index"));
  }
  EXPECT_TRUE(Done(R"({"filter":{"state":"open"}})").at("unindexed_letters").is_null());
}

TEST_F(DiscardRequests, P8_WhoDiscardedWhatAndWhyIsInTheHistoryAndInTheAudit) {
  const auto done =
      Done(R"({"filter":{"since":"2001-01-01T00:00:00Z"},"why":"the \u20ac deploy"})");
  EXPECT_EQ(done.at("letters"), 3);
  EXPECT_EQ(done.at("discarded"), 2);
  EXPECT_EQ(done.at("closed"), 1);
  EXPECT_EQ(done.at("taken"), 0);
  EXPECT_EQ(done.at("waiting"), 0);
  EXPECT_EQ(done.at("dry_run"), false);
  const std::string act(done.at("id").as_string());
  ASSERT_THAT(ledger_->audit, SizeIs(1));
  EXPECT_EQ(ledger_->audit[0].what, "discard");
  EXPECT_EQ(ledger_->audit[0].who, "otto");
  EXPECT_EQ(ledger_->audit[0].subject, act);
  EXPECT_EQ(ledger_->audit[0].letters, 2);
  EXPECT_EQ(ledger_->audit[0].detail, R"({"filter":{"since":"2001-01-01T00:00:00Z"}}: the )"
                                      "\xe2\x82\xac deploy");
  const LetterRecord& first = ledger_->letters.front();
  EXPECT_EQ(first.summary.state, LetterState::kClosed);
  ASSERT_THAT(first.history, SizeIs(1));
  EXPECT_EQ(first.history[0].detail, act + " by otto: the \xe2\x82\xac deploy");
}

TEST_F(DiscardRequests, P7_ADryRunChangesNothing) {
  const auto dry = Done(R"({"ids":[")" + std::string(kFirstId) + R"("],"dry_run":true})");
  EXPECT_EQ(dry.at("dry_run"), true);
  EXPECT_EQ(dry.at("discarded"), 1);
  EXPECT_TRUE(dry.at("id").is_null());
  EXPECT_EQ(ledger_->letters.front().summary.state, LetterState::kOpen);
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(DiscardRequests, EveryMistakeSaysWhatIsAllowed) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"", "the body is not JSON"},
      {"[]", "the body must be a JSON object"},
      {"{}", "say either filter or ids"},
      {R"({"filter":{},"ids":[]})", "say either filter or ids"},
      {R"({"filter":{}})", "at least one filter of /v1/letters: nothing is discarded that nobody"},
      {R"({"filter":{"limit":"3"}})", "filter: limit is none"},
      {R"({"filter":{"state":5}})", "must be a string"},
      {R"({"filter":{"state":"ajar"}})", "state must be open, waiting or closed"},
      {R"({"ids":[]})", "ids must be an array of 1 to 10000 letters' ids"},
      {R"({"ids":["x"]})", "ids must hold letters' ids"},
      {R"({"ids":["01980000-0000-0000-0000-000000000001"],"all":true})",
       "unknown member 'all': there are filter, ids, why, dry_run"},
      {R"({"ids":["01980000-0000-0000-0000-000000000001"],"why":" "})", "why must be a text of 1"},
      {R"({"ids":["01980000-0000-0000-0000-000000000001"],"why":"a\u0000b"})", "none of them NUL"},
      {R"({"ids":["01980000-0000-0000-0000-000000000001"],"dry_run":1})",
       "dry_run must be true or false"},
  };
  for (const auto& [json, words] : mistakes) {
    const OperationError refused = Refused(json);
    EXPECT_EQ(refused.fault, OperationFault::kBadRequest) << json;
    EXPECT_THAT(refused.message, HasSubstr(words)) << json;
  }
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(DiscardRequests, WhatSelectsNothingOrNothingOpenIsToldSo) {
  const OperationError nothing = Refused(R"({"ids":["01980000-0000-0000-0000-0000000000ff"]})");
  EXPECT_EQ(nothing.fault, OperationFault::kUnacceptable);
  EXPECT_EQ(nothing.message, "no letter is selected by that");
  const OperationError closed = Refused(R"({"filter":{"state":"closed"}})");
  EXPECT_EQ(closed.fault, OperationFault::kConflict);
  EXPECT_EQ(closed.message,
            "of the 1 letters none can be discarded: 1 are closed, 0 wait for themselves, 0 are in "
            "a replay");
}

TEST_F(DiscardRequests, P8_WhatIsRedactedSelectsForAdminsOnlyAndIsNotInTheAudit) {
  const std::string json = R"({"filter":{"worker_id":"7"}})";
  EXPECT_EQ(Refused(json).fault, OperationFault::kForbidden);
  ledger_->letters.front().summary.worker_id = "7";
  EXPECT_TRUE(Ask(json, {.name = "anna", .role = Role::kAdmin}));
  ASSERT_THAT(ledger_->audit, SizeIs(1));
  EXPECT_EQ(ledger_->audit[0].detail, R"({"filter":{"worker_id":"***"}})");
}

TEST_F(DiscardRequests, WhetherItHappenedIsToldWhereNobodyKnows) {
  ledger_->audit_error = LedgerError{LedgerFault::kInDoubt, "", "gone"};
  EXPECT_THAT(Refused(R"({"filter":{"state":"open"}})").message,
              HasSubstr("whether it was recorded is not known"));
}

}  // namespace
}  // namespace deadletter
