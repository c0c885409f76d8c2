// What every TextIndex does, and what the text search of every list finds by it. Included once a
// test program.
#pragma once

#include <algorithm>
#include <map>
#include <thread>

#include "letter/words.h"
#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class TextConformance : public LedgerConformance {
 protected:
  static constexpr const char* kView = "1";

  void SetUp() override {
    LedgerConformance::SetUp();
    index_ = ledger_->OpenTextIndex();
    Good(index_->Begin(kView));
  }

  LetterId Record(std::string body, std::uint8_t group = 1) {
    return Record(LetterBuilder().Body(std::move(body)).Group(group).Build());
  }
  LetterId Record(Letter letter) {
    const LetterId id = letter.id;
    EXPECT_TRUE(SettleOne(Ends(std::move(letter), Outcome::kParked)).recorded);
    return id;
  }
  // As one that was received three seconds ago, by an instance that commits it only now.
  LetterId RecordLate(std::string body) {
    Letter late = LetterBuilder().Body(std::move(body)).Build();
    Uuid id = FirstIdAt(Now() - std::chrono::seconds(3));
    id.bytes[15] = 7;
    late.id = LetterId(id);
    return Record(std::move(late));
  }
  // Each with the words "letter" and its number, from 1 on; so many at once.
  std::vector<LetterId> RecordNumbered(int letters, int at_once = 1'000) {
    std::vector<LetterId> ids;
    for (int number = 1; number <= letters;) {
      std::vector<Judgement> batch;
      for (; number <= letters && static_cast<int>(batch.size()) < at_once; ++number) {
        batch.push_back(Ends(LetterBuilder().Body("letter n" + std::to_string(number)).Build(),
                             Outcome::kParked));
        ids.push_back(batch.back().letter.id);
      }
      EXPECT_EQ(Settle(batch).size(), batch.size());
    }
    return ids;
  }

  static AuditEntry Entry() {
    AuditEntry entry;
    entry.id = RandomUuid();
    entry.at = Now();
    entry.who = "anna";
    entry.role = "operator";
    entry.what = "discard";
    return entry;
  }
  static std::vector<IndexedLetter> WordsOfAll(const IndexWork& work) {
    std::vector<IndexedLetter> indexed;
    for (const UnindexedLetter& letter : work.letters) {
      indexed.push_back({.id = letter.id, .words = {}});
      if (letter.unreadable.empty())
        indexed.back().words = WordsOf(letter.message, letter.message.body);
    }
    return indexed;
  }
  // Until nothing is missing; how many letters that were. Again where another has the lock.
  static std::size_t IndexAll(TextIndex& index, std::size_t at_once = 1'000) {
    constexpr int kMostCalls = 10'000;
    constexpr std::size_t kMuchText = std::size_t{64} << 20;
    std::size_t letters = 0;
    for (int call = 0; call < kMostCalls; ++call) {
      const auto work = index.Next(at_once, kMuchText, Now());
      if (!work && work.error().fault == LedgerFault::kBusy) continue;
      if (Good(work).letters.empty() && work->unindexed == 0) return letters;
      if (work->letters.empty()) continue;
      const auto added = index.Add(WordsOfAll(*work));
      if (!added && (added.error().fault == LedgerFault::kBusy ||
                     added.error().fault == LedgerFault::kRowLocked))
        continue;
      EXPECT_TRUE(Good(added));
      letters += work->letters.size();
    }
    ADD_FAILURE() << "it indexes without end";
    return letters;
  }
  std::size_t IndexAll() { return IndexAll(*index_); }

  static LetterFilter Asking(std::string words, std::string view = kView) {
    LetterFilter filter;
    filter.text = {.words = std::move(words), .view = std::move(view)};
    return filter;
  }
  [[nodiscard]] LetterPage Page(const LetterFilter& filter, std::size_t limit = 100,
                                std::optional<LetterId> after = std::nullopt) {
    return Good(catalog_->List(filter, limit, after));
  }
  [[nodiscard]] std::vector<LetterId> Find(const LetterFilter& filter) {
    std::vector<LetterId> ids;
    for (const LetterSummary& letter : Page(filter).letters) ids.push_back(letter.id);
    return ids;
  }
  [[nodiscard]] std::vector<LetterId> Find(const std::string& words) { return Find(Asking(words)); }
  // All pages of that size.
  [[nodiscard]] std::vector<LetterId> FollowPages(const LetterFilter& filter, std::size_t limit) {
    std::vector<LetterId> ids;
    std::optional<LetterId> after;
    do {
      const LetterPage page = Page(filter, limit, after);
      if (page.next && after && *page.next >= *after) throw std::runtime_error("it stands still");
      for (const LetterSummary& letter : page.letters) ids.push_back(letter.id);
      EXPECT_LE(page.letters.size(), limit);
      after = page.next;
    } while (after);
    return ids;
  }

  std::unique_ptr<TextIndex> index_;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(TextConformance, ALetterIsFoundByItsWordsOnceItIsIndexed) {
  Letter letter = LetterBuilder().Body(R"({"host":"db-7.example.org","n":4711})").Build();
  letter.delivery.message.headers.entries.push_back({"trace", FieldValue(std::string("Abc Def"))});
  letter.delivery.message.properties.app_id = "billing";
  const LetterId id = Record(letter);
  LetterPage page = Page(Asking("4711"));
  EXPECT_THAT(page.letters, IsEmpty());
  EXPECT_EQ(page.unindexed, 1);
  EXPECT_EQ(IndexAll(), 1U);
  page = Page(Asking("4711"));
  EXPECT_EQ(page.letters.size(), 1U);
  EXPECT_EQ(page.unindexed, 0);
  EXPECT_FALSE(page.next || page.looked_to);
  for (const char* words : {"host", "7 db example", "abc", "def trace", "billing"})
    EXPECT_THAT(Find(words), ElementsAre(id)) << words;
  for (const char* words : {"471", "abcdef", "billing nothing", "and", "or", "not", "near"})
    EXPECT_THAT(Find(words), IsEmpty()) << words;
  EXPECT_EQ(IndexAll(), 0U);
  EXPECT_FALSE(Page({}).unindexed) << "no search";
}

