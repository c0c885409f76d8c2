// What holds for the key and the group of any letters at all.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <regex>
#include <tuple>

#include "letter/letter_key.h"
#include "tests/support/generators.h"

namespace deadletter {
namespace {

using test::Whole;
using namespace std::string_literals;

// From a small world, so that letters are alike now and then, and pieces of one text could be taken
// for another's.
rc::Gen<std::string> Text() {
  return rc::gen::element(""s, "a"s, "aa"s, "ab"s, "b"s, "\0"s, "1"s, "\xFF"s);
}

rc::Gen<std::optional<std::string>> MaybeText() {
  return rc::gen::oneOf(
      rc::gen::just(std::optional<std::string>()),
      rc::gen::map(Text(), [](std::string text) { return std::optional(std::move(text)); }));
}

rc::Gen<Death> AnyDeath() {
  return rc::gen::exec([] {
    Death death;
    death.queue = *Text();
    death.reason_text = *Text();
    death.count = *rc::gen::inRange<std::int64_t>(0, 3);
    if (*rc::gen::inRange(0, 4) != 0)
      death.time_seconds = *rc::gen::element<std::int64_t>(0, 1, 1'700'000'000, INT64_MAX);
    return death;
  });
}

rc::Gen<Letter> AnyLetter() {
  return rc::gen::exec([] {
    Letter letter;
    letter.message_id = *MaybeText();
    letter.delivery.message.body = *Text();
    letter.history.deaths =
        *rc::gen::resize(2, rc::gen::container<std::vector<Death>>(Whole(AnyDeath())));
    if (*rc::gen::arbitrary<bool>())
      letter.replay_id = ReplayId(Uuid{{*Whole(rc::gen::inRange<std::uint8_t>(0, 2))}});
    return letter;
  });
}

rc::Gen<Letter> AnyLetterWithAKey() {
  return rc::gen::exec([] {
    Letter letter = *AnyLetter();
    letter.message_id = *Text();
    letter.history.deaths.insert(letter.history.deaths.begin(), *AnyDeath());
    letter.history.deaths.front().time_seconds =
        *rc::gen::element<std::int64_t>(0, 1, 256, INT64_MAX);
    return letter;
  });
}

// All that a key is about.
auto IdentityOf(const Letter& letter) {
  using DeathIdentity =
      std::tuple<std::string, std::string, std::int64_t, std::optional<std::int64_t>>;
  std::vector<DeathIdentity> deaths;
  for (const Death& death : letter.history.deaths)
    deaths.emplace_back(death.queue, death.reason_text, death.count, death.time_seconds);
  return std::tuple(letter.message_id, letter.delivery.message.body, std::move(deaths),
                    letter.replay_id);
}

std::optional<std::int64_t> NewestTimeOf(const Letter& letter) {
  const auto& deaths = letter.history.deaths;
  return deaths.empty() ? std::nullopt : deaths.front().time_seconds;
}

RC_GTEST_PROP(AnyLettersKey, P3_IsThereIfAndOnlyIfThereAreAMessageIdAndATimedDeath, ()) {
  const Letter letter = *AnyLetter();
  RC_ASSERT(KeyOf(letter).has_value() == (letter.message_id && NewestTimeOf(letter)));
}

RC_GTEST_PROP(AnyLettersKey, P3_IsTheSameIfAndOnlyIfTheDeathIs, ()) {
  const Letter one = *AnyLetterWithAKey();
  // Near ones, the same one among them, are met more often than by chance.
  Letter other = *rc::gen::oneOf(AnyLetterWithAKey(), rc::gen::just(one), rc::gen::just(one));
  switch (*Whole(rc::gen::inRange(0, 6))) {
    case 0:
      other.message_id = *Text();
      break;
    case 1:
      other.delivery.message.body = *Text();
      break;
    case 2:
      other.replay_id.reset();
      break;
    case 3:
      other.history.deaths.push_back(*AnyDeath());
      break;
    default:
      break;
  }
  RC_CLASSIFY(IdentityOf(one) == IdentityOf(other), "same");
  RC_ASSERT((KeyOf(one).value() == KeyOf(other).value()) == (IdentityOf(one) == IdentityOf(other)));
}

RC_GTEST_PROP(AnyLettersKey, P3_DoesNotDependOnTheDelivery, (bool redelivered, std::uint64_t tag)) {
  const Letter letter = *AnyLetterWithAKey();
  Letter again = letter;
  again.id = LetterId(RandomUuid());
  again.delivery.redelivered = redelivered;
  again.delivery.tag = {tag, tag};
  again.delivery.received_at += Microseconds(*rc::gen::inRange(0, 1'000'000));
  again.delivery.dead_letter_queue = *Text();
  again.delivery.exchange = *Text();
  again.delivery.message.headers.entries.push_back({*Text(), {*Text()}});
  again.type = *MaybeText();
  RC_ASSERT((KeyOf(again) == KeyOf(letter)));
}

RC_GTEST_PROP(AnyLettersKey, SortsAsItsTimeDoes, ()) {
  const Letter one = *AnyLetterWithAKey();
  const Letter other = *AnyLetterWithAKey();
  const auto time = NewestTimeOf(one);
  const auto other_time = NewestTimeOf(other);
  if (time < other_time) RC_ASSERT((KeyOf(one) < KeyOf(other)));
  if (time > other_time) RC_ASSERT((KeyOf(one) > KeyOf(other)));
}

rc::Gen<std::optional<std::string>> MaybeName() {
  const auto piece = rc::gen::element("worker"s, "."s, "7"s, "42"s, "#"s, ""s, "\xFF"s);
  const auto name =
      rc::gen::map(rc::gen::resize(4, rc::gen::container<std::vector<std::string>>(Whole(piece))),
                   [](const std::vector<std::string>& pieces) {
                     std::string text;
                     for (const std::string& one : pieces) text += one;
                     return std::optional(std::move(text));
                   });
  return rc::gen::oneOf(rc::gen::just(std::optional<std::string>()), name);
}

rc::Gen<Letter> AnyLetterOfAGroup() {
  return rc::gen::exec([] {
    Letter letter;
    letter.type = *MaybeName();
    letter.action = *MaybeName();
    letter.reason = *rc::gen::element(Reason::kExpired, Reason::kRejected, Reason::kUnknown);
    letter.history.first_queue = *MaybeName();
    return letter;
  });
}

// What is absent counts as empty.
auto GroupedBy(const Letter& letter) {
  static const std::regex kNumber("[0-9]+");
  const auto plain = [](const std::optional<std::string>& text) {
    return std::regex_replace(text.value_or(""), kNumber, "#");
  };
  return std::tuple(plain(letter.type), plain(letter.action), letter.reason,
                    plain(letter.history.first_queue));
}

RC_GTEST_PROP(AnyLettersGroup, IsTheSameIfAndOnlyIfTheWordsAreWhateverTheNumbers, ()) {
  const Letter one = *AnyLetterOfAGroup();
  Letter other = *rc::gen::oneOf(AnyLetterOfAGroup(), rc::gen::just(one));
  if (*rc::gen::arbitrary<bool>()) {
    static const std::regex kNumber("[0-9]+");
    const std::string number = *rc::gen::element("1"s, "007"s, "#"s, ""s);
    other.history.first_queue =
        std::regex_replace(one.history.first_queue.value_or(""), kNumber, number);
  }
  RC_CLASSIFY(GroupedBy(one) == GroupedBy(other), "same");
  RC_ASSERT((GroupOf(one) == GroupOf(other)) == (GroupedBy(one) == GroupedBy(other)));
}

RC_GTEST_PROP(AnyLettersGroup, DoesNotDependOnAnythingElse, ()) {
  const Letter letter = *AnyLetterOfAGroup();
  Letter other = *AnyLetter();
  other.type = letter.type;
  other.action = letter.action;
  other.reason = letter.reason;
  other.history.first_queue = letter.history.first_queue;
  other.queue = *Text();
  other.worker_id = *MaybeText();
  RC_ASSERT((GroupOf(other) == GroupOf(letter)));
}

}  // namespace
}  // namespace deadletter
