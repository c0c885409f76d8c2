// What every Remarks and every Audit does. Included once a test program.
#pragma once

#include <thread>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class PeopleConformance : public LedgerConformance {
 protected:
  void SetUp() override {
    LedgerConformance::SetUp();
    Open();
  }
  void Open() {
    remarks_ = ledger_->OpenRemarks();
    audit_ = ledger_->OpenAudit();
  }

  [[nodiscard]] LetterId NewLetter() {
    const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked);
    EXPECT_EQ(OutcomeOf(judgement), Outcome::kParked);
    return judgement.letter.id;
  }
  [[nodiscard]] static AuditEntry Entry(const std::string& what, const std::string& subject = "s",
                                        const std::string& who = "anna") {
    AuditEntry entry;
    entry.id = TimeOrderedUuid(Now());
    entry.at = Now();
    entry.who = who;
    entry.role = "operator";
    entry.what = what;
    entry.subject = subject;
    entry.letters = 3;
    entry.detail = "d\u00e9tail";
    return entry;
  }
  [[nodiscard]] static Note NewNote(const std::string& text) {
    return {.id = TimeOrderedUuid(Now()), .at = Now(), .who = "anna", .text = text};
  }
  [[nodiscard]] RemarkOutcome AddNote(LetterId letter, const std::string& text) {
    return Good(remarks_->AddNote(letter, NewNote(text), Entry("note")));
  }
  [[nodiscard]] TagResult ChangeTags(LetterId letter, const std::vector<std::string>& add,
                                     const std::vector<std::string>& remove = {}) {
    return Good(remarks_->ChangeTags(letter, {.add = add, .remove = remove}, Entry("tag")));
  }
  [[nodiscard]] LetterRecord Shown(LetterId letter) { return Good(catalog_->Show(letter)).value(); }
  [[nodiscard]] std::vector<AuditEntry> Acts(const AuditFilter& filter = {}) {
    return Good(audit_->List(filter, 1000, std::nullopt)).entries;
  }

  std::unique_ptr<Remarks> remarks_;
  std::unique_ptr<Audit> audit_;
};

TEST_P(PeopleConformance, P8_ANoteAndWhatTellsOfItAreThereTogether) {
  const LetterId letter = NewLetter();
  const LetterId other = NewLetter();
  const Note first = NewNote("looked at it\n\xe2\x82\xac 5");
  const AuditEntry entry = Entry("note", "a letter");
  EXPECT_EQ(Good(remarks_->AddNote(letter, first, entry)), RemarkOutcome::kDone);
  EXPECT_EQ(AddNote(letter, "again"), RemarkOutcome::kDone);
  const LetterRecord record = Shown(letter);
  ASSERT_EQ(record.notes.size(), 2U);
  EXPECT_EQ(record.notes[0].id, first.id);
  EXPECT_EQ(record.notes[0].at, first.at);
  EXPECT_EQ(record.notes[0].who, "anna");
  EXPECT_EQ(record.notes[0].text, first.text);
  EXPECT_EQ(record.notes[1].text, "again");
  EXPECT_THAT(Shown(other).notes, testing::IsEmpty());

  const std::vector<AuditEntry> acts = Acts();
  ASSERT_EQ(acts.size(), 2U);
  EXPECT_EQ(acts[1].id, entry.id);
  EXPECT_EQ(acts[1].at, entry.at);
  EXPECT_EQ(acts[1].who, "anna");
  EXPECT_EQ(acts[1].role, "operator");
  EXPECT_EQ(acts[1].what, "note");
  EXPECT_EQ(acts[1].subject, "a letter");
  EXPECT_EQ(acts[1].letters, 3);
  EXPECT_EQ(acts[1].detail, entry.detail);
  EXPECT_EQ(acts[1].outcome, "done");
}

TEST_P(PeopleConformance, P8_WithoutTheAuditsEntryThereIsNoChange) {
  const LetterId letter = NewLetter();
  const AuditEntry entry = Entry("note");
  Good(audit_->Record(entry));
  // Its id is taken: the entry cannot be written, and so nothing may be.
  EXPECT_FALSE(remarks_->AddNote(letter, NewNote("x"), entry));
  EXPECT_FALSE(remarks_->ChangeTags(letter, {.add = {"x"}, .remove = {}}, entry));
  EXPECT_THAT(Shown(letter).notes, testing::IsEmpty());
  EXPECT_THAT(Shown(letter).tags, testing::IsEmpty());
  EXPECT_EQ(AddNote(letter, "x"), RemarkOutcome::kDone);
  EXPECT_EQ(Acts().size(), 2U);
}

