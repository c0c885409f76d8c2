// Notes, tags, reveals and the audit that tells of them, over a ledger in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "operations/ledger_test_support.h"
#include "operations/operations.h"
#include "operations/remarks.h"

namespace deadletter {
namespace {

using test::kFirstId;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Caller kAnna{.name = "anna", .role = Role::kOperator};
const Caller kRoot{.name = "root", .role = Role::kAdmin};

class People : public ::testing::Test {
 protected:
  People() {
    ledger_->Add().message.body = R"({"payload":{"password":"secret","n":1},"worker":"w"})";
    ledger_->letters.front().summary.worker_id = "w";
  }

  static boost::json::value Json(const OperationResult<std::string>& result) {
    EXPECT_TRUE(result) << result.error().message;
    return result ? boost::json::parse(*result) : boost::json::value();
  }
  static Redaction Hiding(const std::vector<std::string>& places) {
    LetterFormat format = LetterFormat::Default();
    format.worker_id = FieldPlace::Parse("/worker").value();
    return {places, format, 1 << 20};
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{test::ReadersOver(ledger_), {}};
  Operations redacting_{test::ReadersOver(ledger_),
                        {.redaction = Hiding({"/payload/password", "/worker"})}};
};

TEST_F(People, P8_ANoteIsShownWithItsLetterAndAudited) {
  const auto note =
      Json(operations_.AddNote(kFirstId, R"({"text":"looked at it\n\u20ac"})", kAnna));
  EXPECT_EQ(note.at("who"), "anna");
  EXPECT_EQ(note.at("text"), "looked at it\n\xe2\x82\xac");
  const auto letter = Json(operations_.ShowLetter(kFirstId));
  ASSERT_THAT(letter.at("notes").as_array(), SizeIs(1));
  EXPECT_EQ(letter.at("notes").at(0), note);
  ASSERT_THAT(ledger_->audit, SizeIs(1));
  EXPECT_EQ(ledger_->audit[0].who, "anna");
  EXPECT_EQ(ledger_->audit[0].role, "operator");
  EXPECT_EQ(ledger_->audit[0].what, "note");
  EXPECT_EQ(ledger_->audit[0].subject, kFirstId);
  EXPECT_EQ(ledger_->audit[0].outcome, "done");
}

TEST_F(People, P8_TagsComeAndGoAndAreAudited) {
  EXPECT_EQ(Json(operations_.ChangeTags(kFirstId, R"({"add":["b","a","b"]})", kAnna)),
            boost::json::parse(R"({"tags":["a","b"]})"));
  EXPECT_EQ(
      Json(operations_.ChangeTags(kFirstId, R"({"add":["c"],"remove":["a","never"]})", kAnna)),
      boost::json::parse(R"({"tags":["b","c"]})"));
  EXPECT_EQ(Json(operations_.ShowLetter(kFirstId)).at("tags"), boost::json::parse(R"(["b","c"])"));
  ASSERT_THAT(ledger_->audit, SizeIs(2));
  EXPECT_EQ(ledger_->audit[1].detail, "+c -a -never");
  const std::vector<Parameter> tagged = {{"tag", "c"}};
  EXPECT_THAT(Json(operations_.ListLetters(tagged)).at("items").as_array(), SizeIs(1));
  const std::vector<Parameter> other = {{"tag", "a"}};
  EXPECT_THAT(Json(operations_.ListLetters(other)).at("items").as_array(), IsEmpty());
}

struct Mistake {
  std::string json;
  OperationFault fault;
  std::string message;
};

TEST_F(People, WhatIsNoNoteIsToldAndChangesNothing) {
  for (const auto& [json, fault, message] :
       {Mistake{"", OperationFault::kBadRequest, "the body is not JSON"},
        Mistake{"{", OperationFault::kBadRequest, "the body is not JSON"},
        Mistake{"[]", OperationFault::kBadRequest, "the body must be a JSON object"},
        Mistake{"{}", OperationFault::kBadRequest, "the body must have a string in text"},
        Mistake{R"({"text":5})", OperationFault::kBadRequest, "a string in text"},
        Mistake{R"({"text":"a","who":"root"})", OperationFault::kBadRequest,
                "the body has an unknown member 'who': there is text"},
        Mistake{R"({"text":" \n"})", OperationFault::kUnacceptable, "1 to 4096 bytes"},
        Mistake{R"({"text":"a\u0000"})", OperationFault::kUnacceptable, "none of them NUL"},
        Mistake{R"({"text":")" + std::string(kMaxNoteBytes + 1, 'x') + R"("})",
                OperationFault::kUnacceptable, "1 to 4096 bytes"}}) {
    const auto refused = operations_.AddNote(kFirstId, json, kAnna);
    ASSERT_FALSE(refused) << json;
    EXPECT_EQ(refused.error().fault, fault) << json;
    EXPECT_THAT(refused.error().message, HasSubstr(message));
  }
  EXPECT_THAT(ledger_->letters.front().notes, IsEmpty());
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(People, WhatAreNoTagsIsToldAndChangesNothing) {
  std::string many;
  for (std::size_t number = 0; number <= kMaxTagsOfLetter; ++number)
    many += (many.empty() ? "\"" : ",\"") + std::to_string(number) + "\"";
  for (const auto& [json, fault, message] :
       {Mistake{"{}", OperationFault::kUnacceptable, "there is no tag to add or to remove"},
        Mistake{R"({"add":"a"})", OperationFault::kBadRequest, "a list of strings in add"},
        Mistake{R"({"add":["a",1]})", OperationFault::kBadRequest, "a list of strings in add"},
        Mistake{R"({"tags":["a"]})", OperationFault::kBadRequest, "there are add, remove"},
        Mistake{R"({"add":[""]})", OperationFault::kUnacceptable, "a tag has 1 to 64 bytes"},
        Mistake{R"({"add":["a b"]})", OperationFault::kUnacceptable, "neither spaces nor control"},
        Mistake{R"({"add":["a\n"]})", OperationFault::kUnacceptable, "neither spaces nor control"},
        Mistake{R"({"add":["a"],"remove":["a"]})", OperationFault::kUnacceptable, "at once"},
        Mistake{R"({"add":[")" + std::string(kMaxTagBytes + 1, 'x') + R"("]})",
                OperationFault::kUnacceptable, "a tag has 1 to 64 bytes"},
        Mistake{R"({"add":[)" + many + "]}", OperationFault::kUnacceptable,
                "add has more than 32 tags"}}) {
    const auto refused = operations_.ChangeTags(kFirstId, json, kAnna);
    ASSERT_FALSE(refused) << json;
    EXPECT_EQ(refused.error().fault, fault) << json;
    EXPECT_THAT(refused.error().message, HasSubstr(message));
  }
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(People, P9_NotesAndTagsOfALetterAreBounded) {
  for (std::size_t number = 0; number < kMaxNotesOfLetter; ++number)
    ASSERT_TRUE(operations_.AddNote(kFirstId, R"({"text":"x"})", kAnna));
  EXPECT_EQ(operations_.AddNote(kFirstId, R"({"text":"x"})", kAnna).error().fault,
            OperationFault::kUnacceptable);
  for (std::size_t number = 0; number < kMaxTagsOfLetter; ++number) {
    ASSERT_TRUE(
        operations_.ChangeTags(kFirstId, R"({"add":["t)" + std::to_string(number) + "\"]}", kAnna));
  }
  EXPECT_EQ(operations_.ChangeTags(kFirstId, R"({"add":["more"]})", kAnna).error().message,
            "a letter has at most 32 tags");
}

TEST_F(People, WhatIsNotThereTakesNoRemark) {
  for (const std::string id : {"01980000-0000-0000-0000-0000000000ff", "x", ""}) {
    EXPECT_EQ(operations_.AddNote(id, R"({"text":"a"})", kAnna).error().fault,
              OperationFault::kNotFound);
    EXPECT_EQ(operations_.ChangeTags(id, R"({"add":["a"]})", kAnna).error().fault,
              OperationFault::kNotFound);
  }
}

TEST_F(People, WhetherAChangeHappenedIsTold) {
  ledger_->audit_error = LedgerError{LedgerFault::kUnavailable, "", "no connection"};
  const auto away = operations_.AddNote(kFirstId, R"({"text":"a"})", kAnna).error();
  EXPECT_EQ(away.fault, OperationFault::kUnavailable);
  EXPECT_THAT(away.message, HasSubstr("nothing was changed"));
  ledger_->audit_error->fault = LedgerFault::kInDoubt;
  const auto in_doubt = operations_.ChangeTags(kFirstId, R"({"add":["a"]})", kAnna).error();
  EXPECT_EQ(in_doubt.fault, OperationFault::kUnavailable);
  EXPECT_THAT(in_doubt.message, HasSubstr("look before you try again"));
}

// Refuses so often because somebody else is writing.
class BusyRemarks final : public Remarks {
 public:
  BusyRemarks(int times, LedgerFault fault) : left_(times), fault_(fault) {}
  LedgerResult<RemarkOutcome> AddNote(LetterId, const Note&, const AuditEntry&) override {
    ++calls;
    if (left_-- > 0) return Unexpected<LedgerError>({fault_, "SQLITE_BUSY", "locked"});
    return RemarkOutcome::kDone;
  }
  LedgerResult<TagResult> ChangeTags(LetterId, const TagChange&, const AuditEntry&) override {
    return TagResult{};
  }
  void Abort() override {}

  int calls = 0;

 private:
  int left_;
  LedgerFault fault_;
};

TEST_F(People, ABusyLedgerIsAskedAgainAndADoubtfulOneIsNot) {
  BusyRemarks busy(3, LedgerFault::kBusy);
  EXPECT_TRUE(AddNote(busy, kFirstId, R"({"text":"a"})", kAnna, Instant()));
  EXPECT_EQ(busy.calls, 4);
  BusyRemarks doubtful(1, LedgerFault::kInDoubt);
  EXPECT_FALSE(AddNote(doubtful, kFirstId, R"({"text":"a"})", kAnna, Instant()));
  EXPECT_EQ(doubtful.calls, 1) << "or there might be two";
}

TEST_F(People, TheAuditIsListedNewestFirstAndFiltered) {
  ASSERT_TRUE(operations_.AddNote(kFirstId, R"({"text":"a"})", kAnna));
  ASSERT_TRUE(operations_.ChangeTags(kFirstId, R"({"add":["a"]})", kRoot));
  const auto list = [&](const std::vector<Parameter>& parameters) {
    std::vector<std::string> whats;
    const auto listed = Json(operations_.ListAudit(parameters));
    for (const auto& item : listed.at("items").as_array())
      whats.emplace_back(item.at("what").as_string());
    return whats;
  };
  using testing::ElementsAre;
  EXPECT_THAT(list({}), ElementsAre("tag", "note"));
  EXPECT_THAT(list({{"who", "anna"}}), ElementsAre("note"));
  EXPECT_THAT(list({{"what", "tag"}}), ElementsAre("tag"));
  EXPECT_THAT(list({{"subject", kFirstId}}), ElementsAre("tag", "note"));
  EXPECT_THAT(list({{"until", "2001-01-01T00:00:00Z"}}), ElementsAre());
  const std::vector<Parameter> one = {{"limit", "1"}};
  const auto first = Json(operations_.ListAudit(one));
  const std::string cursor(first.at("next_cursor").as_string());
  EXPECT_THAT(list({{"limit", "1"}, {"cursor", cursor}}), ElementsAre("note"));
  const std::vector<Parameter> foreign = {{"cursor", cursor}};
  EXPECT_FALSE(operations_.ListLetters(foreign)) << "the cursor of another list";
  const std::vector<Parameter> unknown = {{"state", "open"}};
  EXPECT_EQ(operations_.ListAudit(unknown).error().fault, OperationFault::kBadRequest);
}

TEST_F(People, WhatNobodyDoesIsNotLookedForInTheAudit) {
  const std::vector<Parameter> typed_wrong = {{"what", "notes"}};
  const auto listed = operations_.ListAudit(typed_wrong);
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().fault, OperationFault::kBadRequest);
  EXPECT_EQ(
      listed.error().message,
      "what must be note, tag, reveal, mute, discard, replay, pause, resume, cancel, submit or "
      "lease, not 'notes'");
}

TEST_F(People, WhatIsRedactedIsMaskedInEveryAnswer) {
  const std::string shown = redacting_.ShowLetter(kFirstId).value();
  EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
  const auto letter = boost::json::parse(shown);
  EXPECT_EQ(letter.at("worker_id"), "***");
  EXPECT_EQ(letter.at("body").at("value"),
            boost::json::parse(R"({"payload":{"password":"***","n":1},"worker":"***"})"));
  EXPECT_EQ(letter.at("body").at("redacted"), true);
  EXPECT_EQ(redacting_.LetterBody(kFirstId).value(),
            R"({"payload":{"password":"***","n":1},"worker":"***"})");
  EXPECT_EQ(Json(redacting_.ListLetters({}, kRoot)).at("items").at(0).at("worker_id"), "***");
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(People, ABodyThatCannotBeReadIsNotShownAtAll) {
  ledger_->letters.front().message.body = R"({"payload":{"password":"secret")";
  const std::string shown = redacting_.ShowLetter(kFirstId).value();
  EXPECT_EQ(shown.find("secret"), std::string::npos);
  const auto body = boost::json::parse(shown).at("body");
  EXPECT_EQ(body.at("encoding"), "redacted");
  EXPECT_TRUE(body.at("value").is_null());
  const auto refused = redacting_.LetterBody(kFirstId);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, OperationFault::kForbidden);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
}

TEST_F(People, P8_WhatIsRevealedIsAuditedFirst) {
  const Looking looking{.caller = kRoot, .reveal = true};
  const std::string shown = redacting_.ShowLetter(kFirstId, looking).value();
  EXPECT_THAT(shown, HasSubstr("secret"));
  EXPECT_EQ(boost::json::parse(shown).at("worker_id"), "w");
  EXPECT_EQ(redacting_.LetterBody(kFirstId, looking).value(),
            ledger_->letters.front().message.body);
  ASSERT_THAT(ledger_->audit, SizeIs(2));
  EXPECT_EQ(ledger_->audit[0].what, "reveal");
  EXPECT_EQ(ledger_->audit[0].who, "root");
  EXPECT_EQ(ledger_->audit[0].subject, kFirstId);
  EXPECT_EQ(ledger_->audit[0].detail, "letter");
  EXPECT_EQ(ledger_->audit[1].detail, "body");

  ledger_->audit_error = LedgerError{LedgerFault::kUnavailable, "", "no connection"};
  for (const auto& refused :
       {redacting_.ShowLetter(kFirstId, looking), redacting_.LetterBody(kFirstId, looking)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, OperationFault::kUnavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("nothing is revealed"));
  }
}

TEST_F(People, WhereNothingIsRedactedNothingIsRevealed) {
  const Looking looking{.caller = kRoot, .reveal = true};
  EXPECT_TRUE(operations_.ShowLetter(kFirstId, looking));
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(People, OnlyAnAdminMayRevealOrLookForWhatIsRedacted) {
  const std::vector<Parameter> reveal = {{"reveal", "true"}};
  EXPECT_EQ(ParseLooking(reveal, kAnna).error().fault, OperationFault::kForbidden);
  EXPECT_TRUE(ParseLooking(reveal, kRoot)->reveal);
  const std::vector<Parameter> not_now = {{"reveal", "false"}};
  EXPECT_FALSE(ParseLooking(not_now, kAnna)->reveal);
  for (const std::vector<Parameter>& bad : {std::vector<Parameter>{{"reveal", "1"}},
                                            {{"Reveal", "true"}},
                                            {{"reveal", "true"}, {"reveal", "true"}}}) {
    EXPECT_EQ(ParseLooking(bad, kRoot).error().fault, OperationFault::kBadRequest);
  }
  const std::vector<Parameter> guess = {{"worker_id", "w"}};
  EXPECT_EQ(redacting_.ListLetters(guess, kAnna).error().fault, OperationFault::kForbidden);
  EXPECT_TRUE(redacting_.ListLetters(guess, kRoot));
  EXPECT_TRUE(operations_.ListLetters(guess, kAnna));
}

}  // namespace
}  // namespace deadletter
