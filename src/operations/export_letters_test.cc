// Exports over a ledger in memory: which letters, whole, and what becomes of damaged ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "operations/ledger_test_support.h"
#include "operations/operations.h"

namespace deadletter {
namespace {

using testing::HasSubstr;
using testing::Not;

class Exports : public ::testing::Test {
 protected:
  using Exported = OperationResult<Operations::Exported>;

  Exported Export(const std::vector<Parameter>& parameters = {{"state", "open"}},
                  const Caller& caller = {}) {
    return operations_.ExportLetters(parameters, caller);
  }
  // All of its lines.
  std::vector<boost::json::value> Lines(Exported exported) {
    EXPECT_TRUE(exported) << exported.error().message;
    std::string text = exported->lines;
    while (exported->more) {
      const auto part = exported->more();
      EXPECT_TRUE(part) << part.error().message;
      if (!part || !*part) break;
      text += **part;
      ++parts_;
    }
    std::vector<boost::json::value> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(boost::json::parse(line));
    return lines;
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{
      test::ReadersOver(ledger_),
      {.redaction = Redaction({"/password"}, LetterFormat::Default(), std::size_t{4} << 20)}};
  int parts_ = 1;
};

// A part that ends early is no whole.
TEST_F(Exports, P1_AnExportByWordsIsCutShortWhereTheIndexBecomesAnothers) {
  for (int number = 0; number < 150; ++number) ledger_->Add().message.body = "host";
  const auto exported = Export({{"q", "host"}});
  ASSERT_TRUE(exported && exported->more);
  ledger_->is_of_another_view = true;
  const auto part = exported->more();
  ASSERT_FALSE(part);
  EXPECT_THAT(part.error().message, HasSubstr("another instance has made the index"));
  const auto whole = Export({{"q", "host"}});
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().fault, OperationFault::kConflict);
}

TEST_F(Exports, P1_EveryLetterOfTheFilterIsThereOnceNewestFirst) {
  for (int number = 0; number < 250; ++number) ledger_->Add();
  ledger_->letters[100].summary.state = LetterState::kClosed;
  auto exported = Export();
  ledger_->Add();  // came later: not part of it
  const auto lines = Lines(std::move(exported));
  ASSERT_EQ(lines.size(), 249U);
  EXPECT_EQ(parts_, 3);
  for (std::size_t at = 1; at < lines.size(); ++at)
    EXPECT_LT(lines[at].at("id").as_string(), lines[at - 1].at("id").as_string());
}

TEST_F(Exports, ALetterIsWholeHoweverLongItsBody) {
  ledger_->Add().message.body = "\"" + std::string(3 << 20, 'x') + "\"";
  ledger_->Add().notes.push_back({.id = {}, .at = {}, .who = "anna", .text = "n"});
  const auto lines = Lines(Export());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].at("notes").at(0).at("text"), "n");
  EXPECT_EQ(lines[1].at("body").at("truncated"), false);
  EXPECT_EQ(lines[1].at("body").at("value").as_string().size(), std::size_t{3} << 20);
}

TEST_F(Exports, P9_APartEndsWithTheLetterThatMakesItLarge) {
  for (int number = 0; number < 4; ++number)
    ledger_->Add().message.body = "\"" + std::string(700 << 10, 'x') + "\"";
  EXPECT_EQ(Lines(Export()).size(), 4U);
  EXPECT_EQ(parts_, 2);
}

TEST_F(Exports, P4_ADamagedLetterIsALineOfItsOwnAndHidesNoOther) {
  for (int number = 0; number < 3; ++number) ledger_->Add();
  ledger_->unreadable.insert(ledger_->letters[1].summary.id);
  const auto lines = Lines(Export());
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_FALSE(lines[0].as_object().contains("unreadable"));
  EXPECT_THAT(std::string(lines[1].at("unreadable").as_string()), HasSubstr("damaged"));
  EXPECT_FALSE(lines[1].as_object().contains("body"));
  EXPECT_TRUE(lines[2].as_object().contains("body"));
}

TEST_F(Exports, WhatIsRedactedStaysSo) {
  ledger_->Add().message.body = R"({"password":"S3cret"})";
  for (const Role role : {Role::kViewer, Role::kAdmin}) {
    const auto exported = Export({{"state", "open"}}, {.name = "x", .role = role});
    ASSERT_TRUE(exported);
    EXPECT_THAT(exported->lines, Not(HasSubstr("S3cret")));
    EXPECT_THAT(exported->lines, HasSubstr("***"));
  }
}

TEST_F(Exports, NothingIsExportedThatNobodyAskedFor) {
  for (const auto& [parameters, words] : {
           std::pair<std::vector<Parameter>, const char*>{{}, "at least one filter"},
           {{{"state", "open"}, {"limit", "5"}}, "neither limit nor cursor"},
           {{{"cursor", "x"}}, "neither limit nor cursor"},
           {{{"colour", "red"}}, "unknown parameter 'colour'"},
       }) {
    const auto refused = Export(parameters);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, OperationFault::kBadRequest);
    EXPECT_THAT(refused.error().message, HasSubstr(words));
  }
}

TEST_F(Exports, ALedgerThatGoesAwayEndsTheExportWithAnError) {
  for (int number = 0; number < 150; ++number) ledger_->Add();
  auto exported = Export();
  ASSERT_TRUE(exported && exported->more);
  ledger_->catalog_error = LedgerError{LedgerFault::kUnavailable, "", "gone"};
  const auto part = exported->more();
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().fault, OperationFault::kUnavailable);
  EXPECT_FALSE(Export()) << "and begins none";
}

}  // namespace
}  // namespace deadletter