TEST_P(PeopleConformance, TagsAreASet) {
  const LetterId letter = NewLetter();
  using testing::ElementsAre;
  EXPECT_THAT(ChangeTags(letter, {"b", "A", "\xc3\xa9"}).tags, ElementsAre("A", "b", "\xc3\xa9"));
  EXPECT_THAT(ChangeTags(letter, {"b", "c"}, {"A", "never"}).tags,
              ElementsAre("b", "c", "\xc3\xa9"));
  EXPECT_THAT(Shown(letter).tags, ElementsAre("b", "c", "\xc3\xa9"));
  EXPECT_THAT(ChangeTags(letter, {}, {"b", "c", "\xc3\xa9"}).tags, testing::IsEmpty());
  EXPECT_THAT(Shown(letter).tags, testing::IsEmpty());
  EXPECT_EQ(Acts().size(), 3U);
}

TEST_P(PeopleConformance, LettersAreFoundByTheirTags) {
  const LetterId first = NewLetter();
  const LetterId second = NewLetter();
  const LetterId third = NewLetter();
  EXPECT_EQ(ChangeTags(first, {"a", "b"}).outcome, RemarkOutcome::kDone);
  EXPECT_EQ(ChangeTags(third, {"a"}).outcome, RemarkOutcome::kDone);
  const auto ids = [&](const std::string& tag, std::size_t limit, std::optional<LetterId> after) {
    LetterFilter filter;
    filter.tag = tag;
    std::vector<LetterId> found;
    for (const LetterSummary& letter : Good(catalog_->List(filter, limit, after)).letters)
      found.push_back(letter.id);
    return found;
  };
  EXPECT_THAT(ids("a", 10, {}), testing::ElementsAre(third, first));
  EXPECT_THAT(ids("a", 1, {}), testing::ElementsAre(third));
  EXPECT_THAT(ids("a", 10, third), testing::ElementsAre(first));
  EXPECT_THAT(ids("b", 10, {}), testing::ElementsAre(first));
  EXPECT_THAT(ids("A", 10, {}), testing::IsEmpty());
  EXPECT_NE(first, second);
}

TEST_P(PeopleConformance, WhatIsNotThereTakesNothingAndIsNotAudited) {
  const LetterId nobody(RandomUuid());
  EXPECT_EQ(AddNote(nobody, "x"), RemarkOutcome::kNoSuchLetter);
  EXPECT_EQ(ChangeTags(nobody, {"x"}).outcome, RemarkOutcome::kNoSuchLetter);
  EXPECT_EQ(ChangeTags(nobody, {}, {"x"}).outcome, RemarkOutcome::kNoSuchLetter);
  EXPECT_THAT(Acts(), testing::IsEmpty());
}

TEST_P(PeopleConformance, P9_ALetterTakesSoManyNotesAndTags) {
  const LetterId letter = NewLetter();
  for (std::size_t number = 0; number < kMaxNotesOfLetter; ++number)
    ASSERT_EQ(AddNote(letter, "x"), RemarkOutcome::kDone);
  std::vector<std::string> tags;
  for (std::size_t number = 0; number < kMaxTagsOfLetter; ++number)
    tags.push_back("t" + std::to_string(number));
  EXPECT_EQ(ChangeTags(letter, tags).outcome, RemarkOutcome::kDone);
  const std::size_t acts = Acts().size();
  EXPECT_EQ(AddNote(letter, "x"), RemarkOutcome::kTooMany);
  EXPECT_EQ(ChangeTags(letter, {"more"}).outcome, RemarkOutcome::kTooMany);
  EXPECT_EQ(Shown(letter).notes.size(), kMaxNotesOfLetter);
  EXPECT_EQ(Shown(letter).tags.size(), kMaxTagsOfLetter);
  EXPECT_EQ(Acts().size(), acts);
  EXPECT_EQ(ChangeTags(letter, {"more"}, {"t0"}).outcome, RemarkOutcome::kDone);
}

TEST_P(PeopleConformance, RemarksChangeNothingElseOfALetter) {
  Put(Number(7));
  const Judgement judgement = Fails(LetterBuilder(Number(7)).Key(1));
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  const LetterRecord before = Shown(judgement.letter.id);
  EXPECT_EQ(AddNote(judgement.letter.id, "x"), RemarkOutcome::kDone);
  EXPECT_EQ(ChangeTags(judgement.letter.id, {"x"}).outcome, RemarkOutcome::kDone);
  const LetterRecord after = Shown(judgement.letter.id);
  EXPECT_EQ(after.summary.state, before.summary.state);
  EXPECT_EQ(after.summary.settled_at, before.summary.settled_at);
  EXPECT_EQ(after.message, before.message);
  EXPECT_EQ(after.history.size(), before.history.size());
  EXPECT_FALSE(SettleOne(judgement).recorded) << "its key is still known";
}

