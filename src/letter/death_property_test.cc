// What holds for the death history and the attempt stamp of any letter at all.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/rfc3339.h"
#include "letter/letter_reader.h"
#include "tests/support/generators.h"

namespace deadletter {
namespace {

using test::Whole;
using namespace std::string_literals;

rc::Gen<FieldValue> Junk() {
  return rc::gen::element(FieldValue{FieldVoid{}}, FieldValue{true}, FieldValue{std::int8_t{-3}},
                          FieldValue{"x-death"s}, FieldValue{FieldArray{}}, FieldValue{-1.5},
                          FieldValue{FieldBytes{"q"}}, FieldValue{FieldEncoded{"A"}});
}

struct Told {
  Death death;
  FieldTable entry;
};

// A death and an entry that tells it, each field of which may be missing or of a wrong type.
rc::Gen<Told> AnyTold() {
  return rc::gen::exec([] {
    Told told;
    const auto text = rc::gen::element(""s, "expired"s, "eaten"s, "worker.7"s, "\xFF"s);
    const auto is_there = [] { return *rc::gen::inRange(0, 4) != 0; };
    const auto tell = [&](const std::string& name, FieldValue value) {
      told.entry.entries.push_back({name, std::move(value)});
    };
    const auto spoil = [&](const std::string& name) {
      // A number is a count like any other.
      FieldValue value = *Junk();
      const bool number = std::holds_alternative<std::int8_t>(value.value);
      const bool text_value = std::holds_alternative<std::string>(value.value);
      if (*rc::gen::arbitrary<bool>() && !number && !text_value) tell(name, std::move(value));
    };
    if (is_there()) {
      tell("reason", {told.death.reason_text = *text});
    } else {
      spoil("reason");
    }
    told.death.reason = ReasonFromName(told.death.reason_text).value_or(Reason::kUnknown);
    if (is_there()) {
      tell("queue", {told.death.queue = *text});
    } else {
      spoil("queue");
    }
    told.death.count = 1;
    if (is_there()) {
      const auto count = *rc::gen::element<std::int64_t>(INT64_MIN, -1, 0, 1, 2, INT64_MAX);
      tell("count", {count});
      told.death.count = std::max<std::int64_t>(count, 0);
    } else {
      spoil("count");
    }
    if (is_there()) {
      const auto seconds = *rc::gen::arbitrary<std::uint64_t>();
      tell("time", {FieldTimestamp{seconds}});
      if (std::in_range<std::int64_t>(seconds))
        told.death.time_seconds = static_cast<std::int64_t>(seconds);
    } else {
      spoil("time");
    }
    return told;
  });
}

RC_GTEST_PROP(AnyDeathHistory, IsReadAsItIsToldWhateverStandsBetween, ()) {
  const auto deaths = *rc::gen::resize(6, rc::gen::container<std::vector<Told>>(Whole(AnyTold())));
  FieldArray array;
  for (const Told& told : deaths) {
    if (*rc::gen::arbitrary<bool>()) array.push_back(*Junk());
    array.push_back({told.entry});
  }
  FieldTable headers;
  if (*rc::gen::arbitrary<bool>()) headers.entries.push_back({"x-death", *Junk()});
  headers.entries.push_back({"x-death", {std::move(array)}});  // the last of a name counts
  const DeathHistory history = ReadDeathHistory(headers);

  RC_ASSERT(history.deaths.size() == deaths.size());
  std::int64_t total = 0;
  for (std::size_t index = 0; index < deaths.size(); ++index) {
    const Death& read = history.deaths[index];
    const Death& told = deaths[index].death;
    RC_ASSERT(read.reason_text == told.reason_text);
    RC_ASSERT(read.reason == told.reason);
    RC_ASSERT(read.queue == told.queue);
    RC_ASSERT(read.count == told.count);
    RC_ASSERT(read.time_seconds == told.time_seconds);
    if (__builtin_add_overflow(total, told.count, &total)) total = INT64_MAX;
  }
  RC_ASSERT(history.total == total);
  RC_ASSERT((FirstDeath(history) == nullptr) == deaths.empty());
}

// A stamp written with so many digits, and at whatever offset.
std::string Stamp(Instant instant, int digits, int offset_minutes) {
  std::string text =
      FormatRfc3339(instant + std::chrono::minutes(offset_minutes), std::min(digits, 6));
  text.pop_back();  // Z
  text.append(static_cast<std::size_t>(std::max(digits - 6, 0)), '0');
  const int minutes = std::abs(offset_minutes);
  return text +
         fmt::format("{}{:02}:{:02}", offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::optional<AttemptWindow> AttemptOf(const std::string& stamp) {
  Delivery delivery;
  delivery.message.body =
      R"({"message_type":"ExecutionRequested","payload":{"execution_id":5,"scheduled_attempt_updated_at":")" +
      stamp + R"("}})";
  static const LetterReader kReader(LetterFormat::Default());
  return kReader.Read(LetterId(RandomUuid()), std::move(delivery)).attempt;
}

RC_GTEST_PROP(AnyAttemptStamp, P2_AgreesWithJustTheTimesThatLookLikeItToItsPrecision, ()) {
  const auto times = Whole(rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000));
  const Instant stamped{Microseconds(*times)};
  // Near ones, for the others cannot be mistaken.
  const auto away = *rc::gen::element<std::int64_t>(0, 1, 9, 10, 999, 1'000, 500'000, 999'999);
  const Instant updated = stamped + Microseconds(*rc::gen::arbitrary<bool>() ? away : -away);
  const int digits = *Whole(rc::gen::inRange(0, 10));
  const auto window = AttemptOf(Stamp(stamped, digits, *Whole(rc::gen::inRange(-1'439, 1'440))));
  RC_ASSERT(window.has_value());
  const bool agrees = window->from <= updated && updated < window->until;
  const int seen = std::min(digits, 6);
  const bool looks_alike = FormatRfc3339(updated, seen) == FormatRfc3339(stamped, seen);
  RC_CLASSIFY(looks_alike, "alike");
  RC_ASSERT(agrees == looks_alike);
}

}  // namespace
}  // namespace deadletter