TEST_P(TextConformance, PagesAreInTheOrderOfAListAndGiveEachLetterOnce) {
  std::vector<LetterId> ids = RecordNumbered(25, 7);
  IndexAll();
  std::ranges::reverse(ids);
  for (const std::size_t limit : {1U, 7U, 25U, 100U}) {
    EXPECT_EQ(FollowPages(Asking("letter"), limit), ids);
    EXPECT_THAT(FollowPages(Asking("letter n7"), limit), ElementsAre(ids[25 - 7]));
  }
  const LetterPage first = Page(Asking("letter"), 10);
  ASSERT_TRUE(first.next);
  Record("a letter that comes meanwhile");
  IndexAll();
  const LetterPage second = Page(Asking("letter"), 100, first.next);
  ASSERT_EQ(second.letters.size(), 15U);
  EXPECT_EQ(second.letters.front().id, ids[10]);
}

TEST_P(TextConformance, OtherFiltersHoldAsWell) {
  const LetterId first = Record("same words", 1);
  const LetterId second = Record("same words", 2);
  Record("other words", 2);
  Put(Number(5));
  const Judgement failing = Fails(LetterBuilder(Number(5)).Body("same words").Build());
  EXPECT_EQ(OutcomeOf(failing), Outcome::kFailed);
  IndexAll();
  LetterFilter filter = Asking("same words");
  EXPECT_THAT(Find(filter), ElementsAre(failing.letter.id, second, first));
  filter.outcome = Outcome::kParked;
  EXPECT_THAT(Find(filter), ElementsAre(second, first));
  EXPECT_THAT(FollowPages(filter, 1), ElementsAre(second, first));
  filter.group = LetterBuilder().Group(2).Build().group;
  EXPECT_THAT(Find(filter), ElementsAre(second));
  filter = Asking("words");
  filter.execution_id = "5";
  filter.since = Now() - std::chrono::hours(1);
  EXPECT_THAT(Find(filter), ElementsAre(failing.letter.id));
  filter.until = filter.since;
  EXPECT_THAT(Find(filter), IsEmpty());
}

