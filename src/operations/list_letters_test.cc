#include "operations/list_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "operations/ledger_test_support.h"

namespace deadletter {
namespace {

using namespace std::string_literals;

using Query = std::vector<Parameter>;

// Two letters that differ in everything one can ask for.
std::shared_ptr<test::FakeLedger> TwoLetters() {
  auto ledger = std::make_shared<test::FakeLedger>();
  LetterRecord& record = ledger->Add();
  record.message.body = "host 7 caf\xc3\xa9";
  LetterSummary& first = record.summary;
  first.state = LetterState::kOpen;
  first.outcome = Outcome::kFailed;
  first.reason = Reason::kExpired;
  first.queue = "q 1+ü";
  first.type = "ExecutionRequested";
  first.action = "core.echo";
  first.execution_id = "5";
  first.worker_id = "7";
  first.group = GroupId({1});
  LetterRecord& other = ledger->Add();
  other.message.body = "host 8";
  LetterSummary& second = other.summary;
  second.state = LetterState::kClosed;
  second.outcome = Outcome::kDiscarded;
  second.reason = Reason::kMaxlen;
  second.queue = "";
  second.group = GroupId({2});
  return ledger;
}

std::vector<int> Listed(const std::string& json) {
  std::vector<int> numbers;
  const boost::json::value answer = boost::json::parse(json);
  for (const auto& item : answer.at("items").as_array()) {
    numbers.push_back(std::stoi(std::string(item.at("id").as_string()).substr(24), nullptr, 16));
  }
  return numbers;
}

OperationResult<std::string> List(const std::shared_ptr<test::FakeLedger>& ledger,
                                  const Query& query) {
  const auto request = ParseListRequest(query);
  if (!request) return Unexpected<OperationError>(request.error());
  test::FakeCatalog catalog(ledger);
  return ListLetters(catalog, *request);
}

struct FilterCase {
  Query query;
  std::vector<int> expected;
};

class ListFilters : public ::testing::TestWithParam<FilterCase> {};

TEST_P(ListFilters, GiveTheLettersThatMatch) {
  const auto listed = List(TwoLetters(), GetParam().query);
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(Listed(*listed), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Each, ListFilters,
    ::testing::Values(
        FilterCase{{}, {2, 1}}, FilterCase{{{"state", "open"}}, {1}},
        FilterCase{{{"state", "closed"}}, {2}}, FilterCase{{{"state", "waiting"}}, {}},
        FilterCase{{{"outcome", "failed"}}, {1}}, FilterCase{{{"outcome", "discarded"}}, {2}},
        FilterCase{{{"reason", "expired"}}, {1}}, FilterCase{{{"reason", "maxlen"}}, {2}},
        FilterCase{{{"queue", "q 1+ü"}}, {1}}, FilterCase{{{"queue", ""}}, {2}},
        FilterCase{{{"type", "ExecutionRequested"}}, {1}},
        FilterCase{{{"type", "executionrequested"}}, {}},
        FilterCase{{{"action", "core.echo"}}, {1}}, FilterCase{{{"execution_id", "5"}}, {1}},
        FilterCase{{{"execution_id", "05"}}, {}}, FilterCase{{{"worker_id", "7"}}, {1}},
        FilterCase{{{"group", "01000000000000000000000000000000"}}, {1}},
        FilterCase{{{"since", "2023-11-14T22:13:21Z"}}, {2}},
        FilterCase{{{"since", "2023-11-14T23:13:20+01:00"}}, {2, 1}},
        FilterCase{{{"until", "2023-11-14T22:13:21Z"}}, {1}},
        FilterCase{{{"since", "2023-11-14T22:13:20Z"}, {"until", "2023-11-14T22:13:21Z"}}, {1}},
        FilterCase{{{"state", "open"}, {"reason", "maxlen"}}, {}},
        FilterCase{{{"q", "CAF\xc3\xa9, HOST-7"}}, {1}}, FilterCase{{{"q", "host"}}, {2, 1}},
        FilterCase{{{"q", "hos"}}, {}}, FilterCase{{{"q", "host 7"}, {"state", "closed"}}, {}},
        FilterCase{{{"limit", "1"}}, {2}}, FilterCase{{{"limit", "1000"}}, {2, 1}}));

struct MistakeCase {
  Query query;
  std::string message;
};

class ListMistakes : public ::testing::TestWithParam<MistakeCase> {};

TEST_P(ListMistakes, AreToldInOneLineThatSaysWhatIsAllowed) {
  const auto listed = List(TwoLetters(), GetParam().query);
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().fault, OperationFault::kBadRequest);
  EXPECT_EQ(listed.error().message, GetParam().message);
}

constexpr const char* kOutcomes =
    "outcome must be failed, stale_attempt, not_failable, deferred, not_found, malformed, "
    "unexpected_type, refused, "
    "retried, parked or discarded, not ";
constexpr const char* kNames =
    "there are state, outcome, reason, queue, type, action, execution_id, worker_id, group, tag, "
    "since, "
    "until, q, limit, "
    "cursor";
constexpr const char* kWords =
    "q must have 1 to 16 different words (letters and digits; all else stands between words), not ";
constexpr const char* kTime = " must be a time like 2026-11-23T19:57:03Z (RFC 3339), not ";

INSTANTIATE_TEST_SUITE_P(
    Each, ListMistakes,
    ::testing::Values(
        MistakeCase{{{"state", "x"}}, "state must be open, waiting or closed, not 'x'"},
        MistakeCase{{{"state", ""}}, "state must be open, waiting or closed, not ''"},
        MistakeCase{{{"state", "OPEN"}}, "state must be open, waiting or closed, not 'OPEN'"},
        MistakeCase{{{"outcome", "lost"}}, kOutcomes + "'lost'"s},
        MistakeCase{
            {{"reason", "ttl"}},
            "reason must be expired, rejected, maxlen, delivery_limit or unknown, not 'ttl'"},
        MistakeCase{{{"group", "01"}}, "group must be 32 hexadecimal digits, not '01'"},
        MistakeCase{{{"since", "yesterday"}}, "since"s + kTime + "'yesterday'"},
        MistakeCase{{{"until", "2026-11-23T19:57:03 01:00"}},
                    "until"s + kTime + "'2026-11-23T19:57:03 01:00'"},
        MistakeCase{{{"limit", "1\n\x1B[2J"}},
                    "limit must be a number from 1 to 1000, not '1  [2J'"},
        MistakeCase{{{"limit", "0"}}, "limit must be a number from 1 to 1000, not '0'"},
        MistakeCase{{{"limit", "1001"}}, "limit must be a number from 1 to 1000, not '1001'"},
        MistakeCase{{{"limit", "-1"}}, "limit must be a number from 1 to 1000, not '-1'"},
        MistakeCase{{{"limit", "5x"}}, "limit must be a number from 1 to 1000, not '5x'"},
        MistakeCase{{{"limit", ""}}, "limit must be a number from 1 to 1000, not ''"},
        MistakeCase{{{"limit", "99999999999999999999"}},
                    "limit must be a number from 1 to 1000, not '99999999999999999999'"},
        MistakeCase{{{"cursor", "x"}},
                    "cursor must be a next_cursor of an earlier answer, unchanged"},
        MistakeCase{{{"cursor", ""}},
                    "cursor must be a next_cursor of an earlier answer, unchanged"},
        MistakeCase{{{"q", ""}}, kWords + "0"s}, MistakeCase{{{"q", " -- "}}, kWords + "0"s},
        MistakeCase{{{"q", "a b c d e f g h i j k l m n o p q"}}, kWords + "17"s},
        MistakeCase{{{"q", std::string(1'001, 'x')}}, "q must have at most 1000 bytes, not 1001"},
        MistakeCase{{{"q", "\xff"}}, "q must be UTF-8 without NUL"},
        MistakeCase{{{"State", "open"}}, "unknown parameter 'State': "s + kNames},
        MistakeCase{{{"", ""}}, "unknown parameter '': "s + kNames},
        MistakeCase{{{std::string(100, 'n'), ""}},
                    "unknown parameter '" + std::string(61, 'n') + "…': " + kNames},
        MistakeCase{{{"state", "open"}, {"state", "open"}}, "state is given twice"},
        MistakeCase{{{"queue", "a\0b"s}}, "queue must be UTF-8 without NUL"},
        MistakeCase{{{"action", "\xff"}}, "action must be UTF-8 without NUL"}));

TEST(ListLetters, ASearchTellsHowManyLettersItCouldNotFindAndHowFarItLooked) {
  auto ledger = TwoLetters();
  ledger->unindexed = 7;
  boost::json::value plain = boost::json::parse(List(ledger, {}).value());
  EXPECT_TRUE(plain.at("unindexed_letters").is_null() && plain.at("looked_to").is_null());
  boost::json::value found = boost::json::parse(List(ledger, {{"q", "host"}}).value());
  EXPECT_EQ(found.at("unindexed_letters"), 7);
  EXPECT_TRUE(found.at("looked_to").is_null());
}

// P9: whatever is asked for, and the cursor looks on.
TEST(ListLetters, P9_AListThatTookTooLongSaysHowFarItLookedAndGoesOnFromThere) {
  auto ledger = TwoLetters();
  ledger->letters[0].summary.worker_id = "rare";
  ledger->most_looked_at = 1;
  for (const Parameter& filter : {Parameter{"worker_id", "rare"}, Parameter{"q", "7"}}) {
    const auto cut = boost::json::parse(List(ledger, {filter}).value());
    EXPECT_TRUE(cut.at("items").as_array().empty());
    EXPECT_EQ(cut.at("looked_to"), "2023-11-14T22:13:21.000000Z");
    const std::string cursor(cut.at("next_cursor").as_string());
    const auto rest = boost::json::parse(List(ledger, {filter, {"cursor", cursor}}).value());
    EXPECT_EQ(rest.at("items").as_array().size(), 1U);
    EXPECT_TRUE(rest.at("looked_to").is_null() && rest.at("next_cursor").is_null());
  }
}

// P1: nobody takes the pages until then for the whole.
TEST(ListLetters, P1_ASearchThatAnotherInstanceTakesTheIndexFromFailsOnTheNextPage) {
  auto searched = TwoLetters();
  searched->letters[0].message.body = searched->letters[1].message.body = "host";
  const auto found = boost::json::parse(List(searched, {{"q", "host"}, {"limit", "1"}}).value());
  const std::string cursor(found.at("next_cursor").as_string());
  searched->is_of_another_view = true;
  const auto next = List(searched, {{"q", "host"}, {"limit", "1"}, {"cursor", cursor}});
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().fault, OperationFault::kConflict);
  EXPECT_THAT(next.error().message, testing::HasSubstr("give all instances the same"));
  // A first page tells that nothing is to be found, and so does the number.
  searched->unindexed = 2;
  const auto first = boost::json::parse(List(searched, {{"q", "host"}}).value());
  EXPECT_EQ(first.at("unindexed_letters"), 2);
}

TEST(ListLetters, ASearchAsksTheIndexOfWhatThisServerShows) {
  const std::vector<std::string> places = {"/payload/secret"};
  const Redaction redaction(places, LetterFormat{}, 1'000);
  const Query query = {{"q", "b A a"}};
  const auto plain = ParseListRequest(query);
  const auto redacted = ParseListRequest(query, {}, redaction);
  ASSERT_TRUE(plain && redacted);
  EXPECT_EQ(plain->filter.text->words, "a b");
  EXPECT_EQ(plain->filter.text->view, Redaction().ViewName());
  EXPECT_EQ(redacted->filter.text->view, redaction.ViewName());
  EXPECT_NE(plain->filter.text->view, redacted->filter.text->view);
}

TEST(ListLetters, CursorsGiveEveryLetterOnceAlsoWhileLettersArrive) {
  auto ledger = std::make_shared<test::FakeLedger>();
  for (int index = 0; index < 7; ++index) ledger->Add();
  std::vector<int> seen;
  Query query = {{"limit", "3"}};
  for (;;) {
    const auto listed = List(ledger, query);
    ASSERT_TRUE(listed) << listed.error().message;
    for (const int number : Listed(*listed)) seen.push_back(number);
    const auto next = boost::json::parse(*listed).at("next_cursor");
    if (next.is_null()) break;
    query = {{"limit", "3"}, {"cursor", std::string(next.as_string())}};
    ledger->Add();  // newer: not part of this walk
  }
  EXPECT_EQ(seen, (std::vector<int>{7, 6, 5, 4, 3, 2, 1}));
}

TEST(ListLetters, ACursorGoesOnWithItsOwnFiltersOnly) {
  auto ledger = std::make_shared<test::FakeLedger>();
  for (int index = 0; index < 2; ++index) ledger->Add();
  const auto first = List(ledger, {{"limit", "1"}, {"state", "open"}});
  ASSERT_TRUE(first);
  const std::string cursor(boost::json::parse(*first).at("next_cursor").as_string());
  EXPECT_TRUE(List(ledger, {{"cursor", cursor}, {"state", "open"}, {"limit", "5"}}));
  for (const Query& other :
       {Query{{"cursor", cursor}}, Query{{"cursor", cursor}, {"state", "closed"}},
        Query{{"cursor", cursor}, {"queue", "open"}},
        Query{{"cursor", cursor}, {"state", "open"}, {"type", "x"}}}) {
    const auto listed = List(ledger, other);
    ASSERT_FALSE(listed);
    EXPECT_EQ(listed.error().message,
              "cursor belongs to a question with other filters: ask again without it");
  }
}

TEST(ListLetters, TheDefaultLimitIsOneHundred) {
  auto ledger = std::make_shared<test::FakeLedger>();
  for (int index = 0; index < 101; ++index) ledger->Add();
  const auto listed = List(ledger, {});
  ASSERT_TRUE(listed);
  EXPECT_EQ(Listed(*listed).size(), 100U);
}

}  // namespace
}  // namespace deadletter
