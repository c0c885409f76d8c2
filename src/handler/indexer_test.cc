#include "handler/indexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "letter/words.h"

namespace deadletter {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using Words = std::vector<std::string>;

// A ledger whose letters wait to be indexed.
struct IndexScript {
  std::vector<UnindexedLetter> waiting;
  std::map<LetterId, Words> indexed;
  std::vector<std::size_t> added;    // how many in each call that did something
  std::set<LetterId> refused;        // kLetter where one of them has words
  std::optional<LedgerError> fails;  // whatever is asked
  std::string view;
  int begun = 0;
  bool is_ours = true;
  bool aborted = false;
};

class ScriptedIndex final : public TextIndex {
 public:
  explicit ScriptedIndex(IndexScript& script) : script_(script) {}

  LedgerResult<void> Begin(const std::string& view) override {
    if (script_.fails) return Unexpected<LedgerError>(*script_.fails);
    script_.view = view;
    ++script_.begun;
    return {};
  }
  LedgerResult<IndexWork> Next(std::size_t max_letters, std::size_t, Instant) override {
    if (script_.fails) return Unexpected<LedgerError>(*script_.fails);
    IndexWork work{.letters = {},
                   .unindexed = static_cast<std::int64_t>(script_.waiting.size()),
                   .more = script_.waiting.size() > max_letters,
                   .is_ours = script_.is_ours};
    if (!script_.is_ours) return work;
    for (const UnindexedLetter& letter : script_.waiting) {
      if (work.letters.size() < max_letters) work.letters.push_back(letter);
    }
    return work;
  }
  LedgerResult<bool> Add(std::span<const IndexedLetter> letters) override {
    for (const IndexedLetter& letter : letters) {
      if (script_.refused.contains(letter.id) && !letter.words.empty())
        return Unexpected<LedgerError>(
            {.fault = LedgerFault::kLetter, .code = "22P05", .message = "scripted"});
    }
    for (const IndexedLetter& letter : letters) {
      script_.indexed[letter.id] = letter.words;
      std::erase_if(script_.waiting, [&](const auto& each) { return each.id == letter.id; });
    }
    script_.added.push_back(letters.size());
    return true;
  }
  void Abort() override { script_.aborted = true; }

 private:
  IndexScript& script_;
};

class IndexerTest : public ::testing::Test {
 protected:
  LetterId Wait(std::string body) {
    UnindexedLetter& letter = script_.waiting.emplace_back();
    letter.id = LetterId(TimeOrderedUuid(clock_.Now()));
    letter.message.body = std::move(body);
    return letter.id;
  }
  Indexer Make(IndexedView view = {.name = "1"}) {
    return {std::make_unique<ScriptedIndex>(script_), std::move(view), clock_, metrics_};
  }
  // Until there is nothing more to do at once.
  void DoAll(Indexer& indexer) {
    for (auto more = indexer.DoSome(); more.value(); more = indexer.DoSome()) {
    }
  }

  IndexScript script_;
  SystemClock clock_;
  Metrics metrics_;
};

TEST_F(IndexerTest, IndexesALittleAtATimeAndTellsHowFarItIs) {
  for (int number = 0; number < 450; ++number) Wait("word n" + std::to_string(number));
  Indexer indexer = Make();
  EXPECT_TRUE(indexer.DoSome().value());
  EXPECT_EQ(script_.added, std::vector<std::size_t>{200});
  EXPECT_THAT(metrics_.Expose(), testing::HasSubstr("deadletter_unindexed_letters 250"));
  DoAll(indexer);
  EXPECT_THAT(script_.added, ElementsAre(200, 200, 50));
  EXPECT_THAT(metrics_.Expose(), testing::HasSubstr("deadletter_unindexed_letters 0"));
  EXPECT_EQ(script_.begun, 1);
  EXPECT_EQ(script_.view, "1");
  EXPECT_FALSE(indexer.DoSome().value());
}

// P9: a transaction of the embedded ledger holds up whoever settles.
TEST_F(IndexerTest, P9_WritesFewerLettersAtOnceWhereTheyHaveManyWords) {
  std::string many;
  for (int number = 0; number < 5'000; ++number) many += " w" + std::to_string(number);
  for (int number = 0; number < 12; ++number) Wait(many);
  Indexer indexer = Make();
  EXPECT_TRUE(indexer.DoSome().value());
  EXPECT_THAT(script_.added, ElementsAre(5));
  EXPECT_EQ(script_.indexed.begin()->second.size(), kMaxWordsOfLetter);
  DoAll(indexer);
  EXPECT_THAT(script_.added, ElementsAre(5, 5, 2));
}

TEST_F(IndexerTest, WhatIsRedactedGivesNoWords) {
  const LetterId shown = Wait("visible");
  const LetterId hidden = Wait("cannot be read");
  const LetterId cut = Wait("visible");
  script_.waiting[2].is_cut = true;
  script_.waiting[1].message.properties.app_id = "billing";
  Indexer indexer =
      Make({.name = "2", .body = [](std::string_view body) {
              return body == "visible" ? std::optional<std::string>("masked") : std::nullopt;
            }});
  DoAll(indexer);
  EXPECT_EQ(script_.indexed.at(shown), Words{"masked"});
  EXPECT_EQ(script_.indexed.at(hidden), Words{"billing"}) << "what else is shown of it";
  EXPECT_THAT(script_.indexed.at(cut), IsEmpty()) << "of a part nobody can tell what is in it";
}

TEST_F(IndexerTest, P5_ALetterThatCannotBeReadHasNoWordsAndStopsNoOther) {
  const LetterId damaged = Wait("damaged");
  script_.waiting[0].unreadable = "a damaged message";
  const LetterId good = Wait("good");
  Indexer indexer = Make();
  DoAll(indexer);
  EXPECT_THAT(script_.indexed.at(damaged), IsEmpty());
  EXPECT_EQ(script_.indexed.at(good), Words{"good"});
}

TEST_F(IndexerTest, P5_ALetterWhoseWordsTheLedgerRefusesStopsNoOther) {
  Wait("first");
  const LetterId refused = Wait("refused");
  const LetterId last = Wait("last");
  script_.refused = {refused};
  Indexer indexer = Make();
  DoAll(indexer);
  EXPECT_THAT(script_.indexed.at(refused), IsEmpty());
  EXPECT_EQ(script_.indexed.at(last), Words{"last"});
  EXPECT_THAT(script_.waiting, IsEmpty());
}

TEST_F(IndexerTest, TheIndexOfAnotherInstanceIsLeftAloneAndThatIsSaid) {
  Wait("word");
  script_.is_ours = false;
  Indexer indexer = Make();
  const auto done = indexer.DoSome();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, testing::HasSubstr("another `redact`"));
  EXPECT_THAT(script_.indexed, IsEmpty());
  EXPECT_EQ(script_.begun, 1) << "not made anew by turns";
}

TEST_F(IndexerTest, WhereTheLedgerIsAwayItBeginsOnceItIsBack) {
  Wait("word");
  script_.fails = LedgerError{LedgerFault::kUnavailable, "", "scripted"};
  Indexer indexer = Make();
  EXPECT_FALSE(indexer.DoSome());
  EXPECT_FALSE(indexer.DoSome());
  script_.fails.reset();
  DoAll(indexer);
  EXPECT_EQ(script_.begun, 1);
  EXPECT_EQ(script_.indexed.size(), 1U);
  indexer.Abort();
  EXPECT_TRUE(script_.aborted);
}

}  // namespace
}  // namespace deadletter