// Again while somebody else is writing: nothing has happened then.
template <class Change>
void UntilDone(Change change) {
  auto result = change();
  while (!result && result.error().fault == LedgerFault::kBusy) result = change();
  Good(std::move(result));
}

TEST_P(PeopleConformance, SeveralAtOnceLoseNothing) {
  const LetterId letter = NewLetter();
  std::vector<std::thread> threads;
  for (int person = 0; person < 4; ++person) {
    threads.emplace_back([&, person] {
      const auto remarks = ledger_->OpenRemarks();
      const std::string tag = "p" + std::to_string(person);
      for (int number = 0; number < 5; ++number) {
        UntilDone([&] { return remarks->AddNote(letter, NewNote(tag), Entry("note")); });
        UntilDone([&] {
          return remarks->ChangeTags(letter, {.add = {tag}, .remove = {}}, Entry("tag"));
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Shown(letter).notes.size(), 20U);
  EXPECT_EQ(Shown(letter).tags.size(), 4U);
  EXPECT_EQ(Acts().size(), 40U);
}

TEST_P(PeopleConformance, EveryFilterOfTheAuditChooses) {
  const auto record = [&](AuditEntry entry) {
    Good(audit_->Record(entry));
    return entry.id;
  };
  AuditEntry old = Entry("note");
  old.at = Instant(std::chrono::seconds(1'700'000'000));
  const Uuid by_time = record(old);
  const Uuid by_who = record(Entry("note", "s", "bert"));
  const Uuid by_what = record(Entry("reveal"));
  const Uuid by_subject = record(Entry("note", "other"));
  const auto only = [&](const AuditFilter& filter) {
    const std::vector<AuditEntry> acts = Acts(filter);
    return acts.size() == 1 ? acts[0].id : Uuid{};
  };
  AuditFilter filter;
  filter.who = "bert";
  EXPECT_EQ(only(filter), by_who);
  filter = {};
  filter.what = "reveal";
  EXPECT_EQ(only(filter), by_what);
  filter = {};
  filter.subject = "other";
  EXPECT_EQ(only(filter), by_subject);
  filter = {};
  filter.until = old.at + std::chrono::seconds(1);
  EXPECT_EQ(only(filter), by_time);
  filter = {};
  filter.since = old.at + std::chrono::microseconds(1);
  EXPECT_EQ(Acts(filter).size(), 3U);
  filter.since = old.at;
  filter.until = old.at;
  EXPECT_THAT(Acts(filter), testing::IsEmpty());
}

TEST_P(PeopleConformance, TheAuditComesInPages) {
  std::vector<Uuid> expected;
  for (int number = 0; number < 7; ++number) {
    const AuditEntry entry = Entry("note");
    Good(audit_->Record(entry));
    expected.insert(expected.begin(), entry.id);
  }
  std::vector<Uuid> seen;
  std::optional<Uuid> after;
  do {
    const AuditPage page = Good(audit_->List({}, 3, after));
    for (const AuditEntry& entry : page.entries) seen.push_back(entry.id);
    after = page.next;
    Good(audit_->Record(Entry("newer")));
  } while (after);
  EXPECT_EQ(seen, expected);
}

TEST_P(PeopleConformance, P8_TheAuditIsOnlyEverAddedTo) {
  Good(audit_->Record(Entry("note")));
  for (const char* sql : {"UPDATE {{audit}} SET who = 'somebody else'", "DELETE FROM {{audit}}",
                          "UPDATE {{audit}} SET at = at WHERE 1 = 0 OR who = 'anna'"}) {
    EXPECT_ANY_THROW(ledger_->Meddle(sql)) << sql;
  }
  ASSERT_EQ(Acts().size(), 1U);
  EXPECT_EQ(Acts()[0].who, "anna");
}

TEST_P(PeopleConformance, AnAbortEndsWhatComesAfterIt) {
  const LetterId letter = NewLetter();
  remarks_->Abort();
  audit_->Abort();
  EXPECT_EQ(remarks_->AddNote(letter, NewNote("x"), Entry("note")).error().fault,
            LedgerFault::kUnavailable);
  EXPECT_EQ(audit_->Record(Entry("note")).error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(audit_->List({}, 1, std::nullopt).error().fault, LedgerFault::kUnavailable);
}

}  // namespace deadletter::test