// P4: none of it stops the letters beside it, and what there is of words is found.
TEST_P(TextConformance, P4_P5_WhateverIsInALetterItAndTheOthersAreIndexed) {
  std::string many = "first";
  for (int number = 0; number < 5'000; ++number) many += " w" + std::to_string(number);
  std::string often;
  for (int number = 0; number < 30'000; ++number) often += "often ";
  const std::map<std::string, LetterId> found = {
      {"nul", Record(std::string("nul\0byte", 8))},
      {"utf", Record("utf \xff\xfe\xc3 \xed\xa0\x80 \xf4\x90\x80\x80 bad\xff")},
      {"quote", Record("quote ' \\ \" & | ! ( ) : * <-> #1.1 $1 ?1 -- ;")},
      {"first", Record(many)},
      {"often", Record(often)},
      {std::string(kMaxWordBytes, 'x'), Record(std::string(3'000, 'x'))},
      {"large", Record("large " + std::string((std::size_t{16} << 20) + 1, 'y'))},
      {"\xe6\x97\xa5\xe6\x9c\xac", Record("\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80")},
      {"deep", Record(std::string(100'000, '[') + " deep")},
  };
  Record("");
  const LetterId last = Record("last");
  EXPECT_EQ(IndexAll(), found.size() + 2);
  for (const auto& [words, id] : found) EXPECT_THAT(Find(words), ElementsAre(id)) << words;
  EXPECT_THAT(Find("\xf0\x9f\x98\x80"), ElementsAre(found.at("\xe6\x97\xa5\xe6\x9c\xac")));
  EXPECT_THAT(Find("last"), ElementsAre(last));
  EXPECT_EQ(Page(Asking("nothing")).unindexed, 0);
}

TEST_P(TextConformance, P5_ALetterWhoseRecordIsDamagedHidesNoOther) {
  const LetterId before = Record("before");
  const LetterId damaged = Record("damaged");
  const LetterId behind = Record("behind");
  ledger_->Meddle("UPDATE {{letter}} SET headers = '{\"!\":' WHERE size_bytes = 7");
  const IndexWork work = Good(index_->Next(10, 1'000'000, Now()));
  ASSERT_EQ(work.letters.size(), 3U);
  EXPECT_EQ(work.letters[1].id, damaged);
  EXPECT_NE(work.letters[1].unreadable, "");
  IndexAll();
  EXPECT_THAT(Find("before"), ElementsAre(before));
  EXPECT_THAT(Find("behind"), ElementsAre(behind));
  EXPECT_THAT(Find("damaged"), IsEmpty());
}

// What is redacted must not be found; neither is anything of before, once that has changed.
TEST_P(TextConformance, P4_AnotherViewFindsNothingOfTheOldOneAndIsIndexedAnew) {
  const LetterId id = Record("secret word");
  IndexAll();
  EXPECT_THAT(Find("secret"), ElementsAre(id));
  EXPECT_THAT(Find(Asking("secret", "2")), IsEmpty()) << "of a view that there is no index of";
  const auto other = ledger_->OpenTextIndex();
  Good(other->Begin("2"));
  for (const char* view : {"1", "2"}) EXPECT_THAT(Find(Asking("secret", view)), IsEmpty());
  EXPECT_TRUE(Page(Asking("secret", "1")).is_of_another_view);
  EXPECT_TRUE(Page(Asking("secret", "1"), 10, id).is_of_another_view) << "on a later page, too";
  EXPECT_FALSE(Page(Asking("secret", "2")).is_of_another_view) << "it is only not done";
  EXPECT_EQ(Page(Asking("word", "2")).unindexed, 1);
  // The one from before leaves it alone.
  EXPECT_FALSE(Good(index_->Next(10, 1'000, Now())).is_ours);
  const std::vector<IndexedLetter> old = {{.id = id, .words = {"secret", "word"}}};
  EXPECT_FALSE(Good(index_->Add(old)));
  EXPECT_THAT(Find(Asking("secret", "2")), IsEmpty());
  const IndexWork work = Good(other->Next(10, 1'000, Now()));
  ASSERT_EQ(work.letters.size(), 1U);
  const std::vector<IndexedLetter> masked = {{.id = id, .words = {"word"}}};
  EXPECT_TRUE(Good(other->Add(masked)));
  EXPECT_THAT(Find(Asking("word", "2")), ElementsAre(id));
  EXPECT_THAT(Find(Asking("secret", "2")), IsEmpty());
  EXPECT_THAT(Find(Asking("word", "1")), IsEmpty());
  EXPECT_EQ(Page(Asking("word", "2")).unindexed, 0);
  EXPECT_EQ(Page(Asking("word", "1")).unindexed, 1);
  // The same again is no change.
  Good(ledger_->OpenTextIndex()->Begin("2"));
  EXPECT_THAT(Find(Asking("word", "2")), ElementsAre(id));
}

// Nothing of ours deletes letters; people do. What comes next is another letter.
TEST_P(TextConformance, P4_WhatComesAfterTheNewestLetterWasDeletedIsFoundByItsOwnWords) {
  const LetterId first = Record("word first");
  Record("word second");
  IndexAll();
  EXPECT_EQ(Find("word").size(), 2U);
  ledger_->Meddle(
      "DELETE FROM {{letter}} WHERE id = (SELECT id FROM {{letter}} ORDER BY id DESC LIMIT 1)");
  const LetterId third = Record("word third");
  IndexAll();
  EXPECT_THAT(Find("second"), IsEmpty());
  EXPECT_THAT(Find("third"), ElementsAre(third));
  EXPECT_THAT(Find("word"), ElementsAre(third, first));
}

// Two instances receive and commit in orders of their own.
TEST_P(TextConformance, P4_WhatIsCommittedLateIsIndexedAsWell) {
  Record("word early");
  IndexAll();
  const LetterId late = RecordLate("word late");
  IndexAll();
  EXPECT_THAT(Find("late"), ElementsAre(late));
  EXPECT_EQ(Find("word").size(), 2U);
}

// Not only once nothing new has come for a while.
TEST_P(TextConformance, P4_WhatIsCommittedLateIsIndexedAlsoWhileOthersKeepComing) {
  const auto index_once = [&] {
    const IndexWork work = Good(index_->Next(1'000, 1'000'000, Now()));
    EXPECT_FALSE(work.letters.empty());
    EXPECT_FALSE(work.more);
    EXPECT_TRUE(Good(index_->Add(WordsOfAll(work))));
  };
  for (const char* body : {"word one", "word two", "word three"}) {
    Record(body);
    index_once();
  }
  const LetterId late = RecordLate("word late");
  Record("word four");
  index_once();
  EXPECT_THAT(Find("late"), ElementsAre(late));
  EXPECT_EQ(Find("word").size(), 5U);
}

TEST_P(TextConformance, P1_WhoComesNextGoesOnWhereTheLastOneHasEnded) {
  const std::vector<LetterId> ids = RecordNumbered(10);
  const IndexWork work = Good(index_->Next(4, 1'000'000, Now()));
  EXPECT_EQ(work.letters.size(), 4U);
  EXPECT_EQ(work.unindexed, 10);
  EXPECT_TRUE(work.more);
  EXPECT_TRUE(Good(index_->Add(WordsOfAll(work))));
  index_ = ledger_->OpenTextIndex();
  Good(index_->Begin(kView));
  EXPECT_EQ(Page(Asking("letter")).unindexed, 6);
  EXPECT_EQ(IndexAll(*index_, 3), 6U);
  EXPECT_EQ(Find("letter").size(), ids.size());
}

TEST_P(TextConformance, P1_WhoIndexesSideBySideIndexesEachLetterOnce) {
  RecordNumbered(100);
  const auto other = ledger_->OpenTextIndex();
  Good(other->Begin(kView));
  {
    std::jthread beside([&] { IndexAll(*other, 3); });
    IndexAll(*index_, 5);
  }
  EXPECT_EQ(Find("letter").size(), 100U);
  EXPECT_EQ(FollowPages(Asking("letter"), 9).size(), 100U);
  EXPECT_EQ(Page(Asking("letter")).unindexed, 0);
}

// P9: and looks on from there.
TEST_P(TextConformance, P9_ASearchEndsAfterItsTimeAndSaysHowFarItHasLooked) {
  const std::vector<LetterId> ids = RecordNumbered(9'000);
  IndexAll();
  LetterFilter filter = Asking("n1");
  filter.patience = std::chrono::milliseconds(0);
  const LetterPage first = Page(filter);
  EXPECT_THAT(first.letters, IsEmpty());
  ASSERT_TRUE(first.next && first.looked_to);
  EXPECT_GT(*first.next, ids.front());
  EXPECT_LE(*first.looked_to, Now());
  EXPECT_THAT(FollowPages(filter, 100), ElementsAre(ids.front()));
  EXPECT_THAT(Find("n1"), ElementsAre(ids.front())) << "in one go, with a little more time";
  filter.text->words = "letter";
  EXPECT_EQ(FollowPages(filter, 1'000).size(), ids.size());
  filter.outcome = Outcome::kParked;
  EXPECT_EQ(FollowPages(filter, 1'000).size(), ids.size());
}

TEST_P(TextConformance, P8_ASelectionHoldsTheLettersThatTheSearchFinds) {
  std::vector<LetterId> ids = RecordNumbered(12);
  IndexAll();
  Record("letter that is not indexed yet");
  LetterSelection selection;
  selection.filter = Asking("letter");
  EXPECT_EQ(Good(ledger_->OpenReplayBook()->Preview(selection)).letters, 12);
  selection.filter = Asking("letter n12");
  const auto discards = ledger_->OpenDiscards();
  EXPECT_EQ(Good(discards->Preview(selection, 100)).discarded, 1);
  EXPECT_EQ(Good(discards->Discard(selection, 100, "why", Now(), Entry())).discarded, 1);
  LetterFilter closed = Asking("letter");
  closed.state = LetterState::kClosed;
  EXPECT_THAT(Find(closed), ElementsAre(ids.back()));
  selection.filter = Asking("letter", "another view");
  EXPECT_EQ(Good(discards->Preview(selection, 100)).letters, 0);
  const auto book = ledger_->OpenReplayBook();
  selection.filter = Asking("n1");
  const ReplayId replay = NewReplayId();
  EXPECT_TRUE(Good(book->Make(replay, {}, selection, 100, Now(), Entry())).made);
  const auto frozen = Good(book->Letters(replay, {}, 100, {}));
  ASSERT_EQ(frozen.size(), 1U);
  EXPECT_EQ(frozen.front().letter, ids.front());
}

}  // namespace deadletter::test
